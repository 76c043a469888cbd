/* SPDX-License-Identifier: GPL-2.0 */
/* The last samples as lines of a terminal: a sparkline of watts, and levels. */
#ifndef KVMFRCTL_POWER_GRAPH_H
#define KVMFRCTL_POWER_GRAPH_H

#include <stdbool.h>
#include <stdio.h>

#include "paragraph.h"
#include "power.h"

#define POWER_GRAPH_MOST 512
#define POWER_GRAPH_SLOTS 16

/* A slot's levels, one for each sample; 0 where it was not there. */
struct power_graph_slot {
	char port[16];
	char levels[POWER_GRAPH_MOST];
};

/**
 * struct power_graph - what was seen, the latest last
 * @unicode: the terminal knows blocks; else letters
 * @count: of samples, at most POWER_GRAPH_MOST
 */
struct power_graph {
	bool unicode;
	size_t count;
	int64_t power_uw[POWER_GRAPH_MOST];
	struct power_graph_slot slots[POWER_GRAPH_SLOTS];
	size_t slot_count;
};

/* From setlocale() on: whether text is UTF-8. */
void power_graph_init(struct power_graph *graph);
void power_graph_add(struct power_graph *graph,
		     const struct power_sample *sample);

/* All of it, with what the last sample says in words. */
void power_graph_print(const struct power_graph *graph,
		       const struct power_sample *sample,
		       const struct style *style, FILE *out);

#endif
