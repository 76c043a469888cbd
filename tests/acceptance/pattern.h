/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The picture of a frame: a grid of tiles whose colours depend on the frame's
 * serial number alone. The first tile is the number, so that who sees a picture
 * knows which frame it is, and what all of it has to look like.
 */
#ifndef ACCEPTANCE_PATTERN_H
#define ACCEPTANCE_PATTERN_H

#include <stdint.h>

#define PATTERN_TILES 4u /* in a row, and rows */
#define PATTERN_SERIALS 0x1000000u

/* 0xRRGGBB of a pixel of a picture of width * height. */
uint32_t pattern_pixel(uint32_t serial, uint32_t x, uint32_t y, uint32_t width,
		       uint32_t height);

/* The number of the frame whose first tile has this colour. */
uint32_t pattern_serial(uint32_t colour);

#endif /* ACCEPTANCE_PATTERN_H */
