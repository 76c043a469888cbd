/* SPDX-License-Identifier: GPL-2.0 */
/* What is known of a slot, in words: for the report and below its picture. */
#ifndef KVMFRCTL_POWER_SUMMARY_H
#define KVMFRCTL_POWER_SUMMARY_H

#include "paragraph.h"
#include "power.h"

#define POWER_NOTES 5

/* Lines of a picture; @line points to the texts and ends with NULL. */
struct power_notes {
	const char *line[POWER_NOTES + 1];
	char title[128];
	struct text text[POWER_NOTES];
};

void power_notes_fill(struct power_notes *notes,
		      const struct vfio_pm_slot *slot,
		      const struct power_history *history);

/* To stdout. */
void power_summary_print(const struct vfio_pm_slot *slot,
			 const struct power_history *history);

/* The mean of what was recorded in this level, -1 if nothing was. */
int64_t power_mean_uw(const struct power_history *history, const char *level);

/* All that the picture shows, as JSON to stdout; 0 or -ENOMEM. */
int power_print_json(const struct vfio_pm_slot *slot,
		     const struct power_history *history, int64_t gap_ms);

#endif
