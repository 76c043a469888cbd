/* SPDX-License-Identifier: GPL-2.0 */
/* What stands in the way of loading and unloading kvmfr. */
#ifndef KVMFRCTL_HOLDING_H
#define KVMFRCTL_HOLDING_H

#include <stdbool.h>
#include <stddef.h>

#include "root.h"

/* Whether nobody holds a device; otherwise says why not to @verb ("unload"). */
bool holding_free(const struct kvmfr_root *root, const char *verb);

/*
 * After the kernel has found the module in use: who it is by now, or what else
 * it may be.
 */
void holding_explain(const struct kvmfr_root *root);

/*
 * Whether a regular file is where one of the first @count nodes has to be: QEMU
 * makes one when it is started before the module is loaded, and then the module
 * makes a device without a node. If so, says what to do.
 */
bool holding_trap(const struct kvmfr_root *root, size_t count);

#endif
