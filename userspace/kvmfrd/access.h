/* SPDX-License-Identifier: GPL-2.0 */
/* Owner, group, mode and ACL of one node. */
#ifndef KVMFRD_ACCESS_H
#define KVMFRD_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "settings.h"

#define ACCESS_NOBODY UINT32_MAX

/*
 * Makes them what @settings say. @seat is the user in front of the machine or
 * ACCESS_NOBODY; with seat = no that user may have an entry in the ACL, given by
 * udev or systemd-logind, but gets none from here. @fd may be O_PATH.
 *
 * Return: 1 if something was changed, 0 if all was right, or a negative errno.
 */
int access_apply(int fd, const struct node_settings *settings, uid_t seat);

#endif
