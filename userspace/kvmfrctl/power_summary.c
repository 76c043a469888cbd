// SPDX-License-Identifier: GPL-2.0
/* What is known of a slot, in words: for the report and below its picture. */
#include "power_summary.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "status_text.h"

#define INDENT 12

static const char *const levels[] = { "d3cold", "d3hot", "d0" };

#define LEVELS (sizeof(levels) / sizeof(*levels))

/* "d3cold 1 h 30 min (90 %), d3hot 9 min (9 %), d0 1 min (1 %)" */
static void add_times(struct text *text, const struct vfio_pm_slot *slot)
{
	const int64_t times_ms[LEVELS] = { slot->counters.time_d3cold_ms,
					   slot->counters.time_d3hot_ms,
					   slot->counters.time_d0_ms };
	double sum_ms = 0;
	char time[32];

	for (size_t i = 0; i < LEVELS; i++)
		if (times_ms[i] > 0)
			sum_ms += (double)times_ms[i];
	for (size_t i = 0; i < LEVELS; i++) {
		text_add(text, "%s%s %s", i ? ", " : "", levels[i],
			 kvmfr_terminal_duration(time, times_ms[i]));
		if (times_ms[i] >= 0 && sum_ms > 0)
			text_add(text, " (%d %%)",
				 (int)((double)times_ms[i] * 100 / sum_ms +
				       0.5));
	}
}

/* Microjoules as "4.52 Wh". */
static void add_energy(struct text *text, const struct vfio_pm_slot *slot)
{
	int64_t energy_uj = slot->counters.energy_saved_uj;
	/* 36 J are a hundredth of a Wh. */
	long long hundredths = energy_uj / 36000000;

	if (energy_uj < 0)
		text_add(text, "not known");
	else if (!energy_uj)
		text_add(text, "none counted");
	else
		text_add(text, "%lld.%02lld Wh", hundredths / 100,
			 hundredths % 100);
}

static void add_wakes(struct text *text, const struct vfio_pm_slot *slot)
{
	const struct vfio_pm_counters *counters = &slot->counters;

	if (counters->wakeups < 0)
		return;
	text_add(text, "%lld x, taken by virtual machines %lld x",
		 (long long)counters->wakeups, (long long)counters->opens);
	if (counters->resume_max_us > 0)
		text_add(text, ", awake within %lld ms",
			 (long long)counters->resume_max_us / 1000);
}

static void add_start(struct text *text, const struct power_history *history)
{
	const struct kvmfr_chart_sample *samples = history->samples;
	time_t start = (time_t)(samples[0].time_ms / 1000);
	char when[32] = "", span[32];
	int64_t span_ms;

	strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", localtime(&start));
	span_ms = samples[history->count - 1].time_ms - samples[0].time_ms;
	text_add(text, "%zu samples, %s from %s on", history->count,
		 kvmfr_terminal_duration(span, span_ms), when);
}

int64_t power_mean_uw(const struct power_history *history, const char *level)
{
	double sum_uw = 0;
	int count = 0;

	for (size_t i = 0; i < history->count; i++) {
		const struct kvmfr_chart_sample *sample = &history->samples[i];

		if (sample->power_uw < 0 || strcmp(sample->level, level))
			continue;
		sum_uw += (double)sample->power_uw;
		count++;
	}
	return count ? (int64_t)(sum_uw / count) : -1;
}

/* "d3cold 15.0 W, d3hot 18.1 W": means of what was recorded there. */
static void add_means(struct text *text, const struct power_history *history)
{
	for (size_t i = 0; i < LEVELS; i++) {
		int64_t mean_uw = power_mean_uw(history, levels[i]);
		char watts[16];

		if (mean_uw < 0)
			continue;
		kvmfr_terminal_watts(watts, mean_uw);
		text_add(text, "%s%s %s", text->used ? ", " : "", levels[i],
			 watts);
	}
	if (!text->used)
		text_add(text, "no watts");
}

void power_notes_fill(struct power_notes *notes,
		      const struct vfio_pm_slot *slot,
		      const struct power_history *history)
{
	memset(notes, 0, sizeof(*notes));
	for (size_t i = 0; i < POWER_NOTES; i++)
		notes->line[i] = notes->text[i].data;
	snprintf(notes->title, sizeof(notes->title),
		 "GPU slot %s: what the machine draws", slot->port);
	text_add(&notes->text[0], "Verdict: ");
	slot_add_verdict(&notes->text[0], slot);
	slot_add_rounds(&notes->text[0], slot);
	text_add(&notes->text[1], "Since the module was loaded: ");
	add_times(&notes->text[1], slot);
	text_add(&notes->text[2], "Energy saved: ");
	add_energy(&notes->text[2], slot);
	add_start(&notes->text[3], history);
	add_means(&notes->text[4], history);
}

void power_summary_print(const struct vfio_pm_slot *slot,
			 const struct power_history *history)
{
	struct text verdict = { 0 }, times = { 0 }, energy = { 0 };
	struct text wakes = { 0 }, start = { 0 }, means = { 0 };
	struct style style = style_of(STDOUT_FILENO);

	slot_print_heading(slot, &style, stdout);
	slot_print_functions(slot, stdout);
	slot_add_verdict(&verdict, slot);
	slot_add_rounds(&verdict, slot);
	add_times(&times, slot);
	add_energy(&energy, slot);
	add_wakes(&wakes, slot);
	paragraph(&style, stdout, KVMFR_PLAIN, "  verdict", INDENT, "%s",
		  verdict.data);
	paragraph(&style, stdout, KVMFR_PLAIN, "  reason", INDENT, "%s",
		  slot->reason);
	paragraph(&style, stdout, KVMFR_PLAIN, "  time", INDENT, "%s",
		  times.data);
	paragraph(&style, stdout, KVMFR_PLAIN, "  saved", INDENT, "%s",
		  energy.data);
	if (wakes.used)
		paragraph(&style, stdout, KVMFR_PLAIN, "  woken", INDENT, "%s",
			  wakes.data);
	slot_print_blockers(slot, true, &style, stdout);
	if (!history->count)
		return;
	add_start(&start, history);
	add_means(&means, history);
	paragraph(&style, stdout, KVMFR_PLAIN, "  recorded", INDENT, "%s: %s",
		  start.data, means.data);
}
