/* SPDX-License-Identifier: GPL-2.0 */
/* What the subcommands of kvmfrctl have in common. */
#ifndef KVMFRCTL_COMMAND_H
#define KVMFRCTL_COMMAND_H

#include "root.h"

/* Exit statuses. */
enum {
	COMMAND_OK = 0,
	COMMAND_FAILED = 1, /* or: the doctor has findings */
	COMMAND_USAGE = 2,
};

/**
 * struct command - a subcommand; one file each
 * @name: what the user types
 * @summary: one line for kvmfrctl --help
 * @run: with argv[0] "kvmfrctl <name>"; returns an exit status. Options are
 *	argp's, which exits with COMMAND_USAGE by itself.
 */
struct command {
	const char *name;
	const char *summary;
	int (*run)(const struct kvmfr_root *root, int argc, char **argv);
};

/* "kvmfrctl: text" to stderr, one line; returns COMMAND_FAILED. */
__attribute__((format(printf, 1, 2))) int command_fail(const char *format, ...);

int command_status(const struct kvmfr_root *root, int argc, char **argv);
int command_doctor(const struct kvmfr_root *root, int argc, char **argv);
int command_size(const struct kvmfr_root *root, int argc, char **argv);
int command_load(const struct kvmfr_root *root, int argc, char **argv);
int command_unload(const struct kvmfr_root *root, int argc, char **argv);
int command_resize(const struct kvmfr_root *root, int argc, char **argv);
int command_power(const struct kvmfr_root *root, int argc, char **argv);

#endif
