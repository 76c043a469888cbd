// SPDX-License-Identifier: GPL-2.0
/*
 * Runs a comparison: brings the slot to the state that the policy asks for and
 * tells it what the meter reads there.
 */
#include <linux/jiffies.h>

#include "vfio_pci_pm.h"

/* Batteries renew their reading once a second (cache_time, ACPI battery). */
#define SAMPLE_MS 1100
#define SWITCH_LOOK_MS 100
/* When somebody else keeps it awake; the samples tell that then. */
#define SWITCH_MAX_MS 5000

/*
 * The slot that is being compared: the meter shows the whole machine, and two
 * slots at a time would see each other's changes.
 */
static struct vfio_pm_slot *vfio_pm_measured;

/**
 * vfio_pm_measure_claim - claim the meter
 * @slot: the slot
 *
 * Return: false if another slot has it; everybody is kicked when it is free.
 */
bool vfio_pm_measure_claim(struct vfio_pm_slot *slot)
{
	struct vfio_pm_slot *other = cmpxchg(&vfio_pm_measured, NULL, slot);

	return !other || other == slot;
}

/**
 * vfio_pm_measure_unclaim - leave the meter to others
 * @slot: the slot, which need not have claimed it
 */
void vfio_pm_measure_unclaim(struct vfio_pm_slot *slot)
{
	if (cmpxchg(&vfio_pm_measured, slot, NULL) == slot)
		vfio_pm_topology_kick();
}

static u64 vfio_pm_since_ms(u64 since_ns)
{
	return (ktime_get_ns() - since_ns) / NSEC_PER_MSEC;
}

static int vfio_pm_measure_start(struct vfio_pm_measure *measure)
{
	int ret = vfio_pm_policy_start(&measure->policy, VFIO_PM_D3HOT,
				       VFIO_PM_D3COLD);

	if (ret)
		return ret;
	measure->started = true;
	measure->versus_d0 = false;
	measure->verdict = VFIO_PM_UNDECIDED;
	measure->step = VFIO_PM_STEP_SWITCH;
	measure->since_ns = 0;
	measure->d0_uw = 0;
	measure->source = VFIO_PM_SOURCE_NONE;
	measure->cold_sta = VFIO_PM_STA_UNKNOWN;
	return 0;
}

/**
 * vfio_pm_measure_interrupt - something came between, or the end
 * @slot: the slot, whose comparison costs a round and goes on later
 */
void vfio_pm_measure_interrupt(struct vfio_pm_slot *slot)
{
	struct vfio_pm_measure *measure = &slot->measure;

	lockdep_assert_held(&slot->lock);
	if (!measure->started)
		return;
	measure->step = vfio_pm_policy_interrupt(&measure->policy);
	measure->since_ns = 0;
}

/**
 * vfio_pm_measure_forget - there is no verdict and no comparison any more
 * @slot: the slot
 *
 * What was learnt about the gauge stays.
 */
void vfio_pm_measure_forget(struct vfio_pm_slot *slot)
{
	struct vfio_pm_measure *measure = &slot->measure;

	lockdep_assert_held(&slot->lock);
	measure->started = false;
	measure->done = false;
	measure->verdict = VFIO_PM_UNMEASURED;
	measure->retry = 0;
	vfio_pm_track_gain(slot, VFIO_PM_D3COLD, 0);
}

static unsigned int vfio_pm_measure_switch(struct vfio_pm_slot *slot)
{
	struct vfio_pm_measure *measure = &slot->measure;
	enum vfio_pm_power wanted = vfio_pm_policy_wanted(&measure->policy);

	if (!measure->since_ns) {
		measure->since_ns = ktime_get_ns();
		vfio_pm_explain(slot, "%s is being compared with %s",
				vfio_pm_power_name(measure->policy.deep),
				vfio_pm_power_name(measure->policy.shallow));
		vfio_pm_allow(slot, wanted);
		return SWITCH_LOOK_MS;
	}
	if (vfio_pm_track_get(slot, &measure->changes) != wanted &&
	    vfio_pm_since_ms(measure->since_ns) < SWITCH_MAX_MS)
		return SWITCH_LOOK_MS;
	measure->since_ns = 0;
	measure->sampled_ns = ktime_get_ns();
	vfio_pm_policy_entered(&measure->policy,
			       measure->sampled_ns / NSEC_PER_MSEC);
	measure->step = VFIO_PM_STEP_SAMPLE;
	return SAMPLE_MS;
}

/* It counts as elsewhere if it was elsewhere since the last sample. */
static enum vfio_pm_power vfio_pm_measure_level(struct vfio_pm_slot *slot)
{
	enum vfio_pm_power wanted =
		vfio_pm_policy_wanted(&slot->measure.policy);
	u64 before = slot->measure.changes;
	enum vfio_pm_power level;

	level = vfio_pm_track_get(slot, &slot->measure.changes);
	if (level != wanted || slot->measure.changes == before)
		return level;
	return wanted == VFIO_PM_D0 ? VFIO_PM_D3HOT : VFIO_PM_D0;
}

/* What two meters read cannot be compared. */
static bool vfio_pm_measure_source_changes(struct vfio_pm_slot *slot)
{
	enum vfio_pm_source before = slot->measure.source;

	slot->measure.source = slot->meter.source;
	return before != VFIO_PM_SOURCE_NONE && before != slot->meter.source;
}

