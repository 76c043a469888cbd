// SPDX-License-Identifier: GPL-2.0
/* Pictures of a screen: the format is that of X11/XWDFile.h. */
#include "xwd.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>

#include "pattern.h"

#define VERSION 7
#define ZPIXMAP 2
#define SIZE_MOST 16384

/* 32-bit words of the header, big endian. */
enum word {
	HEADER_SIZE = 0,
	FILE_VERSION = 1,
	PIXMAP_FORMAT = 2,
	WIDTH = 4,
	HEIGHT = 5,
	BYTE_ORDER_MSB = 7,
	BITS_PER_PIXEL = 11,
	BYTES_PER_LINE = 12,
	COLOURS = 19,
	WORDS = 25,
};

#define COLOUR_BYTES 12

static int skip(FILE *file, uint32_t bytes)
{
	while (bytes--)
		if (getc(file) == EOF)
			return -EPROTO;
	return 0;
}

static int read_row(FILE *file, uint32_t *row, uint32_t width, uint32_t bytes)
{
	if (fread(row, sizeof(*row), width, file) != width)
		return -EPROTO;
	for (uint32_t x = 0; x < width; x++)
		row[x] = le32toh(row[x]) & 0xffffff;
	return skip(file, bytes - width * sizeof(*row));
}

int xwd_read(FILE *file, struct xwd *xwd)
{
	uint32_t word[WORDS];
	int ret = 0;

	if (fread(word, sizeof(*word), WORDS, file) != WORDS)
		return -EPROTO;
	for (int i = 0; i < WORDS; i++)
		word[i] = be32toh(word[i]);
	if (word[FILE_VERSION] != VERSION || word[PIXMAP_FORMAT] != ZPIXMAP ||
	    word[BITS_PER_PIXEL] != 32 || word[BYTE_ORDER_MSB] ||
	    word[HEADER_SIZE] < sizeof(word) || word[COLOURS] > 256 ||
	    !word[WIDTH] || word[WIDTH] > SIZE_MOST || !word[HEIGHT] ||
	    word[HEIGHT] > SIZE_MOST ||
	    word[BYTES_PER_LINE] < word[WIDTH] * 4 ||
	    skip(file, word[HEADER_SIZE] - sizeof(word) +
			       word[COLOURS] * COLOUR_BYTES))
		return -EPROTO;

	xwd->width = word[WIDTH];
	xwd->height = word[HEIGHT];
	xwd->pixels =
		calloc((size_t)xwd->width * xwd->height, sizeof(uint32_t));
	if (!xwd->pixels)
		return -ENOMEM;
	for (uint32_t y = 0; y < xwd->height && !ret; y++)
		ret = read_row(file, xwd->pixels + (size_t)y * xwd->width,
			       xwd->width, word[BYTES_PER_LINE]);
	if (ret)
		free(xwd->pixels);
	return ret;
}

static int is_right(const struct xwd *xwd, uint32_t serial, uint32_t x,
		    uint32_t y)
{
	return xwd->pixels[(size_t)y * xwd->width + x] ==
	       pattern_pixel(serial, x, y, xwd->width, xwd->height);
}

/* The middle of a tile, on an axis of so many pixels. */
static uint32_t middle(uint32_t tile, uint32_t pixels)
{
	return (2 * tile + 1) * pixels / (2 * PATTERN_TILES);
}

int xwd_find_frame(const struct xwd *xwd, struct xwd_look *look)
{
	size_t first = (size_t)middle(0, xwd->height) * xwd->width +
		       middle(0, xwd->width);

	look->serial = pattern_serial(xwd->pixels[first]);
	look->wrong = 0;
	for (uint32_t row = 0; row < PATTERN_TILES; row++)
		for (uint32_t column = 0; column < PATTERN_TILES; column++)
			if (!is_right(xwd, look->serial,
				      middle(column, xwd->width),
				      middle(row, xwd->height)))
				return -ENODATA;
	for (uint32_t y = 0; y < xwd->height; y++)
		for (uint32_t x = 0; x < xwd->width; x++)
			look->wrong += !is_right(xwd, look->serial, x, y);
	return 0;
}
