// SPDX-License-Identifier: GPL-2.0
/*
 * policy.c: a whole comparison, from its parameters to its end.
 */
#include <math.h>

#include "check.h"
#include "machine.h"

static void test_params(void)
{
	static const struct {
		struct vfio_pm_policy_params params;
		int error;
	} cases[] = {
		{ { 500000, 5000, 16, 3600000, 50 }, 0 },
		{ { 50000, 1000, 6, 60000, 1 }, 0 },
		{ { 50000000, 60000, 32, 86400000, 1000 }, 0 },
		{ { 49999, 5000, 16, 3600000, 50 }, -EINVAL },
		{ { 50000001, 5000, 16, 3600000, 50 }, -EINVAL },
		{ { 500000, 999, 16, 3600000, 50 }, -EINVAL },
		{ { 500000, 60001, 16, 3600000, 50 }, -EINVAL },
		{ { 500000, 5000, 4, 3600000, 50 }, -EINVAL },
		{ { 500000, 5000, 15, 3600000, 50 }, -EINVAL },
		{ { 500000, 5000, 34, 3600000, 50 }, -EINVAL },
		{ { 500000, 5000, 16, 59999, 50 }, -EINVAL },
		{ { 500000, 5000, 16, 86400001, 50 }, -EINVAL },
		{ { 500000, 5000, 16, 3600000, 0 }, -EINVAL },
		{ { 500000, 5000, 16, 3600000, 1001 }, -EINVAL },
	};
	size_t i;

	for (i = 0; i < COUNT(cases); i++)
		EXPECT_EQ(vfio_pm_policy_init(&policy, &cases[i].params),
			  cases[i].error);
}

static void test_start(void)
{
	enum vfio_pm_power a, b;

	EXPECT_EQ(vfio_pm_policy_init(&policy, &vfio_pm_policy_defaults), 0);
	vfio_pm_policy_result(&policy, &result);
	EXPECT_EQ(result.verdict, VFIO_PM_UNMEASURED);
	EXPECT_EQ(result.saving_uw, 0);
	EXPECT_EQ(vfio_pm_policy_interrupt(&policy), VFIO_PM_STEP_DONE);
	for (a = VFIO_PM_D0; a <= VFIO_PM_D3COLD + 1; a++)
		for (b = VFIO_PM_D0; b <= VFIO_PM_D3COLD + 1; b++)
			EXPECT_EQ(vfio_pm_policy_start(&policy, a, b),
				  a < b && b <= VFIO_PM_D3COLD ? 0 : -EINVAL);
}

static void test_order(void)
{
	static const char wanted[] = "HCCHCHHCCHHCHCCHCHHCHCCHHCCHCHHC";
	unsigned int i;

	machine_init(0, 20 * W, 20 * W);
	machine.noise_uw = 3 * W;
	start_with(&vfio_pm_policy_defaults);
	/* Nothing learnt, nothing repeated: only what goes on. */
	policy.gauge.settle_ms = 60000;
	EXPECT_EQ(run_until(0), VFIO_PM_INCONCLUSIVE);
	EXPECT_EQ(result.rounds, 16);
	EXPECT_EQ(machine.phases, 32);
	for (i = 0; i < 32; i++) {
		EXPECT_EQ(machine.states[i],
			  wanted[i] == 'H' ? VFIO_PM_D3HOT : VFIO_PM_D3COLD);
		/* No switch from a state to itself. */
		EXPECT_EQ(machine.switched[i],
			  !i || wanted[i] != wanted[i - 1]);
	}
}

static void test_switch(void)
{
	machine_init(0, 20 * W, 10 * W);
	start_with(&vfio_pm_policy_defaults);
	EXPECT_EQ(vfio_pm_policy_wanted(&policy), VFIO_PM_D3HOT);
	EXPECT_EQ(sample(), VFIO_PM_STEP_SWITCH);
	EXPECT_EQ(policy.last_ms, 0);
	enter();
	EXPECT_EQ(policy.phase.count, 0);
	EXPECT_EQ(sample(), VFIO_PM_STEP_SAMPLE);
	EXPECT_EQ(policy.phase.count, 1);
}

static void test_saves(void)
{
	machine_init(0, 18 * W, 15 * W);
	machine.noise_uw = 0.5 * W;
	EXPECT_EQ(run(), VFIO_PM_SAVES);
	EXPECT_EQ(result.rounds, 6);
	EXPECT_EQ(policy.rounds_run, 6);
	EXPECT(result.settled);
	EXPECT_EQ(result.settle_ms, 5000);
	EXPECT(fabs(result.saving_uw - 3e6) < 5e5);
	EXPECT(fabs(result.shallow_uw - 18e6) < 5e5);
	EXPECT(fabs(result.deep_uw - 15e6) < 5e5);
	EXPECT(result.spread_uw > 0 && result.spread_uw < W);
	/* Each phase five seconds to settle and to look; no settling twice. */
	EXPECT(policy.spent_ms < 130000);
}