static unsigned int vfio_pm_measure_sample(struct vfio_pm_slot *slot)
{
	struct vfio_pm_measure *measure = &slot->measure;
	u64 passed = vfio_pm_since_ms(measure->sampled_ns);
	struct vfio_pm_sample sample;

	/* Whatever kicked us. */
	if (passed < SAMPLE_MS)
		return SAMPLE_MS - passed;
	measure->sampled_ns = ktime_get_ns();
	if (vfio_pm_meter_read(slot, &sample.power_uw, &sample.load))
		return SAMPLE_MS;
	sample.time_ms = measure->sampled_ns / NSEC_PER_MSEC;
	sample.state = vfio_pm_measure_level(slot);
	if (sample.state == VFIO_PM_D3COLD)
		measure->cold_sta = vfio_pm_acpi_sta(slot);
	if (vfio_pm_measure_source_changes(slot)) {
		vfio_pm_measure_interrupt(slot);
		return 1;
	}
	measure->step = vfio_pm_policy_feed(&measure->policy, &sample);
	return measure->step == VFIO_PM_STEP_SAMPLE ? SAMPLE_MS : 1;
}

static void vfio_pm_measure_gain(struct vfio_pm_slot *slot,
				 const struct vfio_pm_result *versus_d0)
{
	const struct vfio_pm_result *result = &slot->measure.result;

	if (slot->measure.chosen == VFIO_PM_D0)
		vfio_pm_track_gain(slot, VFIO_PM_D0,
				   max(-versus_d0->saving_uw, 0));
	else if (result->verdict == VFIO_PM_SAVES)
		vfio_pm_track_gain(slot, VFIO_PM_D3COLD, result->saving_uw);
	else if (result->verdict == VFIO_PM_COSTS_MORE)
		vfio_pm_track_gain(slot, VFIO_PM_D3HOT, -result->saving_uw);
}

static void vfio_pm_measure_explain(struct vfio_pm_slot *slot)
{
	const struct vfio_pm_result *result = &slot->measure.result;
	const char *why = "";

	if (slot->measure.cold_sta == VFIO_PM_STA_ON)
		why = ": _STA of its power resource says that it is still on";
	else if (slot->measure.cold_sta == VFIO_PM_STA_OFF)
		why = ", although the firmware says that the power is off";
	if (slot->measure.verdict == VFIO_PM_COSTS_MORE)
		vfio_pm_explain(slot, "D3cold draws %d mW more than D3hot",
				-result->saving_uw / 1000);
	else
		vfio_pm_explain(slot, "D3cold draws no less than D3hot%s", why);
}

static int vfio_pm_measure_versus_d0(struct vfio_pm_measure *measure)
{
	int ret = vfio_pm_policy_start(&measure->policy, VFIO_PM_D0,
				       measure->chosen);

	if (ret)
		return ret;
	measure->versus_d0 = true;
	measure->step = VFIO_PM_STEP_SWITCH;
	return 0;
}

/* The second comparison, against D0, follows where D3cold disappoints. */
static unsigned int vfio_pm_measure_finish(struct vfio_pm_slot *slot)
{
	struct vfio_pm_measure *measure = &slot->measure;
	enum vfio_pm_verdict best = VFIO_PM_UNMEASURED;
	struct vfio_pm_result result;

	vfio_pm_policy_result(&measure->policy, &result);
	if (measure->versus_d0) {
		best = result.verdict;
		measure->d0_uw = result.shallow_uw;
	} else {
		measure->result = result;
		measure->verdict = result.verdict;
		measure->chosen = vfio_pm_policy_choose(result.verdict, best);
		if (vfio_pm_policy_wants_d0(result.verdict) &&
		    !vfio_pm_measure_versus_d0(measure))
			return 1;
	}
	measure->started = false;
	measure->done = true;
	measure->chosen = vfio_pm_policy_choose(measure->verdict, best);
	if (measure->chosen != VFIO_PM_D3COLD)
		slot->count.fallbacks++;
	measure->retry = vfio_pm_retry_jiffies();
	if (measure->retry)
		measure->retry = max(jiffies + measure->retry, 1UL);
	vfio_pm_measure_gain(slot, &result);
	if (measure->chosen != VFIO_PM_D3COLD)
		vfio_pm_measure_explain(slot);
	vfio_pm_decide(slot, measure->chosen);
	return 1;
}

/**
 * vfio_pm_measure_step - go on with the comparison, or begin it
 * @slot: the slot
 *
 * Return: milliseconds until the next call.
 */
unsigned int vfio_pm_measure_step(struct vfio_pm_slot *slot)
{
	struct vfio_pm_measure *measure = &slot->measure;

	lockdep_assert_held(&slot->lock);
	if (!measure->started) {
		slot->count.measurements++;
		/* Fails for states that cannot be compared; ours can. */
		if (vfio_pm_measure_start(measure))
			return 0;
	}
	switch (measure->step) {
	case VFIO_PM_STEP_SWITCH:
		return vfio_pm_measure_switch(slot);
	case VFIO_PM_STEP_SAMPLE:
		return vfio_pm_measure_sample(slot);
	default:
		return vfio_pm_measure_finish(slot);
	}
}
