/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fixture of the tests that take an ivshmem function away while it is used.
 * Every test runs with each way of removal, on a BAR that has struct pages
 * (16 MiB) and on one that cannot have them (1 MiB).
 */
#ifndef KVMFR_TEST_UNPLUG_H
#define KVMFR_TEST_UNPLUG_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "access.h"
#include "ivshmem.h"
#include "kvmfr_test.h"

#define PAGE 4096UL
#define WITH_PAGES (16 * MIB)
#define WITHOUT_PAGES (1 * MIB)
/* Whatever is still in use, removal may not take longer than this. */
#define REMOVAL_LIMIT_MS 10000
/* Forgetting pages that nobody pins any more may take a moment. */
#define PAGES_TIMEOUT_MS 5000
/* A second node with the same numbers; nobody removes it. */
#define LATE_NODE "/tmp/kvmfr-late"

FIXTURE(unplug)
{
	struct ivshmem function;
	int minor;
	int fd;
};

FIXTURE_VARIANT(unplug)
{
	const struct unplug_way *way;
	unsigned long size;
};

FIXTURE_VARIANT_ADD(unplug, unbind_pages)
{
	.way = &unplug_driver, .size = WITH_PAGES,
};

FIXTURE_VARIANT_ADD(unplug, unbind_pfn)
{
	.way = &unplug_driver, .size = WITHOUT_PAGES,
};

FIXTURE_VARIANT_ADD(unplug, remove_pages)
{
	.way = &unplug_sysfs, .size = WITH_PAGES,
};

FIXTURE_VARIANT_ADD(unplug, remove_pfn)
{
	.way = &unplug_sysfs, .size = WITHOUT_PAGES,
};

FIXTURE_VARIANT_ADD(unplug, device_del_pages)
{
	.way = &unplug_monitor, .size = WITH_PAGES,
};

FIXTURE_VARIANT_ADD(unplug, device_del_pfn)
{
	.way = &unplug_monitor, .size = WITHOUT_PAGES,
};

FIXTURE_SETUP(unplug)
{
	struct stat node;
	char path[32];

	self->fd = -1;
	kvmfr_unload();
	ASSERT_EQ(0, kvmfr_load(NULL));
	ASSERT_EQ(0, ivshmem_find(variant->size, &self->function));
	self->minor = ivshmem_wait_minor(&self->function, 1000);
	ASSERT_LE(0, self->minor);
	self->fd = kvmfr_open(self->minor, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->fd);

	snprintf(path, sizeof(path), "/dev/kvmfr%d", self->minor);
	ASSERT_EQ(0, stat(path, &node));
	unlink(LATE_NODE);
	ASSERT_EQ(0, mknod(LATE_NODE, S_IFCHR | 0600, node.st_rdev));
}

/* A test that failed half way may have left the function out. */
FIXTURE_TEARDOWN(unplug)
{
	if (self->fd >= 0)
		close(self->fd);
	if (ivshmem_minor(&self->function) < 0)
		variant->way->in(&self->function);
	unlink(LATE_NODE);
	EXPECT_EQ(0, kvmfr_unload());
}

static inline void *map(int fd, size_t size, int flags)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);
}

static inline void *map_touched(struct __test_metadata *_metadata, int fd,
				size_t size)
{
	void *memory = map(fd, size, MAP_SHARED);

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, memory_touch(memory, size));
	return memory;
}

/* Bytes in the pipe, or -errno. */
static inline ssize_t pin(int tube, void *memory)
{
	struct iovec page = { .iov_base = memory, .iov_len = PAGE };
	ssize_t bytes = vmsplice(tube, &page, 1, 0);

	return bytes < 0 ? -errno : bytes;
}

/* Whether the device with this number has struct pages: only those can be pinned. */
static inline bool can_pin(int minor, size_t size)
{
	int tube[2], fd = kvmfr_open(minor, O_RDWR | O_CLOEXEC);
	void *memory = map(fd, size, MAP_SHARED);
	bool pinned;

	if (pipe(tube))
		return false;
	pinned = memory != MAP_FAILED && pin(tube[1], memory) == PAGE;
	close(tube[0]);
	close(tube[1]);
	munmap(memory, size);
	close(fd);
	return pinned;
}

/* errno of a call that has to fail; 0 if it did not. */
static inline int mmap_errno(int fd, size_t size)
{
	void *memory = map(fd, size, MAP_SHARED);

	if (memory == MAP_FAILED)
		return errno;
	munmap(memory, size);
	return 0;
}

