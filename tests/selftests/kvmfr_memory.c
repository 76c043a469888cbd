// SPDX-License-Identifier: GPL-2.0
/*
 * Where static devices get their memory: empty although free memory is dirty,
 * from fragments when there is nothing better, never at the price of somebody's
 * life, and all of it given back.
 */
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "kselftest_harness.h"
#include "kvmfr_test.h"

#define PAGE 4096UL
#define HUGE_PAGE (2 * MIB)
#define DIRT 0xa5

/* Figures of free memory are never quite the same. */
#define EXPECT_NEAR(wanted_kb, seen_kb, tolerance_kb) do { \
	long __wanted = (wanted_kb), __seen = (seen_kb); \
	EXPECT_LE(labs(__wanted - __seen), tolerance_kb) \
		TH_LOG("%ld kB, then %ld kB", __wanted, __seen); \
} while (0)

FIXTURE(memory)
{
	int kmsg;
};

FIXTURE_SETUP(memory)
{
	char cmdline[4096];

	/* Else the allocator zeroes and hides whether we do. */
	ASSERT_LT(0, text_read("/proc/cmdline", cmdline, sizeof(cmdline)));
	ASSERT_NE(NULL, strstr(cmdline, "init_on_alloc=0"));
	self->kmsg = kmsg_open();
	ASSERT_LE(0, self->kmsg);
}

FIXTURE_TEARDOWN_PARENT(memory)
{
	int ret = kvmfr_unload();

	EXPECT_TRUE(!ret || ret == -ENOENT);
	EXPECT_TRUE(kvmfr_gone());
}

static char *map_device(size_t size)
{
	int fd = kvmfr_open(0, O_RDWR);
	char *memory;

	if (fd < 0)
		return MAP_FAILED;
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return memory;
}

/* Offset of the first word that is not zero, or @size. */
static size_t first_dirt(const char *memory, size_t size)
{
	const unsigned long *words = (const void *)memory;
	size_t i;

	for (i = 0; i < size / sizeof(*words); i++)
		if (words[i])
			break;
	return i * sizeof(*words);
}

static int load_mib(long mib)
{
	char params[64];

	snprintf(params, sizeof(params), "static_size_mb=%ld", mib);
	return kvmfr_load(params);
}

static long available_mib(void)
{
	return meminfo_kb("MemAvailable") / 1024;
}

TEST_F_TIMEOUT(memory, zeroed, 60)
{
	const size_t size = 256 * MIB;
	char *memory;

	ASSERT_EQ(0, memory_dirty((available_mib() - 48) * MIB));
	ASSERT_EQ(0, load_mib(256));
	memory = map_device(size);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(size, first_dirt(memory, size));
}

/* A process with @size bytes of its own, which notices if they change. */
static pid_t start_neighbour(size_t size)
{
	char *memory, byte;
	int ready[2];
	pid_t child;

	if (pipe(ready))
		return -errno;
	child = fork();
	if (child) {
		close(ready[1]);
		if (read(ready[0], &byte, 1) != 1)
			child = -EIO;
		close(ready[0]);
		return child;
	}

	memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		_exit(1);
	memset(memory, DIRT, size);
	if (write(ready[1], "", 1) != 1)
		_exit(2);
	pause();
	_exit(3);
}

/* Whether it had to be killed by us. */
static bool end_neighbour(pid_t child)
{
	int status;

	return waitpid(child, &status, WNOHANG) == 0 && !kill(child, SIGKILL) &&
	       waitpid(child, &status, 0) == child && WIFSIGNALED(status);
}

static bool killed_somebody(int kmsg)
{
	return kmsg_contains(kmsg, "oom-killer") ||
	       kmsg_contains(kmsg, "Out of memory") ||
	       kmsg_contains(kmsg, "page allocation failure");
}

/* With all that memory taken the old module had the loader killed. */
TEST_F(memory, more_than_free_is_refused)
{
	static const char *const requests[] = {
		"static_size_mb=512", "static_size_mb=2047",
		"static_size_mb=200,200,200", "static_size_mb=1,2,4,2047",
	};
	unsigned int i;
	pid_t neighbour;
	long before;

	neighbour = start_neighbour(100 * MIB);
	ASSERT_LT(0, neighbour);
	before = memory_free_kb();
	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		EXPECT_EQ(-ENOMEM, kvmfr_load(requests[i]))
			TH_LOG("%s", requests[i]);
		EXPECT_TRUE(kvmfr_gone());
	}
	EXPECT_NEAR(before, memory_free_kb(), 2048);
	EXPECT_FALSE(killed_somebody(self->kmsg));
	EXPECT_TRUE(end_neighbour(neighbour));
}

