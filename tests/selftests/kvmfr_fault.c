// SPDX-License-Identifier: GPL-2.0
/*
 * Every allocation that a call makes fails once: the call says so or does without,
 * nothing is left behind, and afterwards it works.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "access.h"
#include "dmabuf_test.h"
#include "fault.h"
#include "ivshmem.h"
#include "kvmfr_test.h"

#define PAGE 4096UL
#define SIZE (4 * MIB)
/* Its last MiB is not beside the others. */
#define STATIC_SIZE (15 * MIB)
#define WITH_PAGES (16 * MIB)
#define WITHOUT_PAGES MIB
#define LOAD_TIMEOUT 7200
/*
 * The kernel's own map of memory, which memremap_pages() makes larger: for want of
 * memory x86 warns (add_pages()) or does not look (alloc_low_pages()).
 */
#define MEMORY_MAP "arch_add_memory"
/* Loading takes a thousand allocations; these are the ones of our init. */
#define OWN_PART "do_one_initcall"

/**
 * struct subject - what the actions work with
 * @minor: device
 * @fd: its node
 * @size: as much of it as is mapped
 * @exports: dma-bufs of it that there are without the actions
 * @dmabuf: one of the static device
 * @importer: attached to one
 * @function: an ivshmem function
 */
struct subject {
	int minor;
	int fd;
	size_t size;
	long exports;
	int dmabuf;
	int importer;
	struct ivshmem function;
};

static void report_each(struct __test_metadata *_metadata,
			const struct fault_case *what)
{
	struct fault_result result = fault_each(what);

	TH_LOG("%u allocations failed, %u times it was refused", result.tried,
	       result.refused);
	EXPECT_EQ(0, result.error);
	EXPECT_LT(0, result.tried);
	EXPECT_LT(0, result.refused);
}

FIXTURE(fault)
{
	struct subject subject;
};

FIXTURE_SETUP(fault)
{
	if (!fault_prepare())
		SKIP(return, "this kernel has no fail-nth");
	ASSERT_EQ(0, dmabuf_modules_load("static_size_mb=15", ""));
	self->subject.fd = kvmfr_open(0, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->subject.fd);
	self->subject.dmabuf = kvmfr_create(self->subject.fd, 0, SIZE, 0);
	ASSERT_LE(0, self->subject.dmabuf);
	self->subject.size = SIZE;
	self->subject.exports = 1;
}

FIXTURE_TEARDOWN_PARENT(fault)
{
	int ret = dmabuf_modules_unload();

	EXPECT_TRUE(!ret || ret == -ENOENT);
}

static int nothing_left(void *data)
{
	const struct subject *subject = data;

	return kvmfr_attr(subject->minor, "exports") == subject->exports &&
			       !kvmfr_attr(subject->minor, "mappings") ?
		       0 :
		       -EBUSY;
}

