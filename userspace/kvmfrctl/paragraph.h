/* SPDX-License-Identifier: GPL-2.0 */
/* Text in lines of a terminal's width. */
#ifndef KVMFRCTL_PARAGRAPH_H
#define KVMFRCTL_PARAGRAPH_H

#include <stdbool.h>
#include <stdio.h>

#include "terminal.h"

/* How something is printed for people. */
struct style {
	bool colours;
	unsigned int width;
};

/* As the terminal that @fd is, if it is one. */
struct style style_of(int fd);

/*
 * @label, then the text from column @indent on, in as many lines as it takes.
 * The text is made safe for a terminal here; a word that is longer than a line
 * stays whole, so that it can be copied.
 */
__attribute__((format(printf, 6, 7))) void
paragraph(const struct style *style, FILE *out, enum kvmfr_colour colour,
	  const char *label, unsigned int indent, const char *format, ...);

/* A line that is put together piece by piece; what does not fit is left out. */
struct text {
	char data[4608];
	size_t used;
};

/* Begins with an empty @text = { 0 }. */
__attribute__((format(printf, 2, 3))) void text_add(struct text *text,
						    const char *format, ...);

/* Columns of a UTF-8 text, one for each character. */
size_t paragraph_columns(const char *text);

/* "VGA controller" for 0x030000; @text if the class has no name here. */
const char *class_name(unsigned int class, char text[24]);

#endif
