// SPDX-License-Identifier: GPL-2.0
/*
 * The node as a file: open modes, the calls that have no meaning for it, seek,
 * and that the memory is empty at first and stays.
 */
#include <fcntl.h>
#include <limits.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "kselftest_harness.h"
#include "kvmfr_test.h"

#define DEVICE_SIZE (16 * MIB)
#define PAGE 4096UL

#define EXPECT_ERRNO(error, call) do { \
	errno = 0; \
	EXPECT_EQ(-1, (long)(call)); \
	EXPECT_EQ(error, errno); \
} while (0)

FIXTURE(chardev)
{
	int fd;
};

FIXTURE_SETUP(chardev)
{
	ASSERT_EQ(0, kvmfr_load("static_size_mb=16,8"));
	self->fd = kvmfr_open(0, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN_PARENT(chardev)
{
	EXPECT_EQ(0, kvmfr_unload());
}

/* A character device has no size to fstat, and QEMU opens it with O_CREAT. */
TEST_F(chardev, open_modes)
{
	static const int modes[] = {
		O_RDONLY, O_WRONLY, O_RDWR, O_RDWR | O_NONBLOCK, O_PATH,
		O_RDWR | O_CREAT, O_RDWR | O_TRUNC, O_WRONLY | O_APPEND,
		O_RDWR | O_SYNC, O_RDWR | O_NOATIME,
	};
	struct stat node;
	unsigned int i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		fd = open("/dev/kvmfr0", modes[i] | O_CLOEXEC, 0600);
		ASSERT_LE(0, fd)
			TH_LOG("flags 0%o: %s", modes[i], strerror(errno));
		ASSERT_EQ(0, fstat(fd, &node));
		EXPECT_TRUE(S_ISCHR(node.st_mode));
		EXPECT_EQ(0, node.st_size);
		EXPECT_EQ(0, close(fd));
	}
}

/* Several nodes may name one device (mknod in a container). */
TEST_F(chardev, second_node_is_the_same_device)
{
	struct stat node;
	char *first, *second;
	int fd;

	ASSERT_EQ(0, fstat(self->fd, &node));
	ASSERT_EQ(0, mknod("/tmp/kvmfr-again", S_IFCHR | 0600, node.st_rdev));
	fd = open("/tmp/kvmfr-again", O_RDWR | O_CLOEXEC);
	ASSERT_EQ(0, unlink("/tmp/kvmfr-again"));
	ASSERT_LE(0, fd);
	EXPECT_EQ(DEVICE_SIZE, kvmfr_size(fd));

	first = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->fd, 0);
	ASSERT_NE(MAP_FAILED, first);
	second = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, second);
	memcpy(second, "same", 5);
	EXPECT_STREQ("same", first);
}

TEST_F(chardev, no_reading_or_writing)
{
	char byte = 1;
	struct iovec one = { .iov_base = &byte, .iov_len = 1 };

	EXPECT_ERRNO(EINVAL, read(self->fd, &byte, 1));
	EXPECT_ERRNO(EINVAL, write(self->fd, &byte, 1));
	EXPECT_ERRNO(EINVAL, pread(self->fd, &byte, 1, 0));
	EXPECT_ERRNO(EINVAL, pwrite(self->fd, &byte, 1, 0));
	EXPECT_ERRNO(EINVAL, pread(self->fd, &byte, 1, DEVICE_SIZE));
	EXPECT_ERRNO(EINVAL, readv(self->fd, &one, 1));
	EXPECT_ERRNO(EINVAL, writev(self->fd, &one, 1));
}

TEST_F(chardev, read_only_and_write_only_refuse_the_other)
{
	char byte = 1;
	int fd;

	fd = kvmfr_open(0, O_RDONLY);
	ASSERT_LE(0, fd);
	EXPECT_ERRNO(EBADF, write(fd, &byte, 1));
	close(fd);
	fd = kvmfr_open(0, O_WRONLY);
	ASSERT_LE(0, fd);
	EXPECT_ERRNO(EBADF, read(fd, &byte, 1));
	close(fd);
}

TEST_F(chardev, nothing_to_sync)
{
	EXPECT_ERRNO(EINVAL, fsync(self->fd));
	EXPECT_ERRNO(EINVAL, fdatasync(self->fd));
	EXPECT_ERRNO(ESPIPE, sync_file_range(self->fd, 0, 0,
					     SYNC_FILE_RANGE_WRITE));
}

