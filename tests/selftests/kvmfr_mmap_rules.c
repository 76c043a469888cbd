// SPDX-License-Identifier: GPL-2.0
/* What mmap() takes and refuses, and what keeps a mapping alive. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#include "access.h"
#include "kselftest_harness.h"
#include "kvmfr_test.h"
#include "mapping.h"
#include "pattern.h"

#define SIZE (8 * MIB)
#define RW (PROT_READ | PROT_WRITE)

FIXTURE(mmap_rules) {
	int fd;
};

FIXTURE_SETUP(mmap_rules)
{
	ASSERT_EQ(0, kvmfr_load("static_size_mb=8"));
	self->fd = kvmfr_open(0, O_RDWR);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN_PARENT(mmap_rules)
{
	EXPECT_EQ(0, kvmfr_unload());
}

/* The system call itself: the C library refuses some offsets on its own. */
static int mmap_errno(size_t bytes, int prot, int flags, int fd,
		      unsigned long offset)
{
	errno = 0;
	syscall(SYS_mmap, NULL, bytes, prot, flags, fd, offset);
	return errno;
}

struct bad_range {
	size_t bytes;
	unsigned long offset;
};

static void check_refused(struct __test_metadata *_metadata, int fd,
			  const struct bad_range *range)
{
	const int flags[] = { MAP_SHARED, MAP_PRIVATE,
			      MAP_SHARED | MAP_POPULATE };
	size_t i;
	int error;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		error = mmap_errno(range->bytes, RW, flags[i], fd,
				   range->offset);
		EXPECT_EQ(EINVAL, error) {
			TH_LOG("%zu bytes at %#lx, flags %#x", range->bytes,
			       range->offset, flags[i]);
		}
	}
}

TEST_F(mmap_rules, device_ends)
{
	const struct bad_range range[] = {
		{ SIZE + 1, 0 },
		{ SIZE + PAGE_BYTES, 0 },
		{ 2 * SIZE, 0 },
		{ PAGE_BYTES, SIZE },
		{ 2 * PAGE_BYTES, SIZE - PAGE_BYTES },
		{ SIZE, PMD_BYTES },
		{ PMD_BYTES, 4UL << 30 },
		/* The end in bytes or in pages wraps in 32 or 64 bits. */
		{ SIZE, (1UL << 32) - SIZE },
		{ SIZE, (1UL << 44) - SIZE },
		{ SIZE, (1UL << 63) - SIZE },
		{ PAGE_BYTES, (1UL << 63) - PAGE_BYTES },
		{ SIZE, -2 * SIZE },
		{ PAGE_BYTES, -2 * PAGE_BYTES },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(range); i++)
		check_refused(_metadata, self->fd, &range[i]);
	/* Past the last page of all: the core's answer comes first. */
	EXPECT_NE(0, mmap_errno(PAGE_BYTES, RW, MAP_SHARED, self->fd,
				-PAGE_BYTES));
	EXPECT_EQ(EINVAL, mmap_errno(0, RW, MAP_SHARED, self->fd, 0));
	EXPECT_EQ(EINVAL, mmap_errno(PAGE_BYTES, RW, MAP_SHARED, self->fd, 1));
}

TEST_F(mmap_rules, last_page)
{
	unsigned char *whole, *last;

	whole = mmap(NULL, SIZE, RW, MAP_SHARED, self->fd, 0);
	ASSERT_NE(MAP_FAILED, whole);
	last = mmap(NULL, PAGE_BYTES, RW, MAP_SHARED, self->fd,
		    SIZE - PAGE_BYTES);
	ASSERT_NE(MAP_FAILED, last);
	pattern_fill(last, PAGE_BYTES, SIZE - PAGE_BYTES, 7);
	EXPECT_EQ(PAGE_BYTES, pattern_match(whole + SIZE - PAGE_BYTES,
					    PAGE_BYTES, SIZE - PAGE_BYTES, 7));
}

