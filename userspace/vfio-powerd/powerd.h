/* SPDX-License-Identifier: GPL-2.0 */
/* vfio-powerd: reports the power of passed through devices, feeds their meter. */
#ifndef VFIO_POWERD_H
#define VFIO_POWERD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "meter.h"
#include "root.h"
#include "slot.h"

#define POWERD_DIRECTORY "/run/vfio-powerd"

/* Not an errno: nothing has been tried yet. */
#define POWERD_UNTRIED 1

/**
 * struct powerd_report - what is told about, to all who are told
 * @slots: as the kernel shows them
 * @count: how many they are
 * @samples: how many samples were pushed since the daemon has started
 * @sample_uw: the last one, if there was any
 * @meter: the name of the meter that it is from, else "none"
 */
struct powerd_report {
	const struct vfio_pm_slot *slots;
	size_t count;
	uint64_t samples;
	int64_t sample_uw;
	const char *meter;
};

/**
 * struct powerd_file - one of the files that are written
 * @error: why it is not up to date, or 0
 * @ours: it has been written
 */
struct powerd_file {
	int error;
	bool ours;
};

/**
 * struct powerd - the daemon
 * @root: where sysfs is
 * @config_path: the file that was asked for, NULL for the usual one
 * @config: the settings in force
 * @slots: as they were read last
 * @slot_count: how many they are
 * @slots_error: why they could not be read, or 0
 * @state: the file for programs
 * @metrics: the one for node_exporter
 * @refresh_ms: when everything is read and written again, CLOCK_MONOTONIC
 * @refreshed_ms: when that was done last
 * @meter: where samples come from
 * @meter_error: why the last reading failed, or 0, or POWERD_UNTRIED
 * @push_error: why the first slot that did not take one did not, or 0
 * @sample_uw: the last one that was pushed
 * @sample_meter: the name of its meter
 * @samples: how many were
 * @tick_ms: when the meter is read next, 0 for not before a refresh
 * @rest_ms: until then a meter that has failed is left alone
 * @doubted_ms: when a sample was last offered for making a verdict again
 */
struct powerd {
	struct kvmfr_root root;
	const char *config_path;
	struct kvmfr_config *config;
	struct vfio_pm_slot *slots;
	size_t slot_count;
	int slots_error;
	struct powerd_file state;
	struct powerd_file metrics;
	int64_t refresh_ms;
	int64_t refreshed_ms;
	struct kvmfr_meter meter;
	int meter_error;
	int push_error;
	int64_t sample_uw;
	const char *sample_meter;
	uint64_t samples;
	int64_t tick_ms;
	int64_t rest_ms;
	int64_t doubted_ms;
};

int64_t powerd_now_ms(void);

/* One line to stderr, which is the journal; text of others is made safe. */
__attribute__((format(printf, 1, 2))) void powerd_log(const char *format, ...);

/* daemon.c: 0, or a negative errno after saying what is wrong. */
int powerd_configure(struct powerd *powerd);
/* Reads all slots, logs what has changed, writes the files. False if one failed. */
bool powerd_refresh(struct powerd *powerd);
/* Something has changed; storms are taken together. */
void powerd_refresh_soon(struct powerd *powerd);
/* The metrics would be taken for the present as long as they are there. */
void powerd_end(struct powerd *powerd);
void powerd_free(struct powerd *powerd);

/* journal.c */
void powerd_log_changes(const struct vfio_pm_slot *before, size_t before_count,
			const struct vfio_pm_slot *after, size_t after_count);

/* json.c, metrics.c: text to be freed, or NULL without memory. */
char *powerd_json(const struct powerd_report *report);
char *powerd_metrics(const struct powerd_report *report);

/* metering.c: what the slots want to be measured, and doing it. */
void powerd_metering_reset(struct powerd *powerd);
void powerd_metering_update(struct powerd *powerd);
void powerd_metering_tick(struct powerd *powerd);

#endif
