// SPDX-License-Identifier: GPL-2.0
/*
 * zero_on_last_close: who opens a device after its last user finds zeros,
 * whatever that user left behind, and until then nothing is lost.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "dmabuf_test.h"
#include "kvmfr_test.h"
#include "mapping.h"
#include "pattern.h"
#include "uring.h"

#define RW (PROT_READ | PROT_WRITE)
#define DEVICE_SIZE (7 * MIB)
#define BUFFER_OFFSET (2 * MIB - PAGE_BYTES)
#define BUFFER_SIZE (4 * MIB)
#define PINNED_AT (3 * MIB)
#define SEED 3

/* What whoever comes next finds. */
enum found { FOUND_ERROR, FOUND_ZERO, FOUND_PATTERN, FOUND_MIXTURE };

static enum found look_at(int fd, size_t size)
{
	unsigned char *map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	enum found found = FOUND_MIXTURE;

	if (map == MAP_FAILED)
		return FOUND_ERROR;
	if (bytes_zero(map, size))
		found = FOUND_ZERO;
	else if (pattern_match(map, size, 0, SEED) == size)
		found = FOUND_PATTERN;
	munmap(map, size);
	return found;
}

/* A user for as long as it looks. */
static enum found next_finds(unsigned int minor, size_t size)
{
	int fd = kvmfr_open(minor, O_RDONLY);
	enum found found;

	if (fd < 0)
		return FOUND_ERROR;
	found = look_at(fd, size);
	close(fd);
	return found;
}

static int open_nonblock(unsigned int minor)
{
	return kvmfr_open(minor, O_RDONLY | O_NONBLOCK);
}

FIXTURE(zero)
{
	int fd;
	unsigned char *map;
};

FIXTURE_VARIANT(zero)
{
	const char *params;
	enum found after;
};

FIXTURE_VARIANT_ADD(zero, on)
{
	.params = "static_size_mb=7,2 zero_on_last_close=1",
	.after = FOUND_ZERO,
};

FIXTURE_VARIANT_ADD(zero, absent)
{
	.params = "static_size_mb=7,2",
	.after = FOUND_PATTERN,
};

