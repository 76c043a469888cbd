// SPDX-License-Identifier: GPL-2.0
/*
 * policy.c: a whole comparison with slow, coarse and stuck gauges, and with a
 * machine that does other things at the same time.
 */
#include <math.h>

#include "check.h"
#include "machine.h"

static void test_no_difference(void)
{
	machine_init(0, 18 * W, 18 * W);
	machine.noise_uw = 0.3 * W;
	EXPECT_EQ(run(), VFIO_PM_NO_DIFFERENCE);
	/* The gauge may have been slow: all the time there is. */
	EXPECT(!result.settled);
	EXPECT_EQ(result.settle_ms, 60000);
	/* And half a minute to look, not just five samples. */
	EXPECT(policy.phase.count - policy.phase.used >= 27);
}

static void test_resolution(void)
{
	/* Nothing can be said about 500 mW in steps of 600 mW. */
	machine_init(0, 18 * W, 18 * W);
	machine.noise_uw = 0.3 * W;
	machine.quantum_uw = 600000;
	EXPECT_EQ(run(), VFIO_PM_INCONCLUSIVE);
	EXPECT_EQ(policy.gauge.resolution_uw, 600000);
}

static void test_slow_gauge(void)
{
	machine_init(0, 25 * W, 15 * W);
	machine.noise_uw = 0.2 * W;
	machine.average_s = 15;
	EXPECT_EQ(run(), VFIO_PM_SAVES);
	EXPECT(result.settled);
	EXPECT(result.settle_ms > 5000);
	EXPECT(policy.rounds_run > 6);
	EXPECT(fabs(result.saving_uw - 10e6) < 1.5e6);

	/* One minute is more than can be waited for; the sign still holds. */
	machine_init(0, 15 * W, 25 * W);
	machine.noise_uw = 0.2 * W;
	machine.average_s = 60;
	EXPECT_EQ(run(), VFIO_PM_COSTS_MORE);
	EXPECT(!result.settled);
	EXPECT_EQ(result.settle_ms, 60000);
	EXPECT(result.saving_uw < -4 * W && result.saving_uw > -10 * W);
}

static void test_slow_gauge_difference(void)
{
	/* With little time to settle these 2 W would look like nothing. */
	machine_init(0, 17 * W, 15 * W);
	machine.noise_uw = 0.02 * W;
	machine.average_s = 60;
	EXPECT_EQ(run(), VFIO_PM_SAVES);
}

static void test_gauge_survives(void)
{
	machine_init(30 * W, 20 * W, 10 * W);
	machine.noise_uw = 0.2 * W;
	machine.average_s = 5;
	EXPECT_EQ(run(), VFIO_PM_SAVES);
	EXPECT(result.settled && result.settle_ms == 20000);
	EXPECT_EQ(vfio_pm_policy_start(&policy, VFIO_PM_D0, VFIO_PM_D3COLD), 0);
	EXPECT_EQ(policy.rounds, 0);
	EXPECT_EQ(run_until(0), VFIO_PM_SAVES);
	/* Nothing had to be learnt twice. */
	EXPECT_EQ(policy.rounds_run, 6);
	EXPECT(fabs(result.saving_uw - 20e6) < 2e6);
	/* Nor is it forgotten where there is nothing to see. */
	machine.power_uw[VFIO_PM_D0] = 10 * W;
	EXPECT_EQ(vfio_pm_policy_start(&policy, VFIO_PM_D0, VFIO_PM_D3COLD), 0);
	EXPECT_EQ(run_until(0), VFIO_PM_NO_DIFFERENCE);
	EXPECT(result.settled && result.settle_ms == 20000);
	EXPECT_EQ(vfio_pm_policy_start(&policy, VFIO_PM_D0, VFIO_PM_D3COLD), 0);
	EXPECT(policy.gauge.settled);
}

static void test_still_gauge(void)
{
	/* A clean machine: only the switches are to be seen. */
	machine_init(0, 25 * W, 15 * W);
	EXPECT_EQ(run(), VFIO_PM_SAVES);
	EXPECT_EQ(result.saving_uw, 10 * W);
	EXPECT_EQ(result.spread_uw, 0);
	/* Not even these: who can tell whether the gauge works? */
	machine_init(0, 25 * W, 25 * W);
	EXPECT_EQ(run(), VFIO_PM_INCONCLUSIVE);
	EXPECT_EQ(policy.rejected[VFIO_PM_REJECT_STALE], 6);
}

