// SPDX-License-Identifier: GPL-2.0
/*
 * What is in /dev/kvmfr0, on the host or in a guest, reached through a mapping
 * of the node or of a dma-buf of all of it:
 *
 *   shared_memory write map|dmabuf SEED   fills it; checksum of what should be there
 *   shared_memory sum map|dmabuf          checksum of what is there
 *   shared_memory use                     uses both until they are taken away,
 *                                         says what is left, and keeps that
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/dma-buf.h>

#include "../selftests/lib/access.h"
#include "../selftests/lib/kvmfr_test.h"
#include "../selftests/lib/pattern.h"

#define PAGE 4096
#define PAUSE_US 10000

struct shared {
	int node;
	int dmabuf;
	size_t size;
};

static int usage(void)
{
	fprintf(stderr, "usage: shared_memory write map|dmabuf SEED\n"
			"       shared_memory sum map|dmabuf\n"
			"       shared_memory use\n");
	return 2;
}

static int fail(const char *what, int error)
{
	fprintf(stderr, "shared_memory: %s: %s\n", what, strerror(error));
	return 1;
}

static int shared_open(struct shared *shared)
{
	long size;

	shared->node = kvmfr_open(0, O_RDWR | O_CLOEXEC);
	if (shared->node < 0)
		return fail("cannot open the node", -shared->node);
	size = kvmfr_size(shared->node);
	if (size < 0)
		return fail("cannot get the size", -size);
	shared->size = size;
	shared->dmabuf =
		kvmfr_create(shared->node, 0, size, KVMFR_DMABUF_FLAG_CLOEXEC);
	if (shared->dmabuf < 0)
		return fail("cannot make a dma-buf", -shared->dmabuf);
	return 0;
}

static void *shared_map(const struct shared *shared, int fd)
{
	return mmap(NULL, shared->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    0);
}

/* FNV-1a, a word at a time. */
static uint64_t sum_add(uint64_t sum, uint64_t word)
{
	return (sum ^ word) * 0x100000001b3;
}

static uint64_t sum_of_pattern(size_t bytes, uint64_t seed)
{
	uint64_t sum = 0xcbf29ce484222325;
	size_t offset;

	for (offset = 0; offset < bytes; offset += sizeof(sum))
		sum = sum_add(sum, pattern_word(offset, seed));
	return sum;
}

static uint64_t sum_of_memory(const volatile uint64_t *memory, size_t bytes)
{
	uint64_t sum = 0xcbf29ce484222325;
	size_t i;

	for (i = 0; i < bytes / sizeof(sum); i++)
		sum = sum_add(sum, memory[i]);
	return sum;
}

/* With a seed to fill the memory with, or none. */
static int copy(const char *how, const char *seed_text)
{
	struct shared shared;
	uint64_t sum, seed;
	void *memory;

	if (shared_open(&shared))
		return 1;
	memory = shared_map(&shared, !strcmp(how, "dmabuf") ? shared.dmabuf :
							      shared.node);
	if (memory == MAP_FAILED)
		return fail("cannot map", errno);
	if (seed_text) {
		seed = strtoull(seed_text, NULL, 10);
		pattern_fill(memory, shared.size, 0, seed);
		sum = sum_of_pattern(shared.size, seed);
	} else {
		sum = sum_of_memory(memory, shared.size);
	}
	printf("%016" PRIx64 "\n", sum);
	return 0;
}

static void say_access(const char *what, const void *memory)
{
	unsigned char value;
	int number = memory_load(memory, &value);

	printf("%s: %s\n", what, number ? sigabbrev_np(number) : "there");
}

/* Of a system call: its value, or -errno */
static void say_error(const char *what, long value)
{
	printf("%s: %s\n", what, value < 0 ? strerrorname_np(-value) : "works");
}

static long try_map(const struct shared *shared, int fd)
{
	return shared_map(shared, fd) == MAP_FAILED ? -errno : 0;
}

static long try_sync(int dmabuf)
{
	struct dma_buf_sync sync = {
		.flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW,
	};

	return ioctl(dmabuf, DMA_BUF_IOCTL_SYNC, &sync) ? -errno : 0;
}

static void say_all(const struct shared *shared, const void *map,
		    const void *buffer)
{
	say_access("mapping", map);
	say_access("mapping of the dma-buf", buffer);
	say_error("size", kvmfr_size(shared->node));
	say_error("new dma-buf", kvmfr_create(shared->node, 0, PAGE, 0));
	say_error("new mapping", try_map(shared, shared->node));
	say_error("new mapping of the dma-buf",
		  try_map(shared, shared->dmabuf));
	say_error("sync of the dma-buf", try_sync(shared->dmabuf));
	printf("end\n");
	fflush(stdout);
}

static int use(void)
{
	struct shared shared;
	void *map, *buffer;

	if (shared_open(&shared))
		return 1;
	map = shared_map(&shared, shared.node);
	buffer = shared_map(&shared, shared.dmabuf);
	if (map == MAP_FAILED || buffer == MAP_FAILED)
		return fail("cannot map", errno);
	printf("in use\n");
	fflush(stdout);
	/* One may be taken away a moment later than the other. */
	while (!memory_touch(map, shared.size) ||
	       !memory_touch(buffer, shared.size))
		usleep(PAUSE_US);
	say_all(&shared, map, buffer);
	pause();
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (argc == 4 && !strcmp(what, "write"))
		return copy(argv[2], argv[3]);
	if (argc == 3 && !strcmp(what, "sum"))
		return copy(argv[2], NULL);
	if (argc == 2 && !strcmp(what, "use"))
		return use();
	return usage();
}
