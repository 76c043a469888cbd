// SPDX-License-Identifier: GPL-2.0
/*
 * Which of two power states of a slot draws less. Integers only, no calls into
 * the kernel: the unit tests run this very file.
 */
#include "policy.h"

/**
 * DOC: measured power
 *
 * The machine's power is looked at in two states by turns. A round is one phase
 * in either state, and yields one difference. Rounds go A B, B A, B A, A B, ...
 * (the Thue-Morse sequence): half of them begin with either state, so that a
 * steady drift adds to as many as it takes from; and they do not repeat, so that
 * nothing periodic in the machine keeps step with them.
 *
 * After 6, 8, 12 and 16 rounds the differences are judged by their median, its
 * distance from zero in terms of their median absolute deviation, and the exact
 * chance of so many equal signs, see policy_stat.c. A few rounds into which
 * something else fell do not move any of these.
 *
 * The gauge is given little time at first. That is enough where the effect is
 * large and the gauge quick, and a slow gauge only makes the effect look
 * smaller, it never turns it round. The time grows when the reading was still
 * on its way in the first half of the phases; and to the utmost when the first
 * six rounds do not tell. Rounds made with too little time are dropped.
 *
 * The caller calls vfio_pm_policy_init() once and vfio_pm_policy_start() per
 * comparison, and then obeys: it brings the slot to vfio_pm_policy_wanted(),
 * reports vfio_pm_policy_entered(), feeds a sample every 1.1 s or more, and does
 * as the returned step says. Whatever disturbs the slot or the gauge (an open, a
 * system suspend, the charger) it reports with vfio_pm_policy_interrupt(), which
 * costs the running round only.
 */

/* Younger than this, a reading may come from a cache. */
#define SAMPLE_MIN_MS 1000
#define SETTLE_MAX_MS 60000
/* Looking time: to begin with, and when that was not enough. */
#define WINDOW_QUICK_MS 5000
#define WINDOW_CAREFUL_MS 30000
/* Rounds that fail one after the other; more would fail, too. */
#define STREAK_MAX 6
/* What tells something about the gauge: so many deviations, so many rounds. */
#define STEP_MADS 3
#define STEP_ROUNDS_MIN 3

const struct vfio_pm_policy_params vfio_pm_policy_defaults = {
	.min_saving_uw = 500000,
	.settle_ms = 5000,
	.rounds_max = 16,
	.time_max_ms = 3600000,
	.load_tolerance = 50,
};

/* The Thue-Morse sequence: an odd number of ones in the round's number. */
static bool vfio_pm_round_deep_first(u32 round)
{
	bool odd = false;

	for (; round; round &= round - 1)
		odd = !odd;
	return odd;
}

static enum vfio_pm_step vfio_pm_policy_finish(struct vfio_pm_policy *policy,
					       enum vfio_pm_verdict verdict)
{
	policy->verdict = verdict;
	return VFIO_PM_STEP_DONE;
}

/* The next phase, in the one or other half of its round, follows a switch. */
static enum vfio_pm_step vfio_pm_policy_switch(struct vfio_pm_policy *policy,
					       bool second)
{
	policy->second = second;
	policy->switching = true;
	return VFIO_PM_STEP_SWITCH;
}

/* The rounds begin anew, with what has been learnt about the gauge. */
static enum vfio_pm_step vfio_pm_policy_restart(struct vfio_pm_policy *policy)
{
	policy->rounds = 0;
	return vfio_pm_policy_switch(policy, false);
}

static enum vfio_pm_step vfio_pm_round_reject(struct vfio_pm_policy *policy,
					      enum vfio_pm_reject reason)
{
	policy->rejected[reason]++;
	policy->rounds_run++;
	if (++policy->streak >= STREAK_MAX)
		return vfio_pm_policy_finish(policy, VFIO_PM_INCONCLUSIVE);
	return vfio_pm_policy_switch(policy, false);
}