FIXTURE_SETUP(zero)
{
	ASSERT_EQ(0, dmabuf_modules_load(variant->params, ""));
	self->fd = kvmfr_open(0, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
	self->map = map_shared(self->fd, DEVICE_SIZE);
	ASSERT_NE(NULL, self->map);
	ASSERT_TRUE(bytes_zero(self->map, DEVICE_SIZE));
	pattern_fill(self->map, DEVICE_SIZE, 0, SEED);
}

FIXTURE_TEARDOWN_PARENT(zero)
{
	EXPECT_EQ(0, dmabuf_modules_unload());
}

TEST_F(zero, file_outlives_mapping)
{
	int copy = dup(self->fd);

	ASSERT_EQ(0, munmap(self->map, DEVICE_SIZE));
	EXPECT_EQ(FOUND_PATTERN, next_finds(0, DEVICE_SIZE));
	ASSERT_EQ(0, close(self->fd));
	EXPECT_EQ(FOUND_PATTERN, next_finds(0, DEVICE_SIZE));
	ASSERT_EQ(0, close(copy));
	EXPECT_EQ(variant->after, next_finds(0, DEVICE_SIZE));
}

/* The last page of it is enough. */
TEST_F(zero, mapping_outlives_file)
{
	const size_t most = DEVICE_SIZE - PAGE_BYTES;

	ASSERT_EQ(0, close(self->fd));
	EXPECT_EQ(FOUND_PATTERN, next_finds(0, DEVICE_SIZE));
	ASSERT_EQ(0, munmap(self->map, most));
	EXPECT_EQ(FOUND_PATTERN, next_finds(0, DEVICE_SIZE));
	ASSERT_EQ(0, munmap(self->map + most, PAGE_BYTES));
	EXPECT_EQ(variant->after, next_finds(0, DEVICE_SIZE));
}

TEST_F(zero, private_mapping_outlives_file)
{
	unsigned char *copy = mmap(NULL, DEVICE_SIZE, RW, MAP_PRIVATE,
				   self->fd, 0);

	ASSERT_NE(MAP_FAILED, copy);
	copy[PINNED_AT]++;
	ASSERT_EQ(0, munmap(self->map, DEVICE_SIZE));
	ASSERT_EQ(0, close(self->fd));
	EXPECT_EQ(FOUND_PATTERN, next_finds(0, DEVICE_SIZE));
	ASSERT_EQ(0, munmap(copy, DEVICE_SIZE));
	EXPECT_EQ(variant->after, next_finds(0, DEVICE_SIZE));
}

TEST_F(zero, buffer_outlives_mapping)
{
	int buffer = kvmfr_create(self->fd, BUFFER_OFFSET, BUFFER_SIZE, 0);

	ASSERT_LE(0, buffer);
	ASSERT_EQ(0, close(self->fd));
	ASSERT_EQ(0, munmap(self->map, DEVICE_SIZE));
	EXPECT_EQ(FOUND_PATTERN, next_finds(0, DEVICE_SIZE));
	ASSERT_EQ(0, close(buffer));
	EXPECT_EQ(variant->after, next_finds(0, DEVICE_SIZE));
}

TEST_F(zero, mapping_outlives_buffer)
{
	int buffer = kvmfr_create(self->fd, BUFFER_OFFSET, BUFFER_SIZE, 0);
	unsigned char *map;

	ASSERT_LE(0, buffer);
	map = map_shared(buffer, BUFFER_SIZE);
	ASSERT_NE(NULL, map);
	ASSERT_EQ(0, munmap(self->map, DEVICE_SIZE));
	ASSERT_EQ(0, close(self->fd));
	ASSERT_EQ(0, close(buffer));
	EXPECT_EQ(FOUND_PATTERN, next_finds(0, DEVICE_SIZE));
	ASSERT_EQ(0, munmap(map, BUFFER_SIZE));
	EXPECT_EQ(variant->after, next_finds(0, DEVICE_SIZE));
}

/* It can write until it detaches. */
TEST_F(zero, importer_outlives_all)
{
	int buffer, importer;
	enum found after;

	if (edu_count() < 1)
		SKIP(return, "no edu device to import for");
	buffer = kvmfr_create(self->fd, 0, DEVICE_SIZE, 0);
	ASSERT_LE(0, buffer);
	importer = importer_open();
	ASSERT_LE(0, importer);
	ASSERT_EQ(0, importer_import(importer, buffer));
	ASSERT_EQ(0, importer_vmap(importer));
	ASSERT_EQ(0, close(buffer));
	ASSERT_EQ(0, close(self->fd));
	ASSERT_EQ(0, munmap(self->map, DEVICE_SIZE));
	EXPECT_EQ(FOUND_PATTERN, next_finds(0, DEVICE_SIZE));
	ASSERT_EQ(0, importer_dma_write(importer, PINNED_AT, "late", 4));
	EXPECT_EQ(FOUND_MIXTURE, next_finds(0, DEVICE_SIZE));
	ASSERT_EQ(0, close(importer));
	after = variant->after == FOUND_ZERO ? FOUND_ZERO : FOUND_MIXTURE;
	EXPECT_EQ(after, next_finds(0, DEVICE_SIZE));
}

/* A child that has it mapped until it is killed. */
TEST_F(zero, killed_child_was_the_last)
{
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		close(self->fd);
		pause();
		_exit(0);
	}
	ASSERT_EQ(0, munmap(self->map, DEVICE_SIZE));
	ASSERT_EQ(0, close(self->fd));
	EXPECT_EQ(FOUND_PATTERN, next_finds(0, DEVICE_SIZE));
	ASSERT_EQ(0, kill(child, SIGKILL));
	ASSERT_EQ(child, waitpid(child, NULL, 0));
	EXPECT_EQ(variant->after, next_finds(0, DEVICE_SIZE));
}

/* Who reads a pipe later must find what was put into it. */
TEST_F(zero, pipe_outlives_all)
{
	struct iovec page = { self->map + PINNED_AT, PAGE_BYTES };
	uint64_t copy[PAGE_BYTES / 8];
	int ends[2];

	ASSERT_EQ(0, pipe(ends));
	ASSERT_EQ(PAGE_BYTES, vmsplice(ends[1], &page, 1, 0));
	ASSERT_EQ(0, munmap(self->map, DEVICE_SIZE));
	ASSERT_EQ(0, close(self->fd));
	sleep(1);
	EXPECT_EQ(variant->after == FOUND_ZERO,
		  open_nonblock(0) == -EAGAIN);
	ASSERT_EQ(PAGE_BYTES, read(ends[0], copy, PAGE_BYTES));
	EXPECT_EQ(PAGE_BYTES, pattern_match(copy, PAGE_BYTES, PINNED_AT, SEED));
	EXPECT_EQ(variant->after, next_finds(0, DEVICE_SIZE));
}

