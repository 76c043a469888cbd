// SPDX-License-Identifier: GPL-2.0
/* A dma-buf of a kvmfr device by itself: descriptor, ioctls, mmap, cost. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <linux/dma-buf.h>

#include "kselftest_harness.h"
#include "dmabuf_test.h"
#include "kvmfr_test.h"
#include "mapping.h"

#define PAGE PAGE_BYTES
#define DEVICE_SIZE (64 * MIB)
#define MODULE_BUSY (-EWOULDBLOCK)
#define BUFINFO "/sys/kernel/debug/dma_buf/bufinfo"

FIXTURE(dmabuf)
{
	int device;
	unsigned char *memory;
};

FIXTURE_SETUP(dmabuf)
{
	ASSERT_EQ(0, dmabuf_modules_load("static_size_mb=64", NULL));
	self->device = kvmfr_open(0, O_RDWR);
	ASSERT_LE(0, self->device);
	self->memory = map_shared(self->device, DEVICE_SIZE);
	ASSERT_NE(NULL, self->memory);
}

/* In the parent: all that the test opened and mapped must be gone by now. */
FIXTURE_TEARDOWN_PARENT(dmabuf)
{
	EXPECT_EQ(0, dmabuf_modules_unload());
}

TEST_F(dmabuf, descriptor_is_read_write)
{
	int fd = kvmfr_create(self->device, 0, PAGE, 0);

	ASSERT_LE(0, fd);
	EXPECT_EQ(O_RDWR, fcntl(fd, F_GETFL) & O_ACCMODE);
	EXPECT_EQ(0, fcntl(fd, F_GETFD));
	close(fd);

	fd = kvmfr_create(self->device, 0, PAGE, KVMFR_DMABUF_FLAG_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(O_RDWR, fcntl(fd, F_GETFL) & O_ACCMODE);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	close(fd);
}

TEST_F(dmabuf, lseek_tells_the_size)
{
	const size_t size = 33 * MIB + 3 * PAGE;
	int fd = kvmfr_create(self->device, PAGE, size, 0);

	ASSERT_LE(0, fd);
	EXPECT_EQ((off_t)size, lseek(fd, 0, SEEK_END));
	EXPECT_EQ(0, lseek(fd, 0, SEEK_SET));
	EXPECT_EQ(-1, lseek(fd, size, SEEK_SET));
	close(fd);
}

TEST_F(dmabuf, sync_works_without_importers)
{
	int fd = kvmfr_create(self->device, 0, DEVICE_SIZE, 0);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, dmabuf_sync(fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ));
	EXPECT_EQ(0, dmabuf_sync(fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ));
	EXPECT_EQ(0, dmabuf_sync(fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE));
	EXPECT_EQ(0, dmabuf_sync(fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE));
	EXPECT_EQ(0, dmabuf_sync(fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW));
	EXPECT_EQ(0, dmabuf_sync(fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW));
	EXPECT_EQ(-EINVAL, dmabuf_sync(fd, DMA_BUF_SYNC_START));
	close(fd);
}

/* The line of bufinfo that contains @name; false if there is none. */
static bool bufinfo_line(const char *name, char *line, size_t size)
{
	FILE *file = fopen(BUFINFO, "r");
	bool found = false;

	if (!file)
		return false;
	while (!found && fgets(line, size, file))
		found = strstr(line, name);
	fclose(file);
	return found;
}

TEST_F(dmabuf, named_and_listed_as_kvmfr)
{
	int fd = kvmfr_create(self->device, 0, 3 * PAGE, 0);
	char line[512];

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, dmabuf_set_name(fd, "kvmfr-listed"));
	if (access(BUFINFO, R_OK))
		SKIP(return, "this kernel has no " BUFINFO);

	ASSERT_TRUE(bufinfo_line("kvmfr-listed", line, sizeof(line)));
	EXPECT_NE(NULL, strstr(line, "\tkvmfr\t"))
	{
		TH_LOG("bufinfo: %s", line);
	}
	EXPECT_EQ(3 * PAGE, strtoul(line, NULL, 10));

	close(fd);
	EXPECT_FALSE(bufinfo_line("kvmfr-listed", line, sizeof(line)));
}