/* Nobody can change the size or punch holes, by descriptor or by name. */
TEST_F(chardev, no_truncating_or_allocating)
{
	static const int modes[] = {
		0, FALLOC_FL_KEEP_SIZE,
		FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		FALLOC_FL_ZERO_RANGE,
	};
	unsigned int i;

	EXPECT_ERRNO(EINVAL, ftruncate(self->fd, 0));
	EXPECT_ERRNO(EINVAL, ftruncate(self->fd, DEVICE_SIZE));
	EXPECT_ERRNO(EINVAL, ftruncate(self->fd, 2 * DEVICE_SIZE));
	EXPECT_ERRNO(EINVAL, truncate("/dev/kvmfr0", PAGE));
	for (i = 0; i < ARRAY_SIZE(modes); i++)
		EXPECT_ERRNO(ENODEV, fallocate(self->fd, modes[i], 0, PAGE));
	EXPECT_EQ(DEVICE_SIZE, kvmfr_size(self->fd));
}

TEST_F(chardev, no_copying_in_the_kernel)
{
	loff_t from = 0, to = 0;
	int other, ends[2];

	other = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	ASSERT_LE(0, other);
	ASSERT_EQ(0, pipe(ends));

	EXPECT_ERRNO(EINVAL, sendfile(other, self->fd, &from, PAGE));
	EXPECT_ERRNO(EINVAL, splice(self->fd, &from, ends[1], NULL, PAGE, 0));
	EXPECT_ERRNO(EINVAL, copy_file_range(self->fd, &from, other, &to,
					     PAGE, 0));
	EXPECT_ERRNO(EINVAL, readahead(self->fd, 0, PAGE));
}

/* These act on the page cache, which the device must not seem to have. */
TEST_F(chardev, page_cache_advice_is_harmless)
{
	struct {
		uint64_t offset, length;
	} range = { 0, 0 };
	uint64_t cached[5] = { 1, 1, 1, 1, 1 };
	char *memory;
	int advice;
	long ret;

	memory = mmap(NULL, DEVICE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
		      self->fd, 0);
	ASSERT_NE(MAP_FAILED, memory);
	memset(memory, 0x3c, DEVICE_SIZE);

	for (advice = POSIX_FADV_NORMAL; advice <= POSIX_FADV_NOREUSE; advice++)
		EXPECT_EQ(0, posix_fadvise(self->fd, 0, 0, advice))
			TH_LOG("advice %d", advice);
	/* cachestat(2), Linux 6.5 and newer. */
	ret = syscall(451, self->fd, &range, cached, 0);
	if (!ret)
		EXPECT_EQ(0, cached[0]);

	EXPECT_EQ(0x3c, memory[0]);
	EXPECT_EQ(0x3c, memory[DEVICE_SIZE - 1]);
}

/* virtiofsd and QEMU find the size with SEEK_END. */
TEST_F(chardev, seek)
{
	const off_t size = DEVICE_SIZE;

	EXPECT_EQ(0, lseek(self->fd, 0, SEEK_CUR));
	EXPECT_EQ(size, lseek(self->fd, 0, SEEK_END));
	EXPECT_EQ(size, lseek(self->fd, 0, SEEK_CUR));
	EXPECT_EQ(size - 1, lseek(self->fd, -1, SEEK_END));
	EXPECT_EQ(0, lseek(self->fd, -size, SEEK_END));
	EXPECT_EQ(size, lseek(self->fd, size, SEEK_SET));
	EXPECT_EQ(12345, lseek(self->fd, 12345, SEEK_SET));
	EXPECT_EQ(12300, lseek(self->fd, -45, SEEK_CUR));
	EXPECT_EQ(size, lseek(self->fd, size - 12300, SEEK_CUR));
	EXPECT_EQ(0, lseek(self->fd, 0, SEEK_SET));
}