TEST_F(mmap_rules, dmabuf_ends)
{
	const size_t bytes = 3 * MIB;
	const struct bad_range range[] = {
		{ bytes + PAGE_BYTES, 0 },
		{ PAGE_BYTES, bytes },
		{ 2 * PAGE_BYTES, bytes - PAGE_BYTES },
		{ SIZE, (1UL << 63) - SIZE },
		{ PAGE_BYTES, -2 * PAGE_BYTES },
	};
	int fd = kvmfr_create(self->fd, MIB, bytes, 0);
	size_t i;

	ASSERT_LE(0, fd);
	for (i = 0; i < ARRAY_SIZE(range); i++)
		check_refused(_metadata, fd, &range[i]);
}

TEST_F(mmap_rules, dmabuf_is_never_private)
{
	int fd = kvmfr_create(self->fd, 0, SIZE, 0);

	ASSERT_LE(0, fd);
	EXPECT_EQ(EINVAL, mmap_errno(SIZE, RW, MAP_PRIVATE, fd, 0));
	EXPECT_EQ(EINVAL, mmap_errno(SIZE, PROT_READ, MAP_PRIVATE, fd, 0));
	EXPECT_EQ(EINVAL, mmap_errno(PAGE_BYTES, RW, MAP_PRIVATE, fd, MIB));
}

TEST_F(mmap_rules, read_only_descriptor)
{
	int fd = kvmfr_open(0, O_RDONLY);
	void *map;

	ASSERT_LE(0, fd);
	EXPECT_EQ(EACCES, mmap_errno(SIZE, RW, MAP_SHARED, fd, 0));
	map = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(0, *(volatile char *)map);
	EXPECT_EQ(SIGSEGV, memory_store(map, 1));
	EXPECT_EQ(-1, mprotect(map, SIZE, RW));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(-1, mprotect(map + PMD_BYTES, PAGE_BYTES, RW));
	EXPECT_EQ(EACCES, errno);
}

TEST_F(mmap_rules, flags)
{
	const int flags[] = {
		MAP_SHARED_VALIDATE,
		MAP_SHARED | MAP_NORESERVE,
		MAP_SHARED | MAP_LOCKED,
		MAP_SHARED | MAP_POPULATE | MAP_NONBLOCK,
		MAP_SHARED | MAP_32BIT,
		MAP_PRIVATE | MAP_NORESERVE,
		MAP_PRIVATE | MAP_LOCKED,
		MAP_PRIVATE | MAP_POPULATE,
	};
	unsigned char *whole, *map;
	size_t i;

	whole = mmap(NULL, SIZE, RW, MAP_SHARED, self->fd, 0);
	ASSERT_NE(MAP_FAILED, whole);
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		pattern_fill(whole, SIZE, 0, i);
		map = mmap(NULL, SIZE, RW, flags[i], self->fd, 0);
		ASSERT_NE(MAP_FAILED, map) {
			TH_LOG("flags %#x", flags[i]);
		}
		EXPECT_EQ(SIZE, pattern_match(map, SIZE, 0, i)) {
			TH_LOG("flags %#x", flags[i]);
		}
		EXPECT_TRUE(!(flags[i] & MAP_LOCKED) ||
			    smaps_kb(map, "Rss") == SIZE / 1024);
		ASSERT_EQ(0, munmap(map, SIZE));
	}
	EXPECT_EQ(EOPNOTSUPP, mmap_errno(SIZE, RW, MAP_SHARED_VALIDATE |
					 MAP_SYNC, self->fd, 0));
}

