// SPDX-License-Identifier: GPL-2.0
/* The parts of a slot's JSON that all programs have in common. */
#include "slot_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "terminal.h"

/* Bytes that are not UTF-8 must not get into JSON. */
static struct json_object *text_or_null(const char *text)
{
	struct json_object *string;
	size_t size;
	char *safe;

	if (!text || !*text)
		return NULL;
	size = strlen(text) + 1;
	safe = malloc(size);
	if (!safe)
		return NULL;
	string = json_object_new_string(kvmfr_terminal_safe(safe, size, text));
	free(safe);
	return string;
}

void kvmfr_json_text(struct json_object *object, const char *key,
		     const char *text)
{
	json_object_object_add(object, key, text_or_null(text));
}

void kvmfr_json_number(struct json_object *object, const char *key,
		       int64_t value, int64_t least)
{
	json_object_object_add(object, key,
			       value < least ? NULL :
					       json_object_new_int64(value));
}

static struct json_object *describe(const struct vfio_pm_function *function,
				    vfio_pm_class_fn name)
{
	struct json_object *object = json_object_new_object();
	char text[24];

	kvmfr_json_text(object, "address", function->address);
	snprintf(text, sizeof(text), "0x%06x", function->class);
	kvmfr_json_text(object, "class", text);
	if (name)
		kvmfr_json_text(object, "class_name",
				name(function->class, text));
	kvmfr_json_text(object, "driver", function->driver);
	kvmfr_json_text(object, "rpm_status", function->rpm_status);
	kvmfr_json_text(object, "pci_state", function->pci_state);
	return object;
}

struct json_object *vfio_pm_json_functions(const struct vfio_pm_slot *slot,
					   vfio_pm_class_fn name)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < slot->function_count; i++)
		json_object_array_add(array,
				      describe(&slot->functions[i], name));
	return array;
}

struct json_object *vfio_pm_json_blockers(const struct vfio_pm_slot *slot)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < slot->blocker_count; i++) {
		const struct vfio_pm_blocker *blocker = &slot->blockers[i];
		struct json_object *object = json_object_new_object();

		kvmfr_json_text(object, "address", blocker->address);
		kvmfr_json_text(object, "code", blocker->code);
		kvmfr_json_text(object, "text", blocker->text);
		kvmfr_json_text(object, "remedy", blocker->remedy);
		json_object_array_add(array, object);
	}
	return array;
}

struct json_object *vfio_pm_json_counters(const struct vfio_pm_slot *slot)
{
	struct json_object *object = json_object_new_object();
	const struct vfio_pm_counter *counter;
	int64_t value;

	for (counter = vfio_pm_counter_table; counter->name; counter++) {
		memcpy(&value, (const char *)&slot->counters + counter->offset,
		       sizeof(value));
		kvmfr_json_number(object, counter->name, value, 0);
	}
	return object;
}

struct json_object *vfio_pm_json_watts(const struct vfio_pm_meter *meter)
{
	struct json_object *object = json_object_new_object();

	kvmfr_json_text(object, "source", meter->source);
	kvmfr_json_number(object, "d0_uw", meter->d0_uw, VFIO_PM_JSON_LEAST);
	kvmfr_json_number(object, "d3hot_uw", meter->d3hot_uw,
			  VFIO_PM_JSON_LEAST);
	kvmfr_json_number(object, "d3cold_uw", meter->d3cold_uw,
			  VFIO_PM_JSON_LEAST);
	kvmfr_json_number(object, "saving_uw", meter->saving_uw,
			  VFIO_PM_JSON_LEAST);
	kvmfr_json_number(object, "spread_uw", meter->spread_uw,
			  VFIO_PM_JSON_LEAST);
	return object;
}
