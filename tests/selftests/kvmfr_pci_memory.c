// SPDX-License-Identifier: GPL-2.0
/*
 * What processes can do to mappings of an ivshmem device, with struct pages
 * (16 MiB) and without (1 MiB).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "access.h"
#include "ivshmem.h"
#include "kvmfr_test.h"
#include "kvmfr_test_importer.h"

#define PAGE 4096UL
#define WITH_PAGES (16 * MIB)
#define WITHOUT_PAGES (1 * MIB)

FIXTURE(memory)
{
	struct ivshmem function;
	unsigned char *map;
	int minor;
	int fd;
};

FIXTURE_VARIANT(memory)
{
	unsigned long size;
};

FIXTURE_VARIANT_ADD(memory, pages)
{
	.size = WITH_PAGES,
};

FIXTURE_VARIANT_ADD(memory, pfn)
{
	.size = WITHOUT_PAGES,
};

FIXTURE_SETUP(memory)
{
	size_t i;

	self->fd = -1;
	kvmfr_unload();
	ASSERT_EQ(0, kvmfr_load(NULL));
	ASSERT_EQ(0, ivshmem_find(variant->size, &self->function));
	self->minor = ivshmem_wait_minor(&self->function, 1000);
	self->fd = kvmfr_open(self->minor, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
	self->map = mmap(NULL, variant->size, PROT_READ | PROT_WRITE,
			 MAP_SHARED, self->fd, 0);
	ASSERT_NE(MAP_FAILED, self->map);
	for (i = 0; i < variant->size; i += PAGE)
		*(size_t *)(self->map + i) = i;
}

FIXTURE_TEARDOWN(memory)
{
	munmap(self->map, variant->size);
	close(self->fd);
	EXPECT_EQ(0, kvmfr_unload());
}

/* The tag that the fixture wrote to the page. */
static size_t tag(const void *memory)
{
	return *(const volatile size_t *)memory;
}

/*
 * One page more than the device has: refused, and if it were not, the access
 * would show what lies behind (the old module crashed).
 */
TEST_F(memory, mremap_grows)
{
	unsigned char value;
	void *grown;

	grown = mremap(self->map, variant->size, variant->size + PAGE,
		       MREMAP_MAYMOVE);
	EXPECT_EQ(MAP_FAILED, grown);
	EXPECT_EQ(EFAULT, errno);
	if (grown != MAP_FAILED)
		memory_load((char *)grown + variant->size, &value);
	EXPECT_EQ(0, memory_touch(self->map, variant->size));
}

TEST_F(memory, mremap_grows_part)
{
	void *part = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->fd,
			  variant->size - PAGE);

	ASSERT_NE(MAP_FAILED, part);
	EXPECT_EQ(MAP_FAILED, mremap(part, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(variant->size - PAGE, tag(part));
	EXPECT_EQ(0, munmap(part, PAGE));
}

/*
 * The other device's BAR lies above this one or below: no length and no offset
 * gets there.
 */
TEST_F(memory, neighbour_is_out_of_reach)
{
	struct ivshmem neighbour;
	unsigned char *grown, value;
	off_t distance;

	ASSERT_EQ(0, ivshmem_find(variant->size == WITH_PAGES ? WITHOUT_PAGES :
								WITH_PAGES,
				  &neighbour));
	distance = neighbour.start - self->function.start;
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->fd,
				   distance));
	EXPECT_TRUE(errno == EINVAL || errno == EOVERFLOW);
	if (distance < 0)
		return;
	grown = mremap(self->map, variant->size, distance + PAGE,
		       MREMAP_MAYMOVE);
	EXPECT_EQ(MAP_FAILED, grown);
	EXPECT_EQ(EFAULT, errno);
	if (grown != MAP_FAILED)
		memory_load(grown + distance, &value);
}

/* Moving and shrinking are everybody's right. */
TEST_F(memory, mremap_moves)
{
	unsigned char *room = mmap(NULL, 4 * PAGE, PROT_NONE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned char *part = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
				   MAP_SHARED, self->fd, 8 * PAGE);

	ASSERT_NE(MAP_FAILED, part);
	part = mremap(part, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		      room);
	ASSERT_EQ(room, part);
	EXPECT_EQ(11 * PAGE, tag(part + 3 * PAGE));
	ASSERT_EQ(part, mremap(part, 4 * PAGE, 2 * PAGE, 0));
	EXPECT_EQ(9 * PAGE, tag(part + PAGE));
	EXPECT_EQ(0, munmap(part, 2 * PAGE));
}

