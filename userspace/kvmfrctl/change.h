/* SPDX-License-Identifier: GPL-2.0 */
/* Loading and unloading kvmfr, and why it failed. */
#ifndef KVMFRCTL_CHANGE_H
#define KVMFRCTL_CHANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "root.h"

#define CHANGE_MODULE "kvmfr"

/**
 * struct change - what came of it
 * @error: 0 or a negative errno
 * @kernel: the module's last line in the kernel's log since, "" if none
 */
struct change {
	int error;
	char kernel[512];
};

/* False, and it has been told, if @root is not the system that runs. */
bool change_allowed(const struct kvmfr_root *root);

bool change_is_loaded(const struct kvmfr_root *root);

/* static_size_mb of the module that is loaded: 0 or a negative errno. */
int change_current(const struct kvmfr_root *root, char *text, size_t size);

/*
 * All parameters but static_size_mb as they are now, " numa_node=0"; "" if there
 * is none.
 */
void change_others(const struct kvmfr_root *root, char *text, size_t size);

/* @sizes "64,128"; "" for what modprobe.d says. @others as above. */
struct change change_load(const char *sizes, const char *others);
/* The same, but "" is no device, whatever modprobe.d says. */
struct change change_back(const char *sizes, const char *others);
struct change change_unload(void);

/* One line that says why, and lines that say what to do. */
void change_explain_load(const struct kvmfr_root *root,
			 const struct change *change, const char *sizes);
void change_explain_unload(const struct kvmfr_root *root,
			   const struct change *change);

/* "/dev/kvmfr0 64 MiB, /dev/kvmfr1 128 MiB" to stdout. */
void change_print_devices(const struct kvmfr_root *root);

#endif
