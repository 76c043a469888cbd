// SPDX-License-Identifier: GPL-2.0
/*
 * policy_phase.c: which samples are used, and when there are enough.
 */
#include <string.h>

#include "check.h"
#include "policy.h"

#define TOLERANCE 50
#define WINDOW 5000

static struct vfio_pm_phase phase;
static u64 now;
static s32 last;

static void begin(u32 settle_ms)
{
	memset(&phase, 0xa5, sizeof(phase));
	now = 1000;
	last = 0;
	vfio_pm_phase_begin(&phase, now, settle_ms);
}

static bool add(s32 power_uw, u16 load)
{
	struct vfio_pm_sample sample = { .power_uw = power_uw, .load = load };

	now += 1000;
	sample.time_ms = now;
	vfio_pm_phase_add(&phase, &sample,
			  vfio_pm_stat_distance(power_uw, last), TOLERANCE);
	last = power_uw;
	return vfio_pm_phase_is_over(&phase, now, WINDOW);
}

static void test_settle(void)
{
	int i;

	begin(5000);
	for (i = 0; i < 4; i++)
		EXPECT(!add(1000 + i, 0));
	EXPECT_EQ(phase.used, 4);
	EXPECT_EQ(phase.fresh, 0);
	/* From 5 s on they count; six of them last for five seconds. */
	for (i = 0; i < 5; i++)
		EXPECT(!add(2000 + i, 0));
	EXPECT(add(2005, 0));
	EXPECT_EQ(phase.count - phase.used, 6);
	EXPECT_EQ(phase.fresh, 6);
	EXPECT_EQ(vfio_pm_phase_check(&phase, now), VFIO_PM_REJECT_NONE);
}

static void test_samples_min(void)
{
	begin(0);
	add(1, 0);
	now += 10000;
	add(2, 0);
	now += 10000;
	add(3, 0);
	EXPECT(!add(4, 0));
	EXPECT(add(5, 0));
}

static void test_fresh(void)
{
	int i;

	/* Renewed every ten seconds: three new values take half a minute. */
	begin(0);
	for (i = 0; !add(1000 + i / 10, 0); i++)
		EXPECT(i < 40);
	EXPECT_EQ(phase.fresh, 3);
	EXPECT_EQ(phase.count, 21);
	EXPECT_EQ(vfio_pm_phase_check(&phase, now), VFIO_PM_REJECT_NONE);
}

static void test_flat(void)
{
	int i;

	begin(5000);
	for (i = 0; i < 4; i++)
		add(1000, 0);
	for (i = 0; i < 60; i++)
		EXPECT(!add(1000, 0));
	EXPECT(add(1000, 0));
	EXPECT_EQ(phase.fresh, 0);
	EXPECT_EQ(vfio_pm_phase_check(&phase, now), VFIO_PM_REJECT_NONE);
}

static void test_stale(void)
{
	int i;

	begin(5000);
	for (i = 0; !add(i < 20 ? 1000 : 2000, 0); i++)
		EXPECT(i < 300);
	EXPECT_EQ(now - phase.begin_ms, 205000);
	EXPECT_EQ(vfio_pm_phase_check(&phase, now), VFIO_PM_REJECT_STALE);
}

static void test_longest(void)
{
	int i;

	/* The longest phase there is; the sanitizer guards its end. */
	begin(60000);
	for (i = 0; !add(i < 100 ? 1000 : 2000, 0); i++)
		EXPECT(i < 300);
	EXPECT_EQ(now - phase.begin_ms, 260000);
	EXPECT(phase.count < VFIO_PM_PHASE_SAMPLES);
}

static void test_busy(void)
{
	int i;

	begin(0);
	EXPECT(!add(1000, 100));
	EXPECT(!add(1001, 120));
	/* A job: left out, while the window goes on. */
	for (i = 0; i < 10; i++)
		EXPECT(!add(9000 + i, 400));
	EXPECT_EQ(phase.busy, 10);
	EXPECT_EQ(phase.count, 2);
	EXPECT(!add(1002, 110));
	EXPECT(!add(1003, 150));
	EXPECT(add(1004, 100));
	EXPECT_EQ(phase.count - phase.used, 5);
	EXPECT_EQ(phase.load_min, 100);
	EXPECT_EQ(phase.load_max, 150);
	EXPECT_EQ(vfio_pm_phase_check(&phase, now), VFIO_PM_REJECT_NONE);
}

