/* SPDX-License-Identifier: GPL-2.0 */
/* Word from the kernel that devices came, went or changed. */
#ifndef KVMFR_UEVENT_H
#define KVMFR_UEVENT_H

#include <stdbool.h>

struct kvmfr_uevent;

/*
 * Listens for events of these subsystems, of which NULL is the last. They come
 * from udev where it runs, after its rules were applied, else from the kernel.
 */
int kvmfr_uevent_open(struct kvmfr_uevent **uevent,
		      const char *const *subsystems);

/* NULL is allowed. */
void kvmfr_uevent_close(struct kvmfr_uevent *uevent);

/* For poll(); closed with the rest. */
int kvmfr_uevent_fd(const struct kvmfr_uevent *uevent);

/*
 * Takes what is waiting. Return: whether that was anything; events that were
 * lost because there were too many count as well, so look at everything then.
 */
bool kvmfr_uevent_drain(struct kvmfr_uevent *uevent);

#endif
