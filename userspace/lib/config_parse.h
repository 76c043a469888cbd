/* SPDX-License-Identifier: GPL-2.0 */
/* Between config.c, which knows lines, and config_parse.c, which knows values. */
#ifndef KVMFR_CONFIG_PARSE_H
#define KVMFR_CONFIG_PARSE_H

#include <stddef.h>

#include "config.h"

enum {
	SECTION_NODES, /* and 1 to 10: [nodes kvmfr0] to [nodes kvmfr9] */
	SECTION_POWER = KVMFR_CONFIG_NODES,
	SECTIONS,
};

/**
 * struct parser - a file that is being read
 * @next, @end: what is left of it
 * @line: the line's number, from 1
 * @section: its section, -1 before the first
 * @seen: per section: bit 0 for itself, bit n + 1 for the n-th name
 * @lines: per section: where it begins
 * @ret: what it ends with: 0, -EINVAL with @error, -ENOMEM
 */
struct parser {
	struct kvmfr_config *config;
	struct kvmfr_config_error *error;
	const char *next;
	const char *end;
	unsigned int line;
	int section;
	unsigned int seen[SECTIONS];
	unsigned int lines[SECTIONS];
	int ret;
};

/* Room for the beginning of a text, whole characters only, and "...". */
struct shown {
	char text[68];
};

const char *shorten(struct shown *shown, const char *text, size_t size);

/* Sets the error, with "line N: " where there is a line. Returns -EINVAL. */
__attribute__((format(printf, 2, 3))) int parser_fail(struct parser *parser,
						      const char *format, ...);

/* All return 0, -EINVAL after parser_fail(), or -ENOMEM. */
int parser_enter(struct parser *parser, int section);
int parser_set(struct parser *parser, const char *name, const char *value);
int parser_finish(struct parser *parser);

#endif