/* Why two phases do not make a round. */
static enum vfio_pm_reject
vfio_pm_round_check(const struct vfio_pm_policy *policy,
		    const struct vfio_pm_window *second)
{
	const struct vfio_pm_window *first = &policy->first;
	u32 effect_uw =
		vfio_pm_stat_distance(first->median_uw, second->median_uw);

	if (first->load > second->load + policy->params.load_tolerance ||
	    second->load > first->load + policy->params.load_tolerance)
		return VFIO_PM_REJECT_LOAD;
	/* A gauge that ignores a switch for so long is of no use. */
	if (!second->moved)
		return VFIO_PM_REJECT_STALE;
	if (effect_uw < policy->params.min_saving_uw)
		effect_uw = policy->params.min_saving_uw;
	if (vfio_pm_window_drifts(first, effect_uw) ||
	    vfio_pm_window_drifts(second, effect_uw))
		return VFIO_PM_REJECT_DRIFT;
	return VFIO_PM_REJECT_NONE;
}

static void vfio_pm_round_add(struct vfio_pm_policy *policy,
			      const struct vfio_pm_window *second)
{
	const struct vfio_pm_window *first = &policy->first;
	bool deep_first = vfio_pm_round_deep_first(policy->rounds);
	s32 sign = deep_first ? -1 : 1;
	u32 i = policy->rounds++;

	policy->diff_uw[i] = sign * (first->median_uw - second->median_uw);
	policy->early_uw[i] = sign * (first->median_uw - second->early_uw);
	policy->shallow_uw[i] = deep_first ? second->median_uw :
					     first->median_uw;
	policy->deep_uw[i] = deep_first ? first->median_uw : second->median_uw;
	policy->rounds_run++;
	policy->streak = 0;
}

/*
 * Learns from the rounds whether the readings had arrived when they were used:
 * an average that has shown 3/4 of a step in the second quarter of a phase is
 * within 1/10 of its end in the second half. More settling time if not.
 *
 * Return: true if the rounds have to be made again.
 */
static bool vfio_pm_gauge_learn(struct vfio_pm_policy *policy)
{
	struct vfio_pm_gauge *gauge = &policy->gauge;
	u32 n = policy->rounds;
	s32 step = vfio_pm_stat_median_of(policy->diff_uw, n, policy->scratch);
	u64 mad = vfio_pm_stat_mad(policy->scratch, n, step);
	s64 early =
		vfio_pm_stat_median_of(policy->early_uw, n, policy->scratch);
	u32 size = vfio_pm_stat_distance(step, 0);

	/* Nothing to see? What was seen earlier may have been chance. */
	if (n < STEP_ROUNDS_MIN || size < policy->params.min_saving_uw ||
	    size < mad * STEP_MADS) {
		gauge->settled = gauge->proven;
		return false;
	}
	if (step < 0)
		early = -early;
	gauge->settled = early * 4 >= 3ll * size;
	if (gauge->settled || gauge->settle_ms == SETTLE_MAX_MS)
		return false;
	gauge->proven = false;
	gauge->settle_ms *= 4;
	if (gauge->settle_ms > SETTLE_MAX_MS)
		gauge->settle_ms = SETTLE_MAX_MS;
	return true;
}

/*
 * The largest difference that may be called none, 0 if that cannot be known.
 * After the longest settling time even an average over a minute shows half of a
 * step, so twice the smallest saving that counts cannot be overlooked.
 */
static u32 vfio_pm_gauge_equal_uw(const struct vfio_pm_policy *policy)
{
	const struct vfio_pm_gauge *gauge = &policy->gauge;
	u32 equal_uw = policy->params.min_saving_uw;

	if (!gauge->settled && gauge->settle_ms < SETTLE_MAX_MS)
		return 0;
	if (equal_uw <= gauge->resolution_uw)
		return 0;
	return equal_uw - gauge->resolution_uw;
}

/* Another round. */
static enum vfio_pm_step vfio_pm_policy_go_on(struct vfio_pm_policy *policy)
{
	u32 n = policy->rounds;

	if (vfio_pm_round_deep_first(n) == vfio_pm_round_deep_first(n - 1))
		return vfio_pm_policy_switch(policy, false);
	/* B A follows A B: the slot stays where it is, nothing has to settle. */
	policy->second = false;
	vfio_pm_phase_begin(&policy->phase, policy->last_ms, 0);
	return VFIO_PM_STEP_SAMPLE;
}