TEST_F(memory, mmap_beyond_end)
{
	static const struct {
		long pages;
		long from_end;
	} bad[] = { { 1, 0 }, { 2, -1 }, { 1, 1 }, { 1, 1L << 40 } };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		off_t offset = variant->size + bad[i].from_end * PAGE;

		EXPECT_EQ(MAP_FAILED, mmap(NULL, bad[i].pages * PAGE, PROT_READ,
					   MAP_SHARED, self->fd, offset));
		EXPECT_EQ(EINVAL, errno);
	}
	EXPECT_EQ(MAP_FAILED, mmap(NULL, variant->size + PAGE, PROT_READ,
				   MAP_SHARED, self->fd, 0));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(memory, mmap_at_offset)
{
	static const size_t page[] = { 0, 1, 7, 100, 255 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(page); i++) {
		void *part = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->fd,
				  page[i] * PAGE);

		ASSERT_NE(MAP_FAILED, part);
		EXPECT_EQ(page[i] * PAGE, tag(part));
		EXPECT_EQ(0, munmap(part, PAGE));
	}
}

/* Writes to a private mapping stay private; only pages can be copied. */
TEST_F(memory, private_copies)
{
	unsigned char *private = mmap(NULL, variant->size,
				      PROT_READ | PROT_WRITE, MAP_PRIVATE,
				      self->fd, 0);

	if (variant->size == WITHOUT_PAGES) {
		EXPECT_EQ(MAP_FAILED, private);
		EXPECT_EQ(EINVAL, errno);
		return;
	}
	ASSERT_NE(MAP_FAILED, private);
	EXPECT_EQ(2 * PAGE, tag(private + 2 * PAGE));
	*(size_t *)(private + 2 * PAGE) = 1;
	*(size_t *)(private + 3 * PAGE) = 2;
	EXPECT_EQ(2 * PAGE, tag(self->map + 2 * PAGE));
	EXPECT_EQ(3 * PAGE, tag(self->map + 3 * PAGE));

	*(size_t *)(self->map + 2 * PAGE) = 3;
	*(size_t *)(self->map + 4 * PAGE) = 4;
	EXPECT_EQ(1, tag(private + 2 * PAGE));
	EXPECT_EQ(4, tag(private + 4 * PAGE));

	/* The private copy is thrown away, the device's page is back. */
	EXPECT_EQ(0, madvise(private + 2 * PAGE, PAGE, MADV_DONTNEED));
	EXPECT_EQ(3, tag(private + 2 * PAGE));
	EXPECT_EQ(0, munmap(private, variant->size));
}

/* Nothing to copy as long as nobody may write; without pages nobody ever may. */
TEST_F(memory, private_read_only)
{
	unsigned char *private = mmap(NULL, variant->size, PROT_READ,
				      MAP_PRIVATE, self->fd, 0);

	ASSERT_NE(MAP_FAILED, private);
	EXPECT_EQ(2 * PAGE, tag(private + 2 * PAGE));
	*(size_t *)(self->map + 2 * PAGE) = 1;
	EXPECT_EQ(1, tag(private + 2 * PAGE));
	EXPECT_EQ(variant->size - PAGE, tag(private + variant->size - PAGE));
	EXPECT_EQ(SIGSEGV, memory_store(private, 1));
	if (variant->size == WITHOUT_PAGES) {
		EXPECT_EQ(-1, mprotect(private, PAGE, PROT_READ | PROT_WRITE));
		EXPECT_EQ(EACCES, errno);
	}
	EXPECT_EQ(0, munmap(private, variant->size));
}

/* The kernel refuses this for I/O memory, which is as good as doing it. */
TEST_F(memory, dontneed_keeps_contents)
{
	size_t i;
	int ret = madvise(self->map, variant->size, MADV_DONTNEED);

	if (variant->size == WITH_PAGES)
		EXPECT_EQ(0, ret);
	for (i = 0; i < variant->size; i += PAGE)
		ASSERT_EQ(i, tag(self->map + i));
}

