/* SPDX-License-Identifier: GPL-2.0 */
/* Who sits in front of the machine, as systemd-logind or elogind write it down. */
#ifndef KVMFR_SEAT_H
#define KVMFR_SEAT_H

#include <sys/types.h>

#include "root.h"

/* Replaced by rename() whenever the active session of the first seat changes. */
#define KVMFR_SEAT_DIRECTORY "run/systemd/seats"
#define KVMFR_SEAT_NAME "seat0"

/*
 * The user of the active session of seat0.
 *
 * Return: 0; -ENODATA if no session is active; -ENOENT if nobody keeps track of
 * seats; -EINVAL if the file makes no sense; or another errno.
 */
int kvmfr_seat_user(const struct kvmfr_root *root, uid_t *uid);

#endif