TEST_F(chardev, seek_errors_leave_the_position)
{
	const off_t size = DEVICE_SIZE;

	ASSERT_EQ(4711, lseek(self->fd, 4711, SEEK_SET));
	EXPECT_ERRNO(EINVAL, lseek(self->fd, size + 1, SEEK_SET));
	EXPECT_ERRNO(EINVAL, lseek(self->fd, -1, SEEK_SET));
	EXPECT_ERRNO(EINVAL, lseek(self->fd, LONG_MAX, SEEK_SET));
	EXPECT_ERRNO(EINVAL, lseek(self->fd, LONG_MIN, SEEK_SET));
	EXPECT_ERRNO(EINVAL, lseek(self->fd, 1, SEEK_END));
	EXPECT_ERRNO(EINVAL, lseek(self->fd, -size - 1, SEEK_END));
	EXPECT_ERRNO(EINVAL, lseek(self->fd, LONG_MAX, SEEK_END));
	EXPECT_ERRNO(EINVAL, lseek(self->fd, size, SEEK_CUR));
	EXPECT_ERRNO(EINVAL, lseek(self->fd, -4712, SEEK_CUR));
	EXPECT_ERRNO(EINVAL, lseek(self->fd, LONG_MAX, SEEK_CUR));
	EXPECT_ERRNO(EINVAL, lseek(self->fd, 0, SEEK_DATA));
	EXPECT_ERRNO(EINVAL, lseek(self->fd, 0, SEEK_HOLE));
	EXPECT_ERRNO(EINVAL, lseek(self->fd, 0, 99));
	EXPECT_EQ(4711, lseek(self->fd, 0, SEEK_CUR));
}

TEST_F(chardev, seek_belongs_to_the_open_file)
{
	int second, other;

	second = kvmfr_open(0, O_RDONLY);
	ASSERT_LE(0, second);
	other = kvmfr_open(1, O_RDWR);
	ASSERT_LE(0, other);

	EXPECT_EQ(100, lseek(self->fd, 100, SEEK_SET));
	EXPECT_EQ(0, lseek(second, 0, SEEK_CUR));
	EXPECT_EQ(DEVICE_SIZE, lseek(second, 0, SEEK_END));
	EXPECT_EQ(8 * MIB, lseek(other, 0, SEEK_END));
	EXPECT_EQ(100, lseek(self->fd, 0, SEEK_CUR));
}

TEST_F(chardev, unknown_ioctls)
{
	static const unsigned long requests[] = {
		_IO('u', 0x42), _IO('u', 0x43), _IO('u', 0x45), _IO('u', 0),
		_IO('U', 0x44), _IOR('u', 0x44, int), _IOW('u', 0x44, int),
		_IOWR('u', 0x42, struct kvmfr_dmabuf_create),
		_IOR('u', 0x42, struct kvmfr_dmabuf_create),
		_IOW('u', 0x42, char[20]), _IOW('u', 0x42, char[32]),
		_IOW('u', 0x43, struct kvmfr_dmabuf_create),
		0, 0xffffffff,
	};
	struct kvmfr_dmabuf_create create = { .size = PAGE };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		EXPECT_ERRNO(ENOTTY, ioctl(self->fd, requests[i], &create));
		EXPECT_ERRNO(ENOTTY, ioctl(self->fd, requests[i], NULL));
	}
	EXPECT_EQ(0, kvmfr_attr(0, "exports"));
}

/* Index of the first byte that is not @value, or @size. */
static size_t first_other(const unsigned char *memory, unsigned char value,
			  size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		if (memory[i] != value)
			break;
	return i;
}

TEST_F(chardev, contents_are_zero_at_first_and_persist)
{
	unsigned char *memory;
	int fd;

	memory = mmap(NULL, DEVICE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
		      self->fd, 0);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(DEVICE_SIZE, first_other(memory, 0, DEVICE_SIZE));
	memset(memory, 0xc3, DEVICE_SIZE);
	ASSERT_EQ(0, munmap(memory, DEVICE_SIZE));
	ASSERT_EQ(0, close(self->fd));

	/* Nobody has it open now; O_TRUNC must not empty it either. */
	fd = kvmfr_open(0, O_RDWR | O_TRUNC);
	ASSERT_LE(0, fd);
	memory = mmap(NULL, DEVICE_SIZE, PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(DEVICE_SIZE, first_other(memory, 0xc3, DEVICE_SIZE));
}

/* Until the module goes: a new load is a new, empty device. */
TEST_F(chardev, contents_do_not_survive_a_reload)
{
	unsigned char *memory;
	int fd;

	memory = mmap(NULL, DEVICE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
		      self->fd, 0);
	ASSERT_NE(MAP_FAILED, memory);
	memset(memory, 0x99, DEVICE_SIZE);
	ASSERT_EQ(0, munmap(memory, DEVICE_SIZE));
	ASSERT_EQ(0, close(self->fd));

	ASSERT_EQ(0, kvmfr_unload());
	ASSERT_EQ(0, kvmfr_load("static_size_mb=16"));
	fd = kvmfr_open(0, O_RDWR);
	ASSERT_LE(0, fd);
	memory = mmap(NULL, DEVICE_SIZE, PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(DEVICE_SIZE, first_other(memory, 0, DEVICE_SIZE));
}

TEST_HARNESS_MAIN
