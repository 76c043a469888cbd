// SPDX-License-Identifier: GPL-2.0
/*
 * zero_on_last_close: who opens a device after its last user finds zeros,
 * whatever that user left behind, and until then nothing is lost.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "dmabuf_test.h"
#include "kvmfr_test.h"
#include "mapping.h"
#include "pattern.h"
#include "physical.h"
#include "uring.h"

#define RW (PROT_READ | PROT_WRITE)
#define DEVICE_SIZE (7 * MIB)
#define BUFFER_OFFSET (2 * MIB - PAGE_BYTES)
#define BUFFER_SIZE (4 * MIB)
#define PINNED_AT (3 * MIB)
#define BEHIND_IT (6 * MIB)
#define SEED 3
#define NOBODY 65534

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
	uint64_t behind;
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
	self->behind = physical_address(map + BEHIND_IT);
	ASSERT_NE(0, self->behind);
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

static void alarm_came(int number)
{
	(void)number;
}

/* No call is restarted after it unless @flags say so. */
static void alarm_handle(int flags)
{
	const struct sigaction handler = {
		.sa_handler = alarm_came,
		.sa_flags = flags,
	};

	sigaction(SIGALRM, &handler, NULL);
}

/* Who was interrupted is no user: the next one waits, and is let in. */
TEST_F(pinned, opener_is_interrupted)
{
	alarm_handle(0);
	alarm(1);
	EXPECT_EQ(-EINTR, kvmfr_open(0, O_RDWR));
	EXPECT_EQ(-EAGAIN, open_nonblock(0));
	close(self->ends[0]);
	close(self->ends[1]);
	EXPECT_EQ(FOUND_ZERO, next_finds(0, DEVICE_SIZE));
}

TEST_F(pinned, opener_goes_on_waiting_after_a_signal)
{
	pid_t child = fork();
	int status;

	ASSERT_LE(0, child);
	if (!child) {
		close(self->ends[0]);
		close(self->ends[1]);
		alarm_handle(SA_RESTART);
		alarm(1);
		_exit(next_finds(0, DEVICE_SIZE));
	}
	sleep(2);
	EXPECT_EQ(0, waitpid(child, &status, WNOHANG));
	close(self->ends[0]);
	close(self->ends[1]);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(FOUND_ZERO, WEXITSTATUS(status));
}

#define FILES_MAX "/proc/sys/fs/file-max"

/*
 * CREATE by somebody without rights while there are no files left: that fails
 * late, when the dma-buf was a user of the memory already. Its result.
 */
static int create_without_files(int fd)
{
	char before[32];
	int ret;

	if (text_read(FILES_MAX, before, sizeof(before)) <= 0 ||
	    text_write(FILES_MAX, "0") <= 0 || setresuid(-1, NOBODY, -1))
		return -EIO;
	ret = kvmfr_create(fd, 0, DEVICE_SIZE, 0);
	if (setresuid(-1, 0, -1) || text_write(FILES_MAX, before) <= 0)
		return -EIO;
	return ret;
}

/* It was no user for longer than it took. */
TEST_F(zero, create_that_failed)
{
	EXPECT_EQ(-ENFILE, create_without_files(self->fd));
	EXPECT_EQ(FOUND_PATTERN, next_finds(0, DEVICE_SIZE));
	ASSERT_EQ(0, munmap(self->map, DEVICE_SIZE));
	ASSERT_EQ(0, close(self->fd));
	EXPECT_EQ(variant->after, next_finds(0, DEVICE_SIZE));
}

/* Whoever only asks for the size leaves nothing behind. */
TEST(without_the_memory_nobody_waits)
{
	unsigned int i;

	ASSERT_EQ(0, dmabuf_modules_load("static_size_mb=512 zero_on_last_close=1",
					 NULL));
	for (i = 0; i < 20; i++) {
		int fd = open_nonblock(0);

		ASSERT_LE(0, fd);
		EXPECT_EQ(512 * MIB, kvmfr_size(fd));
		close(fd);
	}
	EXPECT_EQ(0, kvmfr_unload());
}

TEST_F(pinned, other_devices_do_not_wait)
{
	EXPECT_EQ(-EAGAIN, open_nonblock(0));
	EXPECT_LE(0, open_nonblock(1));
}

/* What is behind the pinned page is zeroed all the same. */
TEST_F(pinned, module_can_be_unloaded)
{
	uint64_t copy[PAGE_BYTES / 8];

	ASSERT_EQ(0, physical_read(self->behind, copy, PAGE_BYTES));
	EXPECT_EQ(PAGE_BYTES, pattern_match(copy, PAGE_BYTES, BEHIND_IT, SEED));
	ASSERT_EQ(0, kvmfr_unload());
	ASSERT_EQ(0, physical_read(self->behind, copy, PAGE_BYTES));
	EXPECT_EQ(0, pattern_match(copy, PAGE_BYTES, BEHIND_IT, SEED));
	EXPECT_EQ(0, memory_dirty(64 * MIB));
	ASSERT_EQ(PAGE_BYTES, read(self->ends[0], copy, PAGE_BYTES));
	EXPECT_EQ(PAGE_BYTES, pattern_match(copy, PAGE_BYTES, PINNED_AT, SEED));
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
