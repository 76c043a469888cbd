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

/* Of two batteries one waits until the other one is empty. */
static bool is_idle(const struct kvmfr_root *root, const char *name)
{
	int64_t power_uw;

	return !is(root, name, "status", "Charging") &&
	       (read_power(root, name, &power_uw) || !power_uw);
}

/* 0 and its part of the power, or -errno. */
static int read_battery(const struct kvmfr_root *root, const char *name,
			int64_t *power_uw)
{
	if (is(root, name, "status", "Discharging"))
		return read_power(root, name, power_uw);
	*power_uw = 0;
	return is_idle(root, name) ? 0 : -EAGAIN;
}

int kvmfr_battery_read(const struct kvmfr_root *root, int64_t *power_uw)
{
	struct kvmfr_names names;
	int64_t one_uw;
	int ret = -ENODEV;
	bool any = false;

	*power_uw = 0;
	if (kvmfr_list(root, &names, CLASS))
		return -ENODEV;
	for (size_t i = 0; i < names.count; i++) {
		if (!feeds_machine(root, names.name[i]))
			continue;
		ret = read_battery(root, names.name[i], &one_uw);
		if (ret)
			break;
		any |= is(root, names.name[i], "status", "Discharging");
		*power_uw += one_uw;
	}
	kvmfr_names_free(&names);
	return ret || any ? ret : -EAGAIN;
}
