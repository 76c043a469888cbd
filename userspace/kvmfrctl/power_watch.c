// SPDX-License-Identifier: GPL-2.0
/* kvmfrctl power watch: watts and states as they change. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "live.h"
#include "power.h"
#include "power_graph.h"

/* However many events there are. */
#define GAP_MS 500
#define SECONDS_MOST 31536000

struct options {
	const char *port;
	const char *record;
	int interval_s;
	int seconds;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct options *options = state->input;
	bool good = true;

	switch (key) {
	case 'i':
		good = power_parse_seconds("interval", text, 3600,
					   &options->interval_s);
		break;
	case 's':
		good = power_parse_seconds("seconds", text, SECONDS_MOST,
					   &options->seconds);
		break;
	case 'r':
		options->record = text;
		break;
	case ARGP_KEY_ARG:
		if (options->port)
			argp_error(state, "unexpected argument '%s'", text);
		options->port = text;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	if (!good)
		exit(COMMAND_USAGE);
	return 0;
}

static int print_line(const struct power_sample *sample)
{
	time_t now = (time_t)(sample->time_ms / 1000);
	char text[32] = "", line[256], safe[256];

	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	fputs(text, stdout);
	if (sample->power_uw < 0)
		printf(" n/a (%s)", sample->why);
	else
		printf(" %s", kvmfr_terminal_watts(text, sample->power_uw));
	for (size_t i = 0; i < sample->slot_count; i++) {
		const struct vfio_pm_slot *slot = &sample->slots[i];

		snprintf(line, sizeof(line), " %s %s %s %s", slot->port,
			 *slot->state ? slot->state : "?",
			 *slot->level ? slot->level : "?",
			 *slot->verdict ? slot->verdict : "?");
		fputs(kvmfr_terminal_safe(safe, sizeof(safe), line), stdout);
	}
	putchar('\n');
	return fflush(stdout) ? -errno : 0;
}

static int draw(const struct live *live, struct power_graph *graph,
		const struct power_sample *sample)
{
	struct style style = style_of(STDOUT_FILENO);
	char *text = NULL;
	size_t size;
	FILE *out;

	power_graph_add(graph, sample);
	out = open_memstream(&text, &size);
	if (!out)
		return -ENOMEM;
	power_graph_print(graph, sample, &style, out);
	if (fclose(out)) {
		free(text);
		return -ENOMEM;
	}
	live_draw(live, text);
	free(text);
	return 0;
}

/**
 * struct watch - what goes on
 * @record: where samples are added, or -1
 */
struct watch {
	struct live live;
	struct power_graph graph;
	int record;
};

static int take(struct watch *watch, const struct kvmfr_root *root,
		const char *port)
{
	struct power_sample sample;
	int ret;

	ret = power_sample_read(root, port, &sample);
	if (ret)
		return ret;
	if (watch->record >= 0)
		ret = power_history_add(watch->record, &sample);
	if (!ret && watch->live.screen)
		ret = draw(&watch->live, &watch->graph, &sample);
	else if (!ret)
		ret = print_line(&sample);
	power_sample_free(&sample);
	return ret;
}

static int run(struct watch *watch, const struct kvmfr_root *root,
	       const struct options *options, const char *port)
{
	int64_t end_ms = INT64_MAX;
	int ret;

	if (options->seconds)
		end_ms = live_now_ms() + options->seconds * 1000LL;
	live_open(&watch->live, root, isatty(STDOUT_FILENO));
	power_graph_init(&watch->graph);
	do
		ret = take(watch, root, port);
	while (!ret && live_now_ms() < end_ms &&
	       live_wait(&watch->live, GAP_MS, options->interval_s * 1000));
	live_close(&watch->live);
	if (!ret)
		return COMMAND_OK;
	return command_fail("cannot %s: %s",
			    options->record ? "show or record a sample" :
					      "show a sample",
			    strerror(-ret));
}

static const struct argp_option list[] = {
	{ "interval", 'i', "SECONDS", 0, "between two samples (2)", 0 },
	{ "seconds", 's', "SECONDS", 0, "end after so long", 0 },
	{ "record", 'r', "FILE", 0, "add each sample to FILE, for power report",
	  0 },
	{ 0 }
};

int power_watch(const struct kvmfr_root *root, int argc, char **argv)
{
	static const struct argp argp = {
		.options = list,
		.parser = parse,
		.args_doc = "[PORT]",
		.doc = "Shows what the machine draws and where its slots are.",
	};
	struct options options = { .interval_s = 2 };
	struct vfio_pm_slot *slot = NULL;
	static struct watch watch;
	int ret = COMMAND_OK;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	if (options.port) {
		ret = power_pick(root, options.port, &slot);
		if (ret)
			return ret;
	}
	watch.record = -1;
	if (options.record)
		watch.record = power_history_open(options.record);
	if (options.record && watch.record < 0)
		ret = command_fail("cannot write '%s': %s", options.record,
				   strerror(-watch.record));
	else
		ret = run(&watch, root, &options, slot ? slot->port : NULL);
	if (watch.record >= 0)
		close(watch.record);
	vfio_pm_slots_free(slot, 1);
	return ret;
}
