// SPDX-License-Identifier: GPL-2.0
/*
 * KVMFR_DMABUF_CREATE refused: each error has its errno, leaves nothing behind
 * and, however often a user repeats it, no line in the kernel log.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

#include "kselftest_harness.h"
#include "kvmfr_test.h"
#include "nuisance.h"

#define DEVICE_SIZE (16 * MIB)
#define PAGE 4096UL
#define NOBODY 65534

FIXTURE(create)
{
	int fd;
};

FIXTURE_SETUP(create)
{
	ASSERT_EQ(0, kvmfr_load("static_size_mb=16"));
	self->fd = kvmfr_open(0, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
}

/* A buffer that leaked would pin the module. */
FIXTURE_TEARDOWN_PARENT(create)
{
	EXPECT_EQ(0, kvmfr_attr(0, "exports"));
	EXPECT_EQ(0, kvmfr_attr(0, "mappings"));
	EXPECT_EQ(0, kvmfr_unload());
}

TEST_F(create, bad_ranges)
{
	struct bad_range range[BAD_RANGES], *bad;

	bad_ranges(DEVICE_SIZE, range);
	for (bad = range; bad < range + BAD_RANGES; bad++)
		EXPECT_EQ(-EINVAL,
			  kvmfr_create(self->fd, bad->offset, bad->size, 0))
			TH_LOG("offset 0x%llx size 0x%llx", bad->offset,
			       bad->size);
	EXPECT_EQ(0, kvmfr_attr(0, "exports"));
}

/* The edges that are still inside. */
TEST_F(create, good_ranges)
{
	static const __u64 ranges[][2] = {
		{ 0, PAGE }, { 0, DEVICE_SIZE }, { DEVICE_SIZE - PAGE, PAGE },
		{ PAGE, DEVICE_SIZE - PAGE }, { 2 * MIB - PAGE, 3 * PAGE },
	};
	unsigned int i;
	int buffer;

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		buffer = kvmfr_create(self->fd, ranges[i][0], ranges[i][1], 0);
		ASSERT_LE(0, buffer);
		EXPECT_EQ(ranges[i][1], lseek(buffer, 0, SEEK_END));
		EXPECT_EQ(i + 1, kvmfr_attr(0, "exports"));
	}
}

TEST_F(create, bad_pointers)
{
	void *const pointers[] = {
		NULL, (void *)1, (void *)-1, (void *)-PAGE,
		(void *)0xffff888000000000, (void *)0x800000000000,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pointers); i++) {
		EXPECT_EQ(-1, ioctl(self->fd, KVMFR_DMABUF_CREATE, pointers[i]));
		EXPECT_EQ(EFAULT, errno);
	}
}

/* The buffer is writable for whoever imports it, so both modes are needed. */
TEST_F(create, needs_read_and_write)
{
	int fd;

	fd = kvmfr_open(0, O_RDONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(DEVICE_SIZE, kvmfr_size(fd));
	EXPECT_EQ(-EACCES, kvmfr_create(fd, 0, PAGE, 0));
	close(fd);

	fd = kvmfr_open(0, O_WRONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(DEVICE_SIZE, kvmfr_size(fd));
	EXPECT_EQ(-EACCES, kvmfr_create(fd, 0, PAGE, 0));
	close(fd);
}

/* Nor can a read-only file be mapped for writing, at once or later. */
TEST_F(create, read_only_file_is_not_mapped_writable)
{
	char *memory;
	int fd;

	fd = kvmfr_open(0, O_RDONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				   MAP_SHARED, fd, 0));
	EXPECT_EQ(EACCES, errno);

	memory = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(-1, mprotect(memory, PAGE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	ASSERT_EQ(0, munmap(memory, PAGE));
	close(fd);

	fd = kvmfr_open(0, O_WRONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, fd, 0));
	EXPECT_EQ(EACCES, errno);
	close(fd);
}

/* The old module leaked a dma-buf each time and could never be unloaded. */
TEST_F(create, full_descriptor_table_leaks_nothing)
{
	struct rlimit limit = { .rlim_cur = self->fd + 1, .rlim_max = 1024 };
	unsigned int i;

	/* Below the limit every descriptor is in use. */
	for (i = 0; i < (unsigned int)self->fd; i++)
		if (fcntl(i, F_GETFD) < 0)
			ASSERT_EQ(i, dup2(self->fd, i));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));

	for (i = 0; i < 200; i++)
		ASSERT_EQ(-EMFILE, kvmfr_create(self->fd, 0, DEVICE_SIZE, 0));

	limit.rlim_cur = 1024;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(0, kvmfr_attr(0, "exports"));
	EXPECT_LE(0, kvmfr_create(self->fd, 0, DEVICE_SIZE, 0));
	EXPECT_EQ(1, kvmfr_attr(0, "exports"));
}

