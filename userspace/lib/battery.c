// SPDX-License-Identifier: GPL-2.0
/* What the machine draws, as its batteries tell. */
#include "battery.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CLASS "sys/class/power_supply"

/* No machine with a battery draws more; keeps sums and products in range. */
#define MOST_UW 1000000000LL
#define MOST_UA 100000000LL
#define MOST_UV 1000000000LL

static bool is(const struct kvmfr_root *root, const char *name,
	       const char *attribute, const char *word)
{
	char text[64];

	return kvmfr_read(root, text, sizeof(text), CLASS "/%s/%s", name,
			  attribute) >= 0 &&
	       !strcmp(text, word);
}

static bool feeds_machine(const struct kvmfr_root *root, const char *name)
{
	return is(root, name, "type", "Battery") &&
	       !is(root, name, "scope", "Device") &&
	       !is(root, name, "present", "0");
}

/* Some drivers give a discharge as negative. */
static int read_size(const struct kvmfr_root *root, const char *name,
		     const char *attribute, int64_t most, int64_t *size)
{
	if (kvmfr_read_s64(root, size, CLASS "/%s/%s", name, attribute) ||
	    *size < -most || *size > most)
		return -ENODATA;
	if (*size < 0)
		*size = -*size;
	return 0;
}

static int read_power(const struct kvmfr_root *root, const char *name,
		      int64_t *power_uw)
{
	int64_t current_ua, voltage_uv;

	if (!read_size(root, name, "power_now", MOST_UW, power_uw))
		return 0;
	if (read_size(root, name, "current_now", MOST_UA, &current_ua) ||
	    read_size(root, name, "voltage_now", MOST_UV, &voltage_uv))
		return -ENODATA;
	/* uA times uV is pW, too many for 64 bits; tenths of mA and mV are not. */
	*power_uw = (current_ua / 100) * (voltage_uv / 100) / 100;
	return *power_uw <= MOST_UW ? 0 : -ENODATA;
}

/* Add what one gives. 0; -EAGAIN or -ENODATA, as for all of them. */
static int add_battery(const struct kvmfr_root *root, const char *name,
		       int64_t *power_uw, bool *any_discharges)
{
	int64_t one_uw = 0;
	int told = read_power(root, name, &one_uw);
	char status[64] = "";

	kvmfr_read(root, status, sizeof(status), CLASS "/%s/status", name);
	if (!strcmp(status, "Discharging")) {
		*any_discharges = true;
		*power_uw += one_uw;
		return told;
	}
	/* Of two batteries one waits until the other one is empty. */
	return !strcmp(status, "Charging") || (!told && one_uw) ? -EAGAIN : 0;
}

int kvmfr_battery_read(const struct kvmfr_root *root, int64_t *power_uw)
{
	struct kvmfr_names names;
	bool any_discharges = false;
	int ret = -ENODEV;

	*power_uw = 0;
	if (kvmfr_list(root, &names, CLASS))
		return -ENODEV;
	for (size_t i = 0; i < names.count; i++) {
		if (!feeds_machine(root, names.name[i]))
			continue;
		ret = add_battery(root, names.name[i], power_uw,
				  &any_discharges);
		if (ret)
			break;
	}
	kvmfr_names_free(&names);
	return ret || any_discharges ? ret : -EAGAIN;
}
