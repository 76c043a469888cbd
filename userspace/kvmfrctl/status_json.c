// SPDX-License-Identifier: GPL-2.0
/*
 * The status as JSON. Names never change; the unit is their end. What is not
 * known is null, never left out. See Documentation/schema/kvmfrctl-status.json.
 */
#include "slot_json.h"
#include "status.h"

#define STATUS_JSON_VERSION 1

static void add_bool(struct json_object *object, const char *key, bool value)
{
	json_object_object_add(object, key, json_object_new_boolean(value));
}

static struct json_object *json_holder(const struct kvmfr_holder *holder)
{
	struct json_object *object = json_object_new_object();

	kvmfr_json_number(object, "pid", holder->pid, 0);
	kvmfr_json_number(object, "uid", holder->uid, 0);
	kvmfr_json_text(object, "name", holder->comm);
	add_bool(object, "open", holder->open);
	add_bool(object, "mapped", holder->mapped);
	kvmfr_json_number(object, "dmabuf_count", holder->exports, 0);
	return object;
}

static struct json_object *json_holders(const struct status_device *device)
{
	struct json_object *array;

	if (device->holders_errno)
		return NULL;
	array = json_object_new_array();
	for (size_t i = 0; i < device->holder_count; i++)
		json_object_array_add(array, json_holder(&device->holders[i]));
	return array;
}

static struct json_object *json_node(const struct status_device *device)
{
	static const char *const names[] = {
		[KVMFR_NODE_MISSING] = "missing",
		[KVMFR_NODE_RIGHT] = "right",
		[KVMFR_NODE_REGULAR] = "regular_file",
		[KVMFR_NODE_OTHER] = "other",
	};
	struct json_object *object = json_object_new_object();
	bool there = device->node != KVMFR_NODE_MISSING;
	char text[32];

	snprintf(text, sizeof(text), "/dev/%s", device->device.name);
	kvmfr_json_text(object, "path", text);
	kvmfr_json_text(object, "state", names[device->node]);
	snprintf(text, sizeof(text), "%04o", device->stat.st_mode & 07777);
	kvmfr_json_text(object, "mode", there ? text : "");
	kvmfr_json_number(object, "uid",
			  there ? (int64_t)device->stat.st_uid : -1, 0);
	kvmfr_json_number(object, "gid",
			  there ? (int64_t)device->stat.st_gid : -1, 0);
	return object;
}

static struct json_object *json_device(const struct status_device *entry)
{
	const struct kvmfr_device *device = &entry->device;
	struct json_object *object = json_object_new_object();

	kvmfr_json_text(object, "name", device->name);
	kvmfr_json_text(object, "kind", device->kind);
	kvmfr_json_text(object, "pci_address", device->pci);
	kvmfr_json_number(object, "size_bytes", device->size, 0);
	kvmfr_json_number(object, "huge_bytes", device->huge_bytes, 0);
	kvmfr_json_number(object, "mapping_count", device->mappings, 0);
	kvmfr_json_number(object, "dmabuf_count", device->exports, 0);
	json_object_object_add(object, "node", json_node(entry));
	json_object_object_add(object, "holders", json_holders(entry));
	return object;
}

static struct json_object *json_wakers(const struct vfio_pm_slot *slot,
				       double now_s)
{
	struct json_object *array;

	if (slot->wakers_errno)
		return NULL;
	array = json_object_new_array();
	for (size_t i = 0; i < slot->waker_count; i++) {
		const struct vfio_pm_waker *waker = &slot->wakers[i];
		struct json_object *object = json_object_new_object();
		double age_s = now_s > 0 ? now_s - waker->time_s : -1;

		kvmfr_json_number(object, "time_ms",
				  (int64_t)(waker->time_s * 1000 + 0.5), 0);
		kvmfr_json_number(object, "age_ms", (int64_t)(age_s * 1000), 0);
		kvmfr_json_text(object, "name", waker->comm);
		kvmfr_json_number(object, "pid", waker->pid, 0);
		kvmfr_json_text(object, "kind", waker->kind);
		json_object_array_add(array, object);
	}
	return array;
}

struct json_object *status_json_meter(const struct vfio_pm_meter *meter)
{
	struct json_object *object = vfio_pm_json_watts(meter);

	kvmfr_json_number(object, "round_count", meter->rounds,
			  VFIO_PM_JSON_LEAST);
	kvmfr_json_number(object, "rejected_count", meter->rejected,
			  VFIO_PM_JSON_LEAST);
	kvmfr_json_number(object, "settle_ms", meter->settle_ms,
			  VFIO_PM_JSON_LEAST);
	return object;
}

static struct json_object *json_slot(const struct vfio_pm_slot *slot,
				     double now_s)
{
	struct json_object *object = json_object_new_object();

	kvmfr_json_text(object, "port", slot->port);
	kvmfr_json_text(object, "state", slot->state);
	kvmfr_json_text(object, "level", slot->level);
	kvmfr_json_text(object, "chosen", slot->chosen);
	kvmfr_json_text(object, "policy", slot->policy);
	kvmfr_json_text(object, "verdict", slot->verdict);
	kvmfr_json_text(object, "reason", slot->reason);
	kvmfr_json_text(object, "rpm_status", slot->rpm_status);
	kvmfr_json_text(object, "pci_state", slot->pci_state);
	kvmfr_json_text(object, "acpi_target", slot->acpi_target);
	kvmfr_json_text(object, "acpi_sta", slot->acpi_sta);
	kvmfr_json_text(object, "wake_verified", slot->wake_verified);
	json_object_object_add(object, "functions",
			       vfio_pm_json_functions(slot, class_name));
	json_object_object_add(object, "blockers", vfio_pm_json_blockers(slot));
	json_object_object_add(object, "wakers", json_wakers(slot, now_s));
	json_object_object_add(object, "meter",
			       status_json_meter(&slot->meter));
	json_object_object_add(object, "counters", vfio_pm_json_counters(slot));
	return object;
}

struct json_object *status_json(const struct status *status)
{
	struct json_object *object = json_object_new_object();
	struct json_object *devices = json_object_new_array();
	struct json_object *slots = json_object_new_array();

	kvmfr_json_number(object, "version", STATUS_JSON_VERSION, 0);
	add_bool(object, "kvmfr_loaded", status->kvmfr_loaded);
	add_bool(object, "vfio_pci_pm_loaded", status->vfio_pm_loaded);
	for (int i = 0; i < status->device_count; i++)
		json_object_array_add(devices,
				      json_device(&status->devices[i]));
	json_object_object_add(object, "devices", devices);
	kvmfr_json_number(object, "hidden_process_count", status->blind, 0);
	for (int i = 0; i < status->slot_count; i++)
		json_object_array_add(slots, json_slot(&status->slots[i],
						       status->now_s));
	json_object_object_add(object, "slots", slots);
	return object;
}
