// SPDX-License-Identifier: GPL-2.0
/*
 * A picture (SVG) of a slot over time. Places are integers, tenths of a pixel:
 * printf would write a comma into a fraction in some languages.
 */
#include "chart.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "terminal.h"

/* In tenths of a pixel. */
#define WIDTH 9600
#define LEFT 700
#define RIGHT 9400
#define PLOT_HEIGHT 2200
#define BAND_HEIGHT 220
#define LINE 200

/* A hundred kilowatts; what is above is drawn there. */
#define MOST_UW 100000000000LL

struct canvas {
	FILE *out;
	const struct kvmfr_chart *chart;
	int64_t start_ms;
	int64_t span_ms; /* at least 1 */
	int64_t least_uw; /* at the bottom of the plot */
	int64_t most_uw;
	int top; /* of the plot */
};

struct word {
	const char *word;
	const char *colour;
};

/* Colours that people who see few of them can tell apart. */
static const struct word levels[] = {
	{ "d0", "#d55e00" },
	{ "d3hot", "#e69f00" },
	{ "d3cold", "#0072b2" },
	{ NULL, "#999999" },
};

static const struct word states[] = {
	{ "observed", "#bbbbbb" },  { "blocked", "#e69f00" },
	{ "in_use", "#cc79a7" },    { "verify_wake", "#f0e442" },
	{ "measuring", "#56b4e9" }, { "decided", "#009e73" },
	{ "fault", "#d55e00" },	    { NULL, "#666666" },
};

/* XML forbids two characters that are proper UTF-8, U+FFFE and U+FFFF. */
static bool is_noncharacter(const char *text)
{
	return !strncmp(text, "\xef\xbf\xbe", 3) ||
	       !strncmp(text, "\xef\xbf\xbf", 3);
}

static void put_text(FILE *out, const char *text)
{
	char safe[1024];

	kvmfr_terminal_safe(safe, sizeof(safe), text);
	for (const char *at = safe; *at; at++) {
		if (*at == '&')
			fputs("&amp;", out);
		else if (*at == '<')
			fputs("&lt;", out);
		else if (*at == '>')
			fputs("&gt;", out);
		else if (*at == '"')
			fputs("&quot;", out);
		else if (!is_noncharacter(at))
			fputc(*at, out);
		else
			at += 2; /* all three bytes of it */
	}
}

/* A length or a place. */
static void put_place(FILE *out, const char *name, int64_t tenths)
{
	fprintf(out, " %s=\"%lld.%lld\"", name, (long long)(tenths / 10),
		(long long)(tenths % 10));
}

static void put_label(FILE *out, int64_t x, int64_t y, const char *anchor,
		      const char *text)
{
	fputs("<text", out);
	put_place(out, "x", x);
	put_place(out, "y", y);
	fprintf(out, " text-anchor=\"%s\">", anchor);
	put_text(out, text);
	fputs("</text>\n", out);
}

static void put_rectangle(FILE *out, int64_t x, int64_t y, int64_t width,
			  int64_t height, const char *colour)
{
	fputs("<rect", out);
	put_place(out, "x", x);
	put_place(out, "y", y);
	put_place(out, "width", width);
	put_place(out, "height", height);
	fprintf(out, " fill=\"%s\"/>\n", colour);
}

static void put_line(FILE *out, int64_t x1, int64_t y1, int64_t x2, int64_t y2)
{
	fputs("<line", out);
	put_place(out, "x1", x1);
	put_place(out, "y1", y1);
	put_place(out, "x2", x2);
	put_place(out, "y2", y2);
	fputs(" stroke=\"#cccccc\"/>\n", out);
}

static int64_t place_of_time(const struct canvas *canvas, int64_t time_ms)
{
	return LEFT + (int64_t)((double)(time_ms - canvas->start_ms) *
				(RIGHT - LEFT) / (double)canvas->span_ms);
}

static int64_t place_of_power(const struct canvas *canvas, int64_t power_uw)
{
	int64_t range_uw = canvas->most_uw - canvas->least_uw;

	if (power_uw > canvas->most_uw)
		power_uw = canvas->most_uw;
	return canvas->top + PLOT_HEIGHT -
	       (int64_t)((double)(power_uw - canvas->least_uw) * PLOT_HEIGHT /
			 (double)range_uw);
}

/* The least of 1, 2, 5, 10, ... times @unit with at most @most steps in @range. */
static int64_t choose_step(int64_t range, int64_t unit, int64_t most)
{
	static const int factors[] = { 1, 2, 5 };
	int64_t step = unit;

	for (int i = 0; range / step > most; i++) {
		if (i == 3) {
			unit *= 10;
			i = 0;
		}
		step = unit * factors[i];
	}
	return step;
}