TEST_F(dmabuf, exports_are_counted)
{
	int first, second, copy;

	EXPECT_EQ(0, kvmfr_attr(0, "exports"));
	first = kvmfr_create(self->device, 0, PAGE, 0);
	ASSERT_LE(0, first);
	second = kvmfr_create(self->device, 0, PAGE, 0);
	ASSERT_LE(0, second);
	EXPECT_EQ(2, kvmfr_attr(0, "exports"));

	copy = dup(first);
	close(first);
	EXPECT_EQ(2, kvmfr_attr(0, "exports"));
	close(copy);
	EXPECT_EQ(1, kvmfr_attr(0, "exports"));
	close(second);
	EXPECT_EQ(0, kvmfr_attr(0, "exports"));
}

/* The old module accepted it; the oops came with the first importer. */
TEST_F(dmabuf, empty_buffer_refused)
{
	EXPECT_EQ(-EINVAL, kvmfr_create(self->device, 0, 0, 0));
	EXPECT_EQ(-EINVAL, kvmfr_create(self->device, PAGE, 0, 0));
	EXPECT_EQ(-EINVAL, kvmfr_create(self->device, DEVICE_SIZE, 0, 0));
	EXPECT_EQ(0, kvmfr_attr(0, "exports"));
}

TEST_F(dmabuf, no_descriptor_left_leaks_nothing)
{
	struct rlimit limit, few;
	int i, fd;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	few = limit;
	few.rlim_cur = 3;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &few));
	for (i = 0; i < 200; i++) {
		fd = kvmfr_create(self->device, 0, DEVICE_SIZE, 0);
		if (fd != -EMFILE)
			break;
	}
	setrlimit(RLIMIT_NOFILE, &limit);

	EXPECT_EQ(-EMFILE, fd);
	EXPECT_EQ(0, kvmfr_attr(0, "exports"));
}

TEST_F(dmabuf, outlives_the_device_descriptor)
{
	unsigned char *buffer;
	int fd;

	bytes_fill(self->memory + 3 * PAGE, 2 * PAGE, 1);
	fd = kvmfr_create(self->device, 3 * PAGE, 2 * PAGE, 0);
	ASSERT_LE(0, fd);
	munmap(self->memory, DEVICE_SIZE);
	close(self->device);
	EXPECT_EQ(MODULE_BUSY, kvmfr_unload());

	buffer = map_shared(fd, 2 * PAGE);
	ASSERT_NE(NULL, buffer);
	EXPECT_TRUE(bytes_are(buffer, 2 * PAGE, 1));
	close(fd);
	EXPECT_EQ(MODULE_BUSY, kvmfr_unload());
	EXPECT_EQ(1, kvmfr_attr(0, "exports"));
	EXPECT_TRUE(bytes_are(buffer, 2 * PAGE, 1));
	munmap(buffer, 2 * PAGE);
	EXPECT_EQ(0, kvmfr_attr(0, "exports"));
}

