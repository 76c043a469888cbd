// SPDX-License-Identifier: GPL-2.0
/*
 * KVMFR_DMABUF_CREATE refused: each error has its errno, leaves nothing behind
 * and, however often a user repeats it, no line in the kernel log.
 */
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

#include "kselftest_harness.h"
#include "kvmfr_test.h"

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

/* Every pair that does not lie in the device in whole pages. */
static const struct {
	__u64 offset, size;
} bad_ranges[] = {
	{ 0, 0 },			/* empty: an oops in the old module */
	{ PAGE, 0 },
	{ DEVICE_SIZE, 0 },
	{ 1, PAGE },			/* misaligned */
	{ PAGE - 1, PAGE },
	{ 0, 1 },
	{ 0, PAGE - 1 },
	{ 0, PAGE + 1 },
	{ 512, PAGE },
	{ 0, DEVICE_SIZE + PAGE },	/* too large */
	{ PAGE, DEVICE_SIZE },
	{ DEVICE_SIZE, PAGE },
	{ DEVICE_SIZE - PAGE, 2 * PAGE },
	{ 1ULL << 32, PAGE },
	{ 0, 1ULL << 32 },
	{ 0, 1ULL << 63 },
	{ -PAGE, PAGE },		/* the sum wraps to 0 or little more */
	{ -PAGE, 2 * PAGE },
	{ PAGE, -PAGE },
	{ 2 * PAGE, -PAGE },
	{ 1ULL << 63, 1ULL << 63 },
	{ -1ULL, -1ULL },
	{ -PAGE, -PAGE },
};

TEST_F(create, bad_ranges)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad_ranges); i++)
		EXPECT_EQ(-EINVAL, kvmfr_create(self->fd, bad_ranges[i].offset,
						bad_ranges[i].size, 0))
			TH_LOG("offset 0x%llx size 0x%llx",
			       bad_ranges[i].offset, bad_ranges[i].size);
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

/* Everything a user with access to the node can do wrong, and right. */
static void be_a_nuisance(int fd)
{
	struct kvmfr_dmabuf_create create = { .size = PAGE };
	unsigned int i;
	void *memory;
	int buffer;

	for (i = 0; i < ARRAY_SIZE(bad_ranges); i++) {
		kvmfr_create(fd, bad_ranges[i].offset, bad_ranges[i].size, 0);
		mmap(NULL, bad_ranges[i].size, PROT_READ, MAP_SHARED, fd,
		     bad_ranges[i].offset);
	}
	ioctl(fd, KVMFR_DMABUF_CREATE, NULL);
	ioctl(fd, _IO('u', 0x45), &create);
	if (ftruncate(fd, 1) || fallocate(fd, 0, 0, 1) || read(fd, &i, 1))
		lseek(fd, -1, SEEK_SET);

	memory = mmap(NULL, DEVICE_SIZE, PROT_READ, MAP_SHARED, fd, 0);
	if (mremap(memory, DEVICE_SIZE, 2 * DEVICE_SIZE, 0) == MAP_FAILED)
		munmap(memory, DEVICE_SIZE);
	buffer = kvmfr_create(fd, 0, DEVICE_SIZE, 0);
	mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, buffer, 0);
	mmap(NULL, 2 * DEVICE_SIZE, PROT_READ, MAP_SHARED, buffer, 0);
	close(buffer);
}

TEST_F(create, users_cannot_fill_the_log)
{
	int kmsg, marker, i;

	kmsg = kmsg_open();
	ASSERT_LE(0, kmsg);
	marker = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, marker);
	ASSERT_EQ(0, setgroups(0, NULL));
	ASSERT_EQ(0, setresgid(NOBODY, NOBODY, NOBODY));
	ASSERT_EQ(0, setresuid(NOBODY, NOBODY, NOBODY));

	for (i = 0; i < 100; i++)
		be_a_nuisance(self->fd);

	/* A record without newline shows only when the next one comes. */
	ASSERT_LT(0, write(marker, "nuisance over\n", 14));
	EXPECT_EQ(1, kmsg_count(kmsg, "nuisance over"));
	EXPECT_EQ(1, kmsg_count(kmsg, ""));
}

TEST_HARNESS_MAIN
