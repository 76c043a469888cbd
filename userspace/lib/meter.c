// SPDX-License-Identifier: GPL-2.0
/* Power meters of the whole machine. */
#include "meter.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NS_PER_MS 1000000LL
#define NS_PER_S 1000000000LL

/* Between two readings of a counter: long enough to tell, and recent. */
#define COUNTER_MIN_NS (100 * NS_PER_MS)
#define COUNTER_MAX_NS (10 * NS_PER_S)
#define SENSORS_MAX 32

static const char *const names[KVMFR_METER_KINDS] = {
	[KVMFR_METER_NONE] = "none",	     [KVMFR_METER_ACPI] = "acpi",
	[KVMFR_METER_POWERCAP] = "powercap", [KVMFR_METER_HWMON] = "hwmon",
	[KVMFR_METER_COMMAND] = "command",
};

__attribute__((format(printf, 2, 3))) static int
set_path(struct kvmfr_meter *meter, const char *format, ...)
{
	va_list args;
	int size;

	va_start(args, format);
	size = vsnprintf(meter->path, sizeof(meter->path), format, args);
	va_end(args);
	return size < (int)sizeof(meter->path) ? 0 : -ENAMETOOLONG;
}

static int check_power(int64_t power_uw)
{
	return power_uw >= 1 && power_uw <= KVMFR_METER_MAX_UW ? 0 : -ERANGE;
}

/* Some drivers have their attributes in the device that hwmon is a class of. */
static const char *const hwmon_places[] = { "", "/device" };

/* A driver of a graphics card would wake it for a reading. */
static bool is_display(const struct kvmfr_root *root, const char *hwmon)
{
	char class[16];

	return kvmfr_read(root, class, sizeof(class),
			  "sys/class/hwmon/%s/device/class", hwmon) > 0 &&
	       !strncmp(class, "0x03", 4);
}

/* The attribute powerN_average or powerN_input of a chip in one place. */
static int find_sensor(struct kvmfr_meter *meter, const struct kvmfr_root *root,
		       const char *directory, const char *wanted)
{
	static const char *const ends[] = { "average", "input" };
	char label[64];

	for (int i = 1; i <= SENSORS_MAX; i++) {
		char name[24];

		snprintf(name, sizeof(name), "power%d", i);
		if (strcmp(name, wanted) &&
		    (kvmfr_read(root, label, sizeof(label), "%s/%s_label",
				directory, name) < 0 ||
		     strcmp(label, wanted)))
			continue;
		for (size_t end = 0; end < 2; end++)
			if (kvmfr_exists(root, "%s/%s_%s", directory, name,
					 ends[end]))
				return set_path(meter, "%s/%s_%s", directory,
						name, ends[end]);
	}
	return -ENODEV;
}

static int find_in_hwmon(struct kvmfr_meter *meter,
			 const struct kvmfr_root *root, const char *hwmon,
			 const char *chip, const char *sensor)
{
	char directory[96], name[64];

	for (size_t i = 0; i < 2; i++) {
		snprintf(directory, sizeof(directory),
			 "sys/class/hwmon/%.48s%s", hwmon, hwmon_places[i]);
		if (kvmfr_read(root, name, sizeof(name), "%s/name", directory) <
		    0)
			continue;
		if (strcmp(name, chip))
			return -ENODEV;
		break;
	}
	for (size_t i = 0; i < 2; i++) {
		snprintf(directory, sizeof(directory),
			 "sys/class/hwmon/%.48s%s", hwmon, hwmon_places[i]);
		if (!find_sensor(meter, root, directory, sensor))
			return 0;
	}
	return -ENODEV;
}

static int find_chip(struct kvmfr_meter *meter, const struct kvmfr_root *root,
		     const char *chip, const char *sensor)
{
	struct kvmfr_names hwmon;
	int ret = -ENODEV;

	kvmfr_list(root, &hwmon, "sys/class/hwmon");
	for (size_t i = 0; ret && i < hwmon.count; i++)
		if (!is_display(root, hwmon.name[i]))
			ret = find_in_hwmon(meter, root, hwmon.name[i], chip,
					    sensor);
	kvmfr_names_free(&hwmon);
	return ret;
}

/* "chip:sensor" */
static int find_configured(struct kvmfr_meter *meter,
			   const struct kvmfr_root *root)
{
	const char *sensor = meter->config->sensor;
	const char *colon = sensor ? strchr(sensor, ':') : NULL;
	char chip[64];

	if (!colon || colon - sensor >= (int)sizeof(chip))
		return -ENODEV;
	snprintf(chip, sizeof(chip), "%.*s", (int)(colon - sensor), sensor);
	return find_chip(meter, root, chip, colon + 1);
}

static int find_psys(struct kvmfr_meter *meter, const struct kvmfr_root *root)
{
	struct kvmfr_names zones;
	int ret = -ENODEV;

	kvmfr_list(root, &zones, "sys/class/powercap");
	for (size_t i = 0; ret && i < zones.count; i++) {
		const char *zone = zones.name[i];
		char name[32];

		if (!strncmp(zone, "intel-rapl:", 11) &&
		    kvmfr_read(root, name, sizeof(name),
			       "sys/class/powercap/%s/name", zone) > 0 &&
		    !strcmp(name, "psys"))
			ret = set_path(meter, "sys/class/powercap/%s", zone);
	}
	kvmfr_names_free(&zones);
	return ret;
}