TEST_F(mmap_rules, code_runs)
{
	const unsigned char ret_instruction = 0xc3;
	struct statvfs dev;
	unsigned char *map;

	ASSERT_EQ(0, statvfs("/dev", &dev));
	if (dev.f_flag & ST_NOEXEC)
		SKIP(return, "/dev is mounted noexec");

	map = mmap(NULL, SIZE, RW | PROT_EXEC, MAP_SHARED, self->fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	map[5 * MIB] = ret_instruction;
	((void (*)(void))(map + 5 * MIB))();

	ASSERT_EQ(0, mprotect(map, SIZE, RW));
	ASSERT_EQ(0, mprotect(map + MIB, PMD_BYTES, PROT_READ | PROT_EXEC));
	/* x86: a mapping that is readable is not thereby executable. */
	map[0] = ret_instruction;
	EXPECT_EQ(0, mprotect(map, PAGE_BYTES, PROT_READ | PROT_EXEC));
	((void (*)(void))map)();
}

TEST_F(mmap_rules, outlives_the_device_descriptor)
{
	unsigned char *map;

	map = mmap(NULL, SIZE, RW, MAP_SHARED, self->fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, close(self->fd));

	EXPECT_EQ(-EAGAIN, kvmfr_unload());
	pattern_fill(map, SIZE, 0, 3);
	EXPECT_EQ(SIZE, pattern_match(map, SIZE, 0, 3));

	/* Contents stay for the next one who opens the device. */
	ASSERT_EQ(0, munmap(map, SIZE));
	self->fd = kvmfr_open(0, O_RDWR);
	map = mmap(NULL, SIZE, RW, MAP_SHARED, self->fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(SIZE, pattern_match(map, SIZE, 0, 3));
}

TEST_F(mmap_rules, outlives_the_dmabuf_descriptor)
{
	int fd = kvmfr_create(self->fd, PMD_BYTES, SIZE - PMD_BYTES, 0);
	const size_t bytes = SIZE - PMD_BYTES;
	unsigned char *map, *whole;

	ASSERT_LE(0, fd);
	map = mmap(NULL, bytes, RW, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(0, close(self->fd));

	EXPECT_EQ(-EAGAIN, kvmfr_unload());
	pattern_fill(map, bytes, PMD_BYTES, 3);
	self->fd = kvmfr_open(0, O_RDWR);
	whole = mmap(NULL, SIZE, RW, MAP_SHARED, self->fd, 0);
	ASSERT_NE(MAP_FAILED, whole);
	EXPECT_EQ(bytes, pattern_match(whole + PMD_BYTES, bytes, PMD_BYTES, 3));
	ASSERT_EQ(0, munmap(whole, SIZE));
	ASSERT_EQ(0, close(self->fd));

	EXPECT_EQ(bytes, pattern_match(map, bytes, PMD_BYTES, 3));
	EXPECT_EQ(-EAGAIN, kvmfr_unload());
}

TEST_F(mmap_rules, are_counted)
{
	const long before = kvmfr_attr(0, "mappings");
	unsigned char *map;

	ASSERT_EQ(0, before);
	map = mmap(NULL, SIZE, RW, MAP_SHARED, self->fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(1, kvmfr_attr(0, "mappings"));
	ASSERT_EQ(0, munmap(map + 3 * MIB, PAGE_BYTES));
	EXPECT_EQ(2, kvmfr_attr(0, "mappings"));
	ASSERT_EQ(0, munmap(map, SIZE));
	EXPECT_EQ(0, kvmfr_attr(0, "mappings"));
}

#define CORE "/tmp/core"

/* A dump of a program has its own memory, and nothing of the device. */
TEST_F(mmap_rules, not_in_core_dumps)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	struct stat dump;
	pid_t child;
	void *map;

	map = mmap(NULL, SIZE, RW, MAP_SHARED, self->fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	memset(map, 1, SIZE);
	/* Nor on demand. */
	EXPECT_EQ(-1, madvise(map, SIZE, MADV_DODUMP));
	EXPECT_EQ(EINVAL, errno);
	ASSERT_LT(0, text_write("/proc/sys/kernel/core_pattern", CORE));
	ASSERT_LT(0, text_write("/proc/sys/kernel/core_uses_pid", "0"));
	ASSERT_LT(0, text_write("/proc/self/coredump_filter", "0x7f"));
	ASSERT_EQ(0, setrlimit(RLIMIT_CORE, &unlimited));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		memset(malloc(MIB), 2, MIB);
		raise(SIGQUIT);
		_exit(1);
	}
	ASSERT_EQ(child, waitpid(child, NULL, 0));
	ASSERT_EQ(0, stat(CORE, &dump));
	EXPECT_LT(MIB, dump.st_size);
	EXPECT_GT(SIZE, dump.st_size);
	unlink(CORE);
}

TEST_HARNESS_MAIN
