// SPDX-License-Identifier: GPL-2.0
/* Writing a picture as a PNG file, with libpng's simplified interface. */
#include <errno.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>

#include "picture.h"

/* libpng knows no unused fourth byte, only alpha, and would write it. */
static uint8_t *rgb_pack(const struct picture *picture)
{
	size_t count = (size_t)picture->width * picture->height;
	uint8_t *packed = malloc(3 * count);

	if (!packed)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		packed[3 * i] = picture->pixels[i] >> 16;
		packed[3 * i + 1] = picture->pixels[i] >> 8;
		packed[3 * i + 2] = picture->pixels[i];
	}
	return packed;
}

int picture_save(const struct picture *picture, const char *path)
{
	png_image image = {
		.version = PNG_IMAGE_VERSION,
		.width = picture->width,
		.height = picture->height,
		.format = PNG_FORMAT_RGB,
	};
	uint8_t *packed = rgb_pack(picture);
	int written;

	if (!packed)
		return -ENOMEM;
	written = png_image_write_to_file(&image, path, 0, packed, 0, NULL);
	free(packed);
	if (written)
		return 0;
	remove(path);
	return -EIO;
}