static int find_kind(struct kvmfr_meter *meter, const struct kvmfr_root *root,
		     enum kvmfr_meter_kind kind)
{
	meter->energy_ns = 0;
	switch (kind) {
	case KVMFR_METER_ACPI:
		return find_chip(meter, root, "power_meter", "power1");
	case KVMFR_METER_POWERCAP:
		return find_psys(meter, root);
	case KVMFR_METER_HWMON:
		return find_configured(meter, root);
	case KVMFR_METER_COMMAND:
		return meter->config->command && meter->config->command[0] ?
			       0 :
			       -ENODEV;
	default:
		return -ENODEV;
	}
}

static int64_t clock_ns(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* Mean power since the last reading, if the machine did not sleep meanwhile. */
static int read_psys(struct kvmfr_meter *meter, const struct kvmfr_root *root,
		     int64_t *power_uw)
{
	int64_t now_ns = clock_ns(CLOCK_MONOTONIC);
	int64_t slept_ns = clock_ns(CLOCK_BOOTTIME) - now_ns;
	int64_t passed_ns = now_ns - meter->energy_ns;
	int64_t energy_uj, used_uj, range_uj;
	bool usable;
	int ret;

	ret = kvmfr_read_s64(root, &energy_uj, "%s/energy_uj", meter->path);
	if (ret)
		return ret;
	/* Where the board does not wire it up it is always 0. */
	if (energy_uj <= 0)
		return -ENODATA;
	usable = meter->energy_ns && passed_ns <= COUNTER_MAX_NS &&
		 slept_ns - meter->slept_ns < COUNTER_MIN_NS;
	if (usable && passed_ns < COUNTER_MIN_NS)
		return -EAGAIN;
	used_uj = energy_uj - meter->energy_uj;
	meter->energy_uj = energy_uj;
	meter->energy_ns = now_ns;
	meter->slept_ns = slept_ns;
	if (!usable)
		return -EAGAIN;
	if (used_uj < 0) {
		ret = kvmfr_read_s64(root, &range_uj, "%s/max_energy_range_uj",
				     meter->path);
		if (ret)
			return ret;
		if (__builtin_add_overflow(used_uj, range_uj, &used_uj) ||
		    used_uj < 0)
			return -ERANGE;
	}
	if (!used_uj)
		return -ENODATA;
	if (__builtin_mul_overflow(used_uj, 1000, &used_uj))
		return -ERANGE;
	*power_uw = used_uj / (passed_ns / NS_PER_MS);
	return 0;
}

static int read_kind(struct kvmfr_meter *meter, const struct kvmfr_root *root,
		     int64_t *power_uw)
{
	int64_t value = 0;
	int ret;

	switch (meter->kind) {
	case KVMFR_METER_POWERCAP:
		ret = read_psys(meter, root, &value);
		break;
	case KVMFR_METER_COMMAND:
		ret = kvmfr_meter_run(meter->config->command,
				      KVMFR_METER_COMMAND_MS, &value);
		break;
	default:
		ret = kvmfr_read_s64(root, &value, "%s", meter->path);
	}
	if (!ret)
		ret = check_power(value);
	if (!ret)
		*power_uw = value;
	return ret;
}

static bool is_wanted(const struct kvmfr_meter *meter,
		      enum kvmfr_meter_kind kind)
{
	return !strcmp(meter->config->meter, names[kind]) ||
	       !strcmp(meter->config->meter, "auto");
}

/* The next one that is wanted, there, and has not failed. */
static int find_next(struct kvmfr_meter *meter, const struct kvmfr_root *root)
{
	for (int kind = KVMFR_METER_NONE + 1; kind < KVMFR_METER_KINDS;
	     kind++) {
		if (meter->failed & 1U << kind || !is_wanted(meter, kind) ||
		    find_kind(meter, root, kind))
			continue;
		meter->kind = kind;
		return 0;
	}
	return -ENODEV;
}

void kvmfr_meter_init(struct kvmfr_meter *meter,
		      const struct kvmfr_config_power *config)
{
	memset(meter, 0, sizeof(*meter));
	meter->config = config;
}

int kvmfr_meter_read(struct kvmfr_meter *meter, const struct kvmfr_root *root,
		     int64_t *power_uw)
{
	int failure = -ENODEV;

	/* Ends: each turn but the last rules out a kind. */
	for (;;) {
		int ret;

		if (meter->kind == KVMFR_METER_NONE && find_next(meter, root))
			break;
		ret = read_kind(meter, root, power_uw);
		if (!ret)
			meter->proven = true;
		if (meter->proven || ret == -EAGAIN)
			return ret;
		failure = ret;
		meter->failed |= 1U << meter->kind;
		meter->kind = KVMFR_METER_NONE;
	}
	/* The next call may find them in a better condition. */
	meter->failed = 0;
	return failure;
}

const char *kvmfr_meter_name(const struct kvmfr_meter *meter)
{
	return names[meter->kind];
}
