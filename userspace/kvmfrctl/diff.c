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

/* A last line without a newline is another one than the same with it. */
static bool same_line(const char *a, const char *b)
{
	size_t length = strcspn(a, "\n");

	return !strncmp(a, b, length) && a[length] == b[length];
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
	size_t head = 0, tail = 0, from, a_to, b_to;

	while (head < a_lines && head < b_lines &&
	       same_line(find_line(a, head), find_line(b, head)))
		head++;
	while (tail < a_lines - head && tail < b_lines - head &&
	       same_line(find_line(a, a_lines - tail - 1),
			 find_line(b, b_lines - tail - 1)))
		tail++;
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
