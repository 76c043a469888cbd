/* SPDX-License-Identifier: GPL-2.0 */
/* Text for people: colours only on a terminal, nothing that could command it. */
#ifndef KVMFR_TERMINAL_H
#define KVMFR_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

enum kvmfr_colour {
	KVMFR_PLAIN,
	KVMFR_BOLD,
	KVMFR_RED,
	KVMFR_YELLOW,
	KVMFR_GREEN,
	KVMFR_DIM
};

/* Whether @fd is a terminal, TERM is not "dumb" and NO_COLOR is not set. */
bool kvmfr_terminal_colours(int fd);

/* The escape sequence, "" unless @colours. */
const char *kvmfr_terminal_colour(bool colours, enum kvmfr_colour colour);

/* Columns of @fd: of the terminal, of COLUMNS, else 80; at least 40. */
unsigned int kvmfr_terminal_width(int fd);

/*
 * A copy of @text in which every control character and every byte that is not
 * UTF-8 is a '?': names of processes and devices can hold anything. At most
 * @size - 1 bytes, never ending within a character. Returns @safe.
 */
char *kvmfr_terminal_safe(char *safe, size_t size, const char *text);

/* @uw as "12.3 W", "850 mW"; "-" for INT64_MIN. Returns @text. */
char *kvmfr_terminal_watts(char text[16], long long uw);

/* @ms as "3 d 4 h", "12 min", "5.2 s". Returns @text. */
char *kvmfr_terminal_duration(char text[32], long long ms);

#endif
