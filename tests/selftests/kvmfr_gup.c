// SPDX-License-Identifier: GPL-2.0
/*
 * System calls that reach the pages of a mapping without touching it: other
 * processes, debuggers, pipes. Some keep the pages for longer than there is a
 * mapping, a device or a module.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "access.h"
#include "kselftest_harness.h"
#include "kvmfr_test.h"
#include "mapping.h"
#include "pattern.h"

#define RW (PROT_READ | PROT_WRITE)
#define BYTES MAPPING_BYTES
#define INSIDE (2 * MIB + 20 * 1024)
#define OTHER_SEED 5

FIXTURE(gup) {
	struct mapping m;
};

FIXTURE_VARIANT(gup) {
	struct mapping_kind kind;
};

MAPPING_DEVICE_VARIANTS(gup);
MAPPING_DMABUF_VARIANTS(gup);

FIXTURE_SETUP(gup)
{
	ASSERT_EQ(0, mapping_create(&self->m, &variant->kind));
}

FIXTURE_TEARDOWN_PARENT(gup)
{
	EXPECT_EQ(0, kvmfr_unload());
}

/* Memory that is nobody else's. */
static void *buffer_new(void)
{
	return mmap(NULL, BYTES, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static bool holds(const void *memory, const struct mapping *m, uint64_t seed)
{
	return pattern_match(memory, BYTES, m->origin, seed) == BYTES;
}

static bool device_holds(const struct mapping *m, uint64_t seed)
{
	return holds(m->map, m, seed) && holds(m->whole + m->origin, m, seed);
}

TEST_F(gup, another_process_reads_and_writes)
{
	const pid_t parent = getpid();
	struct iovec local = { buffer_new(), BYTES };
	struct iovec remote = { self->m.map, BYTES };
	pid_t child;

	ASSERT_NE(MAP_FAILED, local.iov_base);
	child = fork();
	if (!child) {
		EXPECT_EQ(BYTES, process_vm_readv(parent, &local, 1, &remote,
						  1, 0));
		EXPECT_TRUE(holds(local.iov_base, &self->m, MAPPING_SEED));
		pattern_fill(local.iov_base, BYTES, self->m.origin,
			     OTHER_SEED);
		EXPECT_EQ(BYTES, process_vm_writev(parent, &local, 1, &remote,
						   1, 0));
		_exit(0);
	}
	ASSERT_EQ(child, waitpid(child, NULL, 0));
	EXPECT_TRUE(device_holds(&self->m, OTHER_SEED));
}

TEST_F(gup, proc_self_mem)
{
	const off_t there = (uintptr_t)self->m.map;
	void *buffer = buffer_new();
	int mem;

	ASSERT_NE(MAP_FAILED, buffer);
	mem = open("/proc/self/mem", O_RDWR);
	ASSERT_LE(0, mem);
	EXPECT_EQ(BYTES, pread(mem, buffer, BYTES, there));
	EXPECT_TRUE(holds(buffer, &self->m, MAPPING_SEED));
	pattern_fill(buffer, BYTES, self->m.origin, OTHER_SEED);
	EXPECT_EQ(BYTES, pwrite(mem, buffer, BYTES, there));
	EXPECT_TRUE(device_holds(&self->m, OTHER_SEED));
}

/* The ordinary calls fault the pages in while they copy. */
TEST_F(gup, file_read_and_write)
{
	int file;

	file = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	ASSERT_LE(0, file);
	EXPECT_EQ(BYTES, pwrite(file, self->m.map, BYTES, 0));
	pattern_fill(self->m.whole, MAPPING_DEVICE_BYTES, 0, OTHER_SEED);
	ASSERT_EQ(0, madvise(self->m.map, BYTES, MADV_DONTNEED));
	EXPECT_EQ(BYTES, pread(file, self->m.map, BYTES, 0));
	EXPECT_TRUE(device_holds(&self->m, MAPPING_SEED));
}

TEST_F(gup, debugger)
{
	const size_t offsets[] = { 0, INSIDE, BYTES - 8 };
	const size_t origin = self->m.origin;
	int status;
	pid_t child;
	size_t i;

	child = fork();
	if (!child) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(1);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	ASSERT_TRUE(WIFSTOPPED(status));
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		size_t at = offsets[i];
		uint64_t seen;

		seen = ptrace(PTRACE_PEEKDATA, child, self->m.map + at, NULL);
		EXPECT_EQ(pattern_word(origin + at, MAPPING_SEED), seen);
		EXPECT_EQ(0, ptrace(PTRACE_POKEDATA, child, self->m.map + at,
				    ~seen));
		EXPECT_EQ(~seen, *(uint64_t *)(self->m.whole + origin + at));
	}
	EXPECT_EQ(0, kill(child, SIGKILL));
	EXPECT_EQ(child, waitpid(child, NULL, 0));
}

static long futex(void *word, int operation, uint32_t value,
		  const struct timespec *timeout)
{
	long ret = syscall(SYS_futex, word, operation, value, timeout, NULL, 0);

	return ret < 0 ? -errno : ret;
}

static void *wait_for_wake(void *word)
{
	while (*(volatile uint32_t *)word == 0)
		futex(word, FUTEX_WAIT_PRIVATE, 0, NULL);
	return NULL;
}

TEST_F(gup, futex_within_a_process)
{
	volatile uint32_t *word = (uint32_t *)(self->m.map + INSIDE);
	long woken = 0;
	pthread_t thread;

	*word = 0;
	ASSERT_EQ(0, pthread_create(&thread, NULL, wait_for_wake,
				    (void *)word));
	while (!woken) {
		woken = futex((void *)word, FUTEX_WAKE_PRIVATE, 1, NULL);
		ASSERT_LE(0, woken);
		usleep(1000);
	}
	*word = 1;
	futex((void *)word, FUTEX_WAKE_PRIVATE, 1, NULL);
	EXPECT_EQ(0, pthread_join(thread, NULL));
}

/*
 * Between processes a futex is named by the file its page belongs to; pages of
 * a driver belong to none. The answer must be an error, and at once.
 */
TEST_F(gup, futex_between_processes)
{
	const struct timespec second = { .tv_sec = 1 };
	uint32_t *word = (uint32_t *)(self->m.map + INSIDE);

	*word = 0;
	EXPECT_EQ(-EFAULT, futex(word, FUTEX_WAKE, 1, NULL));
	EXPECT_EQ(-EFAULT, futex(word, FUTEX_WAIT, 0, &second));
	EXPECT_EQ(0, *word);
}

/* What fits into a pipe of the default size, spread over the mapping. */
#define SPLICED 16

static size_t spliced_at(size_t i)
{
	return i * (BYTES / SPLICED) / PAGE_BYTES * PAGE_BYTES;
}

static void splice_pages(struct __test_metadata *_metadata, int pipe_in,
			 unsigned char *map)
{
	struct iovec page = { .iov_len = PAGE_BYTES };
	size_t i;

	for (i = 0; i < SPLICED; i++) {
		page.iov_base = map + spliced_at(i);
		ASSERT_EQ(PAGE_BYTES, vmsplice(pipe_in, &page, 1, 0));
	}
}

static void check_pipe(struct __test_metadata *_metadata, int pipe_out,
		       size_t origin, uint64_t seed)
{
	uint64_t page[PAGE_BYTES / 8];
	size_t i;

	for (i = 0; i < SPLICED; i++) {
		ASSERT_EQ(PAGE_BYTES, read(pipe_out, page, PAGE_BYTES));
		EXPECT_EQ(PAGE_BYTES, pattern_match(page, PAGE_BYTES,
						    origin + spliced_at(i),
						    seed));
	}
}

/* A pipe holds the pages themselves, not copies. */
TEST_F(gup, vmsplice)
{
	int pipes[2];

	ASSERT_EQ(0, pipe(pipes));
	splice_pages(_metadata, pipes[1], self->m.map);
	check_pipe(_metadata, pipes[0], self->m.origin, MAPPING_SEED);

	splice_pages(_metadata, pipes[1], self->m.map);
	pattern_fill(self->m.whole, MAPPING_DEVICE_BYTES, 0, OTHER_SEED);
	ASSERT_EQ(0, munmap(self->m.map, BYTES));
	check_pipe(_metadata, pipes[0], self->m.origin, OTHER_SEED);
}

TEST_F(gup, vmsplice_outlives_the_module)
{
	int pipes[2];

	ASSERT_EQ(0, pipe(pipes));
	splice_pages(_metadata, pipes[1], self->m.map);
	ASSERT_EQ(0, munmap(self->m.map, BYTES));
	ASSERT_EQ(0, munmap(self->m.whole, MAPPING_DEVICE_BYTES));
	close(self->m.fd);
	/* The same one, or it was a dma-buf. */
	close(self->m.device);
	ASSERT_EQ(0, kvmfr_unload());

	/* Whoever gets free memory now must not get these pages. */
	EXPECT_EQ(0, memory_dirty(64 * MIB));
	check_pipe(_metadata, pipes[0], self->m.origin, MAPPING_SEED);
	EXPECT_EQ(0, kvmfr_load(MAPPING_PARAMS));
}

#define BIG_BYTES (256 * MIB)

FIXTURE(gup_memory) {
	int pipes[2];
};

FIXTURE_SETUP(gup_memory)
{
	ASSERT_EQ(0, kvmfr_load("static_size_mb=256"));
	ASSERT_EQ(0, pipe(self->pipes));
	ASSERT_LE(0, fcntl(self->pipes[1], F_SETPIPE_SZ,
			   BIG_BYTES / PMD_BYTES * PAGE_BYTES));
}

FIXTURE_TEARDOWN_PARENT(gup_memory)
{
	int ret = kvmfr_unload();

	/* The test has unloaded it if it got so far. */
	EXPECT_TRUE(!ret || ret == -ENOENT);
}

/* One page of each 2 MiB in a pipe. */
static void splice_device(struct __test_metadata *_metadata, int pipe_in)
{
	struct iovec page = { .iov_len = PAGE_BYTES };
	int fd = kvmfr_open(0, O_RDWR);
	char *map;
	size_t at;

	ASSERT_LE(0, fd);
	map = mmap(NULL, BIG_BYTES, RW, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	for (at = 0; at < BIG_BYTES; at += PMD_BYTES) {
		page.iov_base = map + at;
		ASSERT_EQ(PAGE_BYTES, vmsplice(pipe_in, &page, 1, 0));
	}
	ASSERT_EQ(0, munmap(map, BIG_BYTES));
	ASSERT_EQ(0, close(fd));
}

/* Pages freed on one CPU stay in its lists for a moment. */
static bool free_memory_reaches(long kb)
{
	int i;

	for (i = 0; i < 100 && meminfo_kb("MemFree") < kb; i++)
		usleep(50000);
	return meminfo_kb("MemFree") >= kb;
}

/* Pinned memory cannot go with the module. */
TEST_F(gup_memory, is_freed_when_the_pin_goes)
{
	const long half = BIG_BYTES / 1024 / 2;
	long loaded;

	splice_device(_metadata, self->pipes[1]);
	loaded = meminfo_kb("MemFree");
	ASSERT_EQ(0, kvmfr_unload());
	EXPECT_GT(loaded + half, meminfo_kb("MemFree"));
	ASSERT_EQ(0, close(self->pipes[0]));
	ASSERT_EQ(0, close(self->pipes[1]));
	EXPECT_TRUE(free_memory_reaches(loaded + half));
}

TEST_HARNESS_MAIN
