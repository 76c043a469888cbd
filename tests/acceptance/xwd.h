/* SPDX-License-Identifier: GPL-2.0 */
/* Pictures of a screen, as xwd(1) writes them. */
#ifndef ACCEPTANCE_XWD_H
#define ACCEPTANCE_XWD_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/**
 * struct xwd - a picture of a screen with 32 bits per pixel
 * @pixels: 0x00RRGGBB, rows follow each other without a gap; free() it
 */
struct xwd {
	uint32_t width;
	uint32_t height;
	uint32_t *pixels;
};

/* 0 or -errno; -EPROTO for what is no such picture. */
int xwd_read(FILE *file, struct xwd *xwd);

/**
 * struct xwd_look - what a screen shows of the pattern
 * @serial: number of the frame
 * @wrong: pixels that are not what the frame has there
 */
struct xwd_look {
	uint32_t serial;
	size_t wrong;
};

/*
 * A frame on all of the screen, scaled or not. 0, or -ENODATA when the middle
 * of any tile is not as it is in the frame that the first tile names.
 */
int xwd_find_frame(const struct xwd *xwd, struct xwd_look *look);

#endif /* ACCEPTANCE_XWD_H */