/* From below the least reading to above the largest. */
static void choose_power_range(struct canvas *canvas)
{
	int64_t least_uw = INT64_MAX, most_uw = INT64_MIN;
	int64_t step_uw;

	for (size_t i = 0; i < canvas->chart->count; i++) {
		int64_t power_uw = canvas->chart->samples[i].power_uw;

		if (power_uw == INT64_MIN)
			continue;
		if (power_uw < least_uw)
			least_uw = power_uw;
		if (power_uw > most_uw)
			most_uw = power_uw;
	}
	if (most_uw == INT64_MIN)
		least_uw = 0;
	if (most_uw == INT64_MIN)
		most_uw = 0;
	if (most_uw > MOST_UW)
		most_uw = MOST_UW;
	if (least_uw < 0)
		least_uw = 0;
	if (least_uw > most_uw)
		least_uw = most_uw;
	step_uw = choose_step(most_uw - least_uw, 1000000, 5);
	canvas->least_uw = least_uw / step_uw * step_uw;
	canvas->most_uw = (most_uw / step_uw + 1) * step_uw;
}

static void put_power_axis(const struct canvas *canvas)
{
	int64_t step_uw =
		choose_step(canvas->most_uw - canvas->least_uw, 1000000, 6);
	char text[16];

	for (int64_t uw = canvas->least_uw; uw <= canvas->most_uw;
	     uw += step_uw) {
		int64_t y = place_of_power(canvas, uw);

		put_line(canvas->out, LEFT, y, RIGHT, y);
		put_label(canvas->out, LEFT - 80, y + 40, "end",
			  kvmfr_terminal_watts(text, uw));
	}
}

static void put_time_axis(const struct canvas *canvas, int64_t y)
{
	static const int64_t steps_s[] = { 1,	 2,    5,     10,    30,
					   60,	 120,  300,   600,   1800,
					   3600, 7200, 14400, 43200, 86400 };
	size_t count = sizeof(steps_s) / sizeof(*steps_s);
	int64_t step_ms;
	size_t i = 0;
	char text[32];

	while (i < count - 1 && canvas->span_ms / (steps_s[i] * 1000) > 8)
		i++;
	step_ms = steps_s[i] * 1000;
	step_ms *= 1 + canvas->span_ms / step_ms / 9;
	for (int64_t at = 0; at <= canvas->span_ms; at += step_ms) {
		int64_t x = place_of_time(canvas, canvas->start_ms + at);

		put_line(canvas->out, x, canvas->top, x, y);
		put_label(canvas->out, x, y + 160, "middle",
			  kvmfr_terminal_duration(text, at));
	}
}

static bool is_gap(const struct kvmfr_chart *chart, size_t i)
{
	return chart->samples[i].time_ms - chart->samples[i - 1].time_ms >
	       chart->gap_ms;
}

/* The line of the watts. In each tenth of a pixel its first reading counts. */
static void put_power(const struct canvas *canvas)
{
	const struct kvmfr_chart *chart = canvas->chart;
	bool drawing = false;
	int64_t last_x = -1;

	for (size_t i = 0; i < chart->count; i++) {
		int64_t x = place_of_time(canvas, chart->samples[i].time_ms);
		int64_t y;

		if (drawing &&
		    (is_gap(chart, i) || chart->samples[i].power_uw < 0)) {
			fputs("\"/>\n", canvas->out);
			drawing = false;
		}
		if (chart->samples[i].power_uw < 0 || (drawing && x == last_x))
			continue;
		if (!drawing)
			fputs("<polyline class=\"power\" points=\"",
			      canvas->out);
		y = place_of_power(canvas, chart->samples[i].power_uw);
		fprintf(canvas->out, "%lld.%lld,%lld.%lld ", (long long)x / 10,
			(long long)x % 10, (long long)y / 10,
			(long long)y % 10);
		drawing = true;
		last_x = x;
	}
	if (drawing)
		fputs("\"/>\n", canvas->out);
}

static const char *colour_of(const struct word *words, const char *word)
{
	while (words->word && strcmp(words->word, word))
		words++;
	return words->colour;
}

static const char *level_of(const struct kvmfr_chart_sample *sample)
{
	return sample->level;
}

static const char *state_of(const struct kvmfr_chart_sample *sample)
{
	return sample->state;
}

