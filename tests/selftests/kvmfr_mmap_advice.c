// SPDX-License-Identifier: GPL-2.0
/*
 * Advice and other ways to tell the kernel that memory is not needed. The
 * memory of a device is never dropped: whatever is asked for, the contents
 * are there at the next access.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "access.h"
#include "kselftest_harness.h"
#include "kvmfr_test.h"
#include "mapping.h"
#include "pattern.h"

#define RW (PROT_READ | PROT_WRITE)
#define BYTES MAPPING_BYTES
#define INSIDE (2 * MIB + 20 * 1024)
/* Not in every C library. */
#define ADVICE_SOFT_OFFLINE 101
#define ADVICE_GUARD_INSTALL 102
#define ADVICE_GUARD_REMOVE 103

FIXTURE(mmap_advice) {
	struct mapping m;
};

FIXTURE_VARIANT(mmap_advice) {
	struct mapping_kind kind;
};

MAPPING_DEVICE_VARIANTS(mmap_advice);
MAPPING_DMABUF_VARIANTS(mmap_advice);

FIXTURE_SETUP(mmap_advice)
{
	ASSERT_EQ(0, mapping_create(&self->m, &variant->kind));
}

FIXTURE_TEARDOWN_PARENT(mmap_advice)
{
	EXPECT_EQ(0, kvmfr_unload());
}

struct range {
	size_t start, bytes;
};

/* All of it; a page; whole windows of 2 MiB; both ends of one. */
static const struct range ranges[] = {
	{ 0, BYTES },
	{ INSIDE, PAGE_BYTES },
	{ PMD_BYTES, PMD_BYTES },
	{ MIB + 4 * PAGE_BYTES, PMD_BYTES },
	{ BYTES - PAGE_BYTES, PAGE_BYTES },
};

static void check_coherent(struct __test_metadata *_metadata,
			   const struct mapping *m)
{
	unsigned char *other = m->whole + m->origin;

	EXPECT_TRUE(mapping_intact(m));
	pattern_fill(m->map, BYTES, m->origin, 5);
	EXPECT_EQ(BYTES, pattern_match(other, BYTES, m->origin, 5));
	pattern_fill(other, BYTES, m->origin, MAPPING_SEED);
	EXPECT_TRUE(mapping_intact(m));
}

/* @fatal: an error is one of the test; others may be unknown or refused. */
static void check_advice(struct __test_metadata *_metadata,
			 const struct mapping *m, int advice, bool fatal)
{
	const struct range *range;
	int error;

	for (range = ranges; range < ranges + ARRAY_SIZE(ranges); range++) {
		EXPECT_EQ(0, memory_touch(m->map, BYTES));
		error = madvise(m->map + range->start, range->bytes, advice) ?
			errno : 0;
		if (fatal) {
			EXPECT_EQ(0, error) {
				TH_LOG("advice %d", advice);
			}
		}
		EXPECT_TRUE(mapping_intact(m)) {
			TH_LOG("advice %d for %zu bytes at %#zx: error %d",
			       advice, range->bytes, range->start, error);
		}
	}
	check_coherent(_metadata, m);
}

/* What QEMU and the C library use, and what the kernel promises to take. */
TEST_F(mmap_advice, works)
{
	const int advice[] = {
		MADV_RANDOM, MADV_SEQUENTIAL, MADV_NORMAL, MADV_WILLNEED,
		MADV_DONTNEED, MADV_DONTNEED_LOCKED, MADV_DONTFORK,
		MADV_DONTDUMP, MADV_MERGEABLE, MADV_UNMERGEABLE, MADV_HUGEPAGE,
		MADV_COLD, MADV_PAGEOUT, MADV_POPULATE_READ,
		MADV_POPULATE_WRITE,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(advice); i++)
		check_advice(_metadata, &self->m, advice[i], true);
}

/* What makes no sense here must not do harm. */
TEST_F(mmap_advice, is_harmless)
{
	const int advice[] = {
		MADV_FREE, MADV_REMOVE, MADV_COLLAPSE, MADV_WIPEONFORK,
		MADV_KEEPONFORK, MADV_DODUMP, MADV_DOFORK, MADV_NOHUGEPAGE,
		ADVICE_SOFT_OFFLINE, ADVICE_GUARD_REMOVE, 1000,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(advice); i++)
		check_advice(_metadata, &self->m, advice[i], false);
}

TEST_F(mmap_advice, of_guards_is_refused)
{
	EXPECT_EQ(-1, madvise(self->m.map, BYTES, ADVICE_GUARD_INSTALL));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_TRUE(mapping_intact(&self->m));
}