/* What is written through a pin after the last close is gone, too. */
TEST_F(zero, io_uring_outlives_all)
{
	unsigned char *at = self->map + PINNED_AT;
	struct uring ring;
	int file, ret;

	ret = uring_open(&ring);
	if (ret)
		SKIP(return, "no io_uring: %s", strerror(-ret));
	file = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	ASSERT_LE(0, file);
	ASSERT_EQ(PAGE_BYTES, write(file, at, PAGE_BYTES));
	ret = uring_register(&ring, at, 2 * MIB);
	if (ret == -EOPNOTSUPP)
		SKIP(return, "this kernel's io_uring takes no file's memory");
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, munmap(self->map, DEVICE_SIZE));
	ASSERT_EQ(0, close(self->fd));
	sleep(1);
	ASSERT_EQ(0, uring_submit(&ring, IORING_OP_READ_FIXED, file, at,
				  PAGE_BYTES, 0));
	ASSERT_EQ(PAGE_BYTES, uring_wait(&ring));
	uring_close(&ring);
	EXPECT_EQ(variant->after, next_finds(0, DEVICE_SIZE));
}

/* Only for what is switched on, with a page of device 0 in a pipe. */
FIXTURE(pinned)
{
	int ends[2];
};

FIXTURE_SETUP(pinned)
{
	struct iovec page = { .iov_len = PAGE_BYTES };
	unsigned char *map;
	int fd;

	ASSERT_EQ(0, dmabuf_modules_load("static_size_mb=7,2 zero_on_last_close=1",
					 NULL));
	fd = kvmfr_open(0, O_RDWR);
	ASSERT_LE(0, fd);
	map = map_shared(fd, DEVICE_SIZE);
	ASSERT_NE(NULL, map);
	pattern_fill(map, DEVICE_SIZE, 0, SEED);
	page.iov_base = map + PINNED_AT;
	ASSERT_EQ(0, pipe(self->ends));
	ASSERT_EQ(PAGE_BYTES, vmsplice(self->ends[1], &page, 1, 0));
	ASSERT_EQ(0, munmap(map, DEVICE_SIZE));
	ASSERT_EQ(0, close(fd));
}

FIXTURE_TEARDOWN_PARENT(pinned)
{
	int ret = kvmfr_unload();

	/* One test has unloaded it. */
	EXPECT_TRUE(!ret || ret == -ENOENT);
}

/* A child, without the pipe, that opens the device and exits with what it finds. */
static pid_t child_opens(const int ends[2])
{
	pid_t child = fork();

	if (!child) {
		close(ends[0]);
		close(ends[1]);
		_exit(next_finds(0, DEVICE_SIZE));
	}
	return child;
}

TEST_F(pinned, opener_waits_and_finds_zeros)
{
	pid_t child = child_opens(self->ends);
	int status;

	ASSERT_LT(0, child);
	sleep(1);
	EXPECT_EQ(0, waitpid(child, &status, WNOHANG));
	close(self->ends[0]);
	close(self->ends[1]);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(FOUND_ZERO, WEXITSTATUS(status));
}

TEST_F(pinned, opener_can_be_killed)
{
	pid_t child = child_opens(self->ends);
	int status;

	ASSERT_LT(0, child);
	sleep(1);
	EXPECT_EQ(-EWOULDBLOCK, kvmfr_unload());
	ASSERT_EQ(0, kill(child, SIGKILL));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
}

TEST_F(pinned, other_devices_do_not_wait)
{
	EXPECT_EQ(-EAGAIN, open_nonblock(0));
	EXPECT_LE(0, open_nonblock(1));
}

TEST_F(pinned, module_can_be_unloaded)
{
	uint64_t copy[PAGE_BYTES / 8];

	ASSERT_EQ(0, kvmfr_unload());
	EXPECT_EQ(0, memory_dirty(64 * MIB));
	ASSERT_EQ(PAGE_BYTES, read(self->ends[0], copy, PAGE_BYTES));
	EXPECT_EQ(PAGE_BYTES, pattern_match(copy, PAGE_BYTES, PINNED_AT, SEED));
}

