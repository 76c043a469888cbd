// SPDX-License-Identifier: GPL-2.0
/*
 * policy_stat.c: medians, exact chances, and the judgement.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "policy.h"
#include "rng.h"

#define S32_MAX 2147483647
#define S32_MIN (-S32_MAX - 1)
#define MEDIAN(...)                                 \
	vfio_pm_stat_median((s32[]){ __VA_ARGS__ }, \
			    COUNT(((s32[]){ __VA_ARGS__ })))
#define MAD(center, ...)                         \
	vfio_pm_stat_mad((s32[]){ __VA_ARGS__ }, \
			 COUNT(((s32[]){ __VA_ARGS__ })), center)
#define JUDGE(equal, ...)                          \
	vfio_pm_stat_judge((s32[]){ __VA_ARGS__ }, \
			   COUNT(((s32[]){ __VA_ARGS__ })), 500000, equal)

static void test_median(void)
{
	EXPECT_EQ(vfio_pm_stat_median(NULL, 0), 0);
	EXPECT_EQ(MEDIAN(7), 7);
	EXPECT_EQ(MEDIAN(9, 1), 5);
	EXPECT_EQ(MEDIAN(3, 1, 2), 2);
	EXPECT_EQ(MEDIAN(4, 1, 3, 2), 2);
	EXPECT_EQ(MEDIAN(-4, -1, -3, -2), -2);
	EXPECT_EQ(MEDIAN(5, 5, 5, 5), 5);
	EXPECT_EQ(MEDIAN(-100, 1, 1000000), 1);
	EXPECT_EQ(MEDIAN(S32_MAX, S32_MAX), S32_MAX);
	EXPECT_EQ(MEDIAN(S32_MIN, S32_MIN), S32_MIN);
	EXPECT_EQ(MEDIAN(S32_MAX, S32_MIN), 0);
}

static int compare(const void *a, const void *b)
{
	s32 x = *(const s32 *)a, y = *(const s32 *)b;

	return (x > y) - (x < y);
}

static void test_median_random(void)
{
	s32 values[VFIO_PM_PHASE_SAMPLES], sorted[VFIO_PM_PHASE_SAMPLES];
	s32 scratch[VFIO_PM_PHASE_SAMPLES], before[VFIO_PM_PHASE_SAMPLES];
	struct rng rng = { 1 };
	u32 n, i;

	for (n = 1; n <= VFIO_PM_PHASE_SAMPLES; n++) {
		s64 middle;

		for (i = 0; i < n; i++)
			values[i] = (s32)rng_next(&rng);
		memcpy(sorted, values, sizeof(values));
		memcpy(before, values, sizeof(values));
		qsort(sorted, n, sizeof(*sorted), compare);
		middle = (s64)sorted[(n - 1) / 2] + sorted[n / 2];
		EXPECT_EQ(vfio_pm_stat_median_of(values, n, scratch),
			  middle / 2);
		EXPECT(!memcmp(values, before, n * sizeof(*values)));
		EXPECT(!memcmp(scratch, sorted, n * sizeof(*values)));
	}
}

static void test_distance(void)
{
	EXPECT_EQ(vfio_pm_stat_distance(3, 5), 2);
	EXPECT_EQ(vfio_pm_stat_distance(5, 3), 2);
	EXPECT_EQ(vfio_pm_stat_distance(-5, 3), 8);
	EXPECT_EQ(vfio_pm_stat_distance(S32_MIN, 0), 2147483648);
	EXPECT_EQ(vfio_pm_stat_distance(S32_MIN, S32_MAX), 4294967295);
	EXPECT_EQ(vfio_pm_stat_distance(S32_MAX, S32_MIN), 4294967295);
}

static void test_mad(void)
{
	EXPECT_EQ(vfio_pm_stat_mad(NULL, 0, 0), 0);
	EXPECT_EQ(MAD(7, 7), 0);
	EXPECT_EQ(MAD(5, 5, 5, 5, 5), 0);
	EXPECT_EQ(MAD(2, 1, 2, 4), 1);
	EXPECT_EQ(MAD(0, -8, 4, 2, -2), 3);
	/* What lies far off does not matter, however far. */
	EXPECT_EQ(MAD(2, 1, 2, 3, 2, S32_MAX), 1);
	EXPECT_EQ(MAD(S32_MAX, S32_MIN), S32_MAX);
	EXPECT_EQ(MAD(S32_MIN, S32_MAX, S32_MAX), S32_MAX);
}

static void test_tail(void)
{
	u32 n, k;

	EXPECT_EQ(vfio_pm_stat_tail(0, 0), 1);
	EXPECT_EQ(vfio_pm_stat_tail(6, 6), 1);
	EXPECT_EQ(vfio_pm_stat_tail(6, 5), 7);
	EXPECT_EQ(vfio_pm_stat_tail(6, 7), 0);
	EXPECT_EQ(vfio_pm_stat_tail(8, 7), 9);
	EXPECT_EQ(vfio_pm_stat_tail(12, 10), 79);
	EXPECT_EQ(vfio_pm_stat_tail(16, 13), 697);
	EXPECT_EQ(vfio_pm_stat_tail(32, 32), 1);
	EXPECT_EQ(vfio_pm_stat_tail(32, 16), ((1ll << 32) + 601080390) / 2);
	for (n = 0; n <= VFIO_PM_ROUNDS_LIMIT; n++) {
		EXPECT_EQ(vfio_pm_stat_tail(n, 0), 1ll << n);
		/* As many heads as tails, from either end. */
		for (k = 0; k <= n; k++)
			EXPECT_EQ(vfio_pm_stat_tail(n, k) +
					  vfio_pm_stat_tail(n, n - k + 1),
				  1ll << n);
	}
}

