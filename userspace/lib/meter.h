/* SPDX-License-Identifier: GPL-2.0 */
/* Power meters of the whole machine. Reading one wakes no graphics card. */
#ifndef KVMFR_METER_H
#define KVMFR_METER_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "root.h"

/* What vfio_pci_pm.ko takes for a machine's power; anything else is an error. */
#define KVMFR_METER_MAX_UW 500000000
#define KVMFR_METER_COMMAND_MS 5000

enum kvmfr_meter_kind {
	KVMFR_METER_NONE,
	KVMFR_METER_ACPI, /* a server's ACPI power meter */
	KVMFR_METER_POWERCAP, /* RAPL's counter of the platform, psys */
	KVMFR_METER_HWMON, /* the configured sensor */
	KVMFR_METER_COMMAND, /* the configured program */
	KVMFR_METER_KINDS,
};

/**
 * struct kvmfr_meter - where readings come from
 * @config: which meter is wanted; stays its owner's
 * @kind: the one that is used now, KVMFR_METER_NONE before the first reading
 * @path: its file or directory, below the root
 * @proven: it has given a reading. From then on there is no other: what two
 *	meters say cannot be compared
 * @failed: kinds that do not work, as bits; "auto" goes on to the next
 * @energy_uj: what POWERCAP's counter was, if @energy_ns is not 0
 * @energy_ns: when that was, by CLOCK_MONOTONIC
 * @slept_ns: how long the machine had slept until then
 */
struct kvmfr_meter {
	const struct kvmfr_config_power *config;
	enum kvmfr_meter_kind kind;
	char path[192];
	bool proven;
	unsigned int failed;
	int64_t energy_uj;
	int64_t energy_ns;
	int64_t slept_ns;
};

/* Before the first reading, and whenever another meter may be taken. */
void kvmfr_meter_init(struct kvmfr_meter *meter,
		      const struct kvmfr_config_power *config);

/*
 * What the machine draws, 1 to KVMFR_METER_MAX_UW. A program may take
 * KVMFR_METER_COMMAND_MS, then it is killed.
 *
 * Return: 0; -EAGAIN if the meter needs to be read again, in a second, before
 * it can tell; -ENODEV if there is none; -ERANGE for power out of range;
 * -ENODATA for a counter that stands still; of a program -EINVAL if it does not
 * print one number, -ETIMEDOUT if it was killed, -ECHILD if it failed; another
 * errno of the file or of starting the program.
 */
int kvmfr_meter_read(struct kvmfr_meter *meter, const struct kvmfr_root *root,
		     int64_t *power_uw);

/* As in the configuration: "acpi", "powercap", ... or "none". */
const char *kvmfr_meter_name(const struct kvmfr_meter *meter);

/*
 * The number that @command prints. It is run without a shell, its input is
 * empty, and nothing in its process group outlives the call. Meanwhile SIGCHLD
 * is as usual, whatever its handler was.
 */
int kvmfr_meter_run(char *const *command, int timeout_ms, int64_t *power_uw);

#endif
