// SPDX-License-Identifier: GPL-2.0
/* kvmfrctl power measure: has the kernel compare D3cold with D3hot, and waits. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "battery.h"
#include "command.h"
#include "live.h"
#include "power.h"
#include "status_text.h"

#define GAP_MS 250
#define PERIOD_MS 1000
/* A virtual machine that has just ended, a reading that failed: not for good. */
#define PATIENCE_MS 10000
/* Off a terminal: how often it says that it goes on. */
#define TELL_MS 30000

/**
 * struct measure - a comparison that is being waited for
 * @port: the slot's
 * @start_ms: when that began
 * @trouble_ms: since when it cannot go on, 0 while it can
 * @told_ms: when a line was printed last
 * @told: the state that it named
 * @level: the slot's level the last time
 * @switches: how often that changed
 */
struct measure {
	const char *port;
	int64_t start_ms;
	int64_t trouble_ms;
	int64_t told_ms;
	char told[16];
	char level[16];
	unsigned int switches;
};

enum trouble {
	TROUBLE_NONE,
	TROUBLE_POLICY,
	TROUBLE_IN_USE,
	TROUBLE_OBSERVED,
	TROUBLE_BLOCKED,
	TROUBLE_FAULT,
	TROUBLE_NO_METER,
};

static bool is(const char *word, const char *other)
{
	return !strcmp(word, other);
}

/* Why no comparison can go on now. */
static enum trouble find_trouble(const struct vfio_pm_slot *slot)
{
	if (!is(slot->policy, "auto"))
		return TROUBLE_POLICY;
	if (is(slot->state, "in_use"))
		return TROUBLE_IN_USE;
	if (is(slot->state, "observed"))
		return TROUBLE_OBSERVED;
	if (is(slot->state, "blocked"))
		return TROUBLE_BLOCKED;
	if (is(slot->state, "fault"))
		return TROUBLE_FAULT;
	if (is(slot->meter.source, "none"))
		return TROUBLE_NO_METER;
	return TROUBLE_NONE;
}

static int fail_because(const struct vfio_pm_slot *slot, const char *why,
			const char *next)
{
	char safe[512];

	kvmfr_terminal_safe(safe, sizeof(safe), why);
	return command_fail("%s cannot be measured: %s; next: %s", slot->port,
			    safe, next);
}

static int fail_policy(const struct vfio_pm_slot *slot)
{
	char why[64], next[64];

	snprintf(why, sizeof(why), "its policy is %s", slot->policy);
	snprintf(next, sizeof(next), "echo auto > /sys/class/vfio_pm/%s/policy",
		 slot->port);
	return fail_because(slot, why, next);
}

static int fail_blocked(const struct vfio_pm_slot *slot)
{
	struct style style = style_of(STDERR_FILENO);

	if (!slot->blocker_count)
		return fail_because(slot, slot->reason, "kvmfrctl doctor");
	fail_because(slot, "D3cold is blocked", "remove this first:");
	slot_print_blockers(slot, true, &style, stderr);
	return COMMAND_FAILED;
}

static int fail(const struct vfio_pm_slot *slot, enum trouble trouble)
{
	switch (trouble) {
	case TROUBLE_POLICY:
		return fail_policy(slot);
	case TROUBLE_IN_USE:
		return fail_because(slot, "a virtual machine has it",
				    "shut that down");
	case TROUBLE_OBSERVED:
		return fail_because(slot, slot->reason,
				    "bind all of its functions to vfio-pci");
	case TROUBLE_BLOCKED:
		return fail_blocked(slot);
	case TROUBLE_FAULT:
		return fail_because(slot, slot->reason, "kvmfrctl doctor");
	default:
		return fail_because(slot, "no meter tells what is drawn",
				    "unplug the charger, or run vfio-powerd");
	}
}

static int fail_write(const struct vfio_pm_slot *slot, int error)
{
	bool denied = error == -EACCES || error == -EPERM;
	const char *next = denied ? "; run it as root" : "";

	return command_fail("cannot write '/sys/class/vfio_pm/%s/%s': %s%s",
			    slot->port, "measure", strerror(-error), next);
}

/* What makes it impossible is said before the last verdict is forgotten. */
static int begin(const struct kvmfr_root *root, const struct vfio_pm_slot *slot)
{
	enum trouble trouble = find_trouble(slot);
	int ret;

	/* Measuring again is how a fault is cleared. */
	if (trouble != TROUBLE_NONE && trouble != TROUBLE_FAULT)
		return fail(slot, trouble);
	if (is(slot->state, "measuring")) {
		fprintf(stderr, "%s is being measured already\n", slot->port);
		return COMMAND_OK;
	}
	ret = kvmfr_write(root, "1", "sys/class/vfio_pm/%s/measure",
			  slot->port);
	if (ret)
		return fail_write(slot, ret);
	fputs("measuring takes 2 to 5 minutes as a rule, an hour at most\n",
	      stderr);
	return COMMAND_OK;
}

