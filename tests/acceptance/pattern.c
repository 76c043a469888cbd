// SPDX-License-Identifier: GPL-2.0
/* The picture of a frame. */
#include "pattern.h"

#define FIRST 0x5a5a5au

/* Neighbours in number or place have nothing in common. */
static uint32_t mix(uint32_t value)
{
	value *= 0x9e3779b1u;
	value ^= value >> 15;
	value *= 0x85ebca77u;
	return (value ^ value >> 13) & 0xffffff;
}

uint32_t pattern_pixel(uint32_t serial, uint32_t x, uint32_t y, uint32_t width,
		       uint32_t height)
{
	uint32_t column = x * PATTERN_TILES / width;
	uint32_t row = y * PATTERN_TILES / height;
	uint32_t tile = row * PATTERN_TILES + column;

	serial %= PATTERN_SERIALS;
	return tile ? mix(serial << 4 | tile) : serial ^ FIRST;
}

uint32_t pattern_serial(uint32_t colour)
{
	return (colour & 0xffffff) ^ FIRST;
}
