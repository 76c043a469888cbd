// SPDX-License-Identifier: GPL-2.0
/* The state file; its schema is Documentation/schema/vfio-powerd-state.json. */
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "powerd.h"
#include "terminal.h"

/* Increased whenever a reader of the one before would be wrong. */
#define FORMAT 1
#define LAYOUT (JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE)

/* JSON is UTF-8, what a driver or a firmware calls itself need not be. */
static void add_text(struct json_object *object, const char *key,
		     const char *text)
{
	struct json_object *value = NULL;
	char safe[KVMFR_TEXT_MAX];

	if (text && *text) {
		kvmfr_terminal_safe(safe, sizeof(safe), text);
		value = json_object_new_string(safe);
	}
	json_object_object_add(object, key, value);
}

/* What was not measured is null. */
static void add_number(struct json_object *object, const char *key,
		       int64_t number)
{
	struct json_object *value = NULL;

	if (number != INT64_MIN)
		value = json_object_new_int64(number);
	json_object_object_add(object, key, value);
}

static struct json_object *functions(const struct vfio_pm_slot *slot)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < slot->function_count; i++) {
		const struct vfio_pm_function *function = &slot->functions[i];
		struct json_object *object = json_object_new_object();
		char class[16];

		snprintf(class, sizeof(class), "0x%06x", function->class);
		add_text(object, "address", function->address);
		add_text(object, "class", class);
		add_text(object, "driver", function->driver);
		add_text(object, "rpm_status", function->rpm_status);
		add_text(object, "pci_state", function->pci_state);
		json_object_array_add(list, object);
	}
	return list;
}

static struct json_object *blockers(const struct vfio_pm_slot *slot)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < slot->blocker_count; i++) {
		const struct vfio_pm_blocker *blocker = &slot->blockers[i];
		struct json_object *object = json_object_new_object();

		add_text(object, "address", blocker->address);
		add_text(object, "code", blocker->code);
		add_text(object, "text", blocker->text);
		add_text(object, "remedy", blocker->remedy);
		json_object_array_add(list, object);
	}
	return list;
}

static struct json_object *comparison(const struct vfio_pm_meter *meter)
{
	struct json_object *object = json_object_new_object();

	add_text(object, "source", meter->source);
	add_number(object, "d0_uw", meter->d0_uw);
	add_number(object, "d3hot_uw", meter->d3hot_uw);
	add_number(object, "d3cold_uw", meter->d3cold_uw);
	add_number(object, "saving_uw", meter->saving_uw);
	add_number(object, "spread_uw", meter->spread_uw);
	add_number(object, "rounds", meter->rounds);
	add_number(object, "rejected", meter->rejected);
	add_number(object, "settle_ms", meter->settle_ms);
	return object;
}

static struct json_object *counters(const struct vfio_pm_counters *values)
{
	struct json_object *object = json_object_new_object();

	for (const struct vfio_pm_counter *counter = vfio_pm_counter_table;
	     counter->name; counter++) {
		int64_t value;

		memcpy(&value, (const char *)values + counter->offset,
		       sizeof(value));
		add_number(object, counter->name,
			   value < 0 ? INT64_MIN : value);
	}
	return object;
}

/* Everything but who woke it: names of tasks are for root only. */
static struct json_object *slot_object(const struct vfio_pm_slot *slot)
{
	struct json_object *object = json_object_new_object();

	add_text(object, "port", slot->port);
	add_text(object, "state", slot->state);
	add_text(object, "chosen", slot->chosen);
	add_text(object, "level", slot->level);
	add_text(object, "reason", slot->reason);
	add_text(object, "policy", slot->policy);
	add_text(object, "verdict", slot->verdict);
	add_text(object, "rpm_status", slot->rpm_status);
	add_text(object, "pci_state", slot->pci_state);
	add_text(object, "acpi_target", slot->acpi_target);
	add_text(object, "acpi_sta", slot->acpi_sta);
	add_text(object, "wake_verified", slot->wake_verified);
	json_object_object_add(object, "functions", functions(slot));
	json_object_object_add(object, "blockers", blockers(slot));
	json_object_object_add(object, "comparison", comparison(&slot->meter));
	json_object_object_add(object, "counters", counters(&slot->counters));
	return object;
}

static struct json_object *meter_object(const struct powerd_report *report)
{
	struct json_object *object = json_object_new_object();

	add_text(object, "kind", report->meter);
	add_number(object, "power_uw",
		   report->samples ? report->sample_uw : INT64_MIN);
	add_number(object, "samples", (int64_t)report->samples);
	return object;
}

static void add_time(struct json_object *object)
{
	time_t now = time(NULL);
	struct tm utc;
	char text[32];

	if (gmtime_r(&now, &utc) &&
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc))
		add_text(object, "updated", text);
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
	add_text(object, "version", VERSION);
	add_time(object);
	json_object_object_add(object, "meter", meter_object(report));
	json_object_object_add(object, "slots", slots);
	printed = json_object_to_json_string_ext(object, LAYOUT);
	if (!printed || asprintf(&text, "%s\n", printed) < 0)
		text = NULL;
	json_object_put(object);
	return text;
}
