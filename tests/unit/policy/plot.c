// SPDX-License-Identifier: GPL-2.0
/*
 * policy.svg: what is said, and how soon, for every true saving.
 */
#include "tally.h"

#define PANEL_WIDTH 400
#define PANEL_HEIGHT 220
#define BINS (2 * RANGE_BINS + 1)
#define DASHED "stroke=\"black\" stroke-dasharray=\"3 3\""

static const struct {
	enum vfio_pm_verdict verdict;
	const char *text;
	const char *color;
} curves[] = {
	{ VFIO_PM_SAVES, "saves", "#1b7837" },
	{ VFIO_PM_NO_DIFFERENCE, "no difference", "#2166ac" },
	{ VFIO_PM_COSTS_MORE, "costs more", "#b2182b" },
	{ VFIO_PM_INCONCLUSIVE, "inconclusive", "#8a8a8a" },
};

#define CURVES (sizeof(curves) / sizeof(curves[0]))

static const struct {
	const char *text;
	const char *color;
} areas[ROUND_CLASSES] = {
	{ "within 6", "#08519c" },  { "within 8", "#3182bd" },
	{ "within 12", "#6baed6" }, { "within 16", "#9ecae1" },
	{ "more", "#deebf7" },
};

static double bin_x(int bin)
{
	return (bin + 0.5) * PANEL_WIDTH / BINS;
}

static double share_y(double share)
{
	return PANEL_HEIGHT * (1 - share);
}

/* @style: further attributes */
static void draw_text(FILE *file, double x, double y, const char *style,
		      const char *text)
{
	fprintf(file, "<text x=\"%.1f\" y=\"%.1f\" %s>%s</text>\n", x, y, style,
		text);
}

static void draw_line(FILE *file, double x, double y, double dx, double dy,
		      const char *style)
{
	fprintf(file, "<path d=\"M%.1f %.1fl%.1f %.1f\" %s/>\n", x, y, dx, dy,
		style);
}

/* Frame, scales, title; left open for what is drawn in it. */
static void begin_panel(FILE *file, int x, int y, const char *title,
			const struct range *range)
{
	char text[32];
	int i;

	fprintf(file, "<g transform=\"translate(%d %d)\">\n", x, y);
	draw_text(file, 0, -10, "font-size=\"14\" font-weight=\"bold\"", title);
	for (i = 0; i <= 4; i++) {
		snprintf(text, sizeof(text), "%d %%", i * 25);
		draw_line(file, 0, share_y(i / 4.0), PANEL_WIDTH, 0,
			  "stroke=\"#dddddd\"");
		draw_text(file, -6, share_y(i / 4.0) + 4, "text-anchor=\"end\"",
			  text);
	}
	for (i = 0; i < BINS; i += RANGE_BINS / 4) {
		snprintf(text, sizeof(text), "%g",
			 (i - RANGE_BINS) * range->width);
		draw_line(file, bin_x(i), PANEL_HEIGHT, 0, 5,
			  "stroke=\"black\"");
		draw_text(file, bin_x(i), PANEL_HEIGHT + 18,
			  "text-anchor=\"middle\"", text);
	}
	draw_text(file, PANEL_WIDTH / 2.0, PANEL_HEIGHT + 36,
		  "text-anchor=\"middle\"", "true saving of D3cold, W");
}

static void end_panel(FILE *file)
{
	fprintf(file, "<rect width=\"%d\" height=\"%d\" %s/>\n</g>\n",
		PANEL_WIDTH, PANEL_HEIGHT, "fill=\"none\" stroke=\"black\"");
}

static void draw_threshold(FILE *file, const struct range *range, double watts)
{
	double x =
		bin_x(RANGE_BINS) + watts / range->width * PANEL_WIDTH / BINS;

	draw_line(file, x, 0, 0, PANEL_HEIGHT, DASHED);
}

static void draw_verdicts(FILE *file, int x, int y, const char *title,
			  const struct range *range, double threshold)
{
	unsigned int i;
	int bin;

	begin_panel(file, x, y, title, range);
	draw_threshold(file, range, threshold);
	draw_threshold(file, range, -threshold);
	for (i = 0; i < CURVES; i++) {
		fprintf(file, "<polyline stroke=\"%s\" ", curves[i].color);
		fprintf(file, "fill=\"none\" stroke-width=\"2\" points=\"");
		for (bin = 0; bin < BINS; bin++)
			fprintf(file, "%.1f,%.1f ", bin_x(bin),
				share_y(bin_share(&range->bins[bin],
						  curves[i].verdict)));
		fprintf(file, "\"/>\n");
	}
	end_panel(file);
}

