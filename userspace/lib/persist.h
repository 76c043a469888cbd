/* SPDX-License-Identifier: GPL-2.0 */
/* What makes the module come with the same devices after the next boot. */
#ifndef KVMFR_PERSIST_H
#define KVMFR_PERSIST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "root.h"

#define KVMFR_PERSIST_FILES 2

/**
 * struct kvmfr_persist_file - one file and its change
 * @path: relative to the root, "etc/modprobe.d/kvmfr.conf"
 * @before: its text, NULL if there is no such file
 * @after: what it is to be, NULL if it is to be removed
 * @mode: its permissions
 */
struct kvmfr_persist_file {
	char path[64];
	char *before;
	char *after;
	mode_t mode;
};

/*
 * What has to change so that kvmfr is loaded at boot with static_size_mb=@sizes.
 * All else in the files stays, to the byte. A file of the same name that the
 * new one would hide, of a package, is taken over. Nobody but the owner may
 * write the new ones.
 *
 * Return: 0, and @files to be freed, or a negative errno, of the file
 * @files[0].path; -EEXIST if that is a link or something else that is no file.
 */
int kvmfr_persist_plan(const struct kvmfr_root *root, const char *sizes,
		       struct kvmfr_persist_file files[KVMFR_PERSIST_FILES]);

/*
 * What has to change so that all is as it was before the first
 * kvmfr_persist_apply().
 *
 * Return: as above; -ENOENT if there was none; -ESTALE if the file has been
 * changed since.
 */
int kvmfr_persist_plan_undo(
	const struct kvmfr_root *root,
	struct kvmfr_persist_file files[KVMFR_PERSIST_FILES]);

/*
 * Writes @files, all or none. The first time what was there before is kept
 * beside each; that goes with an undo.
 */
int kvmfr_persist_apply(
	const struct kvmfr_root *root,
	const struct kvmfr_persist_file files[KVMFR_PERSIST_FILES]);
int kvmfr_persist_apply_undo(
	const struct kvmfr_root *root,
	const struct kvmfr_persist_file files[KVMFR_PERSIST_FILES]);

void kvmfr_persist_free(struct kvmfr_persist_file files[KVMFR_PERSIST_FILES]);

/* Whether @file would change. */
bool kvmfr_persist_changes(const struct kvmfr_persist_file *file);

/* The last static_size_mb of options such as "a=1 static_size_mb=64": "64", or "". */
void kvmfr_persist_last_size(const char *options, char *sizes, size_t size);

#endif