/* Around the limit either answer is right, but nobody may die. */
TEST_F_TIMEOUT(memory, nearly_all_free_memory, 120)
{
	int percent, ret, loaded = 0, refused = 0;
	pid_t neighbour;

	neighbour = start_neighbour(100 * MIB);
	ASSERT_LT(0, neighbour);
	for (percent = 110; percent >= 70; percent -= 5) {
		ret = load_mib(available_mib() * percent / 100);
		EXPECT_TRUE(!ret || ret == -ENOMEM)
			TH_LOG("%d %%: %d", percent, ret);
		loaded += !ret;
		refused += ret == -ENOMEM;
		if (!ret)
			ASSERT_EQ(0, kvmfr_unload());
	}
	/* Both ends of the scale are certain. */
	EXPECT_LT(0, loaded);
	EXPECT_LT(0, refused);
	EXPECT_FALSE(killed_somebody(self->kmsg));
	EXPECT_TRUE(end_neighbour(neighbour));
}

/* 20 times 256 MiB: a lost huge page per load would be 36 MiB. */
TEST_F_TIMEOUT(memory, reloading_loses_nothing, 120)
{
	long first = 0, last = 0;
	char *memory;
	int i, fd;

	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, load_mib(256));
		memory = map_device(256 * MIB);
		ASSERT_NE(MAP_FAILED, memory);
		memory[i * HUGE_PAGE] = 1;
		fd = kvmfr_open(0, O_RDWR);
		ASSERT_EQ(0, close(kvmfr_create(fd, 0, 256 * MIB, 0)));
		ASSERT_EQ(0, close(fd));
		ASSERT_EQ(0, munmap(memory, 256 * MIB));
		ASSERT_EQ(0, kvmfr_unload());
		last = memory_free_kb();
		/* What the first loads leave is caches of the kernel. */
		if (i == 1)
			first = last;
	}
	TH_LOG("free: %ld kB, then %ld kB", first, last);
	EXPECT_NEAR(first, last, 2048);
}

/* The pages in them are free then. */
static void close_pipes(int (*pipes)[2], unsigned int count)
{
	while (count--) {
		close(pipes[count][0]);
		close(pipes[count][1]);
	}
}

#define PIPE_PAGES 256
#define MAX_PIPES 4096

/* One page into the @page-th slot of a growing number of pipes. */
static int pipe_page(int (*pipes)[2], unsigned int page)
{
	static char dirt[PAGE];
	unsigned int i = page / PIPE_PAGES;

	if (i >= MAX_PIPES)
		return -ENOSPC;
	if (page % PIPE_PAGES == 0) {
		memset(dirt, DIRT, sizeof(dirt));
		if (pipe(pipes[i]) ||
		    fcntl(pipes[i][1], F_SETPIPE_SZ, PIPE_PAGES * PAGE) < 0)
			return -errno;
	}
	return write(pipes[i][1], dirt, PAGE) == PAGE ? 0 : -EIO;
}

/* Left as it is, also for the kernel's own watermarks. */
#define RESERVE_KB (48 * 1024)

/*
 * Fill free memory with pages in pipes, which cannot be moved, and free all
 * but every @keep-th of them. What is free then lies between the kept ones,
 * and is dirty.
 */
static int fragment_memory(unsigned int keep)
{
	static int kept[MAX_PIPES][2], freed[MAX_PIPES][2];
	const struct rlimit files = { 3 * MAX_PIPES, 3 * MAX_PIPES };
	unsigned int page, nr_kept = 0, nr_freed = 0;
	int ret = 0;

	if (setrlimit(RLIMIT_NOFILE, &files))
		return -errno;
	for (page = 0; ; page++) {
		if (page % PIPE_PAGES == 0 && meminfo_kb("MemFree") < RESERVE_KB)
			break;
		if (page % keep)
			ret = pipe_page(freed, nr_freed++);
		else
			ret = pipe_page(kept, nr_kept++);
		if (ret)
			return ret;
	}
	close_pipes(freed, (nr_freed + PIPE_PAGES - 1) / PIPE_PAGES);
	return 0;
}

/* Different for each 64 bytes, so that no page passes for another. */
static void write_pattern(unsigned long *words, size_t size)
{
	size_t i;

	for (i = 0; i < size / sizeof(*words); i += 8)
		words[i] = i * 0x9e3779b97f4a7c15UL;
}

static bool pattern_ok(const unsigned long *words, size_t size, size_t offset)
{
	size_t i, first = offset / sizeof(*words);

	for (i = 0; i < size / sizeof(*words); i += 8)
		if (words[i] != (first + i) * 0x9e3779b97f4a7c15UL)
			return false;
	return true;
}

