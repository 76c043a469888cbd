// SPDX-License-Identifier: GPL-2.0
/*
 * Which state is used after which verdicts.
 */
#include "check.h"
#include "policy.h"

static void test_two_states(void)
{
	static const enum vfio_pm_power wanted[] = {
		[VFIO_PM_UNMEASURED] = VFIO_PM_D3COLD,
		[VFIO_PM_UNDECIDED] = VFIO_PM_D3COLD,
		[VFIO_PM_SAVES] = VFIO_PM_D3COLD,
		[VFIO_PM_NO_DIFFERENCE] = VFIO_PM_D3HOT,
		[VFIO_PM_COSTS_MORE] = VFIO_PM_D3HOT,
		[VFIO_PM_INCONCLUSIVE] = VFIO_PM_D3COLD,
	};
	size_t i;

	for (i = 0; i < COUNT(wanted); i++) {
		EXPECT_EQ(vfio_pm_policy_choose(i, VFIO_PM_UNMEASURED),
			  wanted[i]);
		/* D0 lost, or nobody knows: as if it had not been measured. */
		EXPECT_EQ(vfio_pm_policy_choose(i, VFIO_PM_SAVES), wanted[i]);
		EXPECT_EQ(vfio_pm_policy_choose(i, VFIO_PM_UNDECIDED),
			  wanted[i]);
		EXPECT_EQ(vfio_pm_policy_choose(i, VFIO_PM_INCONCLUSIVE),
			  wanted[i]);
	}
}

static void test_d0(void)
{
	enum vfio_pm_verdict cold;

	for (cold = VFIO_PM_UNMEASURED; cold <= VFIO_PM_INCONCLUSIVE; cold++) {
		EXPECT_EQ(vfio_pm_policy_choose(cold, VFIO_PM_COSTS_MORE),
			  VFIO_PM_D0);
		EXPECT_EQ(vfio_pm_policy_choose(cold, VFIO_PM_NO_DIFFERENCE),
			  VFIO_PM_D0);
	}
}

static void test_wants_d0(void)
{
	EXPECT(!vfio_pm_policy_wants_d0(VFIO_PM_UNMEASURED));
	EXPECT(!vfio_pm_policy_wants_d0(VFIO_PM_UNDECIDED));
	EXPECT(!vfio_pm_policy_wants_d0(VFIO_PM_SAVES));
	EXPECT(vfio_pm_policy_wants_d0(VFIO_PM_NO_DIFFERENCE));
	EXPECT(vfio_pm_policy_wants_d0(VFIO_PM_COSTS_MORE));
	EXPECT(!vfio_pm_policy_wants_d0(VFIO_PM_INCONCLUSIVE));
}

const struct test choice_tests[] = {
	{ "choice: D3cold has to earn its place", test_two_states },
	{ "choice: D0 if the better of the others does not", test_d0 },
	{ "choice: D0 is measured where D3cold disappoints", test_wants_d0 },
	{}
};
