/* SPDX-License-Identifier: GPL-2.0 */
/* What the subcommands of kvmfrctl power have in common. */
#ifndef KVMFRCTL_POWER_H
#define KVMFRCTL_POWER_H

#include <stdbool.h>
#include <stdint.h>

#include "chart.h"
#include "root.h"
#include "slot.h"

int power_watch(const struct kvmfr_root *root, int argc, char **argv);
int power_measure(const struct kvmfr_root *root, int argc, char **argv);
int power_report(const struct kvmfr_root *root, int argc, char **argv);

/*
 * The slot whose port, or one of whose functions, is @wanted: "0000:01:00.0" or
 * "01:00.0". Without it the only one. Prints what is wrong and returns an exit
 * status other than COMMAND_OK if that is not one slot.
 */
int power_pick(const struct kvmfr_root *root, const char *wanted,
	       struct vfio_pm_slot **slot);

/* A number of seconds, 1 to @most; false after a message otherwise. */
bool power_parse_seconds(const char *option, const char *text, int most,
			 int *seconds);

/**
 * struct power_sample - everything at one moment
 * @time_ms: since 1970
 * @power_uw: what the batteries say, INT64_MIN if they do not
 * @why: why they do not, "" otherwise
 */
struct power_sample {
	int64_t time_ms;
	int64_t power_uw;
	const char *why;
	struct vfio_pm_slot *slots;
	size_t slot_count;
};

/* Only the slot @port, or all if that is NULL. 0 or a negative errno. */
int power_sample_read(const struct kvmfr_root *root, const char *port,
		      struct power_sample *sample);
void power_sample_free(struct power_sample *sample);

/* A file of samples that were recorded, JSON, one per line. */

/* Opens it for more; a line that was left unfinished is ended. */
int power_history_open(const char *path);

/* Adds a whole line or nothing. 0 or a negative errno. */
int power_history_add(int fd, const struct power_sample *sample);

/**
 * struct power_history - samples of one slot, in the order of their times
 * @ignored: lines that make no sense or are older than the one before
 */
struct power_history {
	struct kvmfr_chart_sample *samples;
	size_t count;
	size_t ignored;
};

/* Reads a file; 0 or a negative errno. To be cleared in any case. */
int power_history_read(const char *path, const char *port,
		       struct power_history *history);

/* Adds what a sample says of @port, if it does. 0 or -ENOMEM. */
int power_history_append(struct power_history *history, const char *port,
			 const struct power_sample *sample);
void power_history_clear(struct power_history *history);

#endif
