/* SPDX-License-Identifier: GPL-2.0 */
/* kvmfrctl resize --persist and --forget. Each returns an exit status. */
#ifndef KVMFRCTL_PERSIST_COMMAND_H
#define KVMFRCTL_PERSIST_COMMAND_H

#include <stdbool.h>

#include "root.h"

/* What persist_write() would change, as a diff on stdout. */
int persist_show(const struct kvmfr_root *root, const char *sizes);

int persist_write(const struct kvmfr_root *root, const char *sizes);

/* @dry_run: only shows it. */
int persist_forget(const struct kvmfr_root *root, bool dry_run);

#endif
