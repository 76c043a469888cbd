// SPDX-License-Identifier: GPL-2.0
/* One line for each slot that has changed. */
#include <stdio.h>
#include <string.h>

#include "powerd.h"
#include "terminal.h"

static const struct vfio_pm_slot *find(const struct vfio_pm_slot *slots,
				       size_t count, const char *port)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(slots[i].port, port))
			return &slots[i];
	return NULL;
}

static bool differs(const struct vfio_pm_slot *a, const struct vfio_pm_slot *b)
{
	return strcmp(a->state, b->state) || strcmp(a->chosen, b->chosen) ||
	       strcmp(a->verdict, b->verdict);
}

/* "; the machine draws 15.0 W in D3cold, 18.0 W in D3hot", or nothing. */
static const char *draws(char text[96], const struct vfio_pm_meter *meter)
{
	char cold[16], hot[16];

	*text = '\0';
	if (meter->d3cold_uw != INT64_MIN && meter->d3hot_uw != INT64_MIN)
		snprintf(text, 96,
			 "; the machine draws %s in D3cold, %s in D3hot",
			 kvmfr_terminal_watts(cold, meter->d3cold_uw),
			 kvmfr_terminal_watts(hot, meter->d3hot_uw));
	return text;
}

void powerd_log_changes(const struct vfio_pm_slot *before, size_t before_count,
			const struct vfio_pm_slot *after, size_t after_count)
{
	char text[96];

	for (size_t i = 0; i < before_count; i++)
		if (!find(after, after_count, before[i].port))
			powerd_log("%s: is gone", before[i].port);
	for (size_t i = 0; i < after_count; i++) {
		const struct vfio_pm_slot *slot = &after[i];
		const struct vfio_pm_slot *was =
			find(before, before_count, slot->port);

		if (was && !differs(was, slot))
			continue;
		powerd_log("%s: %s, %s, %s: %s%s", slot->port, slot->state,
			   slot->chosen, slot->verdict,
			   slot->reason ? slot->reason : "",
			   draws(text, &slot->meter));
	}
}
