// SPDX-License-Identifier: GPL-2.0
/*
 * Mapping a device: 2 MiB entries where they are possible, the right contents
 * everywhere, and nothing beyond the end.
 */
#include <fcntl.h>
#include <sys/resource.h>

#include "access.h"
#include "kselftest_harness.h"
#include "kvmfr_test.h"
#include "mapping.h"
#include "pattern.h"

#define SIZE (8 * MIB)
#define RW (PROT_READ | PROT_WRITE)

FIXTURE(mmap) {
	int fd;
};

FIXTURE_SETUP(mmap)
{
	ASSERT_EQ(0, kvmfr_load("static_size_mb=8"));
	self->fd = kvmfr_open(0, O_RDWR);
	ASSERT_LE(0, self->fd);
	/* A VM that has just booted has whole blocks left. */
	ASSERT_EQ(SIZE, kvmfr_attr(0, "huge_bytes"));
}

/* In the parent: all that the test mapped and opened must be gone by now. */
FIXTURE_TEARDOWN_PARENT(mmap)
{
	EXPECT_EQ(0, kvmfr_unload());
}

static size_t skew_of(const void *address)
{
	return (uintptr_t)address % PMD_BYTES;
}

static long huge_bytes(const void *address)
{
	long kb = smaps_kb(address, "FilePmdMapped");

	return kb < 0 ? kb : kb * 1024;
}

static long minor_faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt;
}