/* The other exit: the file of the buffer cannot be made. */
TEST_F(create, full_file_table_leaks_nothing)
{
	int i, lowest, ret = 0;
	char before[64];

	lowest = dup(self->fd);
	ASSERT_EQ(0, close(lowest));
	ASSERT_LT(0, text_read("/proc/sys/fs/file-max", before,
			       sizeof(before)));
	ASSERT_LT(0, text_write("/proc/sys/fs/file-max", "0"));
	if (setresuid(-1, NOBODY, -1))
		ret = -errno;
	for (i = 0; i < 200 && (!ret || ret == -ENFILE); i++)
		ret = kvmfr_create(self->fd, 0, DEVICE_SIZE, 0);
	/* Root's limits are not enforced: get them back before asserting. */
	ASSERT_EQ(0, setresuid(-1, 0, -1));
	ASSERT_LT(0, text_write("/proc/sys/fs/file-max", before));

	EXPECT_EQ(-ENFILE, ret);
	EXPECT_EQ(0, kvmfr_attr(0, "exports"));
	/* Nor were descriptors used up. */
	EXPECT_EQ(lowest, kvmfr_create(self->fd, 0, DEVICE_SIZE, 0));
}

struct worker {
	pthread_t thread;
	int fd;
	__u64 offset;
	int failed;
};

static void *create_and_close(void *data)
{
	struct worker *worker = data;
	int i, buffer;

	for (i = 0; i < 300; i++) {
		buffer = kvmfr_create(worker->fd, worker->offset,
				      (i % 16 + 1) * PAGE, i & 1);
		if (buffer < 0 ||
		    lseek(buffer, 0, SEEK_END) != (off_t)(i % 16 + 1) * 4096)
			worker->failed++;
		close(buffer);
	}
	return NULL;
}

TEST_F(create, several_threads_at_once)
{
	struct worker workers[4] = { 0 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(workers); i++) {
		workers[i].fd = self->fd;
		workers[i].offset = i * MIB;
		ASSERT_EQ(0, pthread_create(&workers[i].thread, NULL,
					    create_and_close, &workers[i]));
	}
	for (i = 0; i < ARRAY_SIZE(workers); i++) {
		ASSERT_EQ(0, pthread_join(workers[i].thread, NULL));
		EXPECT_EQ(0, workers[i].failed);
	}
	EXPECT_EQ(0, kvmfr_attr(0, "exports"));
}

TEST_F_TIMEOUT(create, users_cannot_fill_the_log, NUISANCE_TIMEOUT)
{
	const struct nuisance user = {
		.device = self->fd,
		.size = DEVICE_SIZE,
		.memory = mmap(NULL, DEVICE_SIZE, PROT_READ | PROT_WRITE,
			       MAP_SHARED, self->fd, 0),
		.dmabuf = kvmfr_create(self->fd, PAGE, 16 * PAGE, 0),
		.importer = { -1, -1 },
	};

	ASSERT_NE(MAP_FAILED, user.memory);
	ASSERT_LE(0, user.dmabuf);
	EXPECT_EQ(0, nuisance_lines(&user));
}

TEST_HARNESS_MAIN