/* Parts at odd places, seen through node and buffer alike. */
TEST_F(memory, buffers_at_offsets)
{
	static const struct {
		size_t offset, size;
	} part[] = { { 0, 1 }, { 1, 3 }, { 63, 65 }, { 128, 128 }, { 255, 1 } };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(part); i++) {
		size_t offset = part[i].offset * PAGE;
		size_t size = part[i].size * PAGE;
		int dmabuf = kvmfr_create(self->fd, offset, size, 0);
		unsigned char *buffer;

		ASSERT_LE(0, dmabuf);
		EXPECT_EQ((off_t)size, lseek(dmabuf, 0, SEEK_END));
		buffer = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
			      dmabuf, 0);
		ASSERT_NE(MAP_FAILED, buffer);
		EXPECT_EQ(offset, tag(buffer));
		EXPECT_EQ(offset + size - PAGE, tag(buffer + size - PAGE));
		buffer[size - 1] = i + 1;
		EXPECT_EQ(i + 1, self->map[offset + size - 1]);
		self->map[offset + size - 1] = 0;
		EXPECT_EQ(0, buffer[size - 1]);
		EXPECT_EQ(MAP_FAILED, mremap(buffer, size, size + PAGE,
					     MREMAP_MAYMOVE));
		EXPECT_EQ(EFAULT, errno);
		EXPECT_EQ(0, munmap(buffer, size));
		EXPECT_EQ(0, close(dmabuf));
	}
}

/* mmap() of a buffer with an offset of its own. */
TEST_F(memory, part_of_buffer)
{
	int dmabuf = kvmfr_create(self->fd, 16 * PAGE, 16 * PAGE, 0);
	void *part;

	ASSERT_LE(0, dmabuf);
	part = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, dmabuf, 5 * PAGE);
	ASSERT_NE(MAP_FAILED, part);
	EXPECT_EQ(21 * PAGE, tag(part));
	EXPECT_EQ(0, munmap(part, PAGE));
	EXPECT_EQ(MAP_FAILED,
		  mmap(NULL, 12 * PAGE, PROT_READ, MAP_SHARED, dmabuf, 5 * PAGE));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(0, close(dmabuf));
}

/* Another process reads and writes; without pages that is an error. */
TEST_F(memory, process_vm_access)
{
	size_t value = 0, wanted = 9 * PAGE, new = 0x1234;
	struct iovec local = { &value, sizeof(value) };
	struct iovec remote = { self->map + wanted, sizeof(value) };
	pid_t pid = getpid(), child;
	int status;

	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		ssize_t got = process_vm_readv(pid, &local, 1, &remote, 1, 0);

		if (variant->size == WITHOUT_PAGES)
			_exit(got == -1 && errno == EFAULT ? 0 : 1);
		if (got != sizeof(value) || value != wanted)
			_exit(2);
		local.iov_base = &new;
		got = process_vm_writev(pid, &local, 1, &remote, 1, 0);
		_exit(got == sizeof(new) ? 0 : 3);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(variant->size == WITH_PAGES ? new : wanted,
		  tag(self->map + wanted));
}

/* The pipe refers to the device's page, it has no copy. */
TEST_F(memory, vmsplice)
{
	struct iovec page = { self->map + 6 * PAGE, PAGE };
	size_t copy[PAGE / sizeof(size_t)];
	int tube[2];

	ASSERT_EQ(0, pipe(tube));
	if (variant->size == WITHOUT_PAGES) {
		EXPECT_EQ(-1, vmsplice(tube[1], &page, 1, 0));
		EXPECT_EQ(EFAULT, errno);
	} else {
		ASSERT_EQ((ssize_t)PAGE, vmsplice(tube[1], &page, 1, 0));
		*(size_t *)(self->map + 6 * PAGE) = 42;
		ASSERT_EQ((ssize_t)PAGE, read(tube[0], copy, PAGE));
		EXPECT_EQ(42, copy[0]);
	}
	close(tube[0]);
	close(tube[1]);
}

/* The kernel's own copies work on every mapping. */
TEST_F(memory, read_write_syscalls)
{
	size_t copy = 0;
	int tube[2];

	ASSERT_EQ(0, pipe(tube));
	ASSERT_EQ((ssize_t)sizeof(copy),
		  write(tube[1], self->map + 3 * PAGE, sizeof(copy)));
	ASSERT_EQ((ssize_t)sizeof(copy),
		  read(tube[0], self->map + 4 * PAGE, sizeof(copy)));
	EXPECT_EQ(3 * PAGE, tag(self->map + 4 * PAGE));
	close(tube[0]);
	close(tube[1]);
}

