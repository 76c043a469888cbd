// SPDX-License-Identifier: GPL-2.0
/*
 * demo-send: runs in the guest, draws moving pictures into the shared memory
 * through /dev/kvmfr0 and waits until the host has taken each of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <zlib.h>

#include "frame.h"
#include "kvmfr_test.h"
#include "picture.h"

/* A host under emulation takes its time. */
#define TAKEN_TIMEOUT_MS 60000

/**
 * struct sender - one run of the program
 * @memory: the whole device, mapped
 * @picture: as big as a frame, private memory
 * @session: number that the host waits for
 * @frames: how many frames to send
 * @corrupt: frame to damage after its checksum was stored, 0 for none
 */
struct sender {
	void *memory;
	struct picture picture;
	uint32_t session;
	uint32_t frames;
	uint32_t corrupt;
};

static size_t picture_bytes(const struct picture *picture)
{
	return (size_t)picture->width * picture->height *
	       sizeof(*picture->pixels);
}

static int fail(const char *what, int error)
{
	fprintf(stderr, "demo-send: cannot %s: %s\n", what, strerror(-error));
	return 1;
}

/* The session number goes last: see frame.h. */
static void header_write(const struct sender *sender)
{
	struct demo_header *header = sender->memory;
	size_t bytes = picture_bytes(&sender->picture);
	size_t distance = (bytes + DEMO_SLOT_ALIGN - 1) / DEMO_SLOT_ALIGN *
			  DEMO_SLOT_ALIGN;

	frame_publish(&header->session, 0);
	memset(header->slot, 0, sizeof(header->slot));
	header->magic = DEMO_MAGIC;
	header->width = sender->picture.width;
	header->height = sender->picture.height;
	header->stride =
		sender->picture.width * sizeof(*sender->picture.pixels);
	header->frames = sender->frames;
	for (unsigned int i = 0; i < DEMO_SLOTS; i++)
		header->slot_offset[i] = DEMO_SLOT_ALIGN + i * distance;
	frame_publish(&header->session, sender->session);
}

static int frame_send(const struct sender *sender, uint64_t number)
{
	struct demo_header *header = sender->memory;
	struct demo_slot *slot = &header->slot[number % DEMO_SLOTS];
	size_t bytes = picture_bytes(&sender->picture);
	uint8_t *pixels = sender->memory;
	int error;

	pixels += header->slot_offset[number % DEMO_SLOTS];
	error = frame_wait(&slot->taken, slot->frame, TAKEN_TIMEOUT_MS);
	if (error)
		return error;
	picture_draw(&sender->picture, number);
	memcpy(pixels, sender->picture.pixels, bytes);
	slot->crc = crc32(0, (const void *)sender->picture.pixels, bytes);
	if (number == sender->corrupt)
		pixels[bytes / 2] ^= 1;
	frame_publish(&slot->frame, number);
	return 0;
}

static int all_send(const struct sender *sender)
{
	struct demo_header *header = sender->memory;
	int error;

	header_write(sender);
	for (uint64_t number = 1; number <= sender->frames; number++) {
		error = frame_send(sender, number);
		if (error)
			return fail("see the host take a frame", error);
	}
	/* The next run must not overwrite what the host still reads. */
	for (unsigned int i = 0; i < DEMO_SLOTS; i++) {
		error = frame_wait(&header->slot[i].taken,
				   header->slot[i].frame, TAKEN_TIMEOUT_MS);
		if (error)
			return fail("see the host take the last frames", error);
	}
	printf("demo-send: %u frames taken by the host\n", sender->frames);
	return 0;
}

static int usage(void)
{
	fprintf(stderr,
		"usage: demo-send [--corrupt FRAME] --session NUMBER --frames NUMBER\n");
	return 2;
}

static bool options_parse(int argc, char **argv, struct sender *sender)
{
	static const struct option options[] = {
		{ "corrupt", required_argument, NULL, 'c' },
		{ "frames", required_argument, NULL, 'f' },
		{ "session", required_argument, NULL, 's' },
		{},
	};
	uint32_t *number;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'c')
			number = &sender->corrupt;
		else if (option == 'f')
			number = &sender->frames;
		else if (option == 's')
			number = &sender->session;
		else
			return false;
		if (!number_parse(optarg, number))
			return false;
	}
	return optind == argc && sender->session && sender->frames;
}

int main(int argc, char **argv)
{
	static uint32_t pixels[DEMO_WIDTH * DEMO_HEIGHT];
	struct sender sender = { .picture = { pixels, DEMO_WIDTH,
					      DEMO_HEIGHT } };
	long size;
	int fd;

	if (!options_parse(argc, argv, &sender))
		return usage();
	fd = kvmfr_open(0, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return fail("open /dev/kvmfr0", fd);
	size = kvmfr_size(fd);
	if (size < 0)
		return fail("get the size of /dev/kvmfr0", size);
	sender.memory =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (sender.memory == MAP_FAILED)
		return fail("map /dev/kvmfr0", -errno);
	return all_send(&sender);
}
