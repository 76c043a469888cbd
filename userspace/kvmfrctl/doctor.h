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

#include "root.h"

enum doctor_level {
	DOCTOR_ERROR,		/* it cannot work */
	DOCTOR_WARNING,		/* it works badly, or not for long */
	DOCTOR_NOTE,		/* worth knowing; not counted as a finding */
};

/* One write to a file that a later write can take back. */
struct doctor_write {
	char *path;		/* relative to the root: "sys/bus/pci/..." */
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
 * @domains: libvirt domain XML files given by the user, else all of
 *	/etc/libvirt/qemu; relative to the root, NULL after the last
 * @modes: pictures the memory has to be large enough for, may be empty
 */
struct doctor {
	const struct kvmfr_root *root;
	char **domains;
	const char *modes;
	struct doctor_finding *findings;
	size_t count;
	int error;		/* of the machinery itself: -ENOMEM */
};

/*
 * doctor_report - add a finding
 * @what, @why and @remedy come from doctor_text(), and are freed in any case.
 *
 * Return: the finding, to which doctor_fix_write() can be applied, or NULL, then
 * @error is set.
 */
struct doctor_finding *doctor_report(struct doctor *doctor, const char *id,
				     enum doctor_level level, char *what,
				     char *why, char *remedy);

/* A formatted string to be given to doctor_report(), which frees it. */
__attribute__((format(printf, 1, 2)))
char *doctor_text(const char *format, ...);

/* --fix may write @text to @path (a format); NULL @finding is allowed. */
__attribute__((format(printf, 4, 5)))
void doctor_fix_write(struct doctor *doctor, struct doctor_finding *finding,
		      const char *text, const char *format, ...);

/* The checks, one function per subject; each reports 0..n findings. */
void doctor_check_module(struct doctor *doctor);	/* doctor_module.c */
void doctor_check_node(struct doctor *doctor);		/* doctor_node.c */
void doctor_check_access(struct doctor *doctor);	/* doctor_access.c */
void doctor_check_domain(struct doctor *doctor);	/* doctor_domain.c */
void doctor_check_iommu(struct doctor *doctor);		/* doctor_iommu.c */
void doctor_check_vfio(struct doctor *doctor);		/* doctor_vfio.c */
void doctor_check_slot(struct doctor *doctor);		/* doctor_slot.c */

#endif
