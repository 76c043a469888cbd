/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The moving test picture. It depends on the frame number alone, so that the
 * taker can draw what it expects.
 */
#ifndef DEMO_PICTURE_H
#define DEMO_PICTURE_H

#include <stdint.h>

/* The box and the counter fit. */
#define PICTURE_WIDTH_MIN 400u
#define PICTURE_HEIGHT_MIN 200u

/**
 * struct picture - memory of one picture, 32 bits per pixel (0x00RRGGBB)
 * @pixels: first pixel, rows follow each other without a gap
 * @width: pixels in a row, at least PICTURE_WIDTH_MIN
 * @height: rows, at least PICTURE_HEIGHT_MIN
 */
struct picture {
	uint32_t *pixels;
	uint32_t width;
	uint32_t height;
};

/**
 * picture_draw() - draw frame @number: colour bars over a grey ramp, a box
 *		    that bounces about and the frame's number in digits
 * @picture: every pixel of it is written
 * @number: frame number
 */
void picture_draw(const struct picture *picture, uint64_t number);

/**
 * picture_save() - write a PNG file (picture_png.c)
 * @picture: what to write
 * @path: the file, replaced when it exists, removed when writing fails
 *
 * Return: 0 or -errno.
 */
int picture_save(const struct picture *picture, const char *path);

#endif /* DEMO_PICTURE_H */
