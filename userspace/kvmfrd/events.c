// SPDX-License-Identifier: GPL-2.0
/*
 * Devices that come and go, by libudev's monitor: from udevd once its rules are
 * done, or straight from the kernel on machines without one (mdev, mdevd).
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "daemon.h"
#include "log.h"

static bool udevd_runs(void)
{
	return !access("/run/udev/control", F_OK);
}

int events_open(struct daemon *daemon)
{
	daemon->udevd = udevd_runs();
	daemon->udev = udev_new();
	if (!daemon->udev)
		return -ENOMEM;
	daemon->monitor = udev_monitor_new_from_netlink(daemon->udev,
							daemon->udevd ? "udev" : "kernel");
	if (!daemon->monitor ||
	    udev_monitor_filter_add_match_subsystem_devtype(daemon->monitor, "kvmfr", NULL) < 0 ||
	    udev_monitor_enable_receiving(daemon->monitor) < 0) {
		events_close(daemon);
		return -EIO;
	}
	return 0;
}

void events_close(struct daemon *daemon)
{
	udev_monitor_unref(daemon->monitor);
	udev_unref(daemon->udev);
	daemon->monitor = NULL;
	daemon->udev = NULL;
}

/* An event of a device gives its node another chance. */
static void forget(struct daemon *daemon, struct udev_device *device)
{
	const char *name = udev_device_get_sysname(device);

	for (int i = 0; name && i < KVMFR_DEVICES_MAX; i++)
		if (!strcmp(name, daemon->nodes[i].name))
			node_forget(&daemon->nodes[i]);
}

/* What happened is not asked: what there is now decides, so none can be lost. */
void events_read(struct daemon *daemon)
{
	struct udev_device *device;

	while ((device = udev_monitor_receive_device(daemon->monitor))) {
		forget(daemon, device);
		udev_device_unref(device);
	}
	if (!daemon->udevd && udevd_runs()) {
		/* From now on its rules have the first word, and we the last. */
		events_close(daemon);
		if (events_open(daemon))
			log_error("cannot listen to udevd; restart kvmfrd");
	}
	nodes_look(daemon, false);
}
