// SPDX-License-Identifier: GPL-2.0
/*
 * Counting laptops, and policy.json.
 */
#include <math.h>
#include <string.h>

#include "tally.h"

const unsigned int round_classes[ROUND_CLASSES] = { 6, 8, 12, 16, ~0u };

void tally_init(struct tally *tally, uint64_t seed)
{
	memset(tally, 0, sizeof(*tally));
	tally->seed = seed;
	tally->threshold_w = vfio_pm_policy_defaults.min_saving_uw / 1e6;
	tally->wide.width = 1;
	tally->close.width = 0.2;
}

static bool is_decided(enum vfio_pm_verdict verdict)
{
	return verdict == VFIO_PM_SAVES || verdict == VFIO_PM_COSTS_MORE ||
	       verdict == VFIO_PM_NO_DIFFERENCE;
}

static unsigned int round_class(unsigned int rounds)
{
	unsigned int i = 0;

	while (rounds > round_classes[i])
		i++;
	return i;
}

static void bin_add(struct bin *bin, const struct outcome *outcome)
{
	bin->laptops++;
	bin->verdicts[outcome->result.verdict]++;
	if (is_decided(outcome->result.verdict))
		bin->decided[round_class(outcome->rounds_run)]++;
}

static void range_add(struct range *range, const struct outcome *outcome)
{
	long i = lround(outcome->saving_w / range->width);

	if (i >= -RANGE_BINS && i <= RANGE_BINS)
		bin_add(&range->bins[i + RANGE_BINS], outcome);
}

/* The verdict next to the truth. */
static void tally_judge(struct tally *tally, const struct outcome *outcome)
{
	enum vfio_pm_verdict verdict = outcome->result.verdict;
	double truth = outcome->saving_w;
	bool saves = verdict == VFIO_PM_SAVES;
	bool costs = verdict == VFIO_PM_COSTS_MORE;

	tally->wrong_saves += saves && truth <= 0;
	tally->wrong_costs += costs && truth >= 0;
	tally->wrong_none += (saves || costs) && truth == 0;
	tally->small += (saves || costs) && fabs(truth) < tally->threshold_w;
	tally->missed += verdict == VFIO_PM_NO_DIFFERENCE &&
			 fabs(truth) > 2 * tally->threshold_w;
}

static void tally_error(struct tally *tally, const struct outcome *outcome)
{
	double found = outcome->result.saving_uw / 1e6;
	double error;

	if (!outcome->result.settled || fabs(outcome->saving_w) < 2 ||
	    !is_decided(outcome->result.verdict))
		return;
	error = 100 * fabs(found / outcome->saving_w - 1);
	tally->errors[(unsigned int)fmin(error, 99)]++;
}

void tally_add(struct tally *tally, const struct outcome *outcome)
{
	bin_add(&tally->all, outcome);
	if (outcome->saving_w == 0)
		bin_add(&tally->none, outcome);
	if (fabs(outcome->saving_w) >= 8)
		bin_add(&tally->large, outcome);
	if (is_decided(outcome->result.verdict))
		tally->resting[round_class(outcome->result.rounds)]++;
	range_add(&tally->wide, outcome);
	range_add(&tally->close, outcome);
	tally_judge(tally, outcome);
	tally_error(tally, outcome);
	tally->endless += !outcome->ended;
	tally->seconds += outcome->seconds;
	tally->rounds_run += outcome->rounds_run;
}

double tally_wrong_rate(const struct tally *tally)
{
	return (double)(tally->wrong_saves + tally->wrong_costs) /
	       tally->all.laptops;
}

/* In per cent, rounded down. */
double tally_error_median(const struct tally *tally)
{
	unsigned long sum = 0, below = 0;
	unsigned int i;

	for (i = 0; i < 100; i++)
		sum += tally->errors[i];
	for (i = 0; i < 99 && (below + tally->errors[i]) * 2 < sum; i++)
		below += tally->errors[i];
	return i;
}

double bin_share(const struct bin *bin, enum vfio_pm_verdict verdict)
{
	return bin->laptops ? (double)bin->verdicts[verdict] / bin->laptops : 0;
}

/* Share that has a verdict after the rounds of the first few classes. */
double bin_decided_within(const struct bin *bin, unsigned int classes)
{
	unsigned long sum = 0;
	unsigned int i;

	for (i = 0; i < classes; i++)
		sum += bin->decided[i];
	return bin->laptops ? (double)sum / bin->laptops : 0;
}

