// SPDX-License-Identifier: GPL-2.0
/*
 * What a process does to its mappings: move, shrink, punch, protect, lock,
 * inherit, die. The contents must come through all of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "access.h"
#include "kselftest_harness.h"
#include "kvmfr_test.h"
#include "mapping.h"
#include "pattern.h"

#define RW (PROT_READ | PROT_WRITE)
#define BYTES MAPPING_BYTES
/* Neither at the beginning of a folio nor at the end of the mapping. */
#define INSIDE (2 * MIB + 20 * 1024)
#define MOVE (MREMAP_MAYMOVE | MREMAP_FIXED)

FIXTURE(mmap_edge) {
	struct mapping m;
};

FIXTURE_VARIANT(mmap_edge) {
	struct mapping_kind kind;
};

MAPPING_DEVICE_VARIANTS(mmap_edge);
MAPPING_DMABUF_VARIANTS(mmap_edge);

FIXTURE_SETUP(mmap_edge)
{
	ASSERT_EQ(0, mapping_create(&self->m, &variant->kind));
}

FIXTURE_TEARDOWN_PARENT(mmap_edge)
{
	EXPECT_EQ(0, kvmfr_unload());
}

/* All of @m->map below @end holds the pattern. */
static bool intact_below(const struct mapping *m, size_t end)
{
	return pattern_match(m->map, end, m->origin, MAPPING_SEED) == end;
}

static bool intact_from(const struct mapping *m, size_t start)
{
	return pattern_match(m->map + start, BYTES - start, m->origin + start,
			     MAPPING_SEED) == BYTES - start;
}

/* Write through one mapping and see it in the other, both ways. */
static bool coherent_at(const struct mapping *m, size_t where)
{
	volatile uint64_t *mine = (uint64_t *)(m->map + where);
	volatile uint64_t *theirs =
		(uint64_t *)(m->whole + m->origin + where);
	const uint64_t old = *theirs;
	bool seen;

	*mine = ~old;
	seen = *theirs == ~old;
	*theirs = old;
	return seen && *mine == old;
}

TEST_F(mmap_edge, cannot_grow)
{
	unsigned char *map = self->m.map;
	int flags;

	for (flags = 0; flags <= MREMAP_MAYMOVE; flags += MREMAP_MAYMOVE) {
		EXPECT_EQ(MAP_FAILED,
			  mremap(map, BYTES, BYTES + PAGE_BYTES, flags));
		EXPECT_EQ(EFAULT, errno);
		EXPECT_EQ(MAP_FAILED, mremap(map + BYTES - PAGE_BYTES,
					     PAGE_BYTES, 8 * MIB, flags));
		EXPECT_EQ(EFAULT, errno);
	}
	EXPECT_EQ(SIGSEGV, memory_touch(map + BYTES, 1));
	EXPECT_TRUE(mapping_intact(&self->m));
}

/* Free address space behind a mapping is no invitation either. */
TEST_F(mmap_edge, cannot_grow_back)
{
	unsigned char *map = self->m.map;

	EXPECT_EQ(0, memory_touch(map, BYTES));
	ASSERT_EQ(map, mremap(map, BYTES, INSIDE, 0));
	EXPECT_EQ(SIGSEGV, memory_touch(map + INSIDE, 1));
	EXPECT_EQ(MAP_FAILED, mremap(map, INSIDE, BYTES, 0));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(SIGSEGV, memory_touch(map + INSIDE, 1));
	EXPECT_TRUE(intact_below(&self->m, INSIDE));
}

