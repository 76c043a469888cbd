// SPDX-License-Identifier: GPL-2.0
/* Word from the kernel that devices came, went or changed, by libudev. */
#include "uevent.h"

#include <errno.h>
#include <libudev.h>
#include <stdlib.h>
#include <unistd.h>

/* What a storm of them takes; only root gets it, others do with less. */
#define BUFFER (1024 * 1024)

/* Whoever listens has other things to do as well. */
#define DRAIN_MOST 4096

struct kvmfr_uevent {
	struct udev *udev;
	struct udev_monitor *monitor;
};

static int negative_errno(void)
{
	return errno > 0 ? -errno : -ENOMEM;
}

static int listen_to(struct kvmfr_uevent *uevent, const char *const *subsystems)
{
	const char *source = access("/run/udev/control", F_OK) ? "kernel" :
								 "udev";
	int (*add_filter)(struct udev_monitor *, const char *, const char *) =
		udev_monitor_filter_add_match_subsystem_devtype;
	int ret;

	uevent->udev = udev_new();
	if (!uevent->udev)
		return negative_errno();
	uevent->monitor = udev_monitor_new_from_netlink(uevent->udev, source);
	if (!uevent->monitor)
		return negative_errno();
	for (; *subsystems; subsystems++) {
		ret = add_filter(uevent->monitor, *subsystems, NULL);
		if (ret < 0)
			return ret;
	}
	udev_monitor_set_receive_buffer_size(uevent->monitor, BUFFER);
	ret = udev_monitor_enable_receiving(uevent->monitor);
	return ret < 0 ? ret : 0;
}

int kvmfr_uevent_open(struct kvmfr_uevent **uevent,
		      const char *const *subsystems)
{
	int ret;

	*uevent = calloc(1, sizeof(**uevent));
	if (!*uevent)
		return -ENOMEM;
	errno = 0;
	ret = listen_to(*uevent, subsystems);
	if (ret) {
		kvmfr_uevent_close(*uevent);
		*uevent = NULL;
	}
	return ret;
}

void kvmfr_uevent_close(struct kvmfr_uevent *uevent)
{
	if (!uevent)
		return;
	udev_monitor_unref(uevent->monitor);
	udev_unref(uevent->udev);
	free(uevent);
}

int kvmfr_uevent_fd(const struct kvmfr_uevent *uevent)
{
	return udev_monitor_get_fd(uevent->monitor);
}

bool kvmfr_uevent_drain(struct kvmfr_uevent *uevent)
{
	struct udev_device *device;
	bool any = false;

	for (int i = 0; i < DRAIN_MOST; i++) {
		errno = 0;
		device = udev_monitor_receive_device(uevent->monitor);
		if (!device && errno != ENOBUFS && errno != EINTR)
			break;
		if (device || errno == ENOBUFS)
			any = true;
		udev_device_unref(device);
	}
	return any;
}
