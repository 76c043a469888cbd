/* SPDX-License-Identifier: GPL-2.0 */
/* The parts of a slot's JSON that all programs have in common. */
#ifndef KVMFR_SLOT_JSON_H
#define KVMFR_SLOT_JSON_H

#include <json-c/json.h>

#include "slot.h"

/* A string, whatever bytes the system gave us; null for "" and NULL. */
void kvmfr_json_text(struct json_object *object, const char *key,
		     const char *text);

/* What is below @least is not known, and null. */
void kvmfr_json_number(struct json_object *object, const char *key,
		       int64_t value, int64_t least);

/* The least number of a comparison; less is what was not measured. */
#define VFIO_PM_JSON_LEAST (INT64_MIN + 1)

/* Words for a PCI class, in the buffer or not. */
typedef const char *(*vfio_pm_class_fn)(unsigned int class, char text[24]);

/* With a member class_name if @name is not NULL. */
struct json_object *vfio_pm_json_functions(const struct vfio_pm_slot *slot,
					   vfio_pm_class_fn name);
struct json_object *vfio_pm_json_blockers(const struct vfio_pm_slot *slot);
struct json_object *vfio_pm_json_counters(const struct vfio_pm_slot *slot);

/* Where readings come from, and the watts of the last comparison. */
struct json_object *vfio_pm_json_watts(const struct vfio_pm_meter *meter);

#endif
