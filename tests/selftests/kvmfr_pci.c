// SPDX-License-Identifier: GPL-2.0
/*
 * ivshmem devices of many sizes: who they are in sysfs, and that their memory
 * is the host's file, byte for byte. The suite fills the files before the VM
 * starts and compares them with what this program wrote after it has ended.
 *
 * The pattern are records of 512 bytes, a decimal number and a newline. The
 * first record's number tells the device and who wrote it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "access.h"
#include "ivshmem.h"
#include "kvmfr_test.h"

#define PAGE 4096UL
#define RECORD 512UL
/* Host's records of the device of n MiB count from n * DEVICE_STEP. */
#define DEVICE_STEP 1000000000UL
/* The guest's count from here. */
#define GUEST_STEP 500000000UL
/* Of a device larger than this, only the first and the last MiB are used. */
#define WHOLE_LIMIT (256 * MIB)

FIXTURE(pci)
{
	struct ivshmem function;
	int minor;
	int fd;
};

FIXTURE_VARIANT(pci)
{
	unsigned long size;
};

FIXTURE_VARIANT_ADD(pci, 1M)
{
	.size = 1 * MIB,
};

FIXTURE_VARIANT_ADD(pci, 16M)
{
	.size = 16 * MIB,
};

FIXTURE_VARIANT_ADD(pci, 64M)
{
	.size = 64 * MIB,
};

FIXTURE_VARIANT_ADD(pci, 256M)
{
	.size = 256 * MIB,
};

FIXTURE_VARIANT_ADD(pci, 4G)
{
	.size = 4096 * MIB,
};

/*
 * The module stays loaded from test to test: making 4 GiB worth of struct pages
 * takes a second.
 */
