// SPDX-License-Identifier: GPL-2.0
/*
 * The status as JSON. Names never change; the unit is their end. What is not
 * known is null, never left out. See Documentation/schema/kvmfrctl-status.json.
 */
#include <stdlib.h>
#include <string.h>

#include "status.h"
#include "terminal.h"

#define STATUS_JSON_VERSION 1

/* Bytes that are not UTF-8 must not get into JSON, either. */
static struct json_object *text_or_null(const char *text)
{
	struct json_object *string;
	size_t size = strlen(text) + 1;
	char *safe;

	if (size == 1)
		return NULL;
	safe = malloc(size);
	if (!safe)
		return NULL;
	string = json_object_new_string(kvmfr_terminal_safe(safe, size, text));
	free(safe);
	return string;
}

static void add_text(struct json_object *object, const char *key,
		     const char *text)
{
	json_object_object_add(object, key, text_or_null(text));
}

/* Negative values are what is not known, where @least is 0. */
static void add_number(struct json_object *object, const char *key,
		       int64_t value, int64_t least)
{
	json_object_object_add(object, key,
			       value < least ? NULL :
					       json_object_new_int64(value));
}

static void add_bool(struct json_object *object, const char *key, bool value)
{
	json_object_object_add(object, key, json_object_new_boolean(value));
}

static struct json_object *json_holder(const struct kvmfr_holder *holder)
{
	struct json_object *object = json_object_new_object();

	add_number(object, "pid", holder->pid, 0);
	add_number(object, "uid", holder->uid, 0);
	add_text(object, "name", holder->comm);
	add_bool(object, "open", holder->open);
	add_bool(object, "mapped", holder->mapped);
	add_number(object, "dmabuf_count", holder->exports, 0);
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
	add_text(object, "path", text);
	add_text(object, "state", names[device->node]);
	snprintf(text, sizeof(text), "%04o", device->stat.st_mode & 07777);
	add_text(object, "mode", there ? text : "");
	add_number(object, "uid", there ? (int64_t)device->stat.st_uid : -1, 0);
	add_number(object, "gid", there ? (int64_t)device->stat.st_gid : -1, 0);
	return object;
}

static struct json_object *json_device(const struct status_device *entry)
{
	const struct kvmfr_device *device = &entry->device;
	struct json_object *object = json_object_new_object();

	add_text(object, "name", device->name);
	add_text(object, "kind", device->kind);
	add_text(object, "pci_address", device->pci);
	add_number(object, "size_bytes", device->size, 0);
	add_number(object, "huge_bytes", device->huge_bytes, 0);
	add_number(object, "mapping_count", device->mappings, 0);
	add_number(object, "dmabuf_count", device->exports, 0);
	json_object_object_add(object, "node", json_node(entry));
	json_object_object_add(object, "holders", json_holders(entry));
	return object;
}

static struct json_object *json_functions(const struct vfio_pm_slot *slot)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < slot->function_count; i++) {
		const struct vfio_pm_function *function = &slot->functions[i];
		struct json_object *object = json_object_new_object();
		char text[24];

		add_text(object, "address", function->address);
		snprintf(text, sizeof(text), "0x%06x", function->class);
		add_text(object, "class", text);
		add_text(object, "class_name",
			 class_name(function->class, text));
		add_text(object, "driver", function->driver);
		add_text(object, "rpm_status", function->rpm_status);
		add_text(object, "pci_state", function->pci_state);
		json_object_array_add(array, object);
	}
	return array;
}

static struct json_object *json_blockers(const struct vfio_pm_slot *slot)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < slot->blocker_count; i++) {
		const struct vfio_pm_blocker *blocker = &slot->blockers[i];
		struct json_object *object = json_object_new_object();

		add_text(object, "address", blocker->address);
		add_text(object, "code", blocker->code);
		add_text(object, "text", blocker->text);
		add_text(object, "remedy", blocker->remedy);
		json_object_array_add(array, object);
	}
	return array;
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

		add_number(object, "time_ms",
			   (int64_t)(waker->time_s * 1000 + 0.5), 0);
		add_number(object, "age_ms", (int64_t)(age_s * 1000), 0);
		add_text(object, "name", waker->comm);
		add_number(object, "pid", waker->pid, 0);
		add_text(object, "kind", waker->kind);
		json_object_array_add(array, object);
	}
	return array;
}

static struct json_object *json_meter(const struct vfio_pm_meter *meter)
{
	struct json_object *object = json_object_new_object();
	/* The least number is what was not measured. */
	const int64_t least = INT64_MIN + 1;

	add_text(object, "source", meter->source);
	add_number(object, "d0_uw", meter->d0_uw, least);
	add_number(object, "d3hot_uw", meter->d3hot_uw, least);
	add_number(object, "d3cold_uw", meter->d3cold_uw, least);
	add_number(object, "saving_uw", meter->saving_uw, least);
	add_number(object, "spread_uw", meter->spread_uw, least);
	add_number(object, "round_count", meter->rounds, least);
	add_number(object, "rejected_count", meter->rejected, least);
	add_number(object, "settle_ms", meter->settle_ms, least);
	return object;
}

static struct json_object *json_counters(const struct vfio_pm_slot *slot)
{
	struct json_object *object = json_object_new_object();
	const struct vfio_pm_counter *counter;
	int64_t value;

	for (counter = vfio_pm_counter_table; counter->name; counter++) {
		memcpy(&value, (const char *)&slot->counters + counter->offset,
		       sizeof(value));
		add_number(object, counter->name, value, 0);
	}
	return object;
}

static struct json_object *json_slot(const struct vfio_pm_slot *slot,
				     double now_s)
{
	struct json_object *object = json_object_new_object();

	add_text(object, "port", slot->port);
	add_text(object, "state", slot->state);
	add_text(object, "level", slot->level);
	add_text(object, "chosen", slot->chosen);
	add_text(object, "policy", slot->policy);
	add_text(object, "verdict", slot->verdict);
	add_text(object, "reason", slot->reason);
	add_text(object, "rpm_status", slot->rpm_status);
	add_text(object, "pci_state", slot->pci_state);
	add_text(object, "acpi_target", slot->acpi_target);
	add_text(object, "acpi_sta", slot->acpi_sta);
	add_text(object, "wake_verified", slot->wake_verified);
	json_object_object_add(object, "functions", json_functions(slot));
	json_object_object_add(object, "blockers", json_blockers(slot));
	json_object_object_add(object, "wakers", json_wakers(slot, now_s));
	json_object_object_add(object, "meter", json_meter(&slot->meter));
	json_object_object_add(object, "counters", json_counters(slot));
	return object;
}

struct json_object *status_json(const struct status *status)
{
	struct json_object *object = json_object_new_object();
	struct json_object *devices = json_object_new_array();
	struct json_object *slots = json_object_new_array();

	add_number(object, "version", STATUS_JSON_VERSION, 0);
	add_bool(object, "kvmfr_loaded", status->kvmfr_loaded);
	add_bool(object, "vfio_pci_pm_loaded", status->vfio_pm_loaded);
	for (int i = 0; i < status->device_count; i++)
		json_object_array_add(devices,
				      json_device(&status->devices[i]));
	json_object_object_add(object, "devices", devices);
	add_number(object, "hidden_process_count", status->blind, 0);
	for (int i = 0; i < status->slot_count; i++)
		json_object_array_add(slots, json_slot(&status->slots[i],
						       status->now_s));
	json_object_object_add(object, "slots", slots);
	return object;
}
