/* SPDX-License-Identifier: GPL-2.0 */
/* What kvmfrctl status shows, read once and then printed in one way or other. */
#ifndef KVMFRCTL_STATUS_H
#define KVMFRCTL_STATUS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

#include "device.h"
#include "holder.h"
#include "paragraph.h"
#include "slot.h"

/**
 * struct status_device - a device of kvmfr.ko
 * @node: what is in the place of its node
 * @stat: of that
 * @holders: who has it, or a dma-buf of any device
 * @holders_errno: why they are not known, or 0
 */
struct status_device {
	struct kvmfr_device device;
	enum kvmfr_node node;
	struct stat stat;
	struct kvmfr_holder *holders;
	size_t holder_count;
	int holders_errno;
};

/**
 * struct status - all of it at one moment
 * @root: where it was read
 * @kvmfr_loaded: the module is loaded or built in
 * @vfio_pm_loaded: so is vfio_pci_pm
 * @blind: processes that could not be looked into
 * @now_s: CLOCK_MONOTONIC, as the times of wakers; 0 if ages are not to be
 *	shown: of another machine, or because they change all the time
 */
struct status {
	const struct kvmfr_root *root;
	bool kvmfr_loaded;
	bool vfio_pm_loaded;
	struct status_device devices[KVMFR_DEVICES_MAX];
	int device_count;
	unsigned int blind;
	struct vfio_pm_slot *slots;
	int slot_count;
	double now_s;
};

/* 0 or a negative errno, then there is nothing to be freed. Wakes nothing. */
int status_read(const struct kvmfr_root *root, struct status *status);
void status_free(struct status *status);

/* For people, at most @style->width columns where no single word is longer. */
void status_print(const struct status *status, const struct style *style,
		  FILE *out);

/* As in Documentation/schema/kvmfrctl-status.json, to be put. */
struct json_object *status_json(const struct status *status);
struct json_object *status_json_meter(const struct vfio_pm_meter *meter);

/* Shows it again whenever it changes, until a signal. An exit status. */
int status_watch(const struct kvmfr_root *root, bool json);

#endif
