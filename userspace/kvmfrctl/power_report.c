// SPDX-License-Identifier: GPL-2.0
/* kvmfrctl power report: what is known of a slot, and a picture of its times. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "file.h"
#include "live.h"
#include "power.h"
#include "power_summary.h"

#define GAP_MS 500
#define PERIOD_MS 1000
#define SECONDS_USUAL 60
#define SECONDS_MOST 86400
/* Recorders take a sample every few seconds; a break is longer than that. */
#define GAP_LEAST_MS 15000

struct options {
	const char *port;
	const char *svg;
	const char *history;
	int seconds;
	bool json;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'o':
		options->svg = text;
		return 0;
	case 'j':
		options->json = true;
		return 0;
	case 'H':
		options->history = text;
		return 0;
	case 's':
		if (!power_parse_seconds("seconds", text, SECONDS_MOST,
					 &options->seconds))
			exit(COMMAND_USAGE);
		return 0;
	case ARGP_KEY_ARG:
		if (options->port)
			argp_error(state, "unexpected argument '%s'", text);
		options->port = text;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static int take(const struct kvmfr_root *root, const char *port,
		struct power_history *history)
{
	struct power_sample sample;
	int ret = power_sample_read(root, port, &sample);

	if (ret)
		return ret;
	ret = power_history_append(history, port, &sample);
	power_sample_free(&sample);
	return ret;
}

static void tell(int64_t left_ms)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\rrecording for another %lld s\033[K",
			(long long)(left_ms + 999) / 1000);
}

/* Until the time is over, or a signal: what there is by then is used. */
static int record(const struct kvmfr_root *root, const char *port, int seconds,
		  struct power_history *history)
{
	int64_t end_ms = live_now_ms() + seconds * 1000LL;
	struct live live;
	int ret;

	if (!isatty(STDERR_FILENO))
		fprintf(stderr, "recording for %d s\n", seconds);
	live_open(&live, root, false);
	do {
		ret = take(root, port, history);
		tell(end_ms - live_now_ms());
	} while (!ret && live_now_ms() < end_ms &&
		 live_wait(&live, GAP_MS, PERIOD_MS));
	live_close(&live);
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	return ret;
}

/* Where it breaks: several times the usual distance of two samples. */
static int64_t gap_ms(const struct power_history *history)
{
	int64_t span_ms, usual_ms;

	if (history->count < 2)
		return GAP_LEAST_MS;
	span_ms = history->samples[history->count - 1].time_ms -
		  history->samples[0].time_ms;
	usual_ms = span_ms / (int64_t)(history->count - 1);
	return usual_ms * 5 > GAP_LEAST_MS ? usual_ms * 5 : GAP_LEAST_MS;
}

static int draw(const struct vfio_pm_slot *slot,
		const struct power_history *history,
		const struct options *options)
{
	const char *path = options->svg;
	struct power_notes notes;
	struct kvmfr_chart chart = {
		.title = notes.title,
		.notes = notes.line,
		.samples = history->samples,
		.count = history->count,
		.gap_ms = gap_ms(history),
	};
	size_t size;
	char *svg;
	int ret;

	power_notes_fill(&notes, slot, history);
	ret = kvmfr_chart_svg(&chart, &svg, &size);
	if (ret)
		return command_fail("cannot draw '%s': %s", path,
				    strerror(-ret));
	ret = kvmfr_file_replace(path, svg, size, 0644);
	free(svg);
	if (ret)
		return command_fail("cannot write '%s': %s", path,
				    strerror(-ret));
	if (!options->json)
		printf("%s: %zu samples\n", path, history->count);
	return COMMAND_OK;
}

static int collect(const struct kvmfr_root *root, const char *port,
		   const struct options *options, struct power_history *history)
{
	int seconds = options->seconds;
	int ret;

	if (options->history) {
		ret = power_history_read(options->history, port, history);
		if (ret)
			return command_fail("cannot read '%s': %s",
					    options->history, strerror(-ret));
		if (history->ignored)
			fprintf(stderr,
				"kvmfrctl: '%s': %zu lines make no sense and were left out\n",
				options->history, history->ignored);
	} else if (options->svg && !seconds) {
		seconds = SECONDS_USUAL;
	}
	ret = seconds ? record(root, port, seconds, history) : 0;
	if (ret)
		return command_fail("cannot take a sample: %s", strerror(-ret));
	if (options->history && !history->count)
		return command_fail("'%s' has no sample of %s",
				    options->history, port);
	return COMMAND_OK;
}

static int report(const struct kvmfr_root *root, struct vfio_pm_slot *slot,
		  const struct options *options)
{
	struct power_history history = { 0 };
	int ret;

	ret = collect(root, slot->port, options, &history);
	if (!ret) {
		if (!options->json)
			power_summary_print(slot, &history);
		else if (power_print_json(slot, &history, gap_ms(&history)))
			ret = command_fail("out of memory");
	}
	if (!ret && options->svg) {
		ret = history.count ?
			      draw(slot, &history, options) :
			      command_fail("slot %s is gone", slot->port);
	}
	power_history_clear(&history);
	return ret;
}

static const struct argp_option list[] = {
	{ "json", 'j', NULL, 0,
	  "print JSON, with the samples of --history or --seconds", 0 },
	{ "svg", 'o', "FILE", 0, "draw watts and states over time into FILE",
	  0 },
	{ "history", 'H', "FILE", 0,
	  "of the samples that kvmfrctl power watch --record has added to FILE",
	  0 },
	{ "seconds", 's', "SECONDS", 0,
	  "of samples that are taken now for so long (60 without --history)",
	  0 },
	{ 0 }
};

int power_report(const struct kvmfr_root *root, int argc, char **argv)
{
	static const struct argp argp = {
		.options = list,
		.parser = parse,
		.args_doc = "[PORT]",
		.doc = "Tells verdict, times and energy saved of a GPU slot.",
	};
	struct options options = { 0 };
	struct vfio_pm_slot *slot;
	int ret;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	ret = power_pick(root, options.port, &slot);
	if (ret)
		return ret;
	ret = report(root, slot, &options);
	vfio_pm_slots_free(slot, 1);
	return ret;
}