TEST_F(dmabuf, mmap_rules)
{
	const size_t size = 4 * PAGE;
	int fd = kvmfr_create(self->device, 2 * MIB - PAGE, size, 0);
	unsigned char *buffer;

	ASSERT_LE(0, fd);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(NULL, map_shared(fd, size + PAGE));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED,
		  mmap(NULL, size, PROT_READ, MAP_SHARED, fd, PAGE));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED,
		  mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, size));
	EXPECT_EQ(EINVAL, errno);

	buffer = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, size - PAGE);
	ASSERT_NE(MAP_FAILED, buffer);
	self->memory[2 * MIB + 2 * PAGE] = 0x42;
	EXPECT_EQ(0x42, buffer[0]);
	EXPECT_EQ(MAP_FAILED, mremap(buffer, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
	munmap(buffer, PAGE);
	close(fd);
}

/* A page of pattern at both ends and at every 2 MiB boundary between. */
static void landmarks_fill(unsigned char *memory, size_t size)
{
	size_t at;

	bytes_fill(memory, PAGE, 1);
	bytes_fill(memory + size - PAGE, PAGE, 2);
	for (at = PAGE; at < size - 2 * PAGE; at += 509 * PAGE)
		bytes_fill(memory + at, PAGE, 3 + at / PAGE);
}

static bool landmarks_are(const unsigned char *memory, size_t size)
{
	size_t at;

	for (at = PAGE; at < size - 2 * PAGE; at += 509 * PAGE)
		if (!bytes_are(memory + at, PAGE, 3 + at / PAGE))
			return false;
	return bytes_are(memory, PAGE, 1) &&
	       bytes_are(memory + size - PAGE, PAGE, 2);
}

/*
 * Map a part of the device through a dma-buf at an address that is @skew past
 * a multiple of 2 MiB, write there and look for it in the device, then the
 * other way round.
 */
static int compare_views(unsigned char *memory, int device, size_t offset,
			 size_t skew)
{
	const size_t size = 6 * MIB + 5 * PAGE;
	unsigned char *buffer;
	int fd, ret = -EIO;

	fd = kvmfr_create(device, offset, size, 0);
	if (fd < 0)
		return fd;
	buffer = map_skewed(fd, 0, size, skew, PROT_READ | PROT_WRITE,
			    MAP_SHARED);
	close(fd);
	if (buffer == MAP_FAILED)
		return -errno;

	memset(memory, 0, DEVICE_SIZE);
	landmarks_fill(buffer, size);
	if (!landmarks_are(memory + offset, size))
		goto out;
	memset(memory, 0, DEVICE_SIZE);
	landmarks_fill(memory + offset, size);
	if (landmarks_are(buffer, size))
		ret = 0;
out:
	munmap(buffer, size);
	return ret;
}

TEST_F(dmabuf, every_offset_at_every_alignment)
{
	static const size_t offsets[] = {
		0, PAGE, 1028 * 1024, 2 * MIB, 2056 * 1024, 57 * MIB,
	};
	static const size_t skews[] = { 0, PAGE, 1028 * 1024, 8 * 1024 };
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		for (j = 0; j < ARRAY_SIZE(skews); j++) {
			EXPECT_EQ(0, compare_views(self->memory, self->device,
						   offsets[i], skews[j]))
			{
				TH_LOG("offset %zu skew %zu", offsets[i],
				       skews[j]);
			}
		}
	}
}

/* Kernel memory that @nr dma-bufs of @size bytes take together, in bytes. */
static int exports_cost(int device, size_t size, int *fds, int nr, long *cost)
{
	long before = kernel_memory();
	int i, ret = 0;

	for (i = 0; i < nr && ret >= 0; i++) {
		ret = kvmfr_create(device, 0, size, 0);
		fds[i] = ret;
	}
	*cost = kernel_memory() - before;
	while (i--)
		close(fds[i]);
	return ret < 0 ? ret : 0;
}

/*
 * What a dma-buf costs must not depend on its size: the memory is described
 * once, in the device. The old module allocated a pointer per page, 256 KiB
 * for 128 MiB. A dma-buf itself is a file, an inode, a dentry and two small
 * structs, together less than a page, or two where a checker pads them.
 */
TEST(a_thousand_exports_cost_little)
{
	enum { NR = 1000 };
	const struct rlimit many = { NR + 64, NR + 64 };
	const long limit = NR * PAGE * (kmalloc_padded() ? 2 : 1);
	static int fds[NR];
	long first, small, large;
	int device;

	ASSERT_EQ(0, dmabuf_modules_load("static_size_mb=128", NULL));
	device = kvmfr_open(0, O_RDWR);
	ASSERT_LE(0, device);
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &many));

	/* The first round leaves what the kernel caches: nothing costs more. */
	ASSERT_EQ(0, exports_cost(device, PAGE, fds, NR, &first));
	ASSERT_EQ(0, exports_cost(device, PAGE, fds, NR, &small));
	ASSERT_EQ(0, exports_cost(device, 128 * MIB, fds, NR, &large));
	TH_LOG("bytes per export: %ld of a page at first, %ld later, %ld of 128 MiB",
	       first / NR, small / NR, large / NR);
	EXPECT_GT(limit, first);
	EXPECT_GT(limit, small);
	EXPECT_GT(limit, large);
	EXPECT_EQ(0, kvmfr_attr(0, "exports"));

	close(device);
	EXPECT_EQ(0, dmabuf_modules_unload());
}

TEST_HARNESS_MAIN
