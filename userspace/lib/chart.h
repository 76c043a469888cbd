/* SPDX-License-Identifier: GPL-2.0 */
/* A picture (SVG) of a slot over time: what the machine draws, and states. */
#ifndef KVMFR_CHART_H
#define KVMFR_CHART_H

#include <stddef.h>
#include <stdint.h>

/* The year 5138. */
#define KVMFR_CHART_TIME_MAX_MS 100000000000000

/**
 * struct kvmfr_chart_sample - one moment
 * @time_ms: since 1970, up to KVMFR_CHART_TIME_MAX_MS
 * @power_uw: what the machine draws, INT64_MIN if that is not known
 * @level: d0, d3hot or d3cold; "" if not known
 * @state: as the file of that name; "" if not known
 */
struct kvmfr_chart_sample {
	int64_t time_ms;
	int64_t power_uw;
	char level[16];
	char state[16];
};

/**
 * struct kvmfr_chart - what is drawn
 * @title: a line; may hold anything, as what is below it
 * @notes: lines below it, NULL after the last
 * @samples: in the order of their times
 * @count: of them, at least 1
 * @gap_ms: nothing is drawn between two samples that are further apart
 */
struct kvmfr_chart {
	const char *title;
	const char *const *notes;
	const struct kvmfr_chart_sample *samples;
	size_t count;
	int64_t gap_ms;
};

/*
 * Well-formed XML with all of its text escaped, and in the size of the picture,
 * however many samples there are: neighbours become one point.
 *
 * Return: 0, and @svg with @size bytes and a NUL to be freed; -EINVAL without
 * samples, or if one is older than the one before or out of range; -ENOMEM.
 */
int kvmfr_chart_svg(const struct kvmfr_chart *chart, char **svg, size_t *size);

#endif
