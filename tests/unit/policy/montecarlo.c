// SPDX-License-Identifier: GPL-2.0
/*
 * The comparison on a population of laptops whose truth is known. Prints one
 * "ok - text" or "not ok - text" per claim.
 *   montecarlo SEED LAPTOPS [JSON SVG]
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "laptop.h"
#include "tally.h"

/* The policy promises an end after an hour of samples; waiting comes on top. */
#define PATIENCE 20000.0
/* How long a VM runs that comes between. */
#define VM_TIME 600.0

/* What the module's worker does, against a laptop instead of a slot. */
static void run_laptop(struct laptop *laptop, struct outcome *outcome)
{
	enum vfio_pm_step step = VFIO_PM_STEP_SWITCH;
	struct vfio_pm_policy policy;
	struct vfio_pm_sample sample;

	vfio_pm_policy_init(&policy, &vfio_pm_policy_defaults);
	vfio_pm_policy_start(&policy, VFIO_PM_D3HOT, VFIO_PM_D3COLD);
	while (step != VFIO_PM_STEP_DONE && laptop->now < PATIENCE) {
		if (step == VFIO_PM_STEP_SWITCH) {
			laptop_switch(laptop, vfio_pm_policy_wanted(&policy));
			vfio_pm_policy_entered(&policy,
					       (u64)(laptop->now * 1000));
		}
		laptop_sample(laptop, &sample);
		step = vfio_pm_policy_feed(&policy, &sample);
		if (laptop->now >= laptop->opened_at) {
			laptop->opened_at = INFINITY;
			step = vfio_pm_policy_interrupt(&policy);
			laptop_switch(laptop, VFIO_PM_D0);
			laptop_wait(laptop, VM_TIME);
		}
	}
	outcome->saving_w = laptop->saving;
	vfio_pm_policy_result(&policy, &outcome->result);
	outcome->rounds_run = policy.rounds_run;
	outcome->seconds = policy.spent_ms / 1000.0;
	outcome->ended = step == VFIO_PM_STEP_DONE;
}

static bool claim(bool holds, const char *text, double figure, const char *unit)
{
	printf("%sok - policy: %s (%.3g%s)\n", holds ? "" : "not ", text,
	       figure, unit);
	return holds;
}

static bool claim_below(double figure, double limit, const char *text)
{
	return claim(figure < limit, text, 100 * figure, " %");
}

static bool claim_above(double figure, double limit, const char *text)
{
	return claim(figure > limit, text, 100 * figure, " %");
}

/* Fewer laptops than this say nothing about shares of one per cent. */
#define CLAIMS_MIN 20000

/* That few errors are made, and that it is not by saying nothing. */
static bool check_claims(const struct tally *tally)
{
	const struct bin *large = &tally->large;
	double none = tally->all.verdicts[VFIO_PM_NO_DIFFERENCE];
	bool good = true;

	good &= claim(!tally->endless, "every laptop comes to an end",
		      tally->endless, " do not");
	if (tally->all.laptops < CLAIMS_MIN)
		return good;
	good &= claim_below(tally_wrong_rate(tally), 0.01,
			    "less than 1 % wrong verdicts");
	good &= claim_below((double)tally->wrong_none / tally->none.laptops,
			    0.015,
			    "less than 1.5 % wrong where nothing is saved");
	good &= claim_below((double)tally->small / tally->all.laptops, 0.01,
			    "less than 1 % called too small a saving");
	good &= claim_below(tally->missed / fmax(none, 1), 0.015,
			    "less than 1.5 % of no_difference overlook one");
	good &= claim_above(bin_decided_within(&tally->all, 1), 0.15,
			    "verdicts within 6 rounds");
	good &= claim_above(bin_decided_within(&tally->all, ROUND_CLASSES), 0.5,
			    "verdicts at all");
	good &= claim_above(bin_share(&tally->none, VFIO_PM_NO_DIFFERENCE),
			    0.05, "no_difference where nothing is saved");
	good &= claim_above(bin_share(large, VFIO_PM_SAVES) +
				    bin_share(large, VFIO_PM_COSTS_MORE),
			    0.9, "verdicts on 8 W and more");
	good &= claim(tally_error_median(tally) < 15,
		      "savings of 2 W and more are found with small error",
		      tally_error_median(tally), " % in the median");
	return good;
}

static void print_figures(const struct tally *tally)
{
	printf("# seed %llu, %lu laptops: %lu wrong saves, %lu wrong costs_more\n",
	       (unsigned long long)tally->seed, tally->all.laptops,
	       tally->wrong_saves, tally->wrong_costs);
	printf("# decided within 6, 8, 12, 16 rounds, ever: %.1f %.1f %.1f %.1f %.1f %%\n",
	       100 * bin_decided_within(&tally->all, 1),
	       100 * bin_decided_within(&tally->all, 2),
	       100 * bin_decided_within(&tally->all, 3),
	       100 * bin_decided_within(&tally->all, 4),
	       100 * bin_decided_within(&tally->all, 5));
	printf("# saves %.1f, no_difference %.1f, costs_more %.1f, inconclusive %.1f %%\n",
	       100 * bin_share(&tally->all, VFIO_PM_SAVES),
	       100 * bin_share(&tally->all, VFIO_PM_NO_DIFFERENCE),
	       100 * bin_share(&tally->all, VFIO_PM_COSTS_MORE),
	       100 * bin_share(&tally->all, VFIO_PM_INCONCLUSIVE));
	printf("# mean measuring time %.0f s, %.1f rounds\n",
	       tally->seconds / tally->all.laptops,
	       (double)tally->rounds_run / tally->all.laptops);
}

static void write_file(const char *path, const struct tally *tally,
		       void (*write)(const struct tally *tally, FILE *file))
{
	FILE *file = fopen(path, "we");

	if (!file) {
		fprintf(stderr, "montecarlo: cannot write '%s': %s\n", path,
			strerror(errno));
		exit(1);
	}
	write(tally, file);
	if (ferror(file) | fclose(file)) {
		fprintf(stderr, "montecarlo: cannot write '%s'\n", path);
		exit(1);
	}
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t value;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || !*text || *end || *text == '-') {
		fprintf(stderr, "montecarlo: '%s' is not a number\n", text);
		exit(2);
	}
	return value;
}

int main(int argc, char **argv)
{
	static struct laptop laptop;
	static struct tally tally;
	struct outcome outcome;
	uint64_t i, laptops;

	if (argc != 3 && argc != 5) {
		fprintf(stderr, "usage: montecarlo SEED LAPTOPS [JSON SVG]\n");
		return 2;
	}
	tally_init(&tally, number(argv[1]));
	laptops = number(argv[2]);
	for (i = 0; i < laptops; i++) {
		laptop_draw(&laptop, tally.seed, i);
		run_laptop(&laptop, &outcome);
		tally_add(&tally, &outcome);
	}
	print_figures(&tally);
	if (argc == 5) {
		write_file(argv[3], &tally, tally_write_json);
		write_file(argv[4], &tally, tally_write_svg);
	}
	return !check_claims(&tally);
}
