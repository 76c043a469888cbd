// SPDX-License-Identifier: GPL-2.0
/* Comparing a frame that was read with what was sent: see verify.h. */
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "verify.h"

static size_t pixel_count(const struct picture *picture)
{
	return (size_t)picture->width * picture->height;
}

static void difference_print(const struct picture *seen,
			     const struct picture *expected, uint64_t number)
{
	size_t count = pixel_count(seen);
	size_t different = 0;
	size_t first = 0;

	for (size_t i = count; i-- > 0;) {
		if (seen->pixels[i] == expected->pixels[i])
			continue;
		different++;
		first = i;
	}
	fprintf(stderr,
		"frame %lu: %zu of %zu pixels differ, first at %zu,%zu: %08x instead of %08x\n",
		number, different, count, first % seen->width,
		first / seen->width, seen->pixels[first],
		expected->pixels[first]);
}

bool picture_verify(const struct picture *seen, const struct picture *expected,
		    uint32_t crc, uint64_t number)
{
	size_t bytes = pixel_count(seen) * sizeof(*seen->pixels);
	uint32_t computed = crc32(0, (const void *)seen->pixels, bytes);
	bool right = true;

	if (computed != crc) {
		fprintf(stderr, "frame %lu: checksum %08x, sent %08x\n", number,
			computed, crc);
		right = false;
	}
	if (memcmp(seen->pixels, expected->pixels, bytes)) {
		difference_print(seen, expected, number);
		right = false;
	}
	return right;
}
