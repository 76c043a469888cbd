/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What came out of a population of laptops, and the two forms it is kept in.
 */
#ifndef POLICY_TALLY_H
#define POLICY_TALLY_H

#include <stdint.h>
#include <stdio.h>

#include "policy.h"

#define VERDICTS (VFIO_PM_INCONCLUSIVE + 1)

/* Rounds until a verdict: within 6, 8, 12, 16, or more. */
#define ROUND_CLASSES 5
extern const unsigned int round_classes[ROUND_CLASSES];

/**
 * struct outcome - one laptop
 * @saving_w: the truth
 * @result: what was said
 * @rounds_run: all rounds, also those that did not count
 * @seconds: how long it took
 * @ended: it did not take for ever
 */
struct outcome {
	double saving_w;
	struct vfio_pm_result result;
	unsigned int rounds_run;
	double seconds;
	bool ended;
};

/**
 * struct bin - laptops of about the same saving
 * @laptops: how many
 * @verdicts: of these, by verdict
 * @decided: of these, with a verdict, by class of rounds run
 */
struct bin {
	unsigned long laptops;
	unsigned long verdicts[VERDICTS];
	unsigned long decided[ROUND_CLASSES];
};

/**
 * struct range - bins side by side, the middle one around 0 W
 * @width: of a bin, W
 * @bins: 2 * RANGE_BINS + 1 of them
 */
#define RANGE_BINS 20
struct range {
	double width;
	struct bin bins[2 * RANGE_BINS + 1];
};

/**
 * struct tally - all laptops
 * @seed: the population
 * @threshold_w: smallest saving that counts
 * @all: each laptop
 * @none: those that save exactly nothing
 * @large: those that save or cost at least 8 W
 * @resting: with a verdict, by class of rounds that the verdict rests on
 * @wide: by saving, the full range
 * @close: by saving, around nothing
 * @wrong_saves: "saves" where nothing is saved
 * @wrong_costs: "costs more" where it does not
 * @wrong_none: either of these where nothing is saved or lost
 * @small: "saves" or "costs more" of less than the threshold
 * @missed: "no difference" where it is more than twice the threshold
 * @endless: laptops without an end
 * @seconds: spent on all
 * @rounds_run: of all
 * @errors: error of the saving found, per cent of the true one, where it is
 *          said to be right and is at least 2 W; up to 99
 */
struct tally {
	uint64_t seed;
	double threshold_w;
	struct bin all;
	struct bin none;
	struct bin large;
	unsigned long resting[ROUND_CLASSES];
	struct range wide;
	struct range close;
	unsigned long wrong_saves;
	unsigned long wrong_costs;
	unsigned long wrong_none;
	unsigned long small;
	unsigned long missed;
	unsigned long endless;
	double seconds;
	unsigned long rounds_run;
	unsigned long errors[100];
};

void tally_init(struct tally *tally, uint64_t seed);
void tally_add(struct tally *tally, const struct outcome *outcome);
double tally_wrong_rate(const struct tally *tally);
double tally_error_median(const struct tally *tally);
double bin_share(const struct bin *bin, enum vfio_pm_verdict verdict);
double bin_decided_within(const struct bin *bin, unsigned int classes);

void tally_write_json(const struct tally *tally, FILE *file);
void tally_write_svg(const struct tally *tally, FILE *file);

#endif /* POLICY_TALLY_H */
