// SPDX-License-Identifier: GPL-2.0
/*
 * Every allocation that a call makes fails once: the call says so or does without,
 * nothing is left behind, and afterwards it works.
 */
#include <errno.h>
#include <fcntl.h>
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
 * @fd: node
 * @dmabuf: one of it
 * @function: the ivshmem function of that size
 */
struct subject {
	int fd;
	int dmabuf;
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
	ASSERT_EQ(0, dmabuf_modules_load("static_size_mb=4", ""));
	self->subject.fd = kvmfr_open(0, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->subject.fd);
	self->subject.dmabuf = kvmfr_create(self->subject.fd, 0, SIZE, 0);
	ASSERT_LE(0, self->subject.dmabuf);
}

FIXTURE_TEARDOWN_PARENT(fault)
{
	int ret = dmabuf_modules_unload();

	EXPECT_TRUE(!ret || ret == -ENOENT);
}

/* The dma-buf of the fixture alone, and no mapping. */
static int nothing_left(void *data)
{
	(void)data;
	return kvmfr_attr(0, "exports") == 1 && !kvmfr_attr(0, "mappings") ?
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
	int fd = open("/dev/kvmfr0", O_RDWR | O_CLOEXEC);

	(void)data;
	if (fd >= 0)
		close(fd);
	return fd < 0 ? -errno : 0;
}

TEST_F(fault, open)
{
	const struct fault_case what = { .action = open_node,
					 .check = nothing_left };

	report_each(_metadata, &what);
}

/* One page short of what can be huge: page tables on the way. */
static int map_and_touch(int fd)
{
	void *map = mmap(NULL, SIZE - PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
			 fd, PAGE);
	int ret;

	if (map == MAP_FAILED)
		return -errno;
	ret = memory_touch(map, SIZE - PAGE) ? -EFAULT : 0;
	munmap(map, SIZE - PAGE);
	return ret;
}

static int map_node(void *data)
{
	return map_and_touch(((struct subject *)data)->fd);
}

static int map_dmabuf(void *data)
{
	return map_and_touch(((struct subject *)data)->dmabuf);
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

/* Without vmap: the dma-buf core itself warns when an exporter refuses that. */
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
