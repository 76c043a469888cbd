/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The doctor: a list of checks, each of which looks at one link of the chain
 * from firmware to client and reports what is wrong. Checks only read, and wake
 * nothing.
 */
#ifndef KVMFRCTL_DOCTOR_H
#define KVMFRCTL_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "domain.h"
#include "memsize.h"
#include "root.h"

enum doctor_level {
	DOCTOR_ERROR, /* it cannot work */
	DOCTOR_WARNING, /* it works badly, or not for long */
	DOCTOR_NOTE, /* worth knowing; not counted as a finding */
};

/*
 * One write to a file that a later write can take back. An attribute of sysfs
 * gets @text, any other file has @text as its whole contents afterwards.
 */
struct doctor_write {
	char *path; /* relative to the root: "sys/bus/pci/..." */
	char *text;
};

/**
 * struct doctor_finding - what is wrong
 * @id: never changes, lower case with dashes: "node-regular-file"
 * @what: one sentence with the names and values of this machine
 * @why: one sentence on why it matters
 * @remedy: lines of shell for root, or of text that begins with "# "; exact,
 *	to be pasted as they are
 * @writes: what --fix would do, in order; none if only a person can
 */
struct doctor_finding {
	const char *id;
	enum doctor_level level;
	char *what;
	char *why;
	char *remedy;
	struct doctor_write *writes;
	size_t write_count;
};

/**
 * struct doctor - a visit
 * @root: the system that is looked at
 * @domains: the virtual machines of libvirt, those that the user named, else
 *	all below /etc/libvirt/qemu
 * @modes: pictures the memory has to be large enough for, may be none
 * @user: who is going to look at the picture, "" if not known
 * @findings: what is wrong, in the order in which it is to be put right
 * @skipped: what could not be looked at, and why
 * @error: of the machinery itself: -ENOMEM
 */
struct doctor {
	const struct kvmfr_root *root;
	struct kvmfr_domain **domains;
	size_t domain_count;
	struct kvmfr_mode *modes;
	size_t mode_count;
	char user[64];
	struct doctor_finding *findings;
	size_t count;
	char **skipped;
	size_t skipped_count;
	int error;
};

/* This machine, not a tree or a mounted system: the kernel can be asked. */
static inline bool doctor_live(const struct doctor *doctor)
{
	return doctor->root->fd < 0;
}

/*
 * doctor_report - add a finding
 * @what, @why and @remedy come from doctor_text(), and are freed in any case. A
 * newline in @what and @why becomes a '?'.
 *
 * Return: the finding, to which doctor_fix_write() can be applied, or NULL, then
 * @error is set.
 */
struct doctor_finding *doctor_report(struct doctor *doctor, const char *id,
				     enum doctor_level level, char *what,
				     char *why, char *remedy);

/* A formatted string to be given to doctor_report(), which frees it. */
__attribute__((format(printf, 1, 2))) char *doctor_text(const char *format,
							...);

/*
 * @text as one word of the shell, on one line and in ASCII whatever is in it,
 * to be freed: as it is if the shell sees nothing in it.
 */
char *doctor_quote(const char *text);

/* @text, from doctor_text(), says what was not looked at, and why. */
void doctor_skip(struct doctor *doctor, char *text);

/* --fix may write @text to @path (a format); NULL @finding is allowed. */
__attribute__((format(printf, 4, 5))) void
doctor_fix_write(struct doctor *doctor, struct doctor_finding *finding,
		 const char *text, const char *format, ...);

/* The checks, one function per subject; each reports 0..n findings. */
void doctor_check_module(struct doctor *doctor); /* doctor_module.c */
void doctor_check_node(struct doctor *doctor); /* doctor_node.c */
void doctor_check_access(struct doctor *doctor); /* doctor_access.c */
void doctor_check_domain(struct doctor *doctor); /* doctor_domain.c */
void doctor_check_iommu(struct doctor *doctor); /* doctor_iommu.c */
void doctor_check_vfio(struct doctor *doctor); /* doctor_vfio.c */
void doctor_check_slot(struct doctor *doctor); /* doctor_slot.c */

/* Puts all of that away, for another visit of the same doctor. */
void doctor_forget(struct doctor *doctor);

/* doctor_print.c: for people, and for programs. */
void doctor_print(const struct doctor *doctor);
int doctor_print_json(const struct doctor *doctor);

/*
 * doctor_fix.c: shows the writes of all findings on @out and does them, if the
 * user agrees or @yes. Returns how many it did, or a negative errno; -ENOTTY if
 * there is nobody who could agree.
 */
int doctor_fix(const struct doctor *doctor, FILE *out, bool yes);

#endif
