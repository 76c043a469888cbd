// SPDX-License-Identifier: GPL-2.0
/*
 * A screen and the frame it shows next to each other:
 * screen_png FILE.png <PICTURE, of xwd
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pattern.h"
#include "picture.h"
#include "xwd.h"

#define GAP 16u
#define GREY 0x808080u

/* Left what the screen shows, right what the frame is. */
static void draw(const struct xwd *xwd, uint32_t serial,
		 const struct picture *picture)
{
	for (uint32_t y = 0; y < picture->height; y++)
		for (uint32_t x = 0; x < picture->width; x++) {
			uint32_t colour = GREY;
			uint32_t right = x - xwd->width - GAP;

			if (x < xwd->width)
				colour =
					xwd->pixels[(size_t)y * xwd->width + x];
			else if (x >= xwd->width + GAP)
				colour = pattern_pixel(serial, right, y,
						       xwd->width, xwd->height);
			picture->pixels[(size_t)y * picture->width + x] =
				colour;
		}
}

int main(int argc, char **argv)
{
	struct picture picture = { 0 };
	struct xwd_look look;
	struct xwd xwd;
	int ret;

	if (argc != 2) {
		fputs("usage: screen_png FILE.png <PICTURE\n", stderr);
		return 2;
	}
	ret = xwd_read(stdin, &xwd);
	if (!ret)
		ret = xwd_find_frame(&xwd, &look);
	if (!ret) {
		picture.width = 2 * xwd.width + GAP;
		picture.height = xwd.height;
		picture.pixels = calloc((size_t)picture.width * picture.height,
					sizeof(*picture.pixels));
	}
	if (picture.pixels) {
		draw(&xwd, look.serial, &picture);
		ret = picture_save(&picture, argv[1]);
	}
	if (ret || !picture.pixels) {
		fprintf(stderr, "screen_png: %s: %s\n", argv[1],
			strerror(-ret));
		return 1;
	}
	return 0;
}