static void write_verdicts(FILE *file, const struct bin *bin)
{
	fprintf(file, "{\"laptops\": %lu, ", bin->laptops);
	fprintf(file, "\"saves\": %.5f, ", bin_share(bin, VFIO_PM_SAVES));
	fprintf(file, "\"no_difference\": %.5f, ",
		bin_share(bin, VFIO_PM_NO_DIFFERENCE));
	fprintf(file, "\"costs_more\": %.5f, ",
		bin_share(bin, VFIO_PM_COSTS_MORE));
	fprintf(file, "\"inconclusive\": %.5f}",
		bin_share(bin, VFIO_PM_INCONCLUSIVE));
}

static void write_shares(FILE *file, const char *name, const struct bin *bin)
{
	fprintf(file, "  \"%s\": ", name);
	write_verdicts(file, bin);
	fprintf(file, ",\n");
}

static void write_decided(FILE *file, const char *name, const struct bin *bin)
{
	unsigned int i;

	fprintf(file, "  \"%s\": {", name);
	for (i = 0; i < ROUND_CLASSES - 1; i++)
		fprintf(file, "\"%u\": %.5f, ", round_classes[i],
			bin_decided_within(bin, i + 1));
	fprintf(file, "\"any\": %.5f},\n",
		bin_decided_within(bin, ROUND_CLASSES));
}

static void write_range(FILE *file, const char *name, const struct range *range)
{
	int i;

	fprintf(file, ",\n  \"%s\": [", name);
	for (i = -RANGE_BINS; i <= RANGE_BINS; i++) {
		fprintf(file, "%s\n    {\"saving_w\": %.2f, \"verdicts\": ",
			i > -RANGE_BINS ? "," : "", i * range->width);
		write_verdicts(file, &range->bins[i + RANGE_BINS]);
		fprintf(file, "}");
	}
	fprintf(file, "\n  ]");
}

static void write_figure(FILE *file, const char *name, double figure)
{
	fprintf(file, "  \"%s\": %.6f,\n", name, figure);
}

static double part(unsigned long some, unsigned long all)
{
	return all ? (double)some / all : 0;
}

static void write_errors(const struct tally *tally, FILE *file)
{
	unsigned long all = tally->all.laptops;
	unsigned long none = tally->all.verdicts[VFIO_PM_NO_DIFFERENCE];

	write_figure(file, "wrong_verdict_rate", tally_wrong_rate(tally));
	write_figure(file, "wrong_saves_rate", part(tally->wrong_saves, all));
	write_figure(file, "wrong_costs_more_rate",
		     part(tally->wrong_costs, all));
	write_figure(file, "wrong_verdict_rate_at_exactly_0_w",
		     part(tally->wrong_none, tally->none.laptops));
	write_figure(file, "difference_said_below_threshold_rate",
		     part(tally->small, all));
	write_figure(file, "no_difference_said_above_twice_threshold_rate",
		     part(tally->missed, all));
	write_figure(file, "part_of_no_difference_above_twice_threshold",
		     part(tally->missed, none));
}

void tally_write_json(const struct tally *tally, FILE *file)
{
	unsigned long all = tally->all.laptops;
	struct bin resting = { .laptops = all };

	memcpy(resting.decided, tally->resting, sizeof(resting.decided));
	fprintf(file, "{\n  \"seed\": %llu,\n  \"laptops\": %lu,\n",
		(unsigned long long)tally->seed, all);
	write_figure(file, "threshold_w", tally->threshold_w);
	write_errors(tally, file);
	write_decided(file, "decided_within_rounds", &tally->all);
	write_decided(file, "decided_resting_on_rounds", &resting);
	write_shares(file, "verdicts", &tally->all);
	write_shares(file, "verdicts_at_exactly_0_w", &tally->none);
	write_shares(file, "verdicts_from_8_w", &tally->large);
	write_figure(file, "mean_seconds", tally->seconds / all);
	write_figure(file, "mean_rounds", part(tally->rounds_run, all));
	fprintf(file, "  \"median_error_percent\": %.0f",
		tally_error_median(tally));
	write_range(file, "by_saving", &tally->wide);
	write_range(file, "by_small_saving", &tally->close);
	fprintf(file, "\n}\n");
}
