// SPDX-License-Identifier: GPL-2.0
/* Reads what kvmfrctl status shows. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "status.h"

/* libvirt gives QEMU a /dev of its own, where the node can be all the same. */
static int list_holders(struct status *status, struct status_device *device,
			unsigned int *blind)
{
	char path[32];

	if (device->node != KVMFR_NODE_REGULAR)
		return kvmfr_holder_list_numbers(status->root,
						 &device->device.number, 1,
						 &device->holders, blind);
	snprintf(path, sizeof(path), "dev/%s", device->device.name);
	return kvmfr_holder_list(status->root, path, &device->holders, blind);
}

static void read_device(struct status *status, struct status_device *device)
{
	unsigned int blind = 0;
	int count;

	device->node =
		kvmfr_device_node(status->root, &device->device, &device->stat);
	count = list_holders(status, device, &blind);
	if (count < 0) {
		device->holders = NULL;
		device->holders_errno = -count;
		return;
	}
	device->holder_count = (size_t)count;
	/* The same processes each time, but for some that came or went. */
	if (blind > status->blind)
		status->blind = blind;
}

static int read_devices(struct status *status)
{
	struct kvmfr_device devices[KVMFR_DEVICES_MAX];
	int count = kvmfr_device_list(status->root, devices);

	if (count < 0)
		return count;
	status->device_count = count;
	for (int i = 0; i < count; i++) {
		status->devices[i].device = devices[i];
		read_device(status, &status->devices[i]);
	}
	return 0;
}

static int read_all(struct status *status)
{
	int ret = read_devices(status);

	if (ret)
		return ret;
	ret = vfio_pm_slots_read(status->root, &status->slots);
	if (ret < 0)
		return ret;
	status->slot_count = ret;
	return 0;
}

int status_read(const struct kvmfr_root *root, struct status *status)
{
	struct timespec now;
	int ret;

	memset(status, 0, sizeof(*status));
	status->root = root;
	status->kvmfr_loaded = kvmfr_exists(root, "sys/module/kvmfr");
	status->vfio_pm_loaded = kvmfr_exists(root, "sys/module/vfio_pci_pm");
	if (root->fd < 0 && !clock_gettime(CLOCK_MONOTONIC, &now))
		status->now_s = (double)now.tv_sec + (double)now.tv_nsec / 1e9;
	ret = read_all(status);
	if (ret)
		status_free(status);
	return ret;
}

void status_free(struct status *status)
{
	for (int i = 0; i < status->device_count; i++)
		free(status->devices[i].holders);
	vfio_pm_slots_free(status->slots, (size_t)status->slot_count);
	memset(status, 0, sizeof(*status));
}
