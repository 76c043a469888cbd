// SPDX-License-Identifier: GPL-2.0
/*
 * The words that sysfs and the parameters use.
 */
#include <linux/string.h>
#include <linux/sysfs.h>

#include "vfio_pci_pm.h"

static const char *const vfio_pm_mode_names[] = {
	[VFIO_PM_MODE_AUTO] = "auto",	    [VFIO_PM_MODE_D3COLD] = "d3cold",
	[VFIO_PM_MODE_D3HOT] = "d3hot",	    [VFIO_PM_MODE_D0] = "d0",
	[VFIO_PM_MODE_OBSERVE] = "observe",
};

/**
 * vfio_pm_mode_name - word for a mode
 * @mode: the mode
 *
 * Return: the word.
 */
const char *vfio_pm_mode_name(enum vfio_pm_mode mode)
{
	return vfio_pm_mode_names[mode];
}

/**
 * vfio_pm_mode_parse - find the mode that a word stands for
 * @text: the word, with or without a newline at its end
 * @mode: set to the mode; left alone on failure
 *
 * Return: 0, or -EINVAL if there is no such mode.
 */
int vfio_pm_mode_parse(const char *text, enum vfio_pm_mode *mode)
{
	int i = sysfs_match_string(vfio_pm_mode_names, text);

	if (i < 0)
		return i;
	*mode = i;
	return 0;
}

/**
 * vfio_pm_state_name - word for what is being done about a slot
 * @state: the state
 *
 * Return: the word.
 */
const char *vfio_pm_state_name(enum vfio_pm_state state)
{
	static const char *const names[] = {
		[VFIO_PM_OBSERVED] = "observed",
		[VFIO_PM_BLOCKED] = "blocked",
		[VFIO_PM_IN_USE] = "in_use",
		[VFIO_PM_VERIFY_WAKE] = "verify_wake",
		[VFIO_PM_MEASURING] = "measuring",
		[VFIO_PM_DECIDED] = "decided",
		[VFIO_PM_FAULT] = "fault",
	};

	return names[state];
}

/**
 * vfio_pm_power_name - word for a power state
 * @power: the state
 *
 * Return: the word.
 */
const char *vfio_pm_power_name(enum vfio_pm_power power)
{
	static const char *const names[] = {
		[VFIO_PM_D0] = "d0",
		[VFIO_PM_D3HOT] = "d3hot",
		[VFIO_PM_D3COLD] = "d3cold",
	};

	return names[power];
}

/**
 * vfio_pm_verdict_name - word for the outcome of a comparison
 * @verdict: the outcome
 *
 * Return: the word.
 */
const char *vfio_pm_verdict_name(enum vfio_pm_verdict verdict)
{
	static const char *const names[] = {
		[VFIO_PM_UNMEASURED] = "unmeasured",
		[VFIO_PM_UNDECIDED] = "undecided",
		[VFIO_PM_SAVES] = "saves",
		[VFIO_PM_NO_DIFFERENCE] = "no_difference",
		[VFIO_PM_COSTS_MORE] = "costs_more",
		[VFIO_PM_INCONCLUSIVE] = "inconclusive",
	};

	return names[verdict];
}

/**
 * vfio_pm_wake_name - word for whether a slot comes back from D3cold
 * @wake: whether it does
 *
 * Return: the word.
 */
const char *vfio_pm_wake_name(enum vfio_pm_wake wake)
{
	static const char *const names[] = {
		[VFIO_PM_WAKE_UNKNOWN] = "no",
		[VFIO_PM_WAKE_VERIFIED] = "yes",
		[VFIO_PM_WAKE_FAILED] = "failed",
	};

	return names[wake];
}

/**
 * vfio_pm_sta_name - word for what _STA says
 * @sta: what it says
 *
 * Return: the word.
 */
const char *vfio_pm_sta_name(enum vfio_pm_sta sta)
{
	static const char *const names[] = {
		[VFIO_PM_STA_NONE] = "none",
		[VFIO_PM_STA_UNKNOWN] = "unknown",
		[VFIO_PM_STA_OFF] = "off",
		[VFIO_PM_STA_ON] = "on",
	};

	return names[sta];
}

/**
 * vfio_pm_wake_kind_name - word for the way in which a slot was woken
 * @kind: the way
 *
 * Return: the word.
 */
const char *vfio_pm_wake_kind_name(enum vfio_pm_wake_kind kind)
{
	static const char *const names[] = {
		[VFIO_PM_WAKER_OTHER] = "other",
		[VFIO_PM_WAKER_CONFIG] = "config",
		[VFIO_PM_WAKER_OPEN] = "open",
	};

	return names[kind];
}

/**
 * vfio_pm_source_name - word for where readings of power come from
 * @source: where
 *
 * Return: the word.
 */
const char *vfio_pm_source_name(enum vfio_pm_source source)
{
	static const char *const names[] = {
		[VFIO_PM_SOURCE_NONE] = "none",
		[VFIO_PM_SOURCE_BATTERY] = "battery",
		[VFIO_PM_SOURCE_PUSHED] = "pushed",
	};

	return names[source];
}