FIXTURE_SETUP(pci)
{
	int ret = kvmfr_load("static_size_mb=4,2");

	self->fd = -1;
	ASSERT_TRUE(!ret || ret == -EEXIST);
	if (ivshmem_find(variant->size, &self->function))
		SKIP(return, "this VM has no such device");
	self->minor = ivshmem_wait_minor(&self->function, 1000);
	ASSERT_LE(0, self->minor);
	self->fd = kvmfr_open(self->minor, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(pci)
{
	if (self->fd >= 0)
		close(self->fd);
}

static void record_first(char *record, unsigned long number)
{
	char digits[RECORD];

	snprintf(digits, sizeof(digits), "%0*lu", (int)RECORD - 1, number);
	memcpy(record, digits, RECORD - 1);
	record[RECORD - 1] = '\n';
}

static void record_next(char *record)
{
	char *digit = record + RECORD - 2;

	while (*digit == '9')
		*digit-- = '0';
	++*digit;
}

/* Offset of the first byte that is wrong, @bytes if none. */
static size_t records_check(const char *memory, size_t bytes,
			    unsigned long number)
{
	char record[RECORD];
	size_t offset;

	record_first(record, number);
	for (offset = 0; offset < bytes; offset += RECORD) {
		if (memcmp(memory + offset, record, RECORD))
			return offset;
		record_next(record);
	}
	return bytes;
}

static void records_fill(char *memory, size_t bytes, unsigned long number)
{
	char record[RECORD];
	size_t offset;

	record_first(record, number);
	for (offset = 0; offset < bytes; offset += RECORD) {
		memcpy(memory + offset, record, RECORD);
		record_next(record);
	}
}

static void *map_whole(int fd, size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

/* Bytes at both ends that carry the pattern. */
static size_t end_bytes(size_t size)
{
	return size > WHOLE_LIMIT ? MIB : size / 2;
}

/* First of all, while nothing but the host has written anything. */
TEST_F(pci, host_wrote_memory)
{
	const size_t bytes = end_bytes(variant->size);
	const size_t last = variant->size - bytes;
	unsigned long first = variant->size / MIB * DEVICE_STEP;
	char *memory = map_whole(self->fd, variant->size);

	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(bytes, records_check(memory, bytes, first));
	EXPECT_EQ(bytes, records_check(memory + last, bytes,
				       first + last / RECORD));
	EXPECT_EQ(0, munmap(memory, variant->size));
}

/* The old module called this 0 bytes. */
TEST_F(pci, size)
{
	EXPECT_EQ((long)variant->size, kvmfr_attr(self->minor, "size"));
	EXPECT_EQ((long)variant->size, lseek(self->fd, 0, SEEK_END));
	EXPECT_EQ(variant->size > __INT_MAX__ ? -EOVERFLOW : (long)variant->size,
		  kvmfr_size(self->fd));
}

static bool link_ends(const char *path, const char *end)
{
	char target[256];
	ssize_t length = readlink(path, target, sizeof(target) - 1);
	size_t tail = strlen(end);

	if (length < (ssize_t)tail)
		return false;
	target[length] = '\0';
	return !strcmp(target + length - tail, end);
}

/* The resource of the BAR, or one within, is claimed under our name. */
static bool iomem_names_driver(const struct ivshmem *function)
{
	unsigned long start, end;
	bool found = false;
	char line[256];
	FILE *iomem = fopen("/proc/iomem", "r");

	if (!iomem)
		return false;
	while (fgets(line, sizeof(line), iomem))
		if (sscanf(line, " %lx-%lx : ", &start, &end) == 2 &&
		    start >= function->start &&
		    end < function->start + function->size &&
		    strstr(line, ": kvmfr"))
			found = true;
	fclose(iomem);
	return found;
}

TEST_F(pci, sysfs_identity)
{
	char path[64], text[32];

	snprintf(path, sizeof(path), "/sys/class/kvmfr/kvmfr%d/device",
		 self->minor);
	EXPECT_TRUE(link_ends(path, self->function.address));
	snprintf(path, sizeof(path), PCI_DEVICES "/%s/driver",
		 self->function.address);
	EXPECT_TRUE(link_ends(path, "/drivers/kvmfr"));
	snprintf(path, sizeof(path), "/sys/class/kvmfr/kvmfr%d/kind",
		 self->minor);
	ASSERT_LT(0, text_read(path, text, sizeof(text)));
	EXPECT_STREQ("ivshmem", text);
	EXPECT_TRUE(iomem_names_driver(&self->function));
}

/* Two static devices were asked for: they come first. */
TEST_F(pci, static_nodes_lowest)
{
	char text[32];

	EXPECT_LE(2, self->minor);
	EXPECT_EQ(4 * MIB, kvmfr_attr(0, "size"));
	EXPECT_EQ(2 * MIB, kvmfr_attr(1, "size"));
	ASSERT_LT(0, text_read("/sys/class/kvmfr/kvmfr1/kind", text,
			       sizeof(text)));
	EXPECT_STREQ("static", text);
}

/*
 * One line "PAT: [mem start-end] type" for each range somebody asked a type
 * for. Every one that covers a part of the BAR has to be write-back.
 */
static int pat_entries(const struct ivshmem *function, int *wrong)
{
	unsigned long start, end;
	char type[32], line[256];
	FILE *list = fopen("/sys/kernel/debug/x86/pat_memtype_list", "r");
	int count = 0;

	if (!list)
		return -errno;
	*wrong = 0;
	while (fgets(line, sizeof(line), list)) {
		if (sscanf(line, "PAT: [mem %lx-%lx] %31s", &start, &end,
			   type) != 3 ||
		    start >= function->start + function->size ||
		    end <= function->start)
			continue;
		count++;
		*wrong += !!strcmp(type, "write-back");
	}
	fclose(list);
	return count;
}

/* Uncached, a frame would take a hundred times as long. */
TEST_F(pci, mapped_write_back)
{
	void *memory = map_whole(self->fd, variant->size);
	int count, wrong = 0;

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, memory_touch(memory, PAGE));
	count = pat_entries(&self->function, &wrong);
	if (count == -ENOENT)
		SKIP(return, "no pat_memtype_list in debugfs");
	EXPECT_LT(0, count);
	EXPECT_EQ(0, wrong);
	EXPECT_EQ(0, munmap(memory, variant->size));
}

/* A dma-buf of the device's end, which lies beyond 32 bit for the largest. */
TEST_F(pci, buffer_of_last_page)
{
	const size_t last = variant->size - PAGE;
	unsigned long first = variant->size / MIB * DEVICE_STEP;
	int dmabuf = kvmfr_create(self->fd, last, PAGE, 0);
	char *memory;

	ASSERT_LE(0, dmabuf);
	memory = map_whole(dmabuf, PAGE);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(PAGE, records_check(memory, PAGE, first + last / RECORD));
	EXPECT_EQ(0, munmap(memory, PAGE));
	EXPECT_EQ(0, close(dmabuf));
	EXPECT_EQ(-EINVAL, kvmfr_create(self->fd, last, 2 * PAGE, 0));
}

/*
 * One dma-buf of everything: 4 GiB are more bytes than an int has, and more pages
 * than kmalloc() has room for their pointers.
 */
TEST_F(pci, buffer_of_everything)
{
	const size_t last = variant->size - PAGE;
	unsigned long first = variant->size / MIB * DEVICE_STEP;
	int dmabuf = kvmfr_create(self->fd, 0, variant->size, 0);
	char *memory;

	ASSERT_LE(0, dmabuf);
	EXPECT_EQ((off_t)variant->size, lseek(dmabuf, 0, SEEK_END));
	memory = map_whole(dmabuf, variant->size);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(PAGE, records_check(memory, PAGE, first));
	EXPECT_EQ(PAGE, records_check(memory + last, PAGE,
				      first + last / RECORD));
	EXPECT_EQ(0, munmap(memory, variant->size));
	EXPECT_EQ(0, close(dmabuf));
}

/*
 * Last: what the host finds in its file. The first half is written through the
 * node, the second through a dma-buf.
 */
TEST_F(pci, guest_writes_memory)
{
	const size_t bytes = end_bytes(variant->size);
	const size_t last = variant->size - bytes;
	unsigned long first = variant->size / MIB * DEVICE_STEP + GUEST_STEP;
	char *memory = map_whole(self->fd, variant->size);
	int dmabuf = kvmfr_create(self->fd, last, bytes, 0);
	char *buffer;

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_LE(0, dmabuf);
	buffer = map_whole(dmabuf, bytes);
	ASSERT_NE(MAP_FAILED, buffer);
	records_fill(memory, bytes, first);
	records_fill(buffer, bytes, first + last / RECORD);
	EXPECT_EQ(bytes, records_check(memory + last, bytes,
				       first + last / RECORD));
	EXPECT_EQ(0, munmap(buffer, bytes));
	EXPECT_EQ(0, munmap(memory, variant->size));
	EXPECT_EQ(0, close(dmabuf));
}

TEST_HARNESS_MAIN