/* Half of the rounds go on in the state in which the one before has ended. */
static unsigned int guess_rounds(const struct measure *measure)
{
	return measure->switches * 2 / 3;
}

static void tell(const struct kvmfr_root *root, struct measure *measure,
		 const struct vfio_pm_slot *slot)
{
	bool terminal = isatty(STDERR_FILENO);
	int64_t now_ms = live_now_ms();
	struct text text = { 0 };
	char watts[16], passed[32], safe[256];
	int64_t power_uw;

	if (!terminal && is(measure->told, slot->state) &&
	    now_ms - measure->told_ms < TELL_MS)
		return;
	measure->told_ms = now_ms;
	strcpy(measure->told, slot->state);
	text_add(&text, "%s: %s for %s, %s now", slot->port, slot->state,
		 kvmfr_terminal_duration(passed, now_ms - measure->start_ms),
		 slot->level);
	if (!kvmfr_battery_read(root, &power_uw))
		text_add(&text, ", %s", kvmfr_terminal_watts(watts, power_uw));
	if (is(slot->state, "measuring"))
		text_add(&text, ", about %u rounds", guess_rounds(measure));
	else
		text_add(&text, " (%s)", slot->reason);
	kvmfr_terminal_safe(safe, sizeof(safe), text.data);
	fprintf(stderr, terminal ? "\r%s\033[K" : "%s\n", safe);
}

static void end_line(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

static bool is_decided(const struct vfio_pm_slot *slot)
{
	return is(slot->state, "decided") && *slot->verdict &&
	       !is(slot->verdict, "unmeasured") &&
	       !is(slot->verdict, "undecided");
}

static int print_verdict(const struct vfio_pm_slot *slot)
{
	struct style style = style_of(STDOUT_FILENO);
	struct text text = { 0 };

	end_line();
	text_add(&text, "%s ", slot->port);
	slot_add_verdict(&text, slot);
	slot_add_rounds(&text, slot);
	text_add(&text, "; it goes to %s", slot->chosen);
	paragraph(&style, stdout, KVMFR_BOLD, "", 0, "%s", text.data);
	return COMMAND_OK;
}

/* -1 while it goes on. */
static int look(const struct kvmfr_root *root, struct measure *measure)
{
	struct vfio_pm_slot *slot;
	enum trouble trouble;
	int ret;

	ret = vfio_pm_slot_read(root, measure->port, &slot);
	if (ret) {
		end_line();
		return command_fail("cannot read slot %s any more: %s",
				    measure->port, strerror(-ret));
	}
	if (*measure->level && !is(measure->level, slot->level))
		measure->switches++;
	strcpy(measure->level, slot->level);
	trouble = find_trouble(slot);
	if (trouble == TROUBLE_NONE)
		measure->trouble_ms = 0;
	else if (!measure->trouble_ms)
		measure->trouble_ms = live_now_ms();
	ret = -1;
	if (is_decided(slot)) {
		ret = print_verdict(slot);
	} else if (trouble != TROUBLE_NONE &&
		   live_now_ms() - measure->trouble_ms >= PATIENCE_MS) {
		end_line();
		ret = fail(slot, trouble);
	} else {
		tell(root, measure, slot);
	}
	vfio_pm_slots_free(slot, 1);
	return ret;
}

static int follow(const struct kvmfr_root *root, const char *port)
{
	struct measure measure = { .port = port, .start_ms = live_now_ms() };
	struct live live;
	int ret = -1;

	live_open(&live, root, false);
	while (ret < 0 && live_wait(&live, GAP_MS, PERIOD_MS))
		ret = look(root, &measure);
	live_close(&live);
	if (ret >= 0)
		return ret;
	end_line();
	fprintf(stderr, "the kernel goes on measuring; see later: %s %s\n",
		"kvmfrctl power report", port);
	return COMMAND_FAILED;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	const char **port = state->input;

	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	if (*port)
		argp_error(state, "unexpected argument '%s'", text);
	*port = text;
	return 0;
}

int power_measure(const struct kvmfr_root *root, int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse,
		.args_doc = "[PORT]",
		.doc = "Compares D3cold with D3hot, and waits for the verdict.",
	};
	struct vfio_pm_slot *slot;
	const char *port = NULL;
	int ret;

	argp_parse(&argp, argc, argv, 0, NULL, &port);
	ret = power_pick(root, port, &slot);
	if (ret)
		return ret;
	ret = begin(root, slot);
	if (!ret)
		ret = follow(root, slot->port);
	vfio_pm_slots_free(slot, 1);
	return ret;
}
