// SPDX-License-Identifier: GPL-2.0
/*
 * Metrics for the textfile collector of Prometheus' node_exporter, in its text
 * format, which is OpenMetrics with the type of foo_total called foo_total.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "powerd.h"
#include "terminal.h"

/* Of a slot: a word that is one of a few, shown as a 1 among 0s. */
static const struct set {
	const char *name;
	const char *label;
	size_t offset;
	const char *help;
	const char *words[8];
} sets[] = {
	{ "state",
	  "state",
	  offsetof(struct vfio_pm_slot, state),
	  "What vfio_pci_pm is doing about the slot",
	  { "observed", "blocked", "in_use", "verify_wake", "measuring",
	    "decided", "fault" } },
	{ "chosen",
	  "level",
	  offsetof(struct vfio_pm_slot, chosen),
	  "The deepest power state that the slot may go to",
	  { "d0", "d3hot", "d3cold" } },
	{ "level",
	  "level",
	  offsetof(struct vfio_pm_slot, level),
	  "The power state that the slot is in",
	  { "d0", "d3hot", "d3cold" } },
	{ "policy",
	  "policy",
	  offsetof(struct vfio_pm_slot, policy),
	  "What the administrator wants",
	  { "auto", "d3cold", "d3hot", "d0", "observe" } },
	{ "verdict",
	  "verdict",
	  offsetof(struct vfio_pm_slot, verdict),
	  "What is known about D3cold compared with D3hot",
	  { "unmeasured", "undecided", "saves", "no_difference", "costs_more",
	    "inconclusive" } },
	{ "acpi_power",
	  "status",
	  offsetof(struct vfio_pm_slot, acpi_sta),
	  "What firmware says of the power resources",
	  { "off", "on", "unknown", "none" } },
	{ "wake_verified",
	  "result",
	  offsetof(struct vfio_pm_slot, wake_verified),
	  "Whether the slot was seen to come back from D3cold",
	  { "yes", "no", "failed" } },
};

/* Of a slot: what the last comparison has found. */
static const struct figure {
	const char *name;
	const char *labels;
	size_t offset;
	unsigned int divisor;
	const char *help;
} figures[] = {
	{ "draw_watts", ",level=\"d0\"", offsetof(struct vfio_pm_meter, d0_uw),
	  1000000,
	  "Measured draw of the machine with the slot in a power state" },
	{ "draw_watts", ",level=\"d3hot\"",
	  offsetof(struct vfio_pm_meter, d3hot_uw), 1000000, NULL },
	{ "draw_watts", ",level=\"d3cold\"",
	  offsetof(struct vfio_pm_meter, d3cold_uw), 1000000, NULL },
	{ "saving_watts", "", offsetof(struct vfio_pm_meter, saving_uw),
	  1000000, "How much less the machine drew in D3cold than in D3hot" },
	{ "spread_watts", "", offsetof(struct vfio_pm_meter, spread_uw),
	  1000000, "Median absolute deviation of the measured savings" },
	{ "comparison_rounds", "", offsetof(struct vfio_pm_meter, rounds), 1,
	  "Rounds that the last comparison rests on" },
	{ "comparison_rejected_rounds", "",
	  offsetof(struct vfio_pm_meter, rejected), 1,
	  "Rounds of the comparison that did not count" },
	{ "comparison_settle_seconds", "",
	  offsetof(struct vfio_pm_meter, settle_ms), 1000,
	  "Time that the meter was given after each change" },
};

/* Endings of counters' names, and what they become in base units. */
static const struct unit {
	const char *end;
	const char *name;
	unsigned int divisor;
} units[] = {
	{ "_ms", "_seconds", 1000 },
	{ "_us", "_seconds", 1000000 },
	{ "_uj", "_joules", 1000000 },
	{ "", "", 1 },
};

static int64_t number_at(const void *object, size_t offset)
{
	int64_t value;

	memcpy(&value, (const char *)object + offset, sizeof(value));
	return value;
}

/* A decimal, with a point whatever the language is; @divisor is a power of ten. */
static void put_number(FILE *out, int64_t value, unsigned int divisor)
{
	uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	int digits = 0;

	for (unsigned int rest = divisor; rest > 1; rest /= 10)
		digits++;
	fprintf(out, " %s%" PRIu64, value < 0 ? "-" : "", magnitude / divisor);
	if (digits)
		fprintf(out, ".%0*" PRIu64, digits, magnitude % divisor);
	fputc('\n', out);
}

/* What is in quotes: UTF-8, with quotes and backslashes escaped. */
static void put_label(FILE *out, const char *name, const char *text)
{
	char safe[128];

	fprintf(out, "%s=\"", name);
	kvmfr_terminal_safe(safe, sizeof(safe), text);
	for (const char *c = safe; *c; c++) {
		if (*c == '"' || *c == '\\')
			fputc('\\', out);
		fputc(*c, out);
	}
	fputc('"', out);
}

static void put_head(FILE *out, const char *name, const char *type,
		     const char *help)
{
	fprintf(out, "# HELP %s %s.\n# TYPE %s %s\n", name, help, name, type);
}

