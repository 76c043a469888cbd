// SPDX-License-Identifier: GPL-2.0
/* The difference of two texts, in the form that patch(1) takes. */
#include "diff.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "terminal.h"

#define CONTEXT 3

static size_t count_lines(const char *text)
{
	size_t lines = 0;

	while (*text) {
		text += strcspn(text, "\n");
		text += *text == '\n';
		lines++;
	}
	return lines;
}

static const char *find_line(const char *text, size_t line)
{
	while (line--) {
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return text;
}

/* The beginning of the line that ends before @at. */
static const char *line_before(const char *text, const char *at)
{
	const char *newline =
		at > text ? memrchr(text, '\n', (size_t)(at - text) - 1) : NULL;

	return newline ? newline + 1 : text;
}

/* A last line without a newline is another one than the same with it. */
static bool same_line(const char *a, const char *b)
{
	size_t length = strcspn(a, "\n");

	return !strncmp(a, b, length) && a[length] == b[length];
}

/* How many lines both begin with. */
static size_t count_head(const char *a, const char *b)
{
	size_t lines = 0;

	while (*a && *b && same_line(a, b)) {
		a = find_line(a, 1);
		b = find_line(b, 1);
		lines++;
	}
	return lines;
}

/* How many lines both end with, up to @most. */
static size_t count_tail(const char *a, const char *b, size_t most)
{
	const char *a_at = a + strlen(a), *b_at = b + strlen(b);
	size_t lines = 0;

	while (lines < most) {
		a_at = line_before(a, a_at);
		b_at = line_before(b, b_at);
		if (!same_line(a_at, b_at))
			break;
		lines++;
	}
	return lines;
}

/* Tabs may stay, all else that commands a terminal may not. */
static void print_line(const char *text, size_t length)
{
	char part[1024], safe[1024];

	while (length) {
		size_t size = strcspn(text, "\t");

		if (size > length)
			size = length;
		if (size > sizeof(part) - 1)
			size = sizeof(part) - 1;
		snprintf(part, sizeof(part), "%.*s", (int)size, text);
		fputs(kvmfr_terminal_safe(safe, sizeof(safe), part), stdout);
		if (size < length && text[size] == '\t')
			putchar(text[size++]);
		text += size;
		length -= size;
	}
}

static void print_lines(char sign, const char *text, size_t from, size_t to)
{
	text = find_line(text, from);
	for (size_t i = from; i < to; i++) {
		size_t length = strcspn(text, "\n");

		putchar(sign);
		print_line(text, length);
		putchar('\n');
		text += length;
		if (!*text)
			puts("\\ No newline at end of file");
		else
			text++;
	}
}

static size_t begin(size_t from, size_t to)
{
	return from == to ? from : from + 1;
}

void diff_print(const char *path, const char *before, const char *after)
{
	const char *a = before ? before : "";
	const char *b = after ? after : "";
	size_t a_lines = count_lines(a), b_lines = count_lines(b);
	size_t head = count_head(a, b);
	size_t tail = count_tail(
		a, b, (a_lines < b_lines ? a_lines : b_lines) - head);
	size_t from, a_to, b_to;

	if (head == a_lines && head == b_lines && !before == !after)
		return;
	from = head > CONTEXT ? head - CONTEXT : 0;
	a_to = a_lines - tail + (tail < CONTEXT ? tail : CONTEXT);
	b_to = b_lines - tail + (tail < CONTEXT ? tail : CONTEXT);
	printf("--- %s%s\n", before ? "/" : "", before ? path : "/dev/null");
	printf("+++ %s%s\n", after ? "/" : "", after ? path : "/dev/null");
	if (a_to == from && b_to == from)
		return; /* an empty file comes or goes */
	printf("@@ -%zu,%zu +%zu,%zu @@\n", begin(from, a_to), a_to - from,
	       begin(from, b_to), b_to - from);
	print_lines(' ', a, from, head);
	print_lines('-', a, head, a_lines - tail);
	print_lines('+', b, head, b_lines - tail);
	print_lines(' ', a, a_lines - tail, a_to);
}