/* Without touching anything first, so that there is nothing to drop. */
TEST_F(mmap_advice, dontneed_before_the_first_access)
{
	ASSERT_EQ(0, madvise(self->m.map, BYTES, MADV_DONTNEED));
	check_coherent(_metadata, &self->m);
}

/* Page by page, and each page is used again while its neighbours are gone. */
TEST_F(mmap_advice, dontneed_in_turns)
{
	const size_t step = 37 * PAGE_BYTES;
	unsigned char *map = self->m.map;
	size_t at;

	EXPECT_EQ(0, memory_touch(map, BYTES));
	for (at = 0; at + PAGE_BYTES <= BYTES; at += step) {
		ASSERT_EQ(0, madvise(map + at, PAGE_BYTES, MADV_DONTNEED));
		EXPECT_EQ(8, pattern_match(map + at, 8, self->m.origin + at,
					   MAPPING_SEED));
	}
	check_coherent(_metadata, &self->m);
	for (at = 0; at + PAGE_BYTES <= BYTES; at += step)
		ASSERT_EQ(0, madvise(map + at, PAGE_BYTES, MADV_DONTNEED));
	check_coherent(_metadata, &self->m);
}

TEST_F(mmap_advice, dontneed_empties_the_page_tables)
{
	EXPECT_EQ(0, memory_touch(self->m.map, BYTES));
	EXPECT_EQ(BYTES / 1024, smaps_kb(self->m.map, "Rss"));
	ASSERT_EQ(0, madvise(self->m.map, BYTES, MADV_DONTNEED));
	EXPECT_EQ(0, smaps_kb(self->m.map, "Rss"));
}

TEST_F(mmap_advice, populate_fills_the_page_tables)
{
	ASSERT_EQ(0, madvise(self->m.map, BYTES, MADV_DONTNEED));
	ASSERT_EQ(0, madvise(self->m.map, BYTES, MADV_POPULATE_WRITE));
	EXPECT_EQ(BYTES / 1024, smaps_kb(self->m.map, "Rss"));
}

/* Huge pages refused: the same folios are mapped with small entries. */
TEST_F(mmap_advice, nohugepage)
{
	const struct mapping *m = &self->m;

	EXPECT_EQ(0, madvise(m->map, BYTES, MADV_NOHUGEPAGE));
	check_coherent(_metadata, m);
	EXPECT_EQ(0, prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
	EXPECT_EQ(0, madvise(m->map, BYTES, MADV_DONTNEED));
	check_coherent(_metadata, m);
	EXPECT_EQ(BYTES / 1024, smaps_kb(m->map, "Rss"));

	/* Part of them huge again. */
	EXPECT_EQ(0, madvise(m->map + INSIDE, 16 * PAGE_BYTES, MADV_DONTNEED));
	EXPECT_EQ(0, prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0));
	EXPECT_EQ(0, madvise(m->map, 2 * MIB, MADV_HUGEPAGE));
	EXPECT_EQ(0, madvise(m->map, 2 * MIB, MADV_DONTNEED));
	check_coherent(_metadata, m);
}

TEST_F(mmap_advice, dontfork)
{
	unsigned char value;
	pid_t child;

	ASSERT_EQ(0, madvise(self->m.map, BYTES, MADV_DONTFORK));
	child = fork();
	if (!child) {
		EXPECT_EQ(SIGSEGV, memory_load(self->m.map, &value));
		_exit(0);
	}
	ASSERT_EQ(child, waitpid(child, NULL, 0));
	check_coherent(_metadata, &self->m);
}

/* The way in that has no file descriptor: root opens the mapping itself. */
TEST_F(mmap_advice, not_truncated_through_map_files)
{
	const struct mapping *m = &self->m;
	char path[80];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx",
		 (unsigned long)m->map, (unsigned long)m->map + BYTES);
	ASSERT_EQ(0, access(path, F_OK));
	EXPECT_EQ(-1, truncate(path, 0));
	EXPECT_EQ(-1, truncate(path, 64 * MIB));
	fd = open(path, O_RDWR | O_TRUNC);
	if (fd >= 0) {
		EXPECT_EQ(-1, ftruncate(fd, 0));
		EXPECT_EQ(-1, fallocate(fd, FALLOC_FL_PUNCH_HOLE |
					FALLOC_FL_KEEP_SIZE, 0, BYTES));
		EXPECT_EQ(0, close(fd));
	}
	check_coherent(_metadata, m);
}