TEST_F(mmap, huge_where_the_driver_chooses)
{
	long faults;
	char *map;

	map = mmap(NULL, SIZE, RW, MAP_SHARED, self->fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(0, skew_of(map));

	faults = minor_faults();
	EXPECT_EQ(0, memory_touch(map, SIZE));
	/* One per 2 MiB; a few are the program's own. */
	EXPECT_GE(SIZE / PMD_BYTES + 8, minor_faults() - faults);
	EXPECT_EQ(SIZE, huge_bytes(map));
	EXPECT_EQ(SIZE / 1024, smaps_kb(map, "Rss"));
}

TEST_F(mmap, huge_when_only_read)
{
	char *map;
	size_t i;

	map = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, self->fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	for (i = 0; i < SIZE && !((volatile char *)map)[i]; i += PAGE_BYTES)
		;
	EXPECT_EQ(SIZE, i);
	EXPECT_EQ(SIZE, huge_bytes(map));
}

TEST_F(mmap, huge_when_populated)
{
	long faults;
	char *map;

	map = mmap(NULL, SIZE, RW, MAP_SHARED | MAP_POPULATE, self->fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(SIZE, huge_bytes(map));
	faults = minor_faults();
	EXPECT_EQ(0, memory_touch(map, SIZE));
	EXPECT_GE(8, minor_faults() - faults);
}

TEST_F(mmap, huge_at_an_aligned_fixed_address)
{
	char *map;

	map = map_skewed(self->fd, 0, SIZE, 0, RW, MAP_SHARED | MAP_POPULATE);
	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(SIZE, huge_bytes(map));
}

/* The address must be congruent to the offset for 2 MiB entries to fit. */
TEST_F(mmap, huge_at_an_offset)
{
	const size_t offset[] = { PAGE_BYTES, MIB, 3 * MIB, 4 * MIB };
	size_t i, first;
	char *map;

	for (i = 0; i < ARRAY_SIZE(offset); i++) {
		map = mmap(NULL, SIZE - offset[i], RW,
			   MAP_SHARED | MAP_POPULATE, self->fd, offset[i]);
		ASSERT_NE(MAP_FAILED, map);
		EXPECT_EQ(offset[i] % PMD_BYTES, skew_of(map));
		first = (offset[i] + PMD_BYTES - 1) / PMD_BYTES * PMD_BYTES;
		EXPECT_EQ(SIZE - first, huge_bytes(map)) {
			TH_LOG("at offset %zu", offset[i]);
		}
		ASSERT_EQ(0, munmap(map, SIZE - offset[i]));
	}
}

TEST_F(mmap, huge_through_a_dmabuf)
{
	const size_t offset = 2 * MIB, bytes = SIZE - offset;
	int fd = kvmfr_create(self->fd, offset, bytes, 0);
	char *map;

	ASSERT_LE(0, fd);
	map = map_skewed(fd, 0, bytes, 0, RW, MAP_SHARED);
	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(0, memory_touch(map, bytes));
	EXPECT_EQ(bytes, huge_bytes(map));
}

TEST_F(mmap, huge_in_a_child)
{
	pid_t child;
	char *map;

	map = mmap(NULL, SIZE, RW, MAP_SHARED | MAP_POPULATE, self->fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	child = fork();
	if (!child) {
		EXPECT_EQ(0, memory_touch(map, SIZE));
		EXPECT_EQ(SIZE, huge_bytes(map));
		_exit(0);
	}
	ASSERT_EQ(child, waitpid(child, NULL, 0));
}

/* Where no 2 MiB entry fits, a fault still maps many pages at once. */
TEST_F(mmap, misaligned_needs_few_faults)
{
	long faults;
	char *map;

	map = map_skewed(self->fd, 0, SIZE, MIB + PAGE_BYTES, RW, MAP_SHARED);
	ASSERT_NE(MAP_FAILED, map);
	faults = minor_faults();
	EXPECT_EQ(0, memory_touch(map, SIZE));
	EXPECT_GE(SIZE / PAGE_BYTES / 16, minor_faults() - faults);
	EXPECT_EQ(0, huge_bytes(map));
	EXPECT_EQ(SIZE / 1024, smaps_kb(map, "Rss"));
}

TEST_F(mmap, starts_at_zero)
{
	const uint64_t *word;
	size_t i;

	word = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, self->fd, 0);
	ASSERT_NE(MAP_FAILED, word);
	for (i = 0; i < SIZE / sizeof(*word) && !word[i]; i++)
		;
	EXPECT_EQ(SIZE / sizeof(*word), i);
}

/*
 * Whatever the address is modulo 2 MiB, @map shows and changes exactly the
 * device's bytes from @origin on.
 */
static void check_view(struct __test_metadata *_metadata, unsigned char *whole,
		       unsigned char *map, size_t origin, size_t bytes)
{
	size_t end = origin + bytes;

	pattern_fill(whole, SIZE, 0, 1);
	ASSERT_EQ(bytes, pattern_match(map, bytes, origin, 1));
	pattern_fill(map, bytes, origin, 2);
	EXPECT_EQ(origin, pattern_match(whole, origin, 0, 1));
	EXPECT_EQ(bytes, pattern_match(whole + origin, bytes, origin, 2));
	EXPECT_EQ(SIZE - end, pattern_match(whole + end, SIZE - end, end, 1));
}

/* @offset: into @fd; @origin: what device byte that is. */
static void check_views(struct __test_metadata *_metadata, int device, int fd,
			size_t offset, size_t origin, size_t bytes)
{
	const size_t skew[] = { 0, origin % PMD_BYTES, PAGE_BYTES,
				MIB + PAGE_BYTES, PMD_BYTES - PAGE_BYTES };
	unsigned char *whole, *map;
	size_t i;

	whole = mmap(NULL, SIZE, RW, MAP_SHARED, device, 0);
	ASSERT_NE(MAP_FAILED, whole);
	for (i = 0; i < ARRAY_SIZE(skew); i++) {
		map = map_skewed(fd, offset, bytes, skew[i], RW, MAP_SHARED);
		ASSERT_NE(MAP_FAILED, map);
		check_view(_metadata, whole, map, origin, bytes);
		/* Beside it there is nothing of the device. */
		EXPECT_EQ(SIGSEGV, memory_touch(map + bytes, 1));
		EXPECT_EQ(SIGSEGV, memory_touch(map - 1, 1));
		ASSERT_EQ(0, munmap(map, bytes));
	}
}

FIXTURE(mmap_view) {
	int fd;
};

FIXTURE_VARIANT(mmap_view) {
	size_t origin;
};

FIXTURE_VARIANT_ADD(mmap_view, at_0) {
	.origin = 0,
};

FIXTURE_VARIANT_ADD(mmap_view, at_1028k) {
	.origin = 1028 * 1024,
};

FIXTURE_VARIANT_ADD(mmap_view, at_2056k) {
	.origin = 2056 * 1024,
};

FIXTURE_SETUP(mmap_view)
{
	ASSERT_EQ(0, kvmfr_load("static_size_mb=8"));
	self->fd = kvmfr_open(0, O_RDWR);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN_PARENT(mmap_view)
{
	EXPECT_EQ(0, kvmfr_unload());
}

TEST_F(mmap_view, device)
{
	check_views(_metadata, self->fd, self->fd, variant->origin,
		    variant->origin, SIZE - variant->origin);
}

TEST_F(mmap_view, dmabuf)
{
	const size_t bytes = 5 * MIB;
	int fd = kvmfr_create(self->fd, variant->origin, bytes, 0);

	ASSERT_LE(0, fd);
	check_views(_metadata, self->fd, fd, 0, variant->origin, bytes);
}

/* Both offsets count: the buffer's in the device, the mapping's in it. */
TEST_F(mmap_view, dmabuf_at_an_offset)
{
	const size_t bytes = 5 * MIB, offset = MIB + 8 * 1024;
	int fd = kvmfr_create(self->fd, variant->origin, bytes, 0);

	ASSERT_LE(0, fd);
	check_views(_metadata, self->fd, fd, offset, variant->origin + offset,
		    bytes - offset);
}

/* A buffer smaller than a 2 MiB folio must not be mapped with all of it. */
TEST_F(mmap_view, small_dmabuf)
{
	const size_t bytes = MIB;
	int fd = kvmfr_create(self->fd, variant->origin, bytes, 0);

	ASSERT_LE(0, fd);
	check_views(_metadata, self->fd, fd, 0, variant->origin, bytes);
}

TEST_HARNESS_MAIN