static void test_costs_more(void)
{
	machine_init(0, 18 * W, 58 * W);
	machine.noise_uw = 0.5 * W;
	EXPECT_EQ(run(), VFIO_PM_COSTS_MORE);
	EXPECT_EQ(result.rounds, 6);
	EXPECT(fabs(result.saving_uw + 40e6) < 1e6);
}

static void test_min_saving(void)
{
	struct vfio_pm_policy_params params = vfio_pm_policy_defaults;

	params.min_saving_uw = 2 * W;
	machine_init(0, 18 * W, 17 * W);
	machine.noise_uw = 0.2 * W;
	start_with(&params);
	EXPECT_EQ(run_until(0), VFIO_PM_NO_DIFFERENCE);
	EXPECT(fabs(result.saving_uw - 1e6) < 3e5);
	EXPECT_EQ(run(), VFIO_PM_SAVES);
}

static void test_rounds_max(void)
{
	struct vfio_pm_policy_params params = vfio_pm_policy_defaults;

	params.rounds_max = 10;
	machine_init(0, 20 * W, 19 * W);
	machine.noise_uw = 5 * W;
	start_with(&params);
	EXPECT_EQ(run_until(0), VFIO_PM_INCONCLUSIVE);
	EXPECT_EQ(result.rounds, 10);

	/* The fewest still include the careful ones. */
	params.rounds_max = 6;
	machine_init(0, 20 * W, 20 * W);
	machine.noise_uw = 0.1 * W;
	start_with(&params);
	EXPECT_EQ(run_until(0), VFIO_PM_NO_DIFFERENCE);
	EXPECT_EQ(result.settle_ms, 60000);
	EXPECT_EQ(policy.rounds_run, 12);
	machine_init(0, 20 * W, 20 * W);
	machine.noise_uw = 5 * W;
	start_with(&params);
	EXPECT_EQ(run_until(0), VFIO_PM_INCONCLUSIVE);
	EXPECT_EQ(policy.rounds_run, 12);
}

static void test_time_max(void)
{
	struct vfio_pm_policy_params params = vfio_pm_policy_defaults;

	params.time_max_ms = 60000;
	machine_init(0, 20 * W, 10 * W);
	start_with(&params);
	EXPECT_EQ(run_until(0), VFIO_PM_INCONCLUSIVE);
	EXPECT(policy.spent_ms > 60000 && policy.spent_ms < 62000);
}

static void test_other_state(void)
{
	machine_init(0, 18 * W, 15 * W);
	machine.noise_uw = 0.5 * W;
	start_with(&vfio_pm_policy_defaults);
	run_until(3);
	enter();
	sample();
	EXPECT_EQ(sample_in(VFIO_PM_D0), VFIO_PM_STEP_SWITCH);
	EXPECT_EQ(policy.rejected[VFIO_PM_REJECT_STATE], 1);
	EXPECT_EQ(policy.rounds, 3);
	EXPECT_EQ(run_until(0), VFIO_PM_SAVES);
	EXPECT_EQ(result.rounds, 6);
	EXPECT_EQ(policy.rounds_run, 7);
}

static void test_wake_storm(void)
{
	int i;

	machine_init(0, 18 * W, 15 * W);
	start_with(&vfio_pm_policy_defaults);
	for (i = 0; i < 5; i++) {
		enter();
		EXPECT_EQ(sample_in(VFIO_PM_D0), VFIO_PM_STEP_SWITCH);
	}
	enter();
	EXPECT_EQ(sample_in(VFIO_PM_D0), VFIO_PM_STEP_DONE);
	EXPECT_EQ(policy.verdict, VFIO_PM_INCONCLUSIVE);
	EXPECT_EQ(sample(), VFIO_PM_STEP_DONE);
	EXPECT_EQ(vfio_pm_policy_interrupt(&policy), VFIO_PM_STEP_DONE);
}

