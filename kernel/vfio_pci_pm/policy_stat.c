// SPDX-License-Identifier: GPL-2.0
/*
 * The arithmetic of the comparison: medians, exact chances, and the judgement
 * on a list of differences. Integers only, no calls into the kernel.
 */
#include "policy.h"

/* One in so many: chance of that many equal signs, if there is no difference. */
#define TAIL_ODDS 50

/**
 * struct vfio_pm_look - when the rounds are judged, and how strictly
 * @rounds: after so many
 * @margin: how many thousandths of the median absolute deviation the median
 *          has to be away from zero to be a difference
 *
 * Each look is a chance to err, and each is given a share of the one per cent
 * that all may cost together. Where nothing but normal noise is measured, these
 * margins and TAIL_ODDS err in 0.28, 0.15, 0.22 and 0.16 % of the cases at the
 * looks up to 16, both signs counted. They also hold where six rounds are
 * dropped after the first look, which is one chance more.
 */
struct vfio_pm_look {
	u32 rounds;
	u32 margin;
};

static const struct vfio_pm_look vfio_pm_looks[] = {
	{ VFIO_PM_ROUNDS_MIN, 5000 },
	{ 8, 3000 },
	{ 12, 2600 },
	{ 16, 2000 },
	{ 24, 1700 },
	{},
};

/* The row for a number of rounds: its own, or that of the look before. */
static const struct vfio_pm_look *vfio_pm_look_find(u32 rounds)
{
	const struct vfio_pm_look *look = vfio_pm_looks;

	while (look[1].rounds && look[1].rounds <= rounds)
		look++;
	return look;
}

/**
 * vfio_pm_stat_is_look - whether to judge
 * @rounds: after so many rounds
 *
 * Return: true if this is one of the numbers at which the rounds are judged.
 */
bool vfio_pm_stat_is_look(u32 rounds)
{
	return vfio_pm_look_find(rounds)->rounds == rounds;
}

/**
 * vfio_pm_stat_distance - how far apart two values are
 * @a: any
 * @b: any
 *
 * Return: the absolute difference; 32 bits are enough.
 */
u32 vfio_pm_stat_distance(s32 a, s32 b)
{
	return a < b ? (u32)b - (u32)a : (u32)a - (u32)b;
}

/**
 * vfio_pm_stat_median - the median
 * @values: will be sorted
 * @count: how many
 *
 * Return: the median, the mean of the two middle ones if @count is even, 0 if
 * there are none.
 */
s32 vfio_pm_stat_median(s32 *values, u32 count)
{
	u32 i, j;

	if (!count)
		return 0;
	for (i = 1; i < count; i++) {
		s32 value = values[i];

		for (j = i; j && values[j - 1] > value; j--)
			values[j] = values[j - 1];
		values[j] = value;
	}
	return ((s64)values[(count - 1) / 2] + values[count / 2]) / 2;
}

/**
 * vfio_pm_stat_median_of - the median, of values that stay as they are
 * @values: left alone
 * @count: how many
 * @scratch: room for as many; they are there, sorted, afterwards
 *
 * Return: see vfio_pm_stat_median().
 */
s32 vfio_pm_stat_median_of(const s32 *values, u32 count, s32 *scratch)
{
	u32 i;

	for (i = 0; i < count; i++)
		scratch[i] = values[i];
	return vfio_pm_stat_median(scratch, count);
}

/**
 * vfio_pm_stat_mad - median absolute deviation
 * @values: will be replaced
 * @count: how many
 * @center: what they deviate from
 *
 * Return: the median of the distances from @center, each of which counts as
 * 2^31 - 1 at most.
 */
u32 vfio_pm_stat_mad(s32 *values, u32 count, s32 center)
{
	const u32 limit = ~0u >> 1;
	u32 i;

	for (i = 0; i < count; i++) {
		u32 distance = vfio_pm_stat_distance(values[i], center);

		values[i] = distance < limit ? distance : limit;
	}
	return vfio_pm_stat_median(values, count);
}

/**
 * vfio_pm_stat_tail - exact binomial tail
 * @count: tosses of a fair coin, at most VFIO_PM_ROUNDS_LIMIT
 * @heads: outcome of interest
 *
 * Return: in how many of the 2^@count cases at least @heads heads come up.
 */
u64 vfio_pm_stat_tail(u32 count, u32 heads)
{
	u64 row[VFIO_PM_ROUNDS_LIMIT + 1] = { 1 };
	u64 sum = 0;
	u32 n, k;

	/* Pascal's triangle: sums only, a division is not available to all. */
	for (n = 1; n <= count; n++)
		for (k = n; k; k--)
			row[k] += row[k - 1];
	for (k = heads; k <= count; k++)
		sum += row[k];
	return sum;
}

/* How many differences have the sign of the median; a zero has none. */
static u32 vfio_pm_stat_agree(const s32 *diff_uw, u32 count, s32 median)
{
	u32 i, agree = 0;

	for (i = 0; i < count; i++)
		agree += median < 0 ? diff_uw[i] < 0 : diff_uw[i] > 0;
	return agree;
}

/**
 * vfio_pm_stat_judge - what differences say
 * @diff_uw: shallow less deep, one per round
 * @count: how many, VFIO_PM_ROUNDS_MIN to VFIO_PM_ROUNDS_LIMIT
 * @min_saving_uw: smallest difference to be called one
 * @equal_uw: largest difference to be called none; 0 if that cannot be told
 *
 * There is no difference if the median's confidence bound, on the one side and
 * on the other, lies within @equal_uw. Two fifths of the margin are that bound
 * at about 95 %.
 *
 * Return: VFIO_PM_SAVES, VFIO_PM_COSTS_MORE, VFIO_PM_NO_DIFFERENCE, or
 * VFIO_PM_UNDECIDED.
 */
enum vfio_pm_verdict vfio_pm_stat_judge(const s32 *diff_uw, u32 count,
					u32 min_saving_uw, u32 equal_uw)
{
	s32 values[VFIO_PM_ROUNDS_LIMIT];
	u64 size, margin, tail;
	s32 median;

	median = vfio_pm_stat_median_of(diff_uw, count, values);
	tail = vfio_pm_stat_tail(count,
				 vfio_pm_stat_agree(diff_uw, count, median));
	/* In thousandths of a microwatt, as the margin is. */
	size = 1000ull * vfio_pm_stat_distance(median, 0);
	margin = (u64)vfio_pm_stat_mad(values, count, median) *
		 vfio_pm_look_find(count)->margin;

	if (size >= 1000ull * min_saving_uw && size >= margin &&
	    tail * TAIL_ODDS <= 1ull << count)
		return median < 0 ? VFIO_PM_COSTS_MORE : VFIO_PM_SAVES;
	if (equal_uw && 5 * size + 2 * margin <= 5000ull * equal_uw)
		return VFIO_PM_NO_DIFFERENCE;
	return VFIO_PM_UNDECIDED;
}