static void test_looks(void)
{
	u32 n;

	for (n = 6; n <= VFIO_PM_ROUNDS_LIMIT; n++)
		EXPECT_EQ(vfio_pm_stat_is_look(n),
			  n == 6 || n == 8 || n == 12 || n == 16 || n == 24);
}

static void test_judge_threshold(void)
{
	EXPECT_EQ(JUDGE(0, 500000, 500000, 500000, 500000, 500000, 500000),
		  VFIO_PM_SAVES);
	EXPECT_EQ(JUDGE(0, 499999, 499999, 499999, 499999, 499999, 499999),
		  VFIO_PM_UNDECIDED);
	EXPECT_EQ(JUDGE(0, -500000, -500000, -500000, -500000, -500000,
			-500000),
		  VFIO_PM_COSTS_MORE);
	EXPECT_EQ(JUDGE(0, -499999, -499999, -499999, -499999, -499999,
			-499999),
		  VFIO_PM_UNDECIDED);
}

static void test_judge_signs(void)
{
	/* Five of six have 7 chances in 64: the spread alone is no proof. */
	EXPECT_EQ(JUDGE(0, 3000000, 3000000, 3000000, 3000000, 3000000, -1),
		  VFIO_PM_UNDECIDED);
	EXPECT_EQ(JUDGE(0, 3000000, 3000000, 3000000, 3000000, 3000000, 0),
		  VFIO_PM_UNDECIDED);
	EXPECT_EQ(JUDGE(0, -3000000, -3000000, -3000000, -3000000, -3000000, 1),
		  VFIO_PM_UNDECIDED);
	EXPECT_EQ(JUDGE(0, 3000000, 3000000, 3000000, 3000000, 3000000, 1),
		  VFIO_PM_SAVES);
	/* Ten of twelve are enough, nine are not. */
	EXPECT_EQ(JUDGE(0, 3000000, 3000000, 3000000, 3000000, 3000000, 3000000,
			3000000, 3000000, 3000000, 3000000, -9000000, -9000000),
		  VFIO_PM_SAVES);
	EXPECT_EQ(JUDGE(0, 3000000, 3000000, 3000000, 3000000, 3000000, 3000000,
			3000000, 3000000, 3000000, -9000000, -9000000,
			-9000000),
		  VFIO_PM_UNDECIDED);
}

static void test_judge_spread(void)
{
	/* All six save, but from 1 to 9 W: that may be chance. */
	EXPECT_EQ(JUDGE(0, 1000000, 9000000, 1000000, 9000000, 2000000,
			8000000),
		  VFIO_PM_UNDECIDED);
	EXPECT_EQ(JUDGE(0, -1000000, -9000000, -1000000, -9000000, -2000000,
			-8000000),
		  VFIO_PM_UNDECIDED);
	/* Median 5 W, deviation 1 W: exactly the margin after six rounds. */
	EXPECT_EQ(JUDGE(0, 4000000, 6000000, 4000000, 6000000, 4000000,
			6000000),
		  VFIO_PM_SAVES);
	EXPECT_EQ(JUDGE(0, 3999999, 6000001, 3999999, 6000001, 3999999,
			6000001),
		  VFIO_PM_UNDECIDED);
	/* The same, eight times, is beyond the margin of eight. */
	EXPECT_EQ(JUDGE(0, 3000000, 6000000, 3000000, 6000000, 3000000, 6000000,
			3000000, 6000000),
		  VFIO_PM_SAVES);
}

static void test_judge_equal(void)
{
	EXPECT_EQ(JUDGE(0, 0, 0, 0, 0, 0, 0), VFIO_PM_UNDECIDED);
	EXPECT_EQ(JUDGE(500000, 0, 0, 0, 0, 0, 0), VFIO_PM_NO_DIFFERENCE);
	EXPECT_EQ(JUDGE(500000, 400000, 400000, 400000, 400000, 400000, 400000),
		  VFIO_PM_NO_DIFFERENCE);
	EXPECT_EQ(JUDGE(300000, 400000, 400000, 400000, 400000, 400000, 400000),
		  VFIO_PM_UNDECIDED);
	/* Deviation 250 mW, bound two of these: just inside, just outside. */
	EXPECT_EQ(JUDGE(500000, 250000, -250000, 250000, -250000, 250000,
			-250000),
		  VFIO_PM_NO_DIFFERENCE);
	EXPECT_EQ(JUDGE(500000, 250001, -250001, 250001, -250001, 250001,
			-250001),
		  VFIO_PM_UNDECIDED);
	/* Neither proven nor disproved. */
	EXPECT_EQ(JUDGE(500000, 0, 900000, 0, 900000, 0, 900000),
		  VFIO_PM_UNDECIDED);
}

