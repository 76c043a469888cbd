// SPDX-License-Identifier: GPL-2.0
/*
 * Costs of the memory of one design, for a machine whose clock advances by one
 * nanosecond per instruction (QEMU's -icount shift=0).
 *
 *   kvmfr_bench kvmfr|shm|peer_ko [dma]
 *
 * kvmfr and peer_ko are modules with the same ABI, shm is a file in /dev/shm;
 * dma measures only what an importing device costs. Prints TAP, and for each
 * figure a line "# figure NAME SIZE_MIB VALUE UNIT".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "kvmfr_test.h"
#include "kvmfr_test_importer.h"

#define PEER_KO "/lib/kvmfr/peer.ko"
#define DEVICE_MIB 256UL
#define FRAME_BYTES 33177600UL /* 3840 x 2160 x 4 */
#define HUGE_BYTES (2 * MIB)

/* Boot-time threads would be counted as well; they are done after this. */
#define SETTLE_SECONDS 20

/* The least of so many is reported: the rest met an interrupt. */
#define REPEATS 5

static const char *design;
static unsigned int failures, checks;
static long page;

static void check(bool ok, const char *what, int error)
{
	checks++;
	failures += !ok;
	printf("%sok %u - %s%s%s\n", ok ? "" : "not ", checks, what,
	       ok ? "" : ": ", ok ? "" : strerror(error));
}

