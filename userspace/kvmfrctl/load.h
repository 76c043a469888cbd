/* SPDX-License-Identifier: GPL-2.0 */
/* kvmfrctl load, unload and resize. */
#ifndef KVMFRCTL_LOAD_H
#define KVMFRCTL_LOAD_H

#include "root.h"

int load_run(const struct kvmfr_root *root, int argc, char **argv);
int unload_run(const struct kvmfr_root *root, int argc, char **argv);
int resize_run(const struct kvmfr_root *root, int argc, char **argv);

#endif