static void test_judge_limits(void)
{
	s32 values[VFIO_PM_ROUNDS_LIMIT];
	const s32 most = 2 * VFIO_PM_POWER_LIMIT_UW;
	u32 n, i;

	for (n = VFIO_PM_ROUNDS_MIN; n <= VFIO_PM_ROUNDS_LIMIT; n++) {
		for (i = 0; i < n; i++)
			values[i] = most;
		EXPECT_EQ(vfio_pm_stat_judge(values, n, 50000000, 50000000),
			  VFIO_PM_SAVES);
		for (i = 0; i < n; i++)
			values[i] = -most;
		EXPECT_EQ(vfio_pm_stat_judge(values, n, 50000000, 50000000),
			  VFIO_PM_COSTS_MORE);
		for (i = 0; i < n; i++)
			values[i] = i % 2 ? most : -most;
		EXPECT_EQ(vfio_pm_stat_judge(values, n, 50000000, 50000000),
			  VFIO_PM_UNDECIDED);
		for (i = 0; i < n; i++)
			values[i] = i % 2 ? S32_MAX : S32_MIN;
		EXPECT_EQ(vfio_pm_stat_judge(values, n, 50000000, 50000000),
			  VFIO_PM_UNDECIDED);
	}
}

static void test_judge_mirror(void)
{
	static const enum vfio_pm_verdict mirror[] = {
		[VFIO_PM_UNDECIDED] = VFIO_PM_UNDECIDED,
		[VFIO_PM_NO_DIFFERENCE] = VFIO_PM_NO_DIFFERENCE,
		[VFIO_PM_SAVES] = VFIO_PM_COSTS_MORE,
		[VFIO_PM_COSTS_MORE] = VFIO_PM_SAVES,
	};
	s32 values[VFIO_PM_ROUNDS_LIMIT];
	unsigned int seen[VFIO_PM_INCONCLUSIVE + 1] = { 0 };
	struct rng rng = { 2 };
	u32 k, i;

	for (k = 0; k < 20000; k++) {
		u32 n = 6 + k % 27;
		double center = rng_between(&rng, -2e6, 2e6);
		double sigma = rng_log_between(&rng, 1e4, 2e6);
		enum vfio_pm_verdict verdict;

		for (i = 0; i < n; i++)
			values[i] = (s32)(center + sigma * rng_normal(&rng));
		verdict = vfio_pm_stat_judge(values, n, 500000, 500000);
		seen[verdict]++;
		for (i = 0; i < n; i++)
			values[i] = -values[i];
		EXPECT_EQ(vfio_pm_stat_judge(values, n, 500000, 500000),
			  mirror[verdict]);
	}
	EXPECT(seen[VFIO_PM_SAVES] > 1000 && seen[VFIO_PM_COSTS_MORE] > 1000);
	EXPECT(seen[VFIO_PM_NO_DIFFERENCE] > 1000);
	EXPECT(seen[VFIO_PM_UNDECIDED] > 1000);
}

/* One comparison of nothing but noise, looked at as often as ever happens. */
static bool errs(struct rng *rng)
{
	static const u32 looks[] = { 6, 8, 12, 16 };
	s32 values[22];
	size_t i;

	for (i = 0; i < COUNT(values); i++)
		values[i] = (s32)(1e7 * rng_normal(rng));
	/* Six rounds that are dropped, then the others. */
	if (vfio_pm_stat_judge(values, 6, 1, 0) != VFIO_PM_UNDECIDED)
		return true;
	for (i = 0; i < COUNT(looks); i++)
		if (vfio_pm_stat_judge(values + 6, looks[i], 1, 0) !=
		    VFIO_PM_UNDECIDED)
			return true;
	return false;
}

static void test_spending(void)
{
	const unsigned int runs = 200000;
	struct rng rng = { 3 };
	unsigned int i, errors = 0;

	for (i = 0; i < runs; i++)
		errors += errs(&rng);
	printf("# all looks at noise together: %.3f %% wrong\n",
	       100.0 * errors / runs);
	EXPECT(errors < runs / 100);
	/* Strict for nothing would be wrong, too. */
	EXPECT(errors > runs / 200);
}

const struct test stat_tests[] = {
	{ "median of none, one, odd, even, extremes", test_median },
	{ "median of random values of any number", test_median_random },
	{ "distance of any two values", test_distance },
	{ "median absolute deviation", test_mad },
	{ "binomial tail is exact up to 32", test_tail },
	{ "looks are 6, 8, 12, 16, 24", test_looks },
	{ "judge: the smallest saving that counts", test_judge_threshold },
	{ "judge: enough equal signs are needed", test_judge_signs },
	{ "judge: a small spread is needed", test_judge_spread },
	{ "judge: no difference within a bound only", test_judge_equal },
	{ "judge: largest values and numbers", test_judge_limits },
	{ "judge: saving and costing are alike", test_judge_mirror },
	{ "judge: all looks together err in less than 1 %", test_spending },
	{}
};
