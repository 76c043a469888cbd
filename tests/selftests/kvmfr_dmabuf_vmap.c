// SPDX-License-Identifier: GPL-2.0
/* A buffer mapped for the kernel's own use: the right bytes, both ways. */
#include <errno.h>
#include <fcntl.h>

#include "kselftest_harness.h"
#include "dmabuf_test.h"
#include "kvmfr_test.h"

#define PAGE 4096UL
#define DEVICE_SIZE (256 * MIB)
#define CHUNK (64 * 1024)
#define BOTH KVMFR_IMPORTER_BIDIRECTIONAL

FIXTURE(vmap)
{
	int device;
	int importer;
	unsigned char *memory;
	unsigned char chunk[CHUNK];
};

FIXTURE_SETUP(vmap)
{
	ASSERT_EQ(0, dmabuf_modules_load("static_size_mb=256", ""));
	self->importer = importer_open();
	ASSERT_LE(0, self->importer);
	if (edu_count() < 1)
		SKIP(return, "no edu device to import for");
	self->device = kvmfr_open(0, O_RDWR);
	ASSERT_LE(0, self->device);
	self->memory = map_shared(self->device, DEVICE_SIZE);
	ASSERT_NE(NULL, self->memory);
}

FIXTURE_TEARDOWN_PARENT(vmap)
{
	EXPECT_EQ(0, dmabuf_modules_unload());
}

static int attach_part(int device, int importer, size_t offset, size_t size)
{
	int buffer, ret;

	buffer = kvmfr_create(device, offset, size, 0);
	if (buffer < 0)
		return buffer;
	ret = importer_attach(importer, buffer, 0);
	close(buffer);
	return ret;
}

/*
 * Read a part of the device through the mapping, then write it; @chunk is room
 * to work in. -EIO if one side does not see what the other wrote.
 */
static int compare_vmap(int importer, unsigned char *at, size_t offset,
			size_t length, unsigned char *chunk)
{
	int ret;

	bytes_fill(at, length, 1);
	ret = importer_vmap_read(importer, offset, chunk, length);
	if (ret)
		return ret;
	if (!bytes_are(chunk, length, 1))
		return -EIO;

	bytes_fill(chunk, length, 2);
	ret = importer_vmap_write(importer, offset, chunk, length);
	if (ret)
		return ret;
	return bytes_are(at, length, 2) ? 0 : -EIO;
}

/* Runs that the device consists of where no IOMMU joins them. */
static int count_runs(int importer)
{
	struct importer_table table;
	int runs, ret;

	ret = importer_map(importer, BOTH);
	if (ret)
		return ret;
	ret = importer_table_get(importer, &table);
	if (ret)
		return ret;
	runs = table.info.nents;
	importer_table_put(&table);
	ret = importer_unmap(importer);
	return ret ? ret : runs;
}

TEST_F(vmap, one_run)
{
	const size_t offset = 2 * MIB + PAGE, size = 3 * PAGE;

	ASSERT_EQ(0, attach_part(self->device, self->importer, offset, size));
	ASSERT_EQ(1, count_runs(self->importer));
	ASSERT_EQ(0, importer_vmap(self->importer));
	EXPECT_EQ(0, compare_vmap(self->importer, self->memory + offset, 0,
				  size, self->chunk));
	EXPECT_EQ(0, compare_vmap(self->importer, self->memory + offset + 5, 5,
				  PAGE, self->chunk));
	EXPECT_EQ(0, importer_vunmap(self->importer));
}

/* So large that it is scattered, as even a fresh machine's memory is. */
TEST_F(vmap, many_runs)
{
	size_t at;

	ASSERT_EQ(0, attach_part(self->device, self->importer, 0, DEVICE_SIZE));
	if (count_runs(self->importer) == 1)
		SKIP(return, "256 MiB turned out to be contiguous");
	ASSERT_EQ(0, importer_vmap(self->importer));

	/* Around every 2 MiB, where a run may end. */
	for (at = 2 * MIB; at < DEVICE_SIZE; at += 2 * MIB)
		ASSERT_EQ(0, compare_vmap(self->importer,
					  self->memory + at - 9, at - 9, 17,
					  self->chunk));
	ASSERT_EQ(0, compare_vmap(self->importer, self->memory, 0, CHUNK,
				  self->chunk));
	at = DEVICE_SIZE - CHUNK;
	ASSERT_EQ(0, compare_vmap(self->importer, self->memory + at, at, CHUNK,
				  self->chunk));
	EXPECT_EQ(0, importer_vunmap(self->importer));
}

TEST_F(vmap, rules)
{
	ASSERT_EQ(-EINVAL, importer_vmap(self->importer));
	ASSERT_EQ(0, attach_part(self->device, self->importer, 0, PAGE));
	EXPECT_EQ(-EINVAL, importer_vunmap(self->importer));
	EXPECT_EQ(-EINVAL, importer_vmap_read(self->importer, 0, self->chunk, 1));
	ASSERT_EQ(0, importer_vmap(self->importer));
	EXPECT_EQ(-EBUSY, importer_vmap(self->importer));
	EXPECT_EQ(-EBUSY, importer_detach(self->importer));
	EXPECT_EQ(-EINVAL, importer_vmap_read(self->importer, PAGE,
					      self->chunk, 1));
	EXPECT_EQ(0, importer_vunmap(self->importer));
	EXPECT_EQ(-EINVAL, importer_vunmap(self->importer));
	EXPECT_EQ(0, importer_detach(self->importer));
}

/* The mapping is one per buffer, however many use it. */
TEST_F(vmap, shared_by_two_importers)
{
	int buffer, other;

	buffer = kvmfr_create(self->device, 0, DEVICE_SIZE, 0);
	ASSERT_LE(0, buffer);
	other = importer_open();
	ASSERT_LE(0, other);
	ASSERT_EQ(0, importer_attach(self->importer, buffer, 0));
	ASSERT_EQ(0, importer_attach(other, buffer, 0));
	ASSERT_EQ(0, importer_vmap(self->importer));
	ASSERT_EQ(0, importer_vmap(other));
	EXPECT_EQ(0, importer_vunmap(self->importer));
	EXPECT_EQ(0, compare_vmap(other, self->memory + 9 * MIB, 9 * MIB, CHUNK,
				  self->chunk));
	ASSERT_EQ(0, importer_vmap(self->importer));
	EXPECT_EQ(0, importer_vunmap(other));
	EXPECT_EQ(0, compare_vmap(self->importer, self->memory + MIB, MIB,
				  CHUNK, self->chunk));
	EXPECT_EQ(0, importer_vunmap(self->importer));
}

/* Kernel address space comes back; 300 times 256 MiB would be all of it. */
TEST_F_TIMEOUT(vmap, again_and_again, 240)
{
	long used;
	int i;

	ASSERT_EQ(0, attach_part(self->device, self->importer, 0, DEVICE_SIZE));
	ASSERT_EQ(0, importer_vmap(self->importer));
	ASSERT_EQ(0, importer_vunmap(self->importer));
	used = meminfo_kb("VmallocUsed");
	for (i = 0; i < 300; i++) {
		ASSERT_EQ(0, importer_vmap(self->importer));
		ASSERT_EQ(0, importer_vunmap(self->importer));
	}
	EXPECT_GT(used + (long)(DEVICE_SIZE / 1024), meminfo_kb("VmallocUsed"));
}

TEST_HARNESS_MAIN