/* The rounds so far do not tell: look longer, look more often, or give up. */
static enum vfio_pm_step vfio_pm_policy_insist(struct vfio_pm_policy *policy)
{
	struct vfio_pm_gauge *gauge = &policy->gauge;
	bool last = policy->rounds == policy->params.rounds_max;
	bool careful = gauge->window_ms == WINDOW_CAREFUL_MS;

	gauge->window_ms = WINDOW_CAREFUL_MS;
	if (!gauge->settled && gauge->settle_ms < SETTLE_MAX_MS &&
	    !(last && careful)) {
		gauge->settle_ms = SETTLE_MAX_MS;
		return vfio_pm_policy_restart(policy);
	}
	if (last)
		return vfio_pm_policy_finish(policy, VFIO_PM_INCONCLUSIVE);
	return vfio_pm_policy_go_on(policy);
}

static enum vfio_pm_step vfio_pm_policy_judge(struct vfio_pm_policy *policy)
{
	u32 n = policy->rounds;
	enum vfio_pm_verdict verdict;

	if (vfio_pm_gauge_learn(policy))
		return vfio_pm_policy_restart(policy);
	if (!vfio_pm_stat_is_look(n) && n != policy->params.rounds_max)
		return vfio_pm_policy_go_on(policy);
	verdict = vfio_pm_stat_judge(policy->diff_uw, n,
				     policy->params.min_saving_uw,
				     vfio_pm_gauge_equal_uw(policy));
	if (verdict == VFIO_PM_UNDECIDED)
		return vfio_pm_policy_insist(policy);
	return vfio_pm_policy_finish(policy, verdict);
}

static enum vfio_pm_step vfio_pm_phase_end(struct vfio_pm_policy *policy)
{
	enum vfio_pm_reject reason;
	struct vfio_pm_window window;

	reason = vfio_pm_phase_check(&policy->phase, policy->last_ms);
	if (reason)
		return vfio_pm_round_reject(policy, reason);
	vfio_pm_phase_summarise(&policy->phase, policy->scratch, &window);
	if (!policy->second) {
		policy->first = window;
		return vfio_pm_policy_switch(policy, true);
	}
	reason = vfio_pm_round_check(policy, &window);
	if (reason)
		return vfio_pm_round_reject(policy, reason);
	vfio_pm_round_add(policy, &window);
	return vfio_pm_policy_judge(policy);
}

static bool vfio_pm_in_range(u32 value, u32 low, u32 high)
{
	return value >= low && value <= high;
}

/**
 * vfio_pm_policy_init - prepare for comparisons
 * @policy: need not be initialised
 * @params: what the user chose, see vfio_pm_policy_defaults
 *
 * Return: 0, or -EINVAL if a parameter is out of its range.
 */
int vfio_pm_policy_init(struct vfio_pm_policy *policy,
			const struct vfio_pm_policy_params *params)
{
	if (!vfio_pm_in_range(params->min_saving_uw, 50000, 50000000) ||
	    !vfio_pm_in_range(params->settle_ms, 1000, SETTLE_MAX_MS) ||
	    !vfio_pm_in_range(params->rounds_max, VFIO_PM_ROUNDS_MIN,
			      VFIO_PM_ROUNDS_LIMIT) ||
	    params->rounds_max % 2 ||
	    !vfio_pm_in_range(params->time_max_ms, 60000, 86400000) ||
	    !vfio_pm_in_range(params->load_tolerance, 1, 1000))
		return -EINVAL;
	policy->params = *params;
	policy->gauge.settled = false;
	policy->gauge.proven = false;
	policy->verdict = VFIO_PM_UNMEASURED;
	policy->rounds = 0;
	return 0;
}