static void put_set(FILE *out, const struct powerd_report *report,
		    const struct set *set)
{
	char name[64];

	snprintf(name, sizeof(name), "vfio_pm_%s", set->name);
	put_head(out, name, "gauge", set->help);
	for (size_t i = 0; i < report->count; i++) {
		const char *now = (const char *)&report->slots[i] + set->offset;

		for (const char *const *word = set->words; *word; word++) {
			fprintf(out, "%s{", name);
			put_label(out, "port", report->slots[i].port);
			fprintf(out, ",%s=\"%s\"} %d\n", set->label, *word,
				!strcmp(*word, now));
		}
	}
}

static void put_figures(FILE *out, const struct powerd_report *report)
{
	for (size_t f = 0; f < sizeof(figures) / sizeof(*figures); f++) {
		const struct figure *figure = &figures[f];
		char name[64];

		snprintf(name, sizeof(name), "vfio_pm_%s", figure->name);
		if (figure->help)
			put_head(out, name, "gauge", figure->help);
		for (size_t i = 0; i < report->count; i++) {
			int64_t value = number_at(&report->slots[i].meter,
						  figure->offset);

			if (value == INT64_MIN)
				continue;
			fprintf(out, "%s{", name);
			put_label(out, "port", report->slots[i].port);
			fprintf(out, "%s}", figure->labels);
			put_number(out, value, figure->divisor);
		}
	}
}

static void put_blockers(FILE *out, const struct powerd_report *report)
{
	static const char name[] = "vfio_pm_blocker";

	put_head(out, name, "gauge", "What keeps the slot out of D3cold");
	for (size_t i = 0; i < report->count; i++) {
		const struct vfio_pm_slot *slot = &report->slots[i];

		for (size_t b = 0; b < slot->blocker_count; b++) {
			fprintf(out, "%s{", name);
			put_label(out, "port", slot->port);
			put_label(out, ",address", slot->blockers[b].address);
			put_label(out, ",code", slot->blockers[b].code);
			fputs("} 1\n", out);
		}
	}
}

static const struct unit *unit_of(const char *name)
{
	const struct unit *unit = units;
	size_t length = strlen(name);

	while (*unit->end &&
	       (length < strlen(unit->end) ||
		strcmp(name + length - strlen(unit->end), unit->end)))
		unit++;
	return unit;
}

/* The kernel's sentence names its own unit at the end: ", in milliseconds". */
static void put_counter_head(FILE *out, const char *name, const char *type,
			     const struct vfio_pm_counter *counter,
			     const struct unit *unit)
{
	const char *in = *unit->end ? strstr(counter->help, ", in ") : NULL;
	char help[128];

	snprintf(help, sizeof(help), "%.*s",
		 in ? (int)(in - counter->help) : (int)strlen(counter->help),
		 counter->help);
	put_head(out, name, type, help);
}

static void put_counter(FILE *out, const struct powerd_report *report,
			const struct vfio_pm_counter *counter)
{
	bool lasting = !strncmp(counter->name, "resume_", 7);
	const struct unit *unit = unit_of(counter->name);
	char name[96];

	snprintf(name, sizeof(name), "vfio_pm_%.*s%s%s",
		 (int)(strlen(counter->name) - strlen(unit->end)),
		 counter->name, unit->name, lasting ? "" : "_total");
	put_counter_head(out, name, lasting ? "gauge" : "counter", counter,
			 unit);
	for (size_t i = 0; i < report->count; i++) {
		int64_t value =
			number_at(&report->slots[i].counters, counter->offset);

		if (value < 0)
			continue;
		fprintf(out, "%s{", name);
		put_label(out, "port", report->slots[i].port);
		fputc('}', out);
		put_number(out, value, unit->divisor);
	}
}

static void put_daemon(FILE *out, const struct powerd_report *report)
{
	put_head(out, "vfio_powerd_build_info", "gauge",
		 "Version of vfio-powerd");
	fputs("vfio_powerd_build_info{version=\"" VERSION "\"} 1\n", out);
	put_head(out, "vfio_pm_slots", "gauge", "Slots that vfio_pci_pm has");
	fprintf(out, "vfio_pm_slots %zu\n", report->count);
	put_head(out, "vfio_powerd_samples_total", "counter",
		 "Readings of the power meter that were given to the kernel");
	fprintf(out, "vfio_powerd_samples_total %" PRIu64 "\n",
		report->samples);
	if (!report->samples)
		return;
	put_head(out, "vfio_powerd_machine_watts", "gauge",
		 "What the machine drew when the kernel last asked");
	fputs("vfio_powerd_machine_watts{", out);
	put_label(out, "meter", report->meter);
	fputc('}', out);
	put_number(out, report->sample_uw, 1000000);
}

char *powerd_metrics(const struct powerd_report *report)
{
	bool failed;
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	put_daemon(out, report);
	for (size_t i = 0; report->count && i < sizeof(sets) / sizeof(*sets);
	     i++)
		put_set(out, report, &sets[i]);
	if (report->count) {
		put_figures(out, report);
		put_blockers(out, report);
		for (const struct vfio_pm_counter *counter =
			     vfio_pm_counter_table;
		     counter->name; counter++)
			put_counter(out, report, counter);
	}
	failed = ferror(out);
	if (!fclose(out) && !failed)
		return text;
	free(text);
	return NULL;
}
