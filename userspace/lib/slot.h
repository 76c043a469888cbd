/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The slots of vfio_pci_pm.ko, as /sys/class/vfio_pm shows them; what each file
 * says is in Documentation/ABI/testing/sysfs-class-vfio_pm. Nothing here wakes
 * a device.
 */
#ifndef KVMFR_SLOT_H
#define KVMFR_SLOT_H

#include <stdint.h>

#include "root.h"

struct vfio_pm_function {
	char address[16];
	uint32_t class; /* 24 bits */
	char driver[32]; /* "" if none */
	char rpm_status[16];
	char pci_state[16];
};

struct vfio_pm_blocker {
	char address[16];
	char code[32];
	char *text;
	char *remedy; /* "" if none; begins with # if for the next boot */
};

struct vfio_pm_waker {
	double time_s; /* CLOCK_MONOTONIC */
	char comm[64];
	int pid;
	char kind[16]; /* config, open, other */
};

/* Watts of a comparison in microwatts; INT64_MIN where not measured. */
struct vfio_pm_meter {
	char source[16];
	int64_t d0_uw;
	int64_t d3hot_uw;
	int64_t d3cold_uw;
	int64_t saving_uw;
	int64_t spread_uw;
	int64_t rounds;
	int64_t rejected;
	int64_t settle_ms;
};

/* As the files below counters/ are called; all -1 where they cannot be read. */
struct vfio_pm_counters {
	int64_t d3cold_attempts;
	int64_t d3cold_entries;
	int64_t d3cold_failures;
	int64_t fallbacks;
	int64_t measurements;
	int64_t wakeups;
	int64_t opens;
	int64_t wake_failures;
	int64_t recoveries;
	int64_t kicks;
	int64_t stale_cleared;
	int64_t leaks_repaired;
	int64_t time_d0_ms;
	int64_t time_d3hot_ms;
	int64_t time_d3cold_ms;
	int64_t energy_saved_uj;
	int64_t resume_last_us;
	int64_t resume_max_us;
};

/**
 * struct vfio_pm_slot - one of /sys/class/vfio_pm/
 * @port: the address of its port, which is its name
 * @wakers_errno: why @wakers are not known (EACCES for all but root), or 0
 *
 * The other words are those of the files of that name; "" if one cannot be read.
 */
struct vfio_pm_slot {
	char port[16];
	char state[16];
	char chosen[16];
	char level[16];
	char *reason;
	char policy[16];
	char verdict[16];
	char rpm_status[16];
	char pci_state[16];
	char acpi_target[16];
	char acpi_sta[16];
	char wake_verified[16];
	struct vfio_pm_function *functions;
	size_t function_count;
	struct vfio_pm_blocker *blockers;
	size_t blocker_count;
	struct vfio_pm_waker *wakers; /* oldest first */
	size_t waker_count;
	int wakers_errno;
	struct vfio_pm_meter meter;
	struct vfio_pm_counters counters;
};

/*
 * All slots, sorted by port, to be freed with vfio_pm_slots_free(). One that
 * vanishes meanwhile is left out. Lines that make no sense are left out, too.
 *
 * Return: how many, 0 also without the module, or a negative errno.
 */
int vfio_pm_slots_read(const struct kvmfr_root *root,
		       struct vfio_pm_slot **slots);
void vfio_pm_slots_free(struct vfio_pm_slot *slots, size_t count);

/* -ENODEV if there is no such slot. Free with vfio_pm_slots_free(slot, 1). */
int vfio_pm_slot_read(const struct kvmfr_root *root, const char *port,
		      struct vfio_pm_slot **slot);

/* Names and values of counters, for what lists them all. */
extern const struct vfio_pm_counter {
	const char *name;
	size_t offset; /* in struct vfio_pm_counters */
	const char *help;
} vfio_pm_counter_table[]; /* ends with a NULL name */

#endif