static void test_calmer(void)
{
	int i;

	begin(0);
	for (i = 0; i < 4; i++)
		add(9000 + i, 400);
	/* What came before was the exception: begin anew. */
	for (i = 0; i < 5; i++)
		EXPECT(!add(1000 + i, 100));
	EXPECT(add(1005, 100));
	EXPECT_EQ(phase.count - phase.used, 6);
	EXPECT_EQ(phase.fresh, 6);
	EXPECT_EQ(phase.load_max, 100);
}

static void test_always_busy(void)
{
	int i;

	begin(0);
	EXPECT(!add(1000, 0));
	for (i = 0; i < 59; i++)
		EXPECT(!add(9000 + i, 51));
	EXPECT(add(9059, 51));
	EXPECT_EQ(vfio_pm_phase_check(&phase, now), VFIO_PM_REJECT_LOAD);
}

static void test_falling_load(void)
{
	u16 load = 60000;
	int i;

	/* Calmer and calmer: never five samples that go together. */
	begin(0);
	for (i = 0; !add(1000 + i, load); i++) {
		EXPECT(i < 300);
		load -= 51;
	}
	EXPECT_EQ(vfio_pm_phase_check(&phase, now), VFIO_PM_REJECT_STALE);
}

static void test_unknown_load(void)
{
	int i;

	begin(0);
	for (i = 0; i < 5; i++)
		EXPECT(!add(1000 + i, VFIO_PM_LOAD_UNKNOWN));
	EXPECT(add(1005, VFIO_PM_LOAD_UNKNOWN));
	EXPECT_EQ(phase.busy, 0);
}

static void test_summary(void)
{
	static const s32 settling[] = { 10, 20, 30, 40 };
	static const s32 used[] = { 100, 104, 102, 120, 126, 122 };
	s32 scratch[VFIO_PM_PHASE_SAMPLES];
	struct vfio_pm_window window;
	size_t i;

	begin(5000);
	for (i = 0; i < COUNT(settling); i++)
		add(settling[i], 30);
	for (i = 0; i < COUNT(used); i++)
		add(used[i], i ? 60 : 40);
	vfio_pm_phase_summarise(&phase, scratch, &window);
	EXPECT_EQ(window.median_uw, 112);
	EXPECT_EQ(window.mad_uw, 10);
	/* The second quarter of ten: the third, fourth and fifth. */
	EXPECT_EQ(window.early_uw, 40);
	EXPECT_EQ(window.drift_uw, 20);
	EXPECT_EQ(window.load, 50);
	EXPECT_EQ(window.fresh, 6);
}

static void test_drifts(void)
{
	struct vfio_pm_window window = { .mad_uw = 100,
					 .drift_uw = 401,
					 .fresh = 7 };

	EXPECT(vfio_pm_window_drifts(&window, 400));
	EXPECT(!vfio_pm_window_drifts(&window, 401));
	window.fresh = 6;
	EXPECT(!vfio_pm_window_drifts(&window, 0));
	window.fresh = 7;
	window.drift_uw = 400;
	EXPECT(!vfio_pm_window_drifts(&window, 0));
	window.mad_uw = 1u << 31;
	window.drift_uw = ~0u;
	EXPECT(!vfio_pm_window_drifts(&window, 0));
}

const struct test phase_tests[] = {
	{ "phase: samples while settling are not used", test_settle },
	{ "phase: five samples are needed", test_samples_min },
	{ "phase: three fresh values are needed", test_fresh },
	{ "phase: a minute without a change is a value", test_flat },
	{ "phase: too few changes end it without use", test_stale },
	{ "phase: the longest one fits", test_longest },
	{ "phase: samples of a busy machine are left out", test_busy },
	{ "phase: calmer samples replace busier ones", test_calmer },
	{ "phase: a machine at work ends it", test_always_busy },
	{ "phase: a load that always changes ends it", test_falling_load },
	{ "phase: an unknown load is no load", test_unknown_load },
	{ "phase: summary", test_summary },
	{ "phase: drift is more than noise and effect", test_drifts },
	{}
};
