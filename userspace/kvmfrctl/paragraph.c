// SPDX-License-Identifier: GPL-2.0
/* Text in lines of a terminal's width. */
#include "paragraph.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct style style_of(int fd)
{
	return (struct style){
		.colours = kvmfr_terminal_colours(fd),
		.width = kvmfr_terminal_width(fd),
	};
}

void text_add(struct text *text, const char *format, ...)
{
	size_t space = sizeof(text->data) - text->used;
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(text->data + text->used, space, format, args);
	va_end(args);
	if (length > 0)
		text->used += (size_t)length < space ? (size_t)length :
						       space - 1;
}

size_t paragraph_columns(const char *text)
{
	size_t columns = 0;

	for (; *text; text++)
		columns += (*text & 0xc0) != 0x80;
	return columns;
}

static void put_words(FILE *out, unsigned int width, unsigned int indent,
		      char *text)
{
	size_t column = indent;
	char *word;

	while ((word = strsep(&text, " "))) {
		size_t length = paragraph_columns(word);

		if (!length)
			continue;
		if (column > indent && column + 1 + length > width) {
			fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
		}
		if (column > indent) {
			fputc(' ', out);
			column++;
		}
		fputs(word, out);
		column += length;
	}
}

void paragraph(const struct style *style, FILE *out, enum kvmfr_colour colour,
	       const char *label, unsigned int indent, const char *format, ...)
{
	va_list args;
	char *text, *safe;
	int length;

	va_start(args, format);
	length = vasprintf(&text, format, args);
	va_end(args);
	if (length < 0)
		return;
	safe = malloc((size_t)length + 1);
	if (safe) {
		kvmfr_terminal_safe(safe, (size_t)length + 1, text);
		fputs(kvmfr_terminal_colour(style->colours, colour), out);
		fprintf(out, "%-*s", (int)indent, label);
		put_words(out, style->width, indent, safe);
		fputs(kvmfr_terminal_colour(style->colours, KVMFR_PLAIN), out);
		fputc('\n', out);
	}
	free(safe);
	free(text);
}

const char *class_name(unsigned int class, char text[24])
{
	static const struct {
		unsigned int class;
		const char *name;
	} names[] = {
		{ 0x0108, "NVMe drive" },     { 0x0200, "network card" },
		{ 0x0300, "VGA controller" }, { 0x0302, "3D controller" },
		{ 0x0380, "display" },	      { 0x0401, "audio device" },
		{ 0x0403, "audio device" },   { 0x0604, "bridge" },
		{ 0x0c03, "USB controller" }, { 0x0c80, "USB-C controller" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].class == class >> 8)
			return names[i].name;
	snprintf(text, 24, "class 0x%06x", class);
	return text;
}