static void figure(const char *name, unsigned long mib, unsigned long value,
		   const char *unit)
{
	printf("# figure %s %lu %lu %s\n", name, mib, value, unit);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static int design_load(void)
{
	char params[32];

	snprintf(params, sizeof(params), "static_size_mb=%lu", DEVICE_MIB);
	if (!strcmp(design, "kvmfr"))
		return kvmfr_load(params);
	if (!strcmp(design, "peer_ko"))
		return module_load(PEER_KO, params);
	return 0;
}

static void design_unload(void)
{
	if (strcmp(design, "shm") != 0)
		kvmfr_unload();
	else
		unlink("/dev/shm/bench");
}

/* The design's memory as a file descriptor, or -errno. */
static int design_open(void)
{
	int fd, ret;

	if (strcmp(design, "shm") != 0)
		return kvmfr_open(0, O_RDWR | O_CLOEXEC);
	fd = open("/dev/shm/bench", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	ret = posix_fallocate(fd, 0, DEVICE_MIB * MIB);
	if (!ret)
		return fd;
	close(fd);
	return -ret;
}

static void measure_load(void)
{
	uint64_t best = UINT64_MAX;
	int i, fd = -1;

	for (i = 0; i < REPEATS; i++) {
		uint64_t start = now();
		uint64_t end;
		int ret = design_load();

		end = now();
		/* A module's node appears by itself, a file is made here. */
		if (!strcmp(design, "shm"))
			start = end;
		fd = ret ? ret : design_open();
		if (!strcmp(design, "shm"))
			end = now();
		if (fd < 0)
			break;
		close(fd);
		design_unload();
		if (end - start < best)
			best = end - start;
	}
	check(fd >= 0, "load", fd < 0 ? -fd : 0);
	if (fd >= 0)
		figure("load", DEVICE_MIB, best, "instructions");
}

static void touch(volatile char *memory, size_t size)
{
	size_t i;

	for (i = 0; i < size; i += page)
		memory[i] = 1;
}

/* Map, touch if asked, unmap; where the address is @shift bytes off alignment. */
static bool map_once(int fd, size_t size, int flags, size_t shift,
		     bool touching, uint64_t *map_cost, uint64_t *unmap_cost)
{
	size_t room = size + 2 * HUGE_BYTES;
	char *reserved, *memory;
	uint64_t t0, t1, t2;

	reserved = mmap(NULL, room, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (reserved == MAP_FAILED)
		return false;
	memory = (char *)(((uintptr_t)reserved + HUGE_BYTES - 1) &
			  ~(HUGE_BYTES - 1)) +
		 shift;
	t0 = now();
	memory = mmap(memory, size, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_FIXED | flags, fd, 0);
	if (memory == MAP_FAILED)
		return false;
	if (touching)
		touch(memory, size);
	t1 = now();
	munmap(memory, size);
	t2 = now();
	munmap(reserved, room);
	*map_cost = t1 - t0;
	*unmap_cost = t2 - t1;
	return true;
}

static void measure_map(int fd, const char *name, unsigned long mib, int flags,
			size_t shift, bool touching)
{
	uint64_t map_best = UINT64_MAX, unmap_best = UINT64_MAX;
	bool ok = true;
	int i;

	for (i = 0; ok && i < REPEATS; i++) {
		uint64_t map_cost = 0, unmap_cost = 0;

		ok = map_once(fd, mib * MIB, flags, shift, touching, &map_cost,
			      &unmap_cost);
		if (map_cost < map_best)
			map_best = map_cost;
		if (unmap_cost < unmap_best)
			unmap_best = unmap_cost;
	}
	check(ok, name, errno);
	if (!ok)
		return;
	figure(name, mib, map_best, "instructions");
	if (touching && !shift)
		figure("munmap", mib, unmap_best, "instructions");
}

static void measure_create(int fd)
{
	uint64_t best = UINT64_MAX;
	int i, buffer = -1;

	for (i = 0; i < REPEATS; i++) {
		uint64_t start = now();
		uint64_t end;

		buffer = kvmfr_create(fd, 0, FRAME_BYTES,
				      KVMFR_DMABUF_FLAG_CLOEXEC);
		end = now();
		if (buffer < 0)
			break;
		close(buffer);
		if (end - start < best)
			best = end - start;
	}
	check(buffer >= 0, "create", buffer < 0 ? -buffer : 0);
	if (buffer >= 0)
		figure("create", FRAME_BYTES / MIB, best, "instructions");
}

static uint64_t timed_ioctl(int fd, unsigned long request, void *arg, bool *ok)
{
	uint64_t start = now();
	int ret = ioctl(fd, request, arg);
	uint64_t end = now();

	*ok = *ok && ret >= 0;
	return end - start;
}

/* What an ioctl of the importer costs that does nothing. */
static uint64_t importer_overhead(int importer)
{
	uint64_t best = UINT64_MAX;
	int i;

	for (i = 0; i < REPEATS; i++) {
		bool ignored = true;
		uint64_t cost = timed_ioctl(importer, KVMFR_IMPORTER_DETACH,
					    NULL, &ignored);

		if (cost < best)
			best = cost;
	}
	return best;
}

static void least(uint64_t *best, uint64_t cost)
{
	if (cost < *best)
		*best = cost;
}

/* One life of an attachment; adds to the costs where they are lower. */
static bool import_once(int importer, int buffer, uint64_t *attach_map,
			uint64_t *remap, struct kvmfr_importer_info *info)
{
	struct kvmfr_importer_attach attach = { .fd = buffer };
	uint64_t overhead = importer_overhead(importer);
	uint64_t cost;
	bool ok = true;

	cost = timed_ioctl(importer, KVMFR_IMPORTER_ATTACH, &attach, &ok);
	cost += timed_ioctl(importer, KVMFR_IMPORTER_MAP,
			    (void *)KVMFR_IMPORTER_BIDIRECTIONAL, &ok);
	least(attach_map, cost - 2 * overhead);
	memset(info, 0, sizeof(*info));
	ok = ok && !ioctl(importer, KVMFR_IMPORTER_INFO, info);
	timed_ioctl(importer, KVMFR_IMPORTER_UNMAP,
		    (void *)KVMFR_IMPORTER_BIDIRECTIONAL, &ok);
	cost = timed_ioctl(importer, KVMFR_IMPORTER_MAP,
			   (void *)KVMFR_IMPORTER_BIDIRECTIONAL, &ok);
	least(remap, cost - overhead);
	timed_ioctl(importer, KVMFR_IMPORTER_UNMAP,
		    (void *)KVMFR_IMPORTER_BIDIRECTIONAL, &ok);
	timed_ioctl(importer, KVMFR_IMPORTER_DETACH, NULL, &ok);
	return ok;
}

static void measure_import(int fd)
{
	uint64_t attach_map = UINT64_MAX, remap = UINT64_MAX;
	struct kvmfr_importer_info info = {};
	int importer, buffer, i;
	bool ok;

	importer = open(KVMFR_IMPORTER_NODE, O_RDWR | O_CLOEXEC);
	buffer = kvmfr_create(fd, 0, FRAME_BYTES, KVMFR_DMABUF_FLAG_CLOEXEC);
	ok = importer >= 0 && buffer >= 0;
	for (i = 0; ok && i < REPEATS; i++)
		ok = import_once(importer, buffer, &attach_map, &remap, &info);
	check(ok, info.iommu ? "import behind an IOMMU" : "import", errno);
	if (ok) {
		const char *attach_name = "attach_map", *remap_name = "remap";
		const char *sg_name = "sg_entries", *dma_name = "dma_entries";

		if (info.iommu) {
			attach_name = "attach_map_iommu";
			remap_name = "remap_iommu";
			sg_name = "sg_entries_iommu";
			dma_name = "dma_entries_iommu";
		}
		figure(attach_name, FRAME_BYTES / MIB, attach_map,
		       "instructions");
		figure(remap_name, FRAME_BYTES / MIB, remap, "instructions");
		figure(sg_name, FRAME_BYTES / MIB, info.orig_nents, "entries");
		figure(dma_name, FRAME_BYTES / MIB, info.nents, "entries");
	}
	close(buffer);
	close(importer);
}

static void measure_memory(int fd)
{
	static const unsigned long sizes[] = { 64, DEVICE_MIB };
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		measure_map(fd, "map_touch", sizes[i], 0, 0, true);
		measure_map(fd, "map_touch_misaligned", sizes[i], 0, page,
			    true);
		measure_map(fd, "populate", sizes[i], MAP_POPULATE, 0, false);
	}
	if (strcmp(design, "shm") != 0)
		measure_create(fd);
}

int main(int argc, char **argv)
{
	bool dma = argc == 3 && !strcmp(argv[2], "dma");
	int fd, ret;

	if (argc != 2 && !dma) {
		fprintf(stderr, "usage: kvmfr_bench kvmfr|shm|peer_ko [dma]\n");
		return 2;
	}
	design = argv[1];
	page = sysconf(_SC_PAGESIZE);
	printf("TAP version 13\n");
	sleep(SETTLE_SECONDS);
	if (!dma)
		measure_load();
	ret = design_load();
	if (!ret && dma)
		ret = module_load(KVMFR_IMPORTER_KO, "");
	fd = ret ? ret : design_open();
	check(fd >= 0, "memory to measure", fd < 0 ? -fd : 0);
	if (fd >= 0 && dma)
		measure_import(fd);
	else if (fd >= 0)
		measure_memory(fd);
	close(fd);
	printf("1..%u\n", checks);
	return failures ? 1 : 0;
}
