// SPDX-License-Identifier: GPL-2.0
/* The state file; its schema is Documentation/schema/vfio-powerd-state.json. */
#include <stdio.h>
#include <time.h>

#include "powerd.h"
#include "slot_json.h"

/* Increased whenever a reader of the one before would be wrong. */
#define FORMAT 1
#define LAYOUT (JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE)

static struct json_object *comparison(const struct vfio_pm_meter *meter)
{
	struct json_object *object = vfio_pm_json_watts(meter);

	kvmfr_json_number(object, "rounds", meter->rounds, VFIO_PM_JSON_LEAST);
	kvmfr_json_number(object, "rejected", meter->rejected,
			  VFIO_PM_JSON_LEAST);
	kvmfr_json_number(object, "settle_ms", meter->settle_ms,
			  VFIO_PM_JSON_LEAST);
	return object;
}

/* Everything but who woke it: names of tasks are for root only. */
static struct json_object *slot_object(const struct vfio_pm_slot *slot)
{
	struct json_object *object = json_object_new_object();

	kvmfr_json_text(object, "port", slot->port);
	kvmfr_json_text(object, "state", slot->state);
	kvmfr_json_text(object, "chosen", slot->chosen);
	kvmfr_json_text(object, "level", slot->level);
	kvmfr_json_text(object, "reason", slot->reason);
	kvmfr_json_text(object, "policy", slot->policy);
	kvmfr_json_text(object, "verdict", slot->verdict);
	kvmfr_json_text(object, "rpm_status", slot->rpm_status);
	kvmfr_json_text(object, "pci_state", slot->pci_state);
	kvmfr_json_text(object, "acpi_target", slot->acpi_target);
	kvmfr_json_text(object, "acpi_sta", slot->acpi_sta);
	kvmfr_json_text(object, "wake_verified", slot->wake_verified);
	json_object_object_add(object, "functions",
			       vfio_pm_json_functions(slot, NULL));
	json_object_object_add(object, "blockers", vfio_pm_json_blockers(slot));
	json_object_object_add(object, "comparison", comparison(&slot->meter));
	json_object_object_add(object, "counters", vfio_pm_json_counters(slot));
	return object;
}

static struct json_object *meter_object(const struct powerd_report *report)
{
	struct json_object *object = json_object_new_object();

	kvmfr_json_text(object, "kind", report->meter);
	kvmfr_json_number(object, "power_uw",
			  report->samples ? report->sample_uw : INT64_MIN,
			  VFIO_PM_JSON_LEAST);
	kvmfr_json_number(object, "samples", (int64_t)report->samples,
			  VFIO_PM_JSON_LEAST);
	return object;
}

static void add_time(struct json_object *object)
{
	time_t now = time(NULL);
	struct tm utc;
	char text[32];

	if (gmtime_r(&now, &utc) &&
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc))
		kvmfr_json_text(object, "updated", text);
}

char *powerd_json(const struct powerd_report *report)
{
	struct json_object *object = json_object_new_object();
	struct json_object *slots = json_object_new_array();
	const char *printed;
	char *text = NULL;

	for (size_t i = 0; i < report->count; i++)
		json_object_array_add(slots, slot_object(&report->slots[i]));
	json_object_object_add(object, "format", json_object_new_int(FORMAT));
	kvmfr_json_text(object, "version", VERSION);
	add_time(object);
	json_object_object_add(object, "meter", meter_object(report));
	json_object_object_add(object, "slots", slots);
	printed = json_object_to_json_string_ext(object, LAYOUT);
	if (!printed || asprintf(&text, "%s\n", printed) < 0)
		text = NULL;
	json_object_put(object);
	return text;
}
