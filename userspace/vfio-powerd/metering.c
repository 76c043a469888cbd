// SPDX-License-Identifier: GPL-2.0
/*
 * Samples for the kernel's comparisons. It asks for none: it begins one as soon
 * as there is a sample, and goes on as long as they keep coming.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "powerd.h"

#define TICK_MS 1000
/* A verdict that the kernel may doubt by now is doubted if a sample is there. */
#define DOUBT_MS (60 * 60 * 1000)
/* A meter that does not work is not tried once a minute for ever. */
#define REST_MS (10 * 60 * 1000)

enum need {
	NEED_NOTHING,
	NEED_NOW_AND_THEN, /* a verdict might be made again */
	NEED_ONE, /* a comparison would begin */
	NEED_STREAM, /* one is going on */
};

static enum need slot_need(const struct vfio_pm_slot *slot)
{
	if (!strcmp(slot->meter.source, "battery") ||
	    strcmp(slot->policy, "auto"))
		return NEED_NOTHING;
	if (!strcmp(slot->state, "measuring"))
		return NEED_STREAM;
	if (strcmp(slot->state, "decided") || !strcmp(slot->verdict, "saves"))
		return NEED_NOTHING;
	if (!strcmp(slot->verdict, "unmeasured") ||
	    !strcmp(slot->verdict, "undecided"))
		return NEED_ONE;
	return NEED_NOW_AND_THEN;
}

static enum need greatest_need(const struct powerd *powerd)
{
	enum need need = NEED_NOTHING;

	for (size_t i = 0; i < powerd->slot_count; i++)
		if (slot_need(&powerd->slots[i]) > need)
			need = slot_need(&powerd->slots[i]);
	return need;
}

void powerd_metering_reset(struct powerd *powerd)
{
	kvmfr_meter_init(&powerd->meter, &powerd->config->power);
	powerd->meter_error = POWERD_UNTRIED;
	powerd->tick_ms = 0;
	powerd->rest_ms = 0;
	powerd->doubted_ms = powerd_now_ms();
}

/* Whether the meter is read now, at a refresh, and from now on. */
static bool is_time(const struct powerd *powerd)
{
	int64_t now_ms = powerd_now_ms();

	switch (greatest_need(powerd)) {
	case NEED_STREAM:
		return true;
	case NEED_ONE:
		return now_ms >= powerd->rest_ms;
	case NEED_NOW_AND_THEN:
		return now_ms - powerd->doubted_ms >= DOUBT_MS;
	default:
		return false;
	}
}

void powerd_metering_update(struct powerd *powerd)
{
	if (!is_time(powerd)) {
		powerd->tick_ms = 0;
		return;
	}
	if (powerd->tick_ms)
		return;
	/* Nothing is compared with earlier readings, so any meter will do. */
	if (greatest_need(powerd) != NEED_STREAM)
		kvmfr_meter_init(&powerd->meter, &powerd->config->power);
	powerd->doubted_ms = powerd_now_ms();
	powerd->tick_ms = powerd->doubted_ms;
}

static const char *explain(const struct powerd *powerd, int error)
{
	switch (error) {
	case -ENODEV:
		return "there is none; see meter in kvmfr.conf(5)";
	case -ENODATA:
		return "its counter stands still";
	case -ERANGE:
		return "the power is not within 1 and 500000000 microwatts";
	case -ETIMEDOUT:
		return "it did not end within 5 seconds and was killed";
	case -ECHILD:
		return "it ended with an error";
	case -EINVAL:
		return "it gives no number of microwatts";
	}
	return strerror(-error);
}

/* One line when it begins to fail, fails in another way, or works again. */
static void note_error(struct powerd *powerd, int error)
{
	const struct kvmfr_config_power *power = &powerd->config->power;
	bool command = !strcmp(power->meter, "command") && power->command;

	if (error == powerd->meter_error)
		return;
	powerd->meter_error = error;
	/* A machine without one is no mistake, unless one was asked for. */
	if (!error)
		powerd_log("power is read from meter '%s'",
			   kvmfr_meter_name(&powerd->meter));
	else if (error != -ENODEV || strcmp(power->meter, "auto"))
		powerd_log("cannot read the meter '%s': %s",
			   command ? power->command[0] : power->meter,
			   explain(powerd, error));
}

static void push(struct powerd *powerd, int64_t power_uw)
{
	char text[24];
	int error = 0;

	snprintf(text, sizeof(text), "%" PRId64, power_uw);
	for (size_t i = 0; i < powerd->slot_count; i++) {
		const struct vfio_pm_slot *slot = &powerd->slots[i];
		int ret;

		if (slot_need(slot) == NEED_NOTHING)
			continue;
		ret = kvmfr_write(&powerd->root, text,
				  "sys/class/vfio_pm/%s/meter/sample",
				  slot->port);
		/* Gone, or going: the event is on its way. */
		if (ret == -ENOENT || ret == -ENODEV)
			continue;
		if (ret && ret != powerd->push_error)
			powerd_log("cannot give slot %s a sample: %s",
				   slot->port, strerror(-ret));
		error = error ?: ret;
	}
	powerd->push_error = error;
	powerd->sample_uw = power_uw;
	powerd->sample_meter = kvmfr_meter_name(&powerd->meter);
	powerd->samples++;
}

void powerd_metering_tick(struct powerd *powerd)
{
	bool stream = greatest_need(powerd) == NEED_STREAM;
	int64_t power_uw;
	int ret;

	/* By the clock, however long the reading takes, but never in a hurry. */
	powerd->tick_ms += TICK_MS;
	ret = kvmfr_meter_read(&powerd->meter, &powerd->root, &power_uw);
	if (powerd->tick_ms < powerd_now_ms())
		powerd->tick_ms = powerd_now_ms();
	if (ret == -EAGAIN)
		return;
	note_error(powerd, ret);
	if (!ret)
		push(powerd, power_uw);
	else if (ret != -ENODEV)
		powerd->rest_ms = powerd_now_ms() + REST_MS;
	if (!stream)
		powerd->tick_ms = 0;
}