TEST_F(memory, fork_shares)
{
	int status;
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		*(size_t *)(self->map + PAGE) = 77;
		_exit(tag(self->map + 2 * PAGE) == 2 * PAGE ? 0 : 1);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(77, tag(self->map + PAGE));
}

/* Mappings and buffers are counted, whoever made them. */
TEST_F(memory, counters)
{
	int dmabuf;
	void *buffer;

	EXPECT_EQ(1, kvmfr_attr(self->minor, "mappings"));
	EXPECT_EQ(0, kvmfr_attr(self->minor, "exports"));
	dmabuf = kvmfr_create(self->fd, 0, PAGE, 0);
	ASSERT_LE(0, dmabuf);
	buffer = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, dmabuf, 0);
	ASSERT_NE(MAP_FAILED, buffer);
	EXPECT_EQ(2, kvmfr_attr(self->minor, "mappings"));
	EXPECT_EQ(1, kvmfr_attr(self->minor, "exports"));
	EXPECT_EQ(0, munmap(buffer, PAGE));
	EXPECT_EQ(0, close(dmabuf));
	EXPECT_EQ(1, kvmfr_attr(self->minor, "mappings"));
	EXPECT_EQ(0, kvmfr_attr(self->minor, "exports"));
}

static int importer_run(int importer, unsigned int command, void *argument)
{
	return ioctl(importer, command, argument) ? errno : 0;
}

/* A device reads and writes the BAR, and so does its driver. */
static void check_import(struct __test_metadata *_metadata, int importer,
			 unsigned char *memory)
{
	unsigned char bytes[64] = { 0 };
	struct kvmfr_importer_copy copy = {
		.user = (unsigned long)bytes,
		.offset = 2 * PAGE + 64,
		.length = sizeof(bytes),
	};

	ASSERT_EQ(0, importer_run(importer, KVMFR_IMPORTER_MAP,
				  (void *)KVMFR_IMPORTER_BIDIRECTIONAL));
	memset(memory + copy.offset, 0x21, sizeof(bytes));
	EXPECT_EQ(0, importer_run(importer, KVMFR_IMPORTER_DMA_READ, &copy));
	EXPECT_EQ(0, memcmp(bytes, memory + copy.offset, sizeof(bytes)));
	memset(bytes, 0x43, sizeof(bytes));
	EXPECT_EQ(0, importer_run(importer, KVMFR_IMPORTER_DMA_WRITE, &copy));
	EXPECT_EQ(0, memcmp(bytes, memory + copy.offset, sizeof(bytes)));
	EXPECT_EQ(0, importer_run(importer, KVMFR_IMPORTER_UNMAP, NULL));

	ASSERT_EQ(0, importer_run(importer, KVMFR_IMPORTER_VMAP, NULL));
	memset(bytes, 0x65, sizeof(bytes));
	EXPECT_EQ(0, importer_run(importer, KVMFR_IMPORTER_VMAP_WRITE, &copy));
	EXPECT_EQ(0, memcmp(bytes, memory + copy.offset, sizeof(bytes)));
	EXPECT_EQ(0, importer_run(importer, KVMFR_IMPORTER_VUNMAP, NULL));
}

TEST_F(memory, import)
{
	const size_t offset = 3 * PAGE;
	int dmabuf = kvmfr_create(self->fd, offset, 8 * PAGE, 0);
	struct kvmfr_importer_attach attach = { .fd = dmabuf };
	int importer;

	ASSERT_LE(0, dmabuf);
	ASSERT_EQ(0, module_load(KVMFR_IMPORTER_KO, NULL));
	importer = open(KVMFR_IMPORTER_NODE, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, importer);
	if (variant->size == WITHOUT_PAGES) {
		EXPECT_EQ(EOPNOTSUPP, importer_run(importer,
						   KVMFR_IMPORTER_ATTACH,
						   &attach));
	} else {
		ASSERT_EQ(0, importer_run(importer, KVMFR_IMPORTER_ATTACH,
					  &attach));
		check_import(_metadata, importer, self->map + offset);
	}
	EXPECT_EQ(0, close(importer));
	EXPECT_EQ(0, close(dmabuf));
	EXPECT_EQ(0, module_unload("kvmfr_test_importer"));
}

TEST_HARNESS_MAIN
