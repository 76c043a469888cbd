// SPDX-License-Identifier: GPL-2.0
/*
 * The samples of one phase: which are used, when there are enough of them, and
 * what they come to. Integers only, no calls into the kernel.
 */
#include "policy.h"

#define SAMPLES_MIN 5
#define FRESH_MIN 3
/* A reading that stands still for longer than any gauge waits is a true one. */
#define WINDOW_FLAT_MS 60000
/* Three fresh values of a gauge that renews its reading once a minute. */
#define WINDOW_MAX_MS 200000
/* Samples to be left out of a phase; more, and the machine is at work. */
#define BUSY_MAX 60
/* More than noise: so many median absolute deviations, from enough values. */
#define DRIFT_MADS 4
#define DRIFT_FRESH_MIN 7

/**
 * vfio_pm_phase_begin - the slot has reached a state, or stays in it
 * @phase: need not be initialised
 * @now_ms: when
 * @settle_ms: for how long the gauge is not believed
 */
void vfio_pm_phase_begin(struct vfio_pm_phase *phase, u64 now_ms, u32 settle_ms)
{
	phase->begin_ms = now_ms;
	phase->settle_ms = settle_ms;
	phase->count = 0;
	phase->used = 0;
	phase->fresh = 0;
	phase->busy = 0;
	phase->moved = false;
}

/*
 * Samples of unequal load are not to be compared. The calmest ones are used:
 * busier ones are left out, calmer ones replace those before.
 */
static bool vfio_pm_phase_accept(struct vfio_pm_phase *phase,
				 const struct vfio_pm_sample *sample,
				 u32 tolerance)
{
	u32 load = sample->load;

	if (phase->used == phase->count || load + tolerance < phase->load_max) {
		phase->used = phase->count;
		phase->used_ms = sample->time_ms;
		phase->fresh = 0;
		phase->load_min = load;
		phase->load_max = load;
	}
	if (load > phase->load_min + tolerance) {
		phase->busy++;
		return false;
	}
	if (load < phase->load_min)
		phase->load_min = load;
	if (load > phase->load_max)
		phase->load_max = load;
	return true;
}

/**
 * vfio_pm_phase_add - one more sample
 * @phase: not over
 * @sample: later than those before
 * @step_uw: difference from the sample before; 0 if the reading is an old one
 * @tolerance: see vfio_pm_policy_params.load_tolerance
 */
void vfio_pm_phase_add(struct vfio_pm_phase *phase,
		       const struct vfio_pm_sample *sample, u32 step_uw,
		       u32 tolerance)
{
	bool settling = sample->time_ms - phase->begin_ms < phase->settle_ms;

	if (step_uw)
		phase->moved = true;
	if (!settling && !vfio_pm_phase_accept(phase, sample, tolerance))
		return;
	phase->power_uw[phase->count++] = sample->power_uw;
	if (settling)
		phase->used = phase->count;
	else if (step_uw)
		phase->fresh++;
}

/**
 * vfio_pm_phase_is_over - enough samples, or no hope for more
 * @phase: what there is
 * @now_ms: time of the newest sample
 * @window_ms: how long to look, at least
 *
 * Return: true if it is to be ended.
 */
bool vfio_pm_phase_is_over(const struct vfio_pm_phase *phase, u64 now_ms,
			   u32 window_ms)
{
	u32 samples = phase->count - phase->used;

	if (phase->count == VFIO_PM_PHASE_SAMPLES || phase->busy == BUSY_MAX ||
	    now_ms - phase->begin_ms >= phase->settle_ms + WINDOW_MAX_MS)
		return true;
	if (samples < SAMPLES_MIN)
		return false;
	if (!phase->fresh)
		window_ms = WINDOW_FLAT_MS;
	else if (phase->fresh < FRESH_MIN)
		return false;
	return now_ms - phase->used_ms >= window_ms;
}

/**
 * vfio_pm_phase_check - can it be used
 * @phase: one that is over
 * @now_ms: time of the newest sample
 *
 * Return: why not, or VFIO_PM_REJECT_NONE.
 */
enum vfio_pm_reject vfio_pm_phase_check(const struct vfio_pm_phase *phase,
					u64 now_ms)
{
	if (phase->busy == BUSY_MAX)
		return VFIO_PM_REJECT_LOAD;
	if (phase->fresh >= FRESH_MIN &&
	    phase->count - phase->used >= SAMPLES_MIN)
		return VFIO_PM_REJECT_NONE;
	if (!phase->fresh && now_ms - phase->used_ms >= WINDOW_FLAT_MS)
		return VFIO_PM_REJECT_NONE;
	return VFIO_PM_REJECT_STALE;
}

/**
 * vfio_pm_phase_summarise - what the samples come to
 * @phase: one that can be used
 * @scratch: room for VFIO_PM_PHASE_SAMPLES
 * @window: filled
 */
void vfio_pm_phase_summarise(const struct vfio_pm_phase *phase, s32 *scratch,
			     struct vfio_pm_window *window)
{
	const s32 *used_uw = phase->power_uw + phase->used;
	u32 count = phase->count - phase->used, half = count / 2;
	u32 early = phase->count / 4, early_end = phase->count / 2;
	s32 half_uw, rest_uw;

	window->early_uw = vfio_pm_stat_median_of(phase->power_uw + early,
						  early_end - early, scratch);
	half_uw = vfio_pm_stat_median_of(used_uw, half, scratch);
	rest_uw = vfio_pm_stat_median_of(used_uw + half, count - half, scratch);
	window->drift_uw = vfio_pm_stat_distance(half_uw, rest_uw);
	window->median_uw = vfio_pm_stat_median_of(used_uw, count, scratch);
	window->mad_uw = vfio_pm_stat_mad(scratch, count, window->median_uw);
	window->load = (phase->load_min + phase->load_max) / 2;
	window->fresh = phase->fresh;
	window->moved = phase->moved;
}

/**
 * vfio_pm_window_drifts - did the power move while the state did not
 * @window: of a phase
 * @effect_uw: what would not matter
 *
 * Return: true if it moved by more than the noise, and by more than @effect_uw.
 */
bool vfio_pm_window_drifts(const struct vfio_pm_window *window, u32 effect_uw)
{
	return window->fresh >= DRIFT_FRESH_MIN &&
	       window->drift_uw > effect_uw &&
	       window->drift_uw > (u64)window->mad_uw * DRIFT_MADS;
}