/**
 * vfio_pm_policy_start - begin to compare two states
 * @policy: initialised; an earlier comparison in it is forgotten, what that
 *          taught about the gauge is not
 * @shallow: the state that is kept if the other is not better
 * @deep: the state that has to earn its place
 *
 * The caller goes on as after VFIO_PM_STEP_SWITCH.
 *
 * Return: 0, or -EINVAL if @deep is not deeper than @shallow.
 */
int vfio_pm_policy_start(struct vfio_pm_policy *policy,
			 enum vfio_pm_power shallow, enum vfio_pm_power deep)
{
	struct vfio_pm_gauge *gauge = &policy->gauge;
	u32 i;

	if (deep <= shallow || deep > VFIO_PM_D3COLD)
		return -EINVAL;
	/* What a difference has shown about the gauge can be relied upon. */
	if (gauge->settled && (policy->verdict == VFIO_PM_SAVES ||
			       policy->verdict == VFIO_PM_COSTS_MORE))
		gauge->proven = true;
	if (!gauge->proven)
		gauge->settle_ms = policy->params.settle_ms;
	gauge->settled = gauge->proven;
	policy->shallow = shallow;
	policy->deep = deep;
	policy->verdict = VFIO_PM_UNDECIDED;
	policy->rounds_run = 0;
	policy->streak = 0;
	for (i = 0; i < VFIO_PM_REJECT_REASONS; i++)
		policy->rejected[i] = 0;
	policy->last_ms = 0;
	policy->last_uw = 0;
	policy->spent_ms = 0;
	gauge->window_ms = WINDOW_QUICK_MS;
	gauge->resolution_uw = ~0u;
	vfio_pm_policy_restart(policy);
	return 0;
}

/**
 * vfio_pm_policy_wanted - the state in which samples are wanted
 * @policy: a started comparison
 *
 * Return: the state of the running or, after VFIO_PM_STEP_SWITCH, of the next
 * phase.
 */
enum vfio_pm_power vfio_pm_policy_wanted(const struct vfio_pm_policy *policy)
{
	if (vfio_pm_round_deep_first(policy->rounds) == policy->second)
		return policy->shallow;
	return policy->deep;
}

/**
 * vfio_pm_policy_entered - the slot has reached the wanted state
 * @policy: a comparison that asked for VFIO_PM_STEP_SWITCH
 * @now_ms: when, on the samples' clock
 */
void vfio_pm_policy_entered(struct vfio_pm_policy *policy, u64 now_ms)
{
	policy->switching = false;
	vfio_pm_phase_begin(&policy->phase, now_ms, policy->gauge.settle_ms);
}

/**
 * vfio_pm_policy_interrupt - something came between
 * @policy: a started comparison
 *
 * The running round is void. To be called when the slot was woken, opened or
 * switched by others, when the machine slept, when a power supply came or went;
 * more than once does no harm. The comparison goes on when the caller does as
 * told, however much later.
 *
 * Return: VFIO_PM_STEP_SWITCH, or VFIO_PM_STEP_DONE.
 */
enum vfio_pm_step vfio_pm_policy_interrupt(struct vfio_pm_policy *policy)
{
	if (policy->verdict != VFIO_PM_UNDECIDED)
		return VFIO_PM_STEP_DONE;
	/* No round is running? */
	if (policy->switching && !policy->second)
		return VFIO_PM_STEP_SWITCH;
	return vfio_pm_round_reject(policy, VFIO_PM_REJECT_STATE);
}

static void vfio_pm_policy_add(struct vfio_pm_policy *policy,
			       const struct vfio_pm_sample *sample)
{
	struct vfio_pm_phase *phase = &policy->phase;
	u64 before_ms = phase->count ? policy->last_ms : phase->begin_ms;
	u32 step_uw = vfio_pm_stat_distance(sample->power_uw, policy->last_uw);

	policy->spent_ms += sample->time_ms - before_ms;
	policy->last_ms = sample->time_ms;
	policy->last_uw = sample->power_uw;
	if (step_uw && step_uw < policy->gauge.resolution_uw)
		policy->gauge.resolution_uw = step_uw;
	vfio_pm_phase_add(phase, sample, step_uw,
			  policy->params.load_tolerance);
}

