// SPDX-License-Identifier: GPL-2.0
/*
 * Private mappings: whoever writes gets a copy of that page, nobody else sees
 * it, and the device's memory stays as it was.
 */
#include <fcntl.h>
#include <sys/ptrace.h>

#include "access.h"
#include "kselftest_harness.h"
#include "kvmfr_test.h"
#include "mapping.h"
#include "pattern.h"

#define RW (PROT_READ | PROT_WRITE)
#define BYTES MAPPING_BYTES
#define PRIVATE_SEED 77

/* Pages the tests write to: both ends, a folio's both ends, the middle. */
static const size_t pages[] = {
	0,
	PMD_BYTES - PAGE_BYTES,
	PMD_BYTES,
	PMD_BYTES + 200 * PAGE_BYTES,
	BYTES - PAGE_BYTES,
};

FIXTURE(mmap_private) {
	struct mapping m;
	unsigned char *mine;
	unsigned char *second;
};

FIXTURE_VARIANT(mmap_private) {
	struct mapping_kind kind;
};

MAPPING_DEVICE_VARIANTS(mmap_private);

static unsigned char *map_private(const struct mapping *m, size_t skew,
				  int prot)
{
	return map_skewed(m->fd, m->offset, BYTES, skew, prot, MAP_PRIVATE);
}

FIXTURE_SETUP(mmap_private)
{
	const size_t skew = variant->kind.skew;

	ASSERT_EQ(0, mapping_create(&self->m, &variant->kind));
	self->mine = map_private(&self->m, skew, RW);
	ASSERT_NE(MAP_FAILED, self->mine);
	self->second = map_private(&self->m, skew, RW);
	ASSERT_NE(MAP_FAILED, self->second);
}

FIXTURE_TEARDOWN_PARENT(mmap_private)
{
	EXPECT_EQ(0, kvmfr_unload());
}

static bool original(const struct mapping *m, const unsigned char *map)
{
	return pattern_match(map, BYTES, m->origin, MAPPING_SEED) == BYTES;
}

static void write_copies(const struct mapping *m, unsigned char *map)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pages); i++)
		pattern_fill(map + pages[i], PAGE_BYTES, m->origin + pages[i],
			     PRIVATE_SEED);
}

static bool is_copy(size_t at)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pages); i++)
		if (at == pages[i])
			return true;
	return false;
}

/* The pages written are copies, each of the others shows the device. */
static bool copied(const struct mapping *m, const unsigned char *map)
{
	size_t at;

	for (at = 0; at < BYTES; at += PAGE_BYTES)
		if (pattern_match(map + at, PAGE_BYTES, m->origin + at,
				  is_copy(at) ? PRIVATE_SEED : MAPPING_SEED) !=
		    PAGE_BYTES)
			return false;
	return true;
}

static void check_private(struct __test_metadata *_metadata,
			  const struct mapping *m, const unsigned char *mine,
			  const unsigned char *second)
{
	EXPECT_TRUE(copied(m, mine));
	EXPECT_TRUE(original(m, second));
	EXPECT_TRUE(mapping_intact(m));
	EXPECT_EQ(ARRAY_SIZE(pages) * PAGE_BYTES / 1024,
		  smaps_kb(mine, "Anonymous"));
}

TEST_F(mmap_private, written_first)
{
	write_copies(&self->m, self->mine);
	check_private(_metadata, &self->m, self->mine, self->second);
}

TEST_F(mmap_private, read_first)
{
	EXPECT_TRUE(original(&self->m, self->mine));
	EXPECT_TRUE(original(&self->m, self->second));
	write_copies(&self->m, self->mine);
	check_private(_metadata, &self->m, self->mine, self->second);
}

TEST_F(mmap_private, populated_is_all_copies)
{
	const struct mapping *m = &self->m;
	unsigned char *map;

	map = map_skewed(m->fd, m->offset, BYTES, variant->kind.skew, RW,
			 MAP_PRIVATE | MAP_POPULATE);
	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(BYTES / 1024, smaps_kb(map, "Anonymous"));
	EXPECT_TRUE(original(m, map));
	pattern_fill(map, BYTES, m->origin, PRIVATE_SEED);
	EXPECT_EQ(BYTES, pattern_match(map, BYTES, m->origin, PRIVATE_SEED));
	EXPECT_TRUE(original(m, self->mine));
	EXPECT_TRUE(mapping_intact(m));
}

/* What was never copied follows the device. */
TEST_F(mmap_private, rest_follows_the_device)
{
	const size_t at = pages[3] + PAGE_BYTES;
	const struct mapping *m = &self->m;

	EXPECT_TRUE(original(m, self->mine));
	write_copies(m, self->mine);
	pattern_fill(m->map + at, PAGE_BYTES, m->origin + at, 5);
	EXPECT_EQ(PAGE_BYTES, pattern_match(self->mine + at, PAGE_BYTES,
					    m->origin + at, 5));
	/* And what was copied does not. */
	pattern_fill(m->map + pages[3], PAGE_BYTES, m->origin + pages[3], 5);
	EXPECT_EQ(PAGE_BYTES, pattern_match(self->mine + pages[3], PAGE_BYTES,
					    m->origin + pages[3],
					    PRIVATE_SEED));
}

