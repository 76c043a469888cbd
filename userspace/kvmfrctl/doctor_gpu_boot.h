/* SPDX-License-Identifier: GPL-2.0 */
/* What is arranged for the GPU at the next boot: modprobe.d, initramfs, command line. */
#ifndef KVMFRCTL_DOCTOR_GPU_BOOT_H
#define KVMFRCTL_DOCTOR_GPU_BOOT_H

#include <stdbool.h>
#include <stddef.h>

#include "doctor.h"

/* Names of modules are written with '_' here; files may use '-'. */

/*
 * The value of a module's option in modprobe.d or on the command line, where the
 * last one wins; @where is the file that it is from. False if there is none.
 */
bool doctor_gpu_boot_option(struct doctor *doctor, const char *module,
			    const char *name, char value[256], char where[128]);

/* Whether @module is loaded at boot, or whenever @after is. */
bool doctor_gpu_boot_loads(struct doctor *doctor, const char *module,
			   const char *after);

/* Whether modprobe loads @first before @driver. */
bool doctor_gpu_boot_precedes(struct doctor *doctor, const char *first,
			      const char *driver);

/* Whether the kernel was started with this word, "amd_iommu=off". */
bool doctor_gpu_boot_has_word(struct doctor *doctor, const char *word);

/*
 * Lines of shell that put @word on the command line of the next boot, or say
 * how, to be freed; NULL without memory.
 */
char *doctor_gpu_boot_add_word(const struct kvmfr_root *root, const char *word);

enum doctor_initramfs_kind {
	DOCTOR_INITRAMFS_NONE, /* or of a kind that is not known here */
	DOCTOR_INITRAMFS_TOOLS, /* Debian's */
	DOCTOR_INITRAMFS_DRACUT,
	DOCTOR_INITRAMFS_MKINITCPIO,
};

/**
 * struct doctor_initramfs - how the initramfs is made
 * @kind: by which program
 * @modules: those that it is told to load, in this order: " vfio_pci vfio "
 * @file: "/etc/mkinitcpio.conf", where that list begins anew; "" if nowhere
 */
struct doctor_initramfs {
	enum doctor_initramfs_kind kind;
	char *modules;
	char file[512];
};

/* 0 or -ENOMEM. */
int doctor_initramfs_read(const struct kvmfr_root *root,
			  struct doctor_initramfs *initramfs);
void doctor_initramfs_free(struct doctor_initramfs *initramfs);

/* The place of @module in the list, -1 if it is not in there. */
int doctor_initramfs_place(const struct doctor_initramfs *initramfs,
			   const char *module);

/* Lines of shell that put vfio_pci first, to be freed; NULL without memory. */
char *doctor_initramfs_add_vfio(const struct doctor_initramfs *initramfs,
				bool virqfd);

/* The command that makes it anew, with a newline; "" for none. */
const char *doctor_initramfs_update(enum doctor_initramfs_kind kind);

#endif
