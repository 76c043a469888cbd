// SPDX-License-Identifier: GPL-2.0
/* The last samples as lines of a terminal: a sparkline of watts, and levels. */
#include "power_graph.h"

#include <langinfo.h>
#include <string.h>

#include "status_text.h"

#define INDENT 12

/* Of a battery's gauge less than this is noise: not drawn as if it were much. */
#define LEAST_RANGE_UW 1000000

#define HEIGHTS 8

static const char *const blocks[HEIGHTS] = { "▁", "▂", "▃", "▄",
					     "▅", "▆", "▇", "█" };
static const char *const letters[HEIGHTS] = { "_", ".", ":", "-",
					      "=", "+", "*", "#" };

static const struct level {
	const char *name;
	int height;
} levels[] = { { "d3cold", 0 }, { "d3hot", 3 }, { "d0", 7 }, { NULL, 0 } };

void power_graph_init(struct power_graph *graph)
{
	memset(graph, 0, sizeof(*graph));
	graph->unicode = !strcmp(nl_langinfo(CODESET), "UTF-8");
}

/* The least recent sample makes room. */
static void make_room(struct power_graph *graph)
{
	size_t kept = POWER_GRAPH_MOST - 1;

	if (graph->count < POWER_GRAPH_MOST)
		return;
	memmove(graph->power_uw, graph->power_uw + 1,
		kept * sizeof(*graph->power_uw));
	for (size_t i = 0; i < graph->slot_count; i++)
		memmove(graph->slots[i].levels, graph->slots[i].levels + 1,
			kept);
	graph->count = kept;
}

static struct power_graph_slot *find_slot(struct power_graph *graph,
					  const char *port)
{
	struct power_graph_slot *slot;

	for (size_t i = 0; i < graph->slot_count; i++)
		if (!strcmp(graph->slots[i].port, port))
			return &graph->slots[i];
	if (graph->slot_count == POWER_GRAPH_SLOTS)
		return NULL;
	slot = &graph->slots[graph->slot_count++];
	strcpy(slot->port, port);
	return slot;
}

/* One more than the place in the table, so that 0 is none. */
static char level_number(const char *name)
{
	for (int i = 0; levels[i].name; i++)
		if (!strcmp(levels[i].name, name))
			return (char)(i + 1);
	return 0;
}

void power_graph_add(struct power_graph *graph,
		     const struct power_sample *sample)
{
	struct power_graph_slot *slot;

	make_room(graph);
	graph->power_uw[graph->count] = sample->power_uw;
	for (size_t i = 0; i < graph->slot_count; i++)
		graph->slots[i].levels[graph->count] = 0;
	for (size_t i = 0; i < sample->slot_count; i++) {
		slot = find_slot(graph, sample->slots[i].port);
		if (slot)
			slot->levels[graph->count] =
				level_number(sample->slots[i].level);
	}
	graph->count++;
}

static const char *bar(const struct power_graph *graph, int height)
{
	return graph->unicode ? blocks[height] : letters[height];
}

/* The first sample that still fits into a line. */
static size_t first_shown(const struct power_graph *graph,
			  const struct style *style)
{
	size_t columns = style->width - INDENT;

	return graph->count > columns ? graph->count - columns : 0;
}

static void print_power(const struct power_graph *graph, size_t first,
			int64_t least_uw, int64_t most_uw, FILE *out)
{
	int64_t range_uw = most_uw - least_uw;

	if (range_uw < LEAST_RANGE_UW)
		range_uw = LEAST_RANGE_UW;
	fprintf(out, "%*s", INDENT, "");
	for (size_t i = first; i < graph->count; i++) {
		int64_t uw = graph->power_uw[i];

		fputs(uw < 0 ? " " :
			       bar(graph, (int)((uw - least_uw) *
						(HEIGHTS - 1) / range_uw)),
		      out);
	}
	fputc('\n', out);
}

static void print_battery(const struct power_graph *graph,
			  const struct power_sample *sample,
			  const struct style *style, FILE *out)
{
	int64_t least_uw = INT64_MAX, most_uw = INT64_MIN;
	size_t first = first_shown(graph, style);
	char now[16], least[16], most[16];

	for (size_t i = first; i < graph->count; i++) {
		int64_t uw = graph->power_uw[i];

		if (uw >= 0 && uw < least_uw)
			least_uw = uw;
		if (uw > most_uw)
			most_uw = uw;
	}
	if (sample->power_uw < 0)
		paragraph(style, out, KVMFR_PLAIN, "  draw", INDENT, "n/a (%s)",
			  sample->why);
	else
		paragraph(style, out, KVMFR_PLAIN, "  draw", INDENT,
			  "%s now, %s to %s",
			  kvmfr_terminal_watts(now, sample->power_uw),
			  kvmfr_terminal_watts(least, least_uw),
			  kvmfr_terminal_watts(most, most_uw));
	if (most_uw >= 0)
		print_power(graph, first, least_uw, most_uw, out);
}

static void print_levels(const struct power_graph *graph,
			 const struct power_graph_slot *slot,
			 const struct style *style, FILE *out)
{
	fprintf(out, "%-*s", INDENT, "  power");
	for (int i = 0; levels[i].name; i++)
		fprintf(out, "%s %s   ", bar(graph, levels[i].height),
			levels[i].name);
	fprintf(out, "\n%*s", INDENT, "");
	for (size_t i = first_shown(graph, style); i < graph->count; i++)
		fputs(slot->levels[i] ?
			      bar(graph, levels[slot->levels[i] - 1].height) :
			      " ",
		      out);
	fputc('\n', out);
}

static const struct vfio_pm_slot *slot_of(const struct power_sample *sample,
					  const char *port)
{
	for (size_t i = 0; i < sample->slot_count; i++)
		if (!strcmp(sample->slots[i].port, port))
			return &sample->slots[i];
	return NULL;
}

static void print_slot(const struct power_graph *graph,
		       const struct power_graph_slot *shown,
		       const struct power_sample *sample,
		       const struct style *style, FILE *out)
{
	const struct vfio_pm_slot *slot = slot_of(sample, shown->port);
	struct text text = { 0 };

	fputc('\n', out);
	if (!slot) {
		paragraph(style, out, KVMFR_BOLD, "", 0, "GPU slot %s: gone",
			  shown->port);
	} else {
		slot_print_heading(slot, style, out);
		slot_add_verdict(&text, slot);
		paragraph(style, out, KVMFR_PLAIN, "  verdict", INDENT, "%s",
			  text.data);
		paragraph(style, out, KVMFR_PLAIN, "  reason", INDENT, "%s",
			  slot->reason);
	}
	print_levels(graph, shown, style, out);
}

void power_graph_print(const struct power_graph *graph,
		       const struct power_sample *sample,
		       const struct style *style, FILE *out)
{
	paragraph(style, out, KVMFR_BOLD, "", 0,
		  "What the machine draws; Ctrl-C ends");
	print_battery(graph, sample, style, out);
	if (!graph->slot_count)
		fputs("\nno GPU slots; next: kvmfrctl doctor\n", out);
	for (size_t i = 0; i < graph->slot_count; i++)
		print_slot(graph, &graph->slots[i], sample, style, out);
}
