/* SPDX-License-Identifier: GPL-2.0 */
/* Characters of UTF-8. */
#ifndef KVMFR_UTF8_H
#define KVMFR_UTF8_H

#include <stddef.h>
#include <stdint.h>

/*
 * The character that @text begins with, of which @left bytes can be read, at
 * least one.
 *
 * Return: its bytes; 0 if that is not UTF-8: a byte that begins none, one cut
 * short, written longer than it has to be, half of a UTF-16 pair, or beyond
 * U+10FFFF.
 */
size_t kvmfr_utf8_decode(const char *text, size_t left, uint32_t *character);

#endif