/* A sample holds until the next one, but not over a gap. */
static void put_band(const struct canvas *canvas, int64_t y, const char *name,
		     const struct word *words,
		     const char *(*word)(const struct kvmfr_chart_sample *))
{
	const struct kvmfr_chart *chart = canvas->chart;
	const struct kvmfr_chart_sample *samples = chart->samples;
	size_t first = 0;

	put_label(canvas->out, LEFT - 80, y + 150, "end", name);
	for (size_t i = 1; i <= chart->count; i++) {
		bool gap = i < chart->count && is_gap(chart, i);
		int64_t from, to;
		size_t last;

		if (i < chart->count && !gap &&
		    !strcmp(word(&samples[i]), word(&samples[first])))
			continue;
		from = place_of_time(canvas, samples[first].time_ms);
		last = i == chart->count || gap ? i - 1 : i;
		to = place_of_time(canvas, samples[last].time_ms);
		if (*word(&samples[first]) && to > from)
			put_rectangle(canvas->out, from, y, to - from,
				      BAND_HEIGHT,
				      colour_of(words, word(&samples[first])));
		first = i;
	}
}

static void put_legend(const struct canvas *canvas, int64_t y,
		       const struct word *words)
{
	int64_t x = LEFT;

	for (; words->word; words++) {
		put_rectangle(canvas->out, x, y, 120, 120, words->colour);
		put_label(canvas->out, x + 170, y + 110, "start", words->word);
		x += 170 + 80 * (int64_t)strlen(words->word) + 200;
	}
}

static void put_head(struct canvas *canvas, int64_t height)
{
	fprintf(canvas->out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%lld\" viewBox=\"0 0 %d %lld\" font-family=\"sans-serif\" font-size=\"12\">\n<title>",
		WIDTH / 10, (long long)height / 10, WIDTH / 10,
		(long long)height / 10);
	put_text(canvas->out, canvas->chart->title);
	fputs("</title>\n<style>.power{fill:none;stroke:#000000;stroke-width:1.5}</style>\n",
	      canvas->out);
	put_rectangle(canvas->out, 0, 0, WIDTH, height, "#ffffff");
}

static void draw(struct canvas *canvas)
{
	const char *const *note;
	int64_t y = LINE;
	int64_t bands;

	for (note = canvas->chart->notes; *note; note++)
		y += LINE;
	canvas->top = (int)y + LINE;
	bands = canvas->top + PLOT_HEIGHT + LINE;
	put_head(canvas, bands + 6 * LINE + 2 * BAND_HEIGHT);
	y = LINE;
	fputs("<g font-weight=\"bold\">", canvas->out);
	put_label(canvas->out, LEFT, y, "start", canvas->chart->title);
	fputs("</g>\n", canvas->out);
	for (note = canvas->chart->notes; *note; note++)
		put_label(canvas->out, LEFT, y += LINE, "start", *note);
	put_power_axis(canvas);
	put_time_axis(canvas, bands + 2 * BAND_HEIGHT + 40);
	put_power(canvas);
	put_band(canvas, bands, "power", levels, level_of);
	put_band(canvas, bands + BAND_HEIGHT + 20, "state", states, state_of);
	y = bands + 2 * BAND_HEIGHT + 2 * LINE;
	put_legend(canvas, y, levels);
	put_legend(canvas, y + LINE, states);
	fputs("</svg>\n", canvas->out);
}

static bool is_in_order(const struct kvmfr_chart *chart)
{
	int64_t before_ms = 0;

	for (size_t i = 0; i < chart->count; i++) {
		if (chart->samples[i].time_ms < before_ms)
			return false;
		before_ms = chart->samples[i].time_ms;
	}
	return chart->count > 0 && before_ms <= KVMFR_CHART_TIME_MAX_MS;
}

int kvmfr_chart_svg(const struct kvmfr_chart *chart, char **svg, size_t *size)
{
	struct canvas canvas = { .chart = chart };

	*svg = NULL;
	if (!is_in_order(chart))
		return -EINVAL;
	canvas.start_ms = chart->samples[0].time_ms;
	canvas.span_ms =
		chart->samples[chart->count - 1].time_ms - canvas.start_ms;
	if (canvas.span_ms < 1)
		canvas.span_ms = 1;
	choose_power_range(&canvas);
	canvas.out = open_memstream(svg, size);
	if (!canvas.out)
		return -ENOMEM;
	draw(&canvas);
	if (!fclose(canvas.out))
		return 0;
	free(*svg);
	*svg = NULL;
	return -ENOMEM;
}