TEST_F(mmap_edge, cannot_be_duplicated)
{
	EXPECT_EQ(MAP_FAILED, mremap(self->m.map, 0, BYTES, MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(MAP_FAILED, mremap(self->m.map, BYTES, BYTES, MREMAP_MAYMOVE |
				     MREMAP_DONTUNMAP));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_TRUE(mapping_intact(&self->m));
}

/* To every place modulo 2 MiB, with and without page tables to take along. */
TEST_F(mmap_edge, moves)
{
	const size_t skew[] = { 0, 0, PAGE_BYTES, 1028 * 1024, 8 * 1024, 0 };
	unsigned char *old, *space;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(skew); i++) {
		old = self->m.map;
		space = space_reserve(BYTES, skew[i]);
		ASSERT_NE(MAP_FAILED, space);
		self->m.map = mremap(old, BYTES, BYTES, MOVE, space);
		ASSERT_EQ(space, self->m.map);
		EXPECT_EQ(SIGSEGV, memory_touch(old, 1));
		EXPECT_TRUE(mapping_intact(&self->m));
		EXPECT_TRUE(coherent_at(&self->m, INSIDE));
		if (i % 2) {
			EXPECT_EQ(0, madvise(self->m.map, BYTES,
					     MADV_DONTNEED));
		}
	}
	EXPECT_TRUE(mapping_intact(&self->m));
}

TEST_F(mmap_edge, moves_in_parts)
{
	const size_t cut = INSIDE, page = PAGE_BYTES;
	unsigned char *space;

	EXPECT_EQ(0, memory_touch(self->m.map, BYTES));
	space = space_reserve(BYTES, MIB);
	ASSERT_NE(MAP_FAILED, space);
	/* One page, then all behind it, then all before it. */
	ASSERT_EQ(space + cut, mremap(self->m.map + cut, page, page, MOVE,
				      space + cut));
	EXPECT_EQ(SIGSEGV, memory_touch(self->m.map + cut, 1));
	EXPECT_TRUE(intact_below(&self->m, cut));
	EXPECT_TRUE(intact_from(&self->m, cut + page));
	ASSERT_EQ(space + cut + page,
		  mremap(self->m.map + cut + page, BYTES - cut - page,
			 BYTES - cut - page, MOVE, space + cut + page));
	ASSERT_EQ(space, mremap(self->m.map, cut, cut, MOVE, space));
	self->m.map = space;
	EXPECT_TRUE(mapping_intact(&self->m));
	EXPECT_TRUE(coherent_at(&self->m, cut));
}

TEST_F(mmap_edge, shrinks_while_it_moves)
{
	unsigned char *space = space_reserve(BYTES, PAGE_BYTES);

	ASSERT_NE(MAP_FAILED, space);
	EXPECT_EQ(0, memory_touch(self->m.map, BYTES));
	ASSERT_EQ(space, mremap(self->m.map, BYTES, INSIDE, MOVE, space));
	self->m.map = space;
	EXPECT_TRUE(intact_below(&self->m, INSIDE));
	EXPECT_EQ(SIGSEGV, memory_touch(space + INSIDE, 1));
}

TEST_F(mmap_edge, punched)
{
	unsigned char *map = self->m.map;

	EXPECT_EQ(0, memory_touch(map, BYTES));
	ASSERT_EQ(0, munmap(map + INSIDE, PAGE_BYTES));
	ASSERT_EQ(0, munmap(map + PAGE_BYTES, 3 * PAGE_BYTES));
	EXPECT_EQ(SIGSEGV, memory_touch(map + INSIDE, 1));
	EXPECT_EQ(SIGSEGV, memory_touch(map + 3 * PAGE_BYTES, 1));
	EXPECT_TRUE(intact_below(&self->m, PAGE_BYTES));
	EXPECT_TRUE(intact_from(&self->m, INSIDE + PAGE_BYTES));
	EXPECT_EQ(0, memory_touch(map + 4 * PAGE_BYTES,
				  INSIDE - 4 * PAGE_BYTES));
	EXPECT_TRUE(coherent_at(&self->m, INSIDE - 8));
	EXPECT_TRUE(coherent_at(&self->m, INSIDE + PAGE_BYTES));
}

/* remap_file_pages() is emulated with a new mapping at another offset. */
TEST_F(mmap_edge, remapped_by_page)
{
	const size_t from = 3 * MIB, to = INSIDE;
	const size_t there = self->m.offset + from;
	unsigned char *map = self->m.map;

	ASSERT_EQ(0, remap_file_pages(map + to, PAGE_BYTES, 0,
				      there / PAGE_BYTES, 0));
	EXPECT_EQ(PAGE_BYTES, pattern_match(map + to, PAGE_BYTES,
					    self->m.origin + from,
					    MAPPING_SEED));
	EXPECT_TRUE(intact_below(&self->m, to));
	EXPECT_TRUE(intact_from(&self->m, to + PAGE_BYTES));
	/* Refused; the old mapping may be gone, the new one must not be. */
	EXPECT_EQ(-1, remap_file_pages(map, PAGE_BYTES, 0,
				       MAPPING_DEVICE_BYTES / PAGE_BYTES, 0));
}

TEST_F(mmap_edge, protected_page)
{
	unsigned char *map = self->m.map, value;

	EXPECT_EQ(0, memory_touch(map, BYTES));
	ASSERT_EQ(0, mprotect(map + INSIDE, PAGE_BYTES, PROT_READ));
	EXPECT_TRUE(mapping_intact(&self->m));
	EXPECT_EQ(SIGSEGV, memory_store(map + INSIDE, 1));
	EXPECT_TRUE(coherent_at(&self->m, INSIDE - 8));
	EXPECT_TRUE(coherent_at(&self->m, INSIDE + PAGE_BYTES));

	ASSERT_EQ(0, mprotect(map + INSIDE, PAGE_BYTES, PROT_NONE));
	EXPECT_EQ(SIGSEGV, memory_load(map + INSIDE, &value));
	EXPECT_TRUE(intact_below(&self->m, INSIDE));
	EXPECT_TRUE(intact_from(&self->m, INSIDE + PAGE_BYTES));

	ASSERT_EQ(0, mprotect(map + INSIDE, PAGE_BYTES, RW));
	EXPECT_TRUE(mapping_intact(&self->m));
	EXPECT_TRUE(coherent_at(&self->m, INSIDE));
}

TEST_F(mmap_edge, protected_wholly)
{
	unsigned char *map = self->m.map, value;

	EXPECT_EQ(0, memory_touch(map, BYTES));
	ASSERT_EQ(0, mprotect(map, BYTES, PROT_READ));
	EXPECT_TRUE(mapping_intact(&self->m));
	EXPECT_EQ(SIGSEGV, memory_store(map, 1));
	EXPECT_EQ(SIGSEGV, memory_store(map + BYTES - 1, 1));
	ASSERT_EQ(0, mprotect(map, BYTES, PROT_NONE));
	EXPECT_EQ(SIGSEGV, memory_load(map + INSIDE, &value));
	ASSERT_EQ(0, mprotect(map, BYTES, RW));
	EXPECT_EQ(0, memory_touch(map, BYTES));
	EXPECT_TRUE(mapping_intact(&self->m));
	EXPECT_TRUE(coherent_at(&self->m, INSIDE));
	EXPECT_TRUE(coherent_at(&self->m, BYTES - 8));
}

TEST_F(mmap_edge, locked)
{
	unsigned char *map = self->m.map;

	ASSERT_EQ(0, mlock(map, BYTES));
	EXPECT_EQ(BYTES / 1024, smaps_kb(map, "Rss"));
	EXPECT_TRUE(mapping_intact(&self->m));
	EXPECT_EQ(0, munlock(map + INSIDE, PAGE_BYTES));
	EXPECT_EQ(0, mlock2(map, BYTES, MLOCK_ONFAULT));
	EXPECT_EQ(0, munlock(map, BYTES));
	EXPECT_EQ(0, mlockall(MCL_CURRENT));
	EXPECT_EQ(0, munlockall());
	EXPECT_TRUE(mapping_intact(&self->m));
	EXPECT_TRUE(coherent_at(&self->m, INSIDE));
}

TEST_F(mmap_edge, locked_in_advance)
{
	const struct mapping *m = &self->m;
	unsigned char *map;

	ASSERT_EQ(0, mlockall(MCL_FUTURE));
	map = map_skewed(m->fd, m->offset, BYTES, variant->kind.skew, RW,
			 MAP_SHARED);
	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(BYTES / 1024, smaps_kb(map, "Rss"));
	EXPECT_EQ(BYTES, pattern_match(map, BYTES, m->origin, MAPPING_SEED));
	EXPECT_EQ(0, munlockall());
}

/* The old module: MADV_DONTNEED, and mlock() fails for ever after. */
TEST_F(mmap_edge, locked_after_dontneed)
{
	ASSERT_EQ(0, madvise(self->m.map, BYTES, MADV_DONTNEED));
	EXPECT_EQ(0, mlock(self->m.map, BYTES));
	EXPECT_EQ(BYTES / 1024, smaps_kb(self->m.map, "Rss"));
	ASSERT_EQ(0, madvise(self->m.map + INSIDE, PAGE_BYTES, MADV_DONTNEED));
	EXPECT_EQ(0, mlock(self->m.map + INSIDE, PAGE_BYTES));
	EXPECT_EQ(BYTES / 1024, smaps_kb(self->m.map, "Rss"));
	EXPECT_EQ(0, munlock(self->m.map, BYTES));
	EXPECT_TRUE(mapping_intact(&self->m));
}

TEST_F(mmap_edge, reported_as_resident)
{
	unsigned char resident[BYTES / PAGE_BYTES];
	size_t i;

	EXPECT_EQ(0, memory_touch(self->m.map, BYTES));
	memset(resident, 0, sizeof(resident));
	ASSERT_EQ(0, mincore(self->m.map, BYTES, resident));
	for (i = 0; i < sizeof(resident) && resident[i] & 1; i++)
		;
	EXPECT_EQ(sizeof(resident), i);
}

TEST_F(mmap_edge, synced)
{
	EXPECT_EQ(0, memory_touch(self->m.map, BYTES));
	EXPECT_EQ(0, msync(self->m.map, BYTES, MS_ASYNC));
	EXPECT_EQ(0, msync(self->m.map, BYTES, MS_INVALIDATE));
	/* There is nothing to write back to, and fsync() says so too. */
	EXPECT_TRUE(!msync(self->m.map, BYTES, MS_SYNC) || errno == EINVAL);
	EXPECT_TRUE(mapping_intact(&self->m));
}

/* The child sees the memory, the parent what the child writes. */
TEST_F(mmap_edge, inherited)
{
	int status;
	pid_t child;

	EXPECT_EQ(0, memory_touch(self->m.map, BYTES / 2));
	child = fork();
	if (!child) {
		EXPECT_TRUE(mapping_intact(&self->m));
		pattern_fill(self->m.map, BYTES, self->m.origin, 9);
		_exit(0);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(BYTES, pattern_match(self->m.map, BYTES, self->m.origin, 9));
	EXPECT_EQ(BYTES, pattern_match(self->m.whole + self->m.origin, BYTES,
				       self->m.origin, 9));
}

/* Killed in the middle of writing: the count goes down, the rest goes on. */
TEST_F(mmap_edge, killed)
{
	volatile uint64_t *word = (uint64_t *)(self->m.map + INSIDE);
	const long before = kvmfr_attr(0, "mappings");
	pid_t child;

	*word = 0;
	child = fork();
	if (!child) {
		for (;;) {
			pattern_fill(self->m.map, INSIDE, self->m.origin,
				     MAPPING_SEED);
			++*word;
		}
	}
	while (!*word)
		usleep(1000);
	EXPECT_EQ(2 * before, kvmfr_attr(0, "mappings"));
	ASSERT_EQ(0, kill(child, SIGKILL));
	ASSERT_EQ(child, waitpid(child, NULL, 0));
	EXPECT_EQ(before, kvmfr_attr(0, "mappings"));
	*word = pattern_word(self->m.origin + INSIDE, MAPPING_SEED);
	EXPECT_TRUE(mapping_intact(&self->m));
}

TEST_HARNESS_MAIN