TEST_F(mmap_private, dontneed_drops_the_copies)
{
	write_copies(&self->m, self->mine);
	ASSERT_EQ(0, madvise(self->mine, BYTES, MADV_DONTNEED));
	EXPECT_TRUE(original(&self->m, self->mine));
	EXPECT_TRUE(mapping_intact(&self->m));
	write_copies(&self->m, self->mine);
	check_private(_metadata, &self->m, self->mine, self->second);
}

TEST_F(mmap_private, read_only_becomes_writable)
{
	ASSERT_EQ(0, mprotect(self->mine, BYTES, PROT_READ));
	EXPECT_TRUE(original(&self->m, self->mine));
	EXPECT_EQ(SIGSEGV, memory_store(self->mine, 1));
	ASSERT_EQ(0, mprotect(self->mine, BYTES, RW));
	write_copies(&self->m, self->mine);
	check_private(_metadata, &self->m, self->mine, self->second);
	ASSERT_EQ(0, mprotect(self->mine, BYTES, PROT_READ));
	EXPECT_TRUE(copied(&self->m, self->mine));
}

/* Even a descriptor that may not write to the device. */
TEST_F(mmap_private, of_a_read_only_descriptor)
{
	const struct mapping *m = &self->m;
	unsigned char *map;
	int fd;

	fd = kvmfr_open(0, O_RDONLY);
	ASSERT_LE(0, fd);
	map = map_skewed(fd, m->offset, BYTES, variant->kind.skew, RW,
			 MAP_PRIVATE);
	ASSERT_NE(MAP_FAILED, map);
	EXPECT_TRUE(original(m, map));
	write_copies(m, map);
	check_private(_metadata, m, map, self->second);
}

TEST_F(mmap_private, child_has_its_own_copies)
{
	const struct mapping *m = &self->m;
	pid_t child;

	write_copies(m, self->mine);
	child = fork();
	if (!child) {
		EXPECT_TRUE(copied(m, self->mine));
		pattern_fill(self->mine, BYTES, m->origin, 5);
		EXPECT_EQ(BYTES, pattern_match(self->mine, BYTES, m->origin,
					       5));
		_exit(0);
	}
	ASSERT_EQ(child, waitpid(child, NULL, 0));
	check_private(_metadata, m, self->mine, self->second);
}

TEST_F(mmap_private, moved_and_punched)
{
	unsigned char *space;

	EXPECT_TRUE(original(&self->m, self->mine));
	write_copies(&self->m, self->mine);
	space = space_reserve(BYTES, 3 * PAGE_BYTES);
	ASSERT_NE(MAP_FAILED, space);
	ASSERT_EQ(space, mremap(self->mine, BYTES, BYTES, MREMAP_MAYMOVE |
				MREMAP_FIXED, space));
	check_private(_metadata, &self->m, space, self->second);
	ASSERT_EQ(0, munmap(space + PMD_BYTES + PAGE_BYTES, PAGE_BYTES));
	EXPECT_EQ(PAGE_BYTES, pattern_match(space + PMD_BYTES, PAGE_BYTES,
					    self->m.origin + PMD_BYTES,
					    PRIVATE_SEED));
	EXPECT_TRUE(mapping_intact(&self->m));
}

/* A debugger may write where the program may not. */
static void write_as_debugger(struct __test_metadata *_metadata, pid_t traced,
			      const struct mapping *m,
			      const unsigned char *mine)
{
	unsigned char page[PAGE_BYTES];
	char path[32];
	size_t i, at;
	int mem;

	snprintf(path, sizeof(path), "/proc/%d/mem", traced);
	ASSERT_EQ(0, ptrace(PTRACE_ATTACH, traced, NULL, NULL));
	ASSERT_EQ(traced, waitpid(traced, NULL, __WALL));
	mem = open(path, O_RDWR);
	ASSERT_LE(0, mem);
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		at = pages[i];
		pattern_fill(page, PAGE_BYTES, m->origin + at, PRIVATE_SEED);
		EXPECT_EQ(PAGE_BYTES, pwrite(mem, page, PAGE_BYTES,
					     (uintptr_t)mine + at));
	}
	/* Into shared memory not even a debugger may. */
	EXPECT_EQ(-1, pwrite(mem, page, PAGE_BYTES, (uintptr_t)m->map));
	EXPECT_EQ(0, ptrace(PTRACE_DETACH, traced, NULL, NULL));
}

TEST_F(mmap_private, forced_write_copies)
{
	const struct mapping *m = &self->m;
	const pid_t traced = getpid();
	pid_t child;

	ASSERT_EQ(0, mprotect(self->mine, BYTES, PROT_READ));
	ASSERT_EQ(0, mprotect(m->map, BYTES, PROT_READ));
	EXPECT_TRUE(original(m, self->mine));
	child = fork();
	if (!child) {
		write_as_debugger(_metadata, traced, m, self->mine);
		_exit(0);
	}
	ASSERT_EQ(child, waitpid(child, NULL, 0));
	check_private(_metadata, m, self->mine, self->second);
}

TEST_HARNESS_MAIN