static int create(void *data)
{
	struct subject *subject = data;
	int fd = kvmfr_create(subject->fd, 0, SIZE, 0);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

TEST_F(fault, create)
{
	const struct fault_case what = { .action = create,
					 .check = nothing_left,
					 .data = &self->subject };

	report_each(_metadata, &what);
}

static int open_node(void *data)
{
	const struct subject *subject = data;
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/kvmfr%d", subject->minor);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	return fd < 0 ? -errno : 0;
}

TEST_F(fault, open)
{
	const struct fault_case what = { .action = open_node,
					 .check = nothing_left,
					 .data = &self->subject };

	report_each(_metadata, &what);
}

/* One page short of what can be huge: page tables on the way. */
static int map_and_touch(int fd, size_t size)
{
	void *map = mmap(NULL, size - PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
			 fd, PAGE);
	int ret;

	if (map == MAP_FAILED)
		return -errno;
	ret = memory_touch(map, size - PAGE) ? -EFAULT : 0;
	munmap(map, size - PAGE);
	return ret;
}

static int map_node(void *data)
{
	const struct subject *subject = data;

	return map_and_touch(subject->fd, subject->size);
}

static int map_dmabuf(void *data)
{
	const struct subject *subject = data;

	return map_and_touch(subject->dmabuf, subject->size);
}

TEST_F(fault, map)
{
	const struct fault_case what = { .action = map_node,
					 .check = nothing_left,
					 .data = &self->subject };

	report_each(_metadata, &what);
}

TEST_F(fault, map_of_a_dmabuf)
{
	const struct fault_case what = { .action = map_dmabuf,
					 .check = nothing_left,
					 .data = &self->subject };

	report_each(_metadata, &what);
}

/* An ivshmem function instead of the static device. */
static void function_use(struct __test_metadata *_metadata,
			 struct subject *subject, size_t size)
{
	ASSERT_EQ(0, ivshmem_find(size, &subject->function));
	subject->minor = ivshmem_wait_minor(&subject->function, NODE_TIMEOUT_MS);
	ASSERT_LE(0, subject->minor);
	close(subject->fd);
	subject->fd = kvmfr_open(subject->minor, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, subject->fd);
	subject->size = size;
	subject->exports = 0;
}

static void use_each(struct __test_metadata *_metadata, struct subject *subject,
		     size_t size)
{
	struct fault_case what = { .action = open_node,
				   .check = nothing_left,
				   .data = subject };

	function_use(_metadata, subject, size);
	report_each(_metadata, &what);
	what.action = map_node;
	report_each(_metadata, &what);
}

TEST_F(fault, open_and_map_with_pages)
{
	use_each(_metadata, &self->subject, WITH_PAGES);
}

TEST_F(fault, open_and_map_without_pages)
{
	use_each(_metadata, &self->subject, WITHOUT_PAGES);
}

static int import(void *data)
{
	struct subject *subject = data;
	int importer = importer_open(), ret;

	if (importer < 0)
		return importer;
	ret = importer_import(importer, subject->dmabuf);
	close(importer);
	return ret;
}

TEST_F(fault, import)
{
	const struct fault_case what = { .action = import,
					 .check = nothing_left,
					 .data = &self->subject };

	report_each(_metadata, &what);
}

/* How much of a device is contiguous, 0 if all of it. */
static size_t run_length(int fd, size_t size)
{
	int dmabuf = kvmfr_create(fd, 0, size, 0), importer = importer_open();
	struct importer_table table;
	size_t length = 0;

	if (!importer_import(importer, dmabuf) &&
	    !importer_table_get(importer, &table)) {
		if (table.info.nents > 1)
			length = table.entries[0].length;
		importer_table_put(&table);
	}
	close(importer);
	close(dmabuf);
	return length;
}

/* An importer of two pages, from @offset on. */
static int importer_attached(int fd, size_t offset)
{
	int dmabuf = kvmfr_create(fd, offset, 2 * PAGE, 0);
	int importer = importer_open();
	int ret = importer_attach(importer, dmabuf, 0);

	close(dmabuf);
	return ret ? ret : importer;
}

static int vmap_once(void *data)
{
	return importer_vmap_once(((struct subject *)data)->importer);
}

static void vmap_each(struct __test_metadata *_metadata,
		      struct subject *subject)
{
	const struct fault_case what = { .action = vmap_once,
					 .check = nothing_left,
					 .data = subject };

	report_each(_metadata, &what);
	EXPECT_EQ(0, importer_vmap(subject->importer));
	close(subject->importer);
}

TEST_F(fault, vmap)
{
	size_t length = run_length(self->subject.fd, STATIC_SIZE);

	if (!length)
		SKIP(return, "15 MiB turned out to be contiguous");
	self->subject.importer =
		importer_attached(self->subject.fd, length - PAGE);
	ASSERT_LE(0, self->subject.importer);
	self->subject.exports = 2;
	vmap_each(_metadata, &self->subject);
}

TEST_F(fault, vmap_of_a_device_that_is_gone)
{
	function_use(_metadata, &self->subject, WITH_PAGES);
	self->subject.importer = importer_attached(self->subject.fd, 0);
	ASSERT_LE(0, self->subject.importer);
	ASSERT_EQ(0, pci_unbind(self->subject.function.address));
	self->subject.minor = 0;
	self->subject.exports = 1;
	vmap_each(_metadata, &self->subject);
	EXPECT_EQ(0, pci_bind(self->subject.function.address));
}

static int bind_function(void *data)
{
	struct subject *subject = data;

	return pci_bind(subject->function.address);
}

/* Bound or not: afterwards it can be bound, and unbound for the next time. */
static int can_be_bound(void *data)
{
	struct subject *subject = data;
	int ret = 0;

	if (ivshmem_minor(&subject->function) < 0)
		ret = pci_bind(subject->function.address);
	if (!ret && ivshmem_wait_minor(&subject->function, 5000) < 0)
		ret = -ENODEV;
	return ret ? ret : pci_unbind(subject->function.address);
}

static void bind_each(struct __test_metadata *_metadata,
		      struct subject *subject, unsigned long size)
{
	const struct fault_case what = { .action = bind_function,
					 .check = can_be_bound,
					 .data = subject,
					 .spared = MEMORY_MAP };

	ASSERT_EQ(0, ivshmem_find(size, &subject->function));
	ASSERT_EQ(0, pci_unbind(subject->function.address));
	report_each(_metadata, &what);
	EXPECT_EQ(0, pci_bind(subject->function.address));
}

TEST_F_TIMEOUT(fault, bind, LOAD_TIMEOUT)
{
	bind_each(_metadata, &self->subject, WITH_PAGES);
}

TEST_F_TIMEOUT(fault, bind_without_pages, LOAD_TIMEOUT)
{
	bind_each(_metadata, &self->subject, WITHOUT_PAGES);
}

#define LOAD_PARAMS "static_size_mb=2,1 zero_on_last_close=1"

static int load(void *data)
{
	(void)data;
	return kvmfr_load(LOAD_PARAMS);
}

static int can_be_loaded(void *data)
{
	int ret = kvmfr_unload();

	(void)data;
	if (!ret)
		return kvmfr_gone() ? 0 : -EBUSY;
	/* It was refused, and left nothing. */
	if (ret != -ENOENT || !kvmfr_gone())
		return -EBUSY;
	ret = kvmfr_load(LOAD_PARAMS);
	return ret ? ret : kvmfr_unload();
}

TEST_F_TIMEOUT(fault, load, LOAD_TIMEOUT)
{
	const struct fault_case what = { .action = load,
					 .check = can_be_loaded,
					 .within = OWN_PART,
					 .spared = MEMORY_MAP };

	close(self->subject.dmabuf);
	close(self->subject.fd);
	ASSERT_EQ(0, dmabuf_modules_unload());
	report_each(_metadata, &what);
}

TEST_HARNESS_MAIN
