// SPDX-License-Identifier: GPL-2.0
/*
 * demo-take: runs on the host, takes every frame of a guest's demo-send out of
 * /dev/kvmfr0 through dma-bufs, verifies each and saves the last one.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "buffer.h"
#include "frame.h"
#include "kvmfr_test.h"
#include "verify.h"

/* The guest may still be booting, and a guest under emulation is slow. */
#define SESSION_TIMEOUT_MS 120000
#define FRAME_TIMEOUT_MS 60000

/**
 * struct taker - one run of the program
 * @device: open /dev/kvmfr0
 * @size: of the device, bytes
 * @shared: the header, mapped from the device
 * @header: copy of the header as it was when the session started, checked
 * @buffer: dma-bufs of the two slots
 * @expected: private memory to draw the expected frame into
 * @session: number of the sender to wait for
 * @png: where to save the last frame, or NULL
 * @wrong: frames that failed so far
 */
struct taker {
	int device;
	uint64_t size;
	struct demo_header *shared;
	struct demo_header header;
	struct buffer buffer[DEMO_SLOTS];
	struct picture expected;
	uint32_t session;
	const char *png;
	uint64_t wrong;
};

static int fail(const char *what, int error)
{
	fprintf(stderr, "demo-take: cannot %s: %s\n", what, strerror(-error));
	return error;
}

static int device_open(struct taker *taker)
{
	long size;

	taker->device = kvmfr_open(0, O_RDWR | O_CLOEXEC);
	if (taker->device < 0)
		return fail("open /dev/kvmfr0", taker->device);
	size = kvmfr_size(taker->device);
	if (size < 0)
		return fail("get the size of /dev/kvmfr0", size);
	taker->size = size;
	taker->shared = mmap(NULL, DEMO_SLOT_ALIGN, PROT_READ | PROT_WRITE,
			     MAP_SHARED, taker->device, 0);
	if (taker->shared == MAP_FAILED)
		return fail("map /dev/kvmfr0", -errno);
	return 0;
}

/* The guest wrote the header: nothing in it may lead outside the device. */
static bool header_valid(const struct demo_header *header, uint64_t size)
{
	uint64_t bytes = (uint64_t)header->stride * header->height;

	if (header->magic != DEMO_MAGIC || !header->frames ||
	    header->width < PICTURE_WIDTH_MIN || header->width > UINT16_MAX ||
	    header->height < PICTURE_HEIGHT_MIN ||
	    header->height > UINT16_MAX ||
	    header->stride != header->width * sizeof(uint32_t))
		return false;
	for (unsigned int i = 0; i < DEMO_SLOTS; i++)
		if (header->slot_offset[i] % DEMO_SLOT_ALIGN ||
		    header->slot_offset[i] > size ||
		    bytes > size - header->slot_offset[i])
			return false;
	return true;
}

static int session_start(struct taker *taker)
{
	struct demo_header *header = &taker->header;
	int error;

	error = frame_wait(&taker->shared->session, taker->session,
			   SESSION_TIMEOUT_MS);
	if (error)
		return fail("see the guest start to send", error);
	*header = *taker->shared;
	if (!header_valid(header, taker->size))
		return fail("use the guest's header", -EPROTO);
	taker->expected.width = header->width;
	taker->expected.height = header->height;
	taker->expected.pixels =
		malloc((size_t)header->stride * header->height);
	return taker->expected.pixels ? 0 : fail("draw a frame", -ENOMEM);
}

static int buffers_export(struct taker *taker)
{
	size_t bytes = (size_t)taker->header.stride * taker->header.height;
	int error;

	for (unsigned int i = 0; i < DEMO_SLOTS; i++) {
		error = buffer_export(&taker->buffer[i], taker->device,
				      taker->header.slot_offset[i], bytes);
		if (error)
			return fail("export a frame as a dma-buf", error);
	}
	return 0;
}

/* Between the two syncs of the dma-buf. */
static int frame_read(struct taker *taker, uint64_t number)
{
	unsigned int slot = number % DEMO_SLOTS;
	const struct picture seen = {
		.pixels = taker->buffer[slot].memory,
		.width = taker->header.width,
		.height = taker->header.height,
	};

	picture_draw(&taker->expected, number);
	if (!picture_verify(&seen, &taker->expected,
			    taker->shared->slot[slot].crc, number))
		taker->wrong++;
	if (number == taker->header.frames && taker->png)
		return picture_save(&seen, taker->png);
	return 0;
}

static int frame_take(struct taker *taker, uint64_t number)
{
	struct demo_slot *slot = &taker->shared->slot[number % DEMO_SLOTS];
	struct buffer *buffer = &taker->buffer[number % DEMO_SLOTS];
	int error;

	error = frame_wait(&slot->frame, number, FRAME_TIMEOUT_MS);
	if (error)
		return fail("see the next frame", error);
	error = buffer_access_begin(buffer);
	if (error)
		return fail("begin reading a dma-buf", error);
	error = frame_read(taker, number);
	if (error)
		return fail("save the last frame", error);
	error = buffer_access_end(buffer);
	if (error)
		return fail("end reading a dma-buf", error);
	frame_publish(&slot->taken, number);
	return 0;
}

static int all_take(struct taker *taker)
{
	int error;

	for (uint64_t number = 1; number <= taker->header.frames; number++) {
		error = frame_take(taker, number);
		if (error)
			return error;
	}
	return 0;
}

static void summary_print(const struct taker *taker, uint64_t duration_ms)
{
	const struct demo_header *header = &taker->header;
	uint64_t bytes = (uint64_t)header->stride * header->height;

	printf("frames:       %lu taken, %lu wrong\n", header->frames,
	       taker->wrong);
	printf("frame:        %ux%u, 32 bits per pixel, %lu bytes\n",
	       header->width, header->height, bytes);
	printf("pixels moved: %lu MiB in %lu.%lu s\n",
	       header->frames * bytes >> 20, duration_ms / 1000,
	       duration_ms % 1000 / 100);
	printf("dma-bufs:     %d of %zu bytes, %ld%% mapped by huge pages\n",
	       DEMO_SLOTS, taker->buffer[0].size,
	       buffer_huge_percent(&taker->buffer[0]));
}

static bool options_parse(int argc, char **argv, struct taker *taker)
{
	static const struct option options[] = {
		{ "png", required_argument, NULL, 'p' },
		{ "session", required_argument, NULL, 's' },
		{},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'p')
			taker->png = optarg;
		else if (option != 's' ||
			 !number_parse(optarg, &taker->session))
			return false;
	}
	return optind == argc && taker->session;
}

int main(int argc, char **argv)
{
	struct taker taker = {};
	uint64_t start;

	if (!options_parse(argc, argv, &taker)) {
		fprintf(stderr,
			"usage: demo-take [--png FILE] --session NUMBER\n");
		return 2;
	}
	if (device_open(&taker) || session_start(&taker) ||
	    buffers_export(&taker))
		return 1;
	start = frame_clock_ms();
	if (all_take(&taker))
		return 1;
	summary_print(&taker, frame_clock_ms() - start);
	return taker.wrong ? 1 : 0;
}