/**
 * vfio_pm_policy_feed - use a sample
 * @policy: a started comparison
 * @sample: a reading. One that comes too early is ignored; one that cannot be
 *          true, or from another state than the wanted, makes the round void
 *
 * Return: what to do next.
 */
enum vfio_pm_step vfio_pm_policy_feed(struct vfio_pm_policy *policy,
				      const struct vfio_pm_sample *sample)
{
	struct vfio_pm_phase *phase = &policy->phase;

	if (policy->verdict != VFIO_PM_UNDECIDED)
		return VFIO_PM_STEP_DONE;
	if (policy->switching)
		return VFIO_PM_STEP_SWITCH;
	if (sample->state != vfio_pm_policy_wanted(policy))
		return vfio_pm_round_reject(policy, VFIO_PM_REJECT_STATE);
	if (sample->time_ms < policy->last_ms + SAMPLE_MIN_MS ||
	    sample->time_ms < phase->begin_ms)
		return VFIO_PM_STEP_SAMPLE;
	if (vfio_pm_stat_distance(sample->power_uw, 0) > VFIO_PM_POWER_LIMIT_UW)
		return vfio_pm_round_reject(policy, VFIO_PM_REJECT_STALE);
	vfio_pm_policy_add(policy, sample);
	if (policy->spent_ms > policy->params.time_max_ms)
		return vfio_pm_policy_finish(policy, VFIO_PM_INCONCLUSIVE);
	if (!vfio_pm_phase_is_over(phase, policy->last_ms,
				   policy->gauge.window_ms))
		return VFIO_PM_STEP_SAMPLE;
	return vfio_pm_phase_end(policy);
}

/**
 * vfio_pm_policy_result - the figures of a comparison
 * @policy: a comparison, finished or not
 * @result: all zero but for the verdict while no round is complete
 */
void vfio_pm_policy_result(struct vfio_pm_policy *policy,
			   struct vfio_pm_result *result)
{
	u32 n = policy->rounds;

	result->verdict = policy->verdict;
	result->rounds = n;
	result->settle_ms = policy->gauge.settle_ms;
	result->settled = policy->gauge.settled;
	result->shallow_uw =
		vfio_pm_stat_median_of(policy->shallow_uw, n, policy->scratch);
	result->deep_uw =
		vfio_pm_stat_median_of(policy->deep_uw, n, policy->scratch);
	result->saving_uw =
		vfio_pm_stat_median_of(policy->diff_uw, n, policy->scratch);
	result->spread_uw =
		vfio_pm_stat_mad(policy->scratch, n, result->saving_uw);
}

static bool vfio_pm_verdict_disappoints(enum vfio_pm_verdict verdict)
{
	return verdict == VFIO_PM_NO_DIFFERENCE ||
	       verdict == VFIO_PM_COSTS_MORE;
}

/**
 * vfio_pm_policy_wants_d0 - whether it is worth while to measure D0, too
 * @cold_over_hot: verdict on D3cold against D3hot
 *
 * Return: true if D3cold is not worth having; D3hot may be no better then.
 */
bool vfio_pm_policy_wants_d0(enum vfio_pm_verdict cold_over_hot)
{
	return vfio_pm_verdict_disappoints(cold_over_hot);
}

/**
 * vfio_pm_policy_choose - the state to use
 * @cold_over_hot: verdict on D3cold against D3hot
 * @best_over_d0: verdict on the better one of these against D0, or
 *                VFIO_PM_UNMEASURED
 *
 * Of two states that draw the same the shallower one is used: it cannot fail to
 * wake. But unproven is not disproved: without a verdict D3cold stays, which is
 * what the kernel does by itself.
 *
 * Return: the state.
 */
enum vfio_pm_power vfio_pm_policy_choose(enum vfio_pm_verdict cold_over_hot,
					 enum vfio_pm_verdict best_over_d0)
{
	if (vfio_pm_verdict_disappoints(best_over_d0))
		return VFIO_PM_D0;
	if (vfio_pm_verdict_disappoints(cold_over_hot))
		return VFIO_PM_D3HOT;
	return VFIO_PM_D3COLD;
}