TEST_F(mmap_advice, not_truncated_through_the_descriptor)
{
	const int modes[] = { 0, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			      FALLOC_FL_ZERO_RANGE, FALLOC_FL_COLLAPSE_RANGE };
	const struct mapping *m = &self->m;
	size_t i;

	EXPECT_EQ(-1, ftruncate(m->fd, 0));
	EXPECT_EQ(-1, ftruncate(m->fd, MIB));
	EXPECT_EQ(-1, ftruncate(m->fd, 64 * MIB));
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		EXPECT_EQ(-1, fallocate(m->fd, modes[i], 0, BYTES));
		check_coherent(_metadata, m);
	}
}

/* One node is all there is, but the calls walk and try to move the pages. */
TEST_F(mmap_advice, not_moved_between_nodes)
{
	const struct mapping *m = &self->m;
	void *pages[] = { m->map, m->map + INSIDE, m->map + BYTES / 2 };
	int nodes[ARRAY_SIZE(pages)] = { 0 }, status[ARRAY_SIZE(pages)];
	unsigned long mask = 1;

	EXPECT_EQ(0, memory_touch(m->map, BYTES));
	if (syscall(SYS_mbind, m->map, BYTES, MPOL_BIND, &mask, 64,
		    MPOL_MF_MOVE_ALL)) {
		EXPECT_NE(EFAULT, errno);
		if (errno == ENOSYS)
			SKIP(return, "kernel without NUMA");
	}
	EXPECT_LE(0, syscall(SYS_move_pages, 0, ARRAY_SIZE(pages), pages,
			     nodes, status, MPOL_MF_MOVE_ALL));
	EXPECT_LE(0, syscall(SYS_move_pages, 0, ARRAY_SIZE(pages), pages,
			     NULL, status, 0));
	EXPECT_LE(0, syscall(SYS_migrate_pages, 0, 64, &mask, &mask));
	check_coherent(_metadata, m);
}

/* 0 or -errno. */
static int userfaultfd_register(int uffd, const struct mapping *m, __u64 mode)
{
	struct uffdio_register area = {
		.range = { (unsigned long)m->map, BYTES },
		.mode = mode,
	};

	return ioctl(uffd, UFFDIO_REGISTER, &area) ? -errno : 0;
}

TEST_F(mmap_advice, no_userfaultfd)
{
	struct uffdio_api api = { .api = UFFD_API };
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (uffd < 0)
		SKIP(return, "kernel without userfaultfd");
	ASSERT_EQ(0, ioctl(uffd, UFFDIO_API, &api));
	EXPECT_NE(0, userfaultfd_register(uffd, &self->m,
					  UFFDIO_REGISTER_MODE_MISSING));
	EXPECT_NE(0, userfaultfd_register(uffd, &self->m,
					  UFFDIO_REGISTER_MODE_MINOR));
	EXPECT_NE(0, userfaultfd_register(uffd, &self->m,
					  UFFDIO_REGISTER_MODE_WP));
	check_coherent(_metadata, &self->m);
}

/*
 * Asynchronous write protection only records what was written to. Kernels that
 * allow it for any mapping leave marks in its page tables, over which no page and
 * no pfn can be mapped.
 */
TEST_F(mmap_advice, write_tracking)
{
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = UFFD_FEATURE_WP_ASYNC |
			    UFFD_FEATURE_WP_UNPOPULATED,
	};
	struct uffdio_writeprotect protect = {
		.range = { (unsigned long)self->m.map, BYTES },
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};
	int signal, uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	unsigned char value;

	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api))
		SKIP(return, "kernel without asynchronous write protection");
	if (userfaultfd_register(uffd, &self->m, UFFDIO_REGISTER_MODE_WP))
		return;

	/* With full page tables, and with marks in empty ones: it ends. */
	EXPECT_EQ(0, memory_touch(self->m.map, BYTES));
	EXPECT_EQ(0, ioctl(uffd, UFFDIO_WRITEPROTECT, &protect));
	EXPECT_EQ(0, memory_load(self->m.map, &value));
	EXPECT_EQ(0, madvise(self->m.map, BYTES, MADV_DONTNEED));
	EXPECT_EQ(0, ioctl(uffd, UFFDIO_WRITEPROTECT, &protect));
	signal = memory_load(self->m.map, &value);
	EXPECT_TRUE(!signal || signal == SIGBUS);
	close(uffd);
	check_coherent(_metadata, &self->m);
}

TEST_HARNESS_MAIN