static void draw_rounds(FILE *file, int x, int y, const char *title,
			const struct range *range)
{
	int i, bin;

	begin_panel(file, x, y, title, range);
	/* The widest area first, so that the others lie on it. */
	for (i = ROUND_CLASSES - 1; i >= 0; i--) {
		fprintf(file, "<polygon fill=\"%s\" points=\"%.1f,%d ",
			areas[i].color, bin_x(0), PANEL_HEIGHT);
		for (bin = 0; bin < BINS; bin++)
			fprintf(file, "%.1f,%.1f ", bin_x(bin),
				share_y(bin_decided_within(&range->bins[bin],
							   i + 1)));
		fprintf(file, "%.1f,%d\"/>\n", bin_x(BINS - 1), PANEL_HEIGHT);
	}
	end_panel(file);
}

static void draw_legends(FILE *file, int x, int y, int below)
{
	unsigned int i;

	for (i = 0; i < CURVES; i++, y += 20) {
		fprintf(file, "<path d=\"M%d %dh22\" stroke=\"%s\" %s/>\n", x,
			y, curves[i].color, "stroke-width=\"3\"");
		draw_text(file, x + 28, y + 4, "", curves[i].text);
	}
	draw_line(file, x, y, 22, 0, DASHED);
	draw_text(file, x + 28, y + 4, "", "smallest that counts");
	for (i = 0; i < ROUND_CLASSES; i++, below += 20) {
		fprintf(file, "<rect x=\"%d\" y=\"%d\" fill=\"%s\" %s/>\n", x,
			below - 8, areas[i].color,
			"width=\"22\" height=\"12\" stroke=\"#888888\"");
		draw_text(file, x + 28, below + 3, "", areas[i].text);
	}
}

#define HEADLINE "Measured power: %lu simulated laptops, %.2f %% wrong verdicts"
#define SUBTITLE                                                                 \
	"verdict within 6 rounds %.0f %%, 8 %.0f %%, 16 %.0f %%, ever %.0f %%; " \
	"mean time %.0f min; seed %llu"

static void draw_headline(const struct tally *tally, FILE *file, int x)
{
	const struct bin *all = &tally->all;
	char text[200];

	snprintf(text, sizeof(text), HEADLINE, all->laptops,
		 100 * tally_wrong_rate(tally));
	draw_text(file, x, 30, "font-size=\"18\" font-weight=\"bold\"", text);
	snprintf(text, sizeof(text), SUBTITLE, 100 * bin_decided_within(all, 1),
		 100 * bin_decided_within(all, 2),
		 100 * bin_decided_within(all, 4),
		 100 * bin_decided_within(all, ROUND_CLASSES),
		 tally->seconds / all->laptops / 60,
		 (unsigned long long)tally->seed);
	draw_text(file, x, 52, "", text);
}

void tally_write_svg(const struct tally *tally, FILE *file)
{
	const int left = 60, right = 540, top = 90, below = 400;

	fprintf(file, "<svg xmlns=\"http://www.w3.org/2000/svg\" %s %s>\n",
		"width=\"1150\" height=\"680\"",
		"font-family=\"sans-serif\" font-size=\"12\"");
	fprintf(file, "<rect %s/>\n",
		"width=\"100%\" height=\"100%\" fill=\"white\"");
	draw_headline(tally, file, left);
	draw_verdicts(file, left, top, "What is said", &tally->wide,
		      tally->threshold_w);
	draw_verdicts(file, right, top, "What is said, around nothing",
		      &tally->close, tally->threshold_w);
	draw_rounds(file, left, below, "Rounds until a verdict", &tally->wide);
	draw_rounds(file, right, below,
		    "Rounds until a verdict, around nothing", &tally->close);
	draw_legends(file, right + PANEL_WIDTH + 24, top + 20, below + 20);
	fprintf(file, "</svg>\n");
}