/* Openers that race with the last close. */
#define RACE_SIZE (16 * MIB)
#define RACE_PARAMS "static_size_mb=16 zero_on_last_close=1"
#define RACE_ROUNDS 150
#define READERS 3

/**
 * struct user - a thread that has the device open for a while
 * @thread: the thread
 * @delay: before it opens, in us
 * @enter: when it began to open
 * @left: when it had closed
 * @tag: the word that it found in all pages, or 1 for different ones
 */
struct user {
	pthread_t thread;
	unsigned int delay;
	long long enter;
	long long left;
	uint64_t tag;
};

static long long clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static uint64_t tag_of(const unsigned char *map)
{
	uint64_t tag = *(volatile uint64_t *)map;
	size_t at;

	for (at = 0; at < RACE_SIZE; at += PAGE_BYTES)
		if (*(volatile uint64_t *)(map + at) != tag)
			return 1;
	return tag;
}

/* Twice: nothing may change while it is open. */
static void *user_reads(void *data)
{
	struct user *user = data;
	unsigned char *map;
	int fd;

	usleep(user->delay);
	user->tag = 1;
	user->enter = clock_ns();
	fd = open("/dev/kvmfr0", O_RDWR);
	map = map_shared(fd, RACE_SIZE);
	if (map) {
		user->tag = tag_of(map);
		if (tag_of(map) != user->tag)
			user->tag = 1;
		munmap(map, RACE_SIZE);
	}
	close(fd);
	user->left = clock_ns();
	return NULL;
}

/* Whether somebody who had the old contents was still there. */
static bool joined(const struct user *users, int self)
{
	int i;

	for (i = 0; i <= READERS; i++)
		if (i != self && users[i].tag == users[self].tag &&
		    users[i].left > users[self].enter)
			return true;
	return false;
}

TEST(openers_race_with_the_last_close)
{
	/* The last one is who wrote. */
	struct user users[READERS + 1], *writer = &users[READERS];
	int round, i, fd, late = 0, early = 0;
	unsigned char *map;
	size_t at;

	ASSERT_EQ(0, dmabuf_modules_load(RACE_PARAMS, NULL));
	for (round = 0; round < RACE_ROUNDS; round++) {
		fd = kvmfr_open(0, O_RDWR);
		map = map_shared(fd, RACE_SIZE);
		ASSERT_NE(NULL, map);
		ASSERT_EQ(0, tag_of(map));
		writer->tag = round + 2;
		for (at = 0; at < RACE_SIZE; at += PAGE_BYTES)
			*(uint64_t *)(map + at) = writer->tag;
		for (i = 0; i < READERS; i++) {
			users[i].delay = rand() % 3000;
			ASSERT_EQ(0, pthread_create(&users[i].thread, NULL,
						    user_reads, &users[i]));
		}
		usleep(rand() % 3000);
		munmap(map, RACE_SIZE);
		close(fd);
		writer->left = clock_ns();
		for (i = 0; i < READERS; i++)
			pthread_join(users[i].thread, NULL);
		for (i = 0; i < READERS; i++) {
			late += !users[i].tag;
			early += users[i].tag == writer->tag;
			if (users[i].tag)
				ASSERT_EQ(writer->tag, users[i].tag);
			ASSERT_TRUE(!users[i].tag || joined(users, i));
		}
	}
	TH_LOG("%d joined, %d came too late", early, late);
	EXPECT_LT(0, late);
	EXPECT_LT(0, early);
	EXPECT_EQ(0, kvmfr_unload());
}

/* A size that people use, to the last byte, and again and again. */
TEST(large)
{
	int i, fd;
	void *map;

	ASSERT_EQ(0, dmabuf_modules_load("static_size_mb=128 zero_on_last_close=1",
					 NULL));
	for (i = 0; i < 3; i++) {
		fd = kvmfr_open(0, O_RDWR);
		ASSERT_LE(0, fd);
		map = map_shared(fd, 128 * MIB);
		ASSERT_NE(NULL, map);
		EXPECT_TRUE(bytes_zero(map, 128 * MIB));
		memset(map, 0xa5, 128 * MIB);
		ASSERT_EQ(0, munmap(map, 128 * MIB));
		ASSERT_EQ(0, close(fd));
	}
	/* Unloading in the middle of it works. */
	EXPECT_EQ(0, kvmfr_unload());
}

TEST_HARNESS_MAIN
