// SPDX-License-Identifier: GPL-2.0
/* How much shared memory Looking Glass needs for a picture. */
#include "memsize.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MIB (1024 * 1024)

static bool in_range(unsigned int pixels)
{
	return pixels >= 1 && pixels <= KVMFR_MODE_MAX;
}

/* Two frames, and 10 MiB for pointer shapes and what tells who has read what. */
static uint64_t used_b7(struct kvmfr_mode mode, bool hdr)
{
	uint64_t pixel = hdr ? 8 : 4;

	return pixel * mode.width * mode.height * 2 + 10 * MIB;
}

/* Three frames, of lines rounded up to 256 bytes; HDR has no larger pixels. */
static uint64_t used_idd(struct kvmfr_mode mode)
{
	uint64_t line = ((uint64_t)mode.width * 4 + 255) / 256 * 256;

	return line * mode.height * 3 + 4 * MIB;
}

uint64_t kvmfr_memsize_used(struct kvmfr_mode mode, bool hdr,
			    enum kvmfr_host host)
{
	uint64_t b7, idd;

	if (!in_range(mode.width) || !in_range(mode.height))
		return 0;
	b7 = used_b7(mode, hdr);
	idd = used_idd(mode);
	if (host == KVMFR_HOST_B7)
		return b7;
	if (host == KVMFR_HOST_IDD)
		return idd;
	return b7 > idd ? b7 : idd;
}

uint64_t kvmfr_memsize_mib(struct kvmfr_mode mode, bool hdr,
			   enum kvmfr_host host)
{
	uint64_t used = kvmfr_memsize_used(mode, hdr, host);
	uint64_t mib = 1;

	while (mib * MIB < used)
		mib *= 2;
	return mib;
}

/* One of the two numbers: digits up to @end, which has to follow. */
static int parse_pixels(const char **text, char end, unsigned int *pixels)
{
	size_t digits = strspn(*text, "0123456789");
	unsigned long value;

	if (!digits || (*text)[digits] != end)
		return -EINVAL;
	errno = 0;
	value = strtoul(*text, NULL, 10);
	*text += digits + 1;
	if (errno || value < 1 || value > KVMFR_MODE_MAX)
		return -ERANGE;
	*pixels = (unsigned int)value;
	return 0;
}

int kvmfr_mode_parse(const char *text, struct kvmfr_mode *mode)
{
	struct kvmfr_mode parsed = { 0, 0 };
	int width = parse_pixels(&text, 'x', &parsed.width);
	int height;

	if (width == -EINVAL)
		return width;
	/* Nonsense is nonsense, however large the first number is. */
	height = parse_pixels(&text, '\0', &parsed.height);
	if (height == -EINVAL || !width)
		width = height;
	if (!width)
		*mode = parsed;
	return width;
}