static void test_stuck_gauge(void)
{
	/* It is alive, but not when it matters: 0 W is not what it says. */
	machine_init(0, 25 * W, 15 * W);
	machine.noise_uw = 0.2 * W;
	machine.stuck_second = true;
	EXPECT_EQ(run(), VFIO_PM_INCONCLUSIVE);
	EXPECT_EQ(policy.rejected[VFIO_PM_REJECT_STALE], 6);
}

static void test_chance(void)
{
	/* A difference, and a quick gauge; but then it was something else. */
	machine_init(0, 20 * W, 18 * W);
	machine.noise_uw = 0.1 * W;
	start_with(&vfio_pm_policy_defaults);
	run_until(3);
	EXPECT(policy.gauge.settled);
	machine.power_uw[VFIO_PM_D3COLD] = 20 * W;
	EXPECT_EQ(run_until(0), VFIO_PM_NO_DIFFERENCE);
	EXPECT(!result.settled);
	EXPECT_EQ(result.settle_ms, 60000);
}

static void test_load(void)
{
	machine_init(0, 18 * W, 15 * W);
	machine.noise_uw = 0.5 * W;
	machine.load = 100;
	machine.load_second = 51;
	EXPECT_EQ(run(), VFIO_PM_INCONCLUSIVE);
	EXPECT_EQ(policy.rejected[VFIO_PM_REJECT_LOAD], 6);
	machine.load_second = 50;
	EXPECT_EQ(run(), VFIO_PM_SAVES);
	EXPECT_EQ(policy.rejected[VFIO_PM_REJECT_LOAD], 0);
}

static void test_drift(void)
{
	/* Two watts a minute, up or down, and nothing saved. */
	machine_init(0, 200 * W, 200 * W);
	machine.noise_uw = 0.1 * W;
	machine.slope_uw = 2e6 / 60;
	run();
	EXPECT(result.verdict != VFIO_PM_SAVES);
	EXPECT(result.verdict != VFIO_PM_COSTS_MORE);
	machine_init(0, 200 * W, 200 * W);
	machine.noise_uw = 0.1 * W;
	machine.slope_uw = -2e6 / 60;
	run();
	EXPECT(result.verdict != VFIO_PM_SAVES);
	EXPECT(result.verdict != VFIO_PM_COSTS_MORE);
}

static void test_step(void)
{
	int i;

	machine_init(0, 18 * W, 18 * W);
	machine.noise_uw = 0.1 * W;
	start_with(&vfio_pm_policy_defaults);
	/* A step of 3 W in the middle of a long look. */
	policy.gauge.window_ms = 30000;
	enter();
	for (i = 0; i < 18; i++)
		EXPECT_EQ(sample(), VFIO_PM_STEP_SAMPLE);
	machine.power_uw[VFIO_PM_D3HOT] += 3 * W;
	machine.power_uw[VFIO_PM_D3COLD] += 3 * W;
	while (!policy.rounds_run) {
		if (policy.switching)
			enter();
		sample();
	}
	EXPECT_EQ(policy.rejected[VFIO_PM_REJECT_DRIFT], 1);
	EXPECT_EQ(policy.rounds, 0);
}

const struct test gauge_tests[] = {
	{ "no difference, after waiting for the gauge", test_no_difference },
	{ "no difference is not said of a coarse gauge", test_resolution },
	{ "a slow gauge is given more time", test_slow_gauge },
	{ "a slow gauge does not hide 2 W", test_slow_gauge_difference },
	{ "what a gauge is like is learnt once", test_gauge_survives },
	{ "a gauge that stands still", test_still_gauge },
	{ "a gauge that ignores the switches", test_stuck_gauge },
	{ "what looked like a quick gauge", test_chance },
	{ "rounds of unequal load do not count", test_load },
	{ "a steady drift is no difference", test_drift },
	{ "a step within a phase voids the round", test_step },
	{}
};