static void test_interrupt(void)
{
	u64 spent;

	machine_init(0, 18 * W, 15 * W);
	machine.noise_uw = 0.5 * W;
	start_with(&vfio_pm_policy_defaults);
	run_until(4);
	enter();
	while (!policy.switching)
		sample();
	EXPECT(policy.second);
	EXPECT_EQ(vfio_pm_policy_interrupt(&policy), VFIO_PM_STEP_SWITCH);
	EXPECT(!policy.second);
	EXPECT_EQ(policy.rounds, 4);
	EXPECT_EQ(policy.rejected[VFIO_PM_REJECT_STATE], 1);
	/* Once more changes nothing. */
	EXPECT_EQ(vfio_pm_policy_interrupt(&policy), VFIO_PM_STEP_SWITCH);
	EXPECT_EQ(policy.rejected[VFIO_PM_REJECT_STATE], 1);
	/* A VM runs for a day: that is not measuring time. */
	spent = policy.spent_ms;
	machine.now += 86400000;
	EXPECT_EQ(run_until(0), VFIO_PM_SAVES);
	EXPECT_EQ(result.rounds, 6);
	EXPECT(policy.spent_ms - spent < 120000);
}

static void test_often_interrupted(void)
{
	u32 round;

	/* Once in each round, but never six times without a round. */
	machine_init(0, 18 * W, 15 * W);
	machine.noise_uw = 0.5 * W;
	start_with(&vfio_pm_policy_defaults);
	for (round = 1; round <= 6; round++) {
		enter();
		sample();
		EXPECT_EQ(vfio_pm_policy_interrupt(&policy),
			  VFIO_PM_STEP_SWITCH);
		run_until(round);
	}
	vfio_pm_policy_result(&policy, &result);
	EXPECT_EQ(result.verdict, VFIO_PM_SAVES);
	EXPECT_EQ(policy.rejected[VFIO_PM_REJECT_STATE], 6);
	EXPECT_EQ(policy.rounds_run, 12);
}

static void test_bad_samples(void)
{
	struct vfio_pm_sample bad = { .state = VFIO_PM_D3HOT };

	machine_init(0, 18 * W, 15 * W);
	start_with(&vfio_pm_policy_defaults);
	enter();
	sample();
	/* Too early, and before the last. */
	bad.time_ms = machine.now + 999;
	bad.power_uw = 1 * W;
	EXPECT_EQ(vfio_pm_policy_feed(&policy, &bad), VFIO_PM_STEP_SAMPLE);
	bad.time_ms = machine.now - 1;
	EXPECT_EQ(vfio_pm_policy_feed(&policy, &bad), VFIO_PM_STEP_SAMPLE);
	EXPECT_EQ(policy.phase.count, 1);
	EXPECT_EQ(policy.last_ms, machine.now);
	/* The largest that can be believed, and the smallest that cannot. */
	bad.time_ms = machine.now + 1000;
	bad.power_uw = VFIO_PM_POWER_LIMIT_UW;
	EXPECT_EQ(vfio_pm_policy_feed(&policy, &bad), VFIO_PM_STEP_SAMPLE);
	EXPECT_EQ(policy.phase.count, 2);
	bad.time_ms += 1000;
	bad.power_uw = -VFIO_PM_POWER_LIMIT_UW - 1;
	EXPECT_EQ(vfio_pm_policy_feed(&policy, &bad), VFIO_PM_STEP_SWITCH);
	EXPECT_EQ(policy.rejected[VFIO_PM_REJECT_STALE], 1);
}

static void test_limits(void)
{
	machine_init(0, VFIO_PM_POWER_LIMIT_UW, -VFIO_PM_POWER_LIMIT_UW);
	EXPECT_EQ(run(), VFIO_PM_SAVES);
	EXPECT_EQ(result.saving_uw, 2 * VFIO_PM_POWER_LIMIT_UW);
	machine_init(0, -100 * W, 100 * W);
	EXPECT_EQ(run(), VFIO_PM_COSTS_MORE);
	EXPECT_EQ(result.saving_uw, -200 * W);
}

const struct test policy_tests[] = {
	{ "parameters out of range are refused", test_params },
	{ "only a deeper state can be compared", test_start },
	{ "order of the states", test_order },
	{ "samples before a switch do not count", test_switch },
	{ "saves, in six rounds", test_saves },
	{ "costs more, in six rounds", test_costs_more },
	{ "the smallest saving that counts", test_min_saving },
	{ "inconclusive after rounds_max", test_rounds_max },
	{ "inconclusive after time_max_ms", test_time_max },
	{ "a sample from another state voids the round", test_other_state },
	{ "a slot that never stays is given up", test_wake_storm },
	{ "an interruption costs one round", test_interrupt },
	{ "interruptions, each followed by a round", test_often_interrupted },
	{ "samples that cannot be used", test_bad_samples },
	{ "largest powers", test_limits },
	{}
};