static inline int open_errno(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* What an open file sees of a device that is gone. */
static inline void expect_dead_file(struct __test_metadata *_metadata, int fd,
				    size_t size)
{
	EXPECT_EQ(-ENODEV, kvmfr_size(fd));
	EXPECT_EQ(-ENODEV, kvmfr_create(fd, 0, PAGE, 0));
	EXPECT_EQ(ENODEV, mmap_errno(fd, PAGE));
	EXPECT_EQ((off_t)size, lseek(fd, 0, SEEK_END));
}

static inline void expect_dead_memory(struct __test_metadata *_metadata,
				      void *memory, size_t size)
{
	unsigned char value;

	EXPECT_EQ(SIGBUS, memory_load(memory, &value));
	EXPECT_EQ(SIGBUS, memory_store(memory, 1));
	EXPECT_EQ(SIGBUS, memory_load((char *)memory + size - 1, &value));
}

static inline void expect_no_node(struct __test_metadata *_metadata, int minor)
{
	char path[64];
	int error;

	snprintf(path, sizeof(path), "/dev/kvmfr%d", minor);
	EXPECT_EQ(ENOENT, open_errno(path));
	snprintf(path, sizeof(path), "/sys/class/kvmfr/kvmfr%d", minor);
	EXPECT_EQ(-1, access(path, F_OK));
	error = open_errno(LATE_NODE);
	EXPECT_TRUE(error == ENXIO || error == ENODEV)
	{
		TH_LOG("opening a node without device: errno %d", error);
	}
}

/* Node, mapping and dma-buf of a fresh device show the same memory. */
static inline void expect_working(struct __test_metadata *_metadata, int minor,
				  size_t size)
{
	unsigned char *memory, *buffer;
	int fd, dmabuf;

	fd = kvmfr_open(minor, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ((long)size, kvmfr_size(fd));
	memory = map(fd, size, MAP_SHARED);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(0, memory_touch(memory, size));
	dmabuf = kvmfr_create(fd, size - PAGE, PAGE, 0);
	ASSERT_LE(0, dmabuf);
	buffer = map(dmabuf, PAGE, MAP_SHARED);
	ASSERT_NE(MAP_FAILED, buffer);

	memory[size - PAGE] = 0;
	EXPECT_EQ(0, memory_store(buffer, 0x5a));
	EXPECT_EQ(0x5a, memory[size - PAGE]);

	munmap(buffer, PAGE);
	munmap(memory, size);
	close(dmabuf);
	close(fd);
}

/*
 * Whether a function that came back has the memory that was there before, at its
 * place: QEMU gives a new device new memory, the others keep theirs.
 */
static inline bool memory_stays(const struct unplug_way *way,
				const struct ivshmem *function)
{
	struct ivshmem now;

	return way != &unplug_monitor &&
	       !ivshmem_find(function->size, &now) &&
	       now.start == function->start;
}

#define take_out() \
	function_out(_metadata, variant->way, &self->function, self->minor)
#define put_back() \
	function_in(_metadata, variant->way, &self->function, self->minor)
#define put_back_in_use() \
	function_in_in_use(_metadata, variant->way, &self->function, \
			   self->minor)
#define put_back_at_last() \
	function_in_at_last(_metadata, &self->function, self->minor)
#define expect_pages_again() \
	function_pages_again(_metadata, variant->way, &self->function, \
			     self->minor)

static inline void function_out(struct __test_metadata *_metadata,
				const struct unplug_way *way,
				const struct ivshmem *function, int minor)
{
	long long start = clock_ms();

	ASSERT_EQ(0, way->out(function));
	EXPECT_GT(REMOVAL_LIMIT_MS, clock_ms() - start);
	expect_no_node(_metadata, minor);
}

/* The old users are still there: the new device takes the same minor anyway. */
static inline void function_in(struct __test_metadata *_metadata,
			       const struct unplug_way *way,
			       const struct ivshmem *function, int minor)
{
	ASSERT_EQ(0, way->in(function));
	ASSERT_EQ(minor, ivshmem_wait_minor(function, NODE_TIMEOUT_MS));
	expect_working(_metadata, minor, function->size);
}

/* The core matches no driver with a device that it is still adding: -ENODEV. */
static inline int bind_added(const char *address)
{
	long long end = clock_ms() + NODE_TIMEOUT_MS;
	int ret;

	while ((ret = pci_bind(address)) == -ENODEV && clock_ms() < end)
		sleep_ms(10);
	return ret;
}

/*
 * Pages of the old device, if it had any, are still in use. Who has them may reach that very device
 * through them, bound again, but not another one that has its place; a device that
 * is found again by a rescan might be any. True if it works.
 */
static inline bool function_in_in_use(struct __test_metadata *_metadata,
				      const struct unplug_way *way,
				      const struct ivshmem *function, int minor)
{
	struct ivshmem now;

	ASSERT_EQ(0, way->in(function));
	ASSERT_EQ(0, ivshmem_wait(function->size, &now));
	if (function->size == WITH_PAGES && way != &unplug_driver &&
	    now.start == function->start) {
		EXPECT_EQ(-EBUSY, bind_added(now.address));
		expect_no_node(_metadata, minor);
		return false;
	}
	ASSERT_EQ(minor, ivshmem_wait_minor(function, NODE_TIMEOUT_MS));
	expect_working(_metadata, minor, function->size);
	return true;
}

/* Nobody uses them any more, of which the module may learn a second later. */
static inline void function_in_at_last(struct __test_metadata *_metadata,
				       const struct ivshmem *function,
				       int minor)
{
	long long end = clock_ms() + NODE_TIMEOUT_MS;

	while (ivshmem_minor(function) < 0 &&
	       pci_bind(function->address) == -EBUSY && clock_ms() < end)
		sleep_ms(10);
	ASSERT_EQ(minor, ivshmem_minor(function));
	expect_working(_metadata, minor, function->size);
}

/* Sooner or later a function that comes back has pages again, if it had any. */
static inline void function_pages_again(struct __test_metadata *_metadata,
					const struct unplug_way *way,
					const struct ivshmem *function,
					int minor)
{
	bool wanted = function->size == WITH_PAGES;
	long long end = clock_ms() + PAGES_TIMEOUT_MS;

	while (can_pin(minor, function->size) != wanted && clock_ms() < end) {
		function_out(_metadata, way, function, minor);
		function_in(_metadata, way, function, minor);
	}
	EXPECT_EQ(wanted, can_pin(minor, function->size));
}

#endif /* KVMFR_TEST_UNPLUG_H */
