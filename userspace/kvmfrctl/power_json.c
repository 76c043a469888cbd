// SPDX-License-Identifier: GPL-2.0
/*
 * The report as JSON: what the picture shows. Its schema is
 * Documentation/schema/kvmfrctl-power-report.json.
 */
#include <errno.h>
#include <stdio.h>

#include "power_summary.h"
#include "slot_json.h"
#include "status.h"

#define VERSION_OF_FORM 1

static struct json_object *times(const struct vfio_pm_slot *slot)
{
	struct json_object *object = json_object_new_object();
	const struct vfio_pm_counters *counters = &slot->counters;

	kvmfr_json_number(object, "d0_ms", counters->time_d0_ms, 0);
	kvmfr_json_number(object, "d3hot_ms", counters->time_d3hot_ms, 0);
	kvmfr_json_number(object, "d3cold_ms", counters->time_d3cold_ms, 0);
	return object;
}

static struct json_object *means(const struct power_history *history)
{
	struct json_object *object = json_object_new_object();

	kvmfr_json_number(object, "d0_uw", power_mean_uw(history, "d0"), 0);
	kvmfr_json_number(object, "d3hot_uw", power_mean_uw(history, "d3hot"),
			  0);
	kvmfr_json_number(object, "d3cold_uw", power_mean_uw(history, "d3cold"),
			  0);
	return object;
}

static struct json_object *samples(const struct power_history *history)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < history->count; i++) {
		const struct kvmfr_chart_sample *sample = &history->samples[i];
		struct json_object *object = json_object_new_object();

		kvmfr_json_number(object, "time_ms", sample->time_ms, 0);
		kvmfr_json_number(object, "power_uw", sample->power_uw, 0);
		kvmfr_json_text(object, "level", sample->level);
		kvmfr_json_text(object, "state", sample->state);
		json_object_array_add(array, object);
	}
	return array;
}

int power_print_json(const struct vfio_pm_slot *slot,
		     const struct power_history *history, int64_t gap_ms)
{
	struct json_object *object = json_object_new_object();
	const char *text;

	kvmfr_json_number(object, "version", VERSION_OF_FORM, 0);
	kvmfr_json_text(object, "port", slot->port);
	kvmfr_json_text(object, "verdict", slot->verdict);
	kvmfr_json_text(object, "reason", slot->reason);
	json_object_object_add(object, "meter",
			       status_json_meter(&slot->meter));
	json_object_object_add(object, "time", times(slot));
	kvmfr_json_number(object, "energy_saved_uj",
			  slot->counters.energy_saved_uj, 0);
	json_object_object_add(object, "mean", means(history));
	kvmfr_json_number(object, "gap_ms", gap_ms, 0);
	json_object_object_add(object, "samples", samples(history));
	text = json_object_to_json_string_ext(
		object,
		JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		puts(text);
	json_object_put(object);
	return text ? 0 : -ENOMEM;
}