/* Whole device through the node, and an odd part of it through a buffer. */
static bool contents_ok(size_t size)
{
	const size_t offset = 3 * MIB + 5 * PAGE, length = size - 7 * MIB;
	int fd, buffer;
	void *memory, *part;

	memory = map_device(size);
	if (memory == MAP_FAILED || first_dirt(memory, size) != size)
		return false;
	write_pattern(memory, size);

	fd = kvmfr_open(0, O_RDWR);
	buffer = kvmfr_create(fd, offset, length, 0);
	part = mmap(NULL, length, PROT_READ, MAP_SHARED, buffer, 0);
	close(buffer);
	close(fd);
	return part != MAP_FAILED && pattern_ok(memory, size, 0) &&
	       pattern_ok(part, length, offset);
}

FIXTURE(fragmented)
{
	int kmsg;
	long before_kb;
};

FIXTURE_VARIANT(fragmented)
{
	unsigned int keep;
};

FIXTURE_VARIANT_ADD(fragmented, one_page_in_8) {
	.keep = 8,
};

FIXTURE_VARIANT_ADD(fragmented, one_page_in_64) {
	.keep = 64,
};

FIXTURE_VARIANT_ADD(fragmented, one_page_in_512) {
	.keep = 512,
};

FIXTURE_SETUP(fragmented)
{
	self->kmsg = kmsg_open();
	ASSERT_LE(0, self->kmsg);
	/*
	 * khugepaged has asked for a tenth of this VM as reserve, and the
	 * allocator doubles that when it meets fragments: somebody would be
	 * killed before the memory is full.
	 */
	ASSERT_LT(0, text_write("/proc/sys/vm/min_free_kbytes", "8192"));
	ASSERT_LT(0, text_write("/proc/sys/vm/watermark_boost_factor", "0"));
	self->before_kb = memory_free_kb();
	ASSERT_EQ(0, fragment_memory(variant->keep));
}

FIXTURE_TEARDOWN_PARENT(fragmented)
{
	int ret = kvmfr_unload();

	EXPECT_TRUE(!ret || ret == -ENOENT);
	/* The pipes went with the test's process. */
	EXPECT_NEAR(self->before_kb, memory_free_kb(), 8192);
}

TEST_F_TIMEOUT(fragmented, loads_and_works, 120)
{
	const size_t size = 128 * MIB;
	long huge;

	ASSERT_EQ(0, load_mib(128));
	huge = kvmfr_attr(0, "huge_bytes");
	TH_LOG("%ld of %zu bytes huge", huge, size);
	EXPECT_LE(0, huge);
	/* One page in each huge page may by chance spare as many as it takes. */
	if (variant->keep < HUGE_PAGE / PAGE)
		EXPECT_GT((long)size, huge);
	EXPECT_EQ(0, huge % HUGE_PAGE);
	EXPECT_EQ(size, kvmfr_attr(0, "size"));
	EXPECT_TRUE(contents_ok(size));
	EXPECT_FALSE(killed_somebody(self->kmsg));
}

/* Nothing of a device in fragments stays behind. */
TEST_F_TIMEOUT(fragmented, gives_all_back, 120)
{
	long before;
	int i;

	/* The first one makes the kernel compact and reclaim. */
	ASSERT_EQ(0, load_mib(96));
	ASSERT_EQ(0, kvmfr_unload());
	before = memory_free_kb();
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, load_mib(96));
		ASSERT_EQ(0, kvmfr_unload());
	}
	EXPECT_NEAR(before, memory_free_kb(), 2048);
}

/*
 * Fragments between pages that can be moved: every other page of a tmpfs file
 * is punched out.
 */
TEST_F_TIMEOUT(memory, movable_fragments, 120)
{
	size_t bytes = (available_mib() - 64) * MIB, at;
	static char dirt[PAGE];
	int file;

	ASSERT_EQ(0, mkdir("/tmp/full", 0700));
	ASSERT_EQ(0, mount("none", "/tmp/full", "tmpfs", 0, "size=100%"));
	file = open("/tmp/full/file", O_CREAT | O_RDWR, 0600);
	ASSERT_LE(0, file);
	memset(dirt, DIRT, sizeof(dirt));
	for (at = 0; at < bytes; at += PAGE)
		ASSERT_EQ(PAGE, pwrite(file, dirt, PAGE, at));
	for (at = 0; at < bytes; at += 2 * PAGE)
		ASSERT_EQ(0, fallocate(file, FALLOC_FL_PUNCH_HOLE |
				       FALLOC_FL_KEEP_SIZE, at, PAGE));

	EXPECT_EQ(0, load_mib(128));
	TH_LOG("%ld bytes huge", kvmfr_attr(0, "huge_bytes"));
	EXPECT_TRUE(contents_ok(128 * MIB));
	EXPECT_FALSE(killed_somebody(self->kmsg));

	close(file);
	ASSERT_EQ(0, umount2("/tmp/full", MNT_DETACH));
	ASSERT_EQ(0, rmdir("/tmp/full"));
}

TEST_HARNESS_MAIN
