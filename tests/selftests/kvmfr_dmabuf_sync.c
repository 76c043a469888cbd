// SPDX-License-Identifier: GPL-2.0
/*
 * CPU access to a buffer whose importer does not see the memory itself but a
 * copy of it: with swiotlb=force every byte has to be copied at the right
 * moment, and no stale copy may ever come back.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>

#include "kselftest_harness.h"
#include "dmabuf_test.h"
#include "kvmfr_test.h"

#define PAGE 4096UL
#define DEVICE_SIZE (128 * MIB)
#define BUFFER_OFFSET (2 * MIB - PAGE)
#define BUFFER_SIZE (4 * MIB)
#define AT (3 * MIB - 30)
#define LENGTH 60
#define SLOT 2048
#define BOTH KVMFR_IMPORTER_BIDIRECTIONAL
#define TO_DEVICE KVMFR_IMPORTER_TO_DEVICE
#define FROM_DEVICE KVMFR_IMPORTER_FROM_DEVICE
#define READ_START (DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ)
#define READ_END (DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ)
#define WRITE_START (DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE)
#define WRITE_END (DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE)

/**
 * struct _test_data_sync - a buffer with two importers, not attached yet
 * @memory: the whole device
 * @cpu: the LENGTH bytes at AT in the buffer, as the CPU sees them
 * @slots: bounce buffer in use before the test
 */
FIXTURE(sync)
{
	int device;
	int buffer;
	int importer;
	int other;
	unsigned char *memory;
	unsigned char *cpu;
	long slots;
};

FIXTURE_VARIANT(sync)
{
	const char *kind;
};

FIXTURE_VARIANT_ADD(sync, static)
{
	.kind = "static",
};

FIXTURE_VARIANT_ADD(sync, ivshmem)
{
	.kind = "ivshmem",
};

FIXTURE_SETUP(sync)
{
	int minor;

	ASSERT_EQ(0, dmabuf_modules_load("static_size_mb=128", ""));
	self->importer = importer_open();
	self->other = importer_open();
	ASSERT_LE(0, self->other);
	if (edu_count() < 1)
		SKIP(return, "no edu device to do DMA");
	if (!swiotlb_forced())
		SKIP(return, "DMA is not bounced without swiotlb=force");
	minor = kvmfr_find(variant->kind, DEVICE_SIZE);
	if (minor == -ENODEV && strcmp(variant->kind, "static"))
		SKIP(return, "no ivshmem device of 128 MiB");

	self->device = kvmfr_open(minor, O_RDWR);
	ASSERT_LE(0, self->device);
	self->memory = map_shared(self->device, DEVICE_SIZE);
	ASSERT_NE(NULL, self->memory);
	memset(self->memory, 0, BUFFER_OFFSET + BUFFER_SIZE);
	self->cpu = self->memory + BUFFER_OFFSET + AT;
	self->slots = swiotlb_used();
	ASSERT_LE(0, self->slots);
	self->buffer = kvmfr_create(self->device, BUFFER_OFFSET, BUFFER_SIZE, 0);
	ASSERT_LE(0, self->buffer);
}

FIXTURE_TEARDOWN_PARENT(sync)
{
	EXPECT_EQ(0, dmabuf_modules_unload());
}

/* DMA of the pattern of @seed, and what the device finds there. */
static int device_write(int importer, unsigned int seed)
{
	unsigned char data[LENGTH];

	bytes_fill(data, LENGTH, seed);
	return importer_dma_write(importer, AT, data, LENGTH);
}

static int device_sees(int importer, unsigned int seed)
{
	unsigned char data[LENGTH];
	int ret;

	ret = importer_dma_read(importer, AT, data, LENGTH);
	if (ret)
		return ret;
	return bytes_are(data, LENGTH, seed) ? 0 : -EIO;
}

TEST_F(sync, begin_brings_what_the_device_wrote)
{
	ASSERT_EQ(0, importer_import(self->importer, self->buffer));
	ASSERT_EQ(0, device_write(self->importer, 1));
	/* If it were there already, the rest would prove nothing. */
	ASSERT_TRUE(bytes_zero(self->cpu, LENGTH));
	EXPECT_EQ(0, dmabuf_sync(self->buffer, READ_START));
	EXPECT_TRUE(bytes_are(self->cpu, LENGTH, 1));
	EXPECT_EQ(0, dmabuf_sync(self->buffer, READ_END));

	/* The same for users in the kernel. */
	ASSERT_EQ(0, device_write(self->importer, 2));
	ASSERT_TRUE(bytes_are(self->cpu, LENGTH, 1));
	EXPECT_EQ(-EINVAL, importer_cpu_begin(self->other, BOTH));
	EXPECT_EQ(0, importer_cpu_begin(self->importer, FROM_DEVICE));
	EXPECT_TRUE(bytes_are(self->cpu, LENGTH, 2));
}

TEST_F(sync, end_takes_what_the_cpu_wrote)
{
	ASSERT_EQ(0, importer_import(self->importer, self->buffer));
	EXPECT_EQ(0, dmabuf_sync(self->buffer, WRITE_START));
	bytes_fill(self->cpu, LENGTH, 1);
	ASSERT_EQ(-EIO, device_sees(self->importer, 1));
	EXPECT_EQ(0, dmabuf_sync(self->buffer, WRITE_END));
	EXPECT_EQ(0, device_sees(self->importer, 1));

	bytes_fill(self->cpu, LENGTH, 2);
	ASSERT_EQ(-EIO, device_sees(self->importer, 2));
	EXPECT_EQ(0, importer_cpu_end(self->importer, TO_DEVICE));
	EXPECT_EQ(0, device_sees(self->importer, 2));
}

TEST_F(sync, unmap_brings_what_the_device_wrote)
{
	ASSERT_EQ(0, importer_attach(self->importer, self->buffer, 0));
	ASSERT_EQ(0, importer_map(self->importer, FROM_DEVICE));
	ASSERT_EQ(0, device_write(self->importer, 1));
	ASSERT_TRUE(bytes_zero(self->cpu, LENGTH));
	EXPECT_EQ(0, importer_unmap(self->importer));
	EXPECT_TRUE(bytes_are(self->cpu, LENGTH, 1));
	EXPECT_EQ(0, importer_detach(self->importer));
	EXPECT_TRUE(bytes_are(self->cpu, LENGTH, 1));
}

TEST_F(sync, map_takes_what_the_cpu_wrote)
{
	unsigned int i;

	ASSERT_EQ(0, importer_attach(self->importer, self->buffer, 0));
	for (i = 0; i < 3; i++) {
		bytes_fill(self->cpu, LENGTH, i);
		ASSERT_EQ(0, importer_map(self->importer, TO_DEVICE));
		EXPECT_EQ(0, device_sees(self->importer, i));
		ASSERT_EQ(0, importer_unmap(self->importer));
	}
}

/* All that a machine ever does with its own GPU: the guest writes, it reads. */
TEST_F(sync, reader_never_changes_the_memory)
{
	unsigned int i;

	ASSERT_EQ(0, importer_attach(self->importer, self->buffer, 0));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, importer_map(self->importer, TO_DEVICE));
		EXPECT_EQ(0, dmabuf_sync(self->buffer, WRITE_START));
		EXPECT_EQ(0, dmabuf_sync(self->buffer, WRITE_END));
		/* The guest does not know about any of this. */
		bytes_fill(self->cpu, LENGTH, i);
		EXPECT_EQ(0, dmabuf_sync(self->buffer, READ_START));
		EXPECT_EQ(0, dmabuf_sync(self->buffer, READ_END));
		EXPECT_TRUE(bytes_are(self->cpu, LENGTH, i));
		EXPECT_EQ(0, importer_unmap(self->importer));
		EXPECT_TRUE(bytes_are(self->cpu, LENGTH, i));
	}
	bytes_fill(self->cpu, LENGTH, 7);
	EXPECT_EQ(0, importer_detach(self->importer));
	EXPECT_TRUE(bytes_are(self->cpu, LENGTH, 7));
}

/* The copy is of the whole buffer, what was written is a part of it. */
TEST_F(sync, device_write_keeps_what_is_beside_it)
{
	unsigned char *beside = self->cpu + LENGTH;

	ASSERT_EQ(0, importer_attach(self->importer, self->buffer, 0));
	ASSERT_EQ(0, importer_map(self->importer, FROM_DEVICE));
	ASSERT_EQ(0, importer_unmap(self->importer));
	bytes_fill(beside, LENGTH, 2);
	ASSERT_EQ(0, importer_map(self->importer, FROM_DEVICE));
	ASSERT_EQ(0, device_write(self->importer, 1));
	EXPECT_EQ(0, importer_unmap(self->importer));
	EXPECT_TRUE(bytes_are(self->cpu, LENGTH, 1));
	EXPECT_TRUE(bytes_are(beside, LENGTH, 2));
}

TEST_F(sync, cpu_write_keeps_what_the_device_wrote)
{
	ASSERT_EQ(0, importer_import(self->importer, self->buffer));
	ASSERT_EQ(0, device_write(self->importer, 1));
	EXPECT_EQ(0, dmabuf_sync(self->buffer, WRITE_START));
	bytes_fill(self->cpu + LENGTH, LENGTH, 2);
	EXPECT_EQ(0, dmabuf_sync(self->buffer, WRITE_END));
	EXPECT_EQ(0, importer_unmap(self->importer));
	EXPECT_TRUE(bytes_are(self->cpu, LENGTH, 1));
	EXPECT_TRUE(bytes_are(self->cpu + LENGTH, LENGTH, 2));
}

/* An attachment that is not mapped holds a copy that nobody asked for. */
TEST_F(sync, idle_attachment_changes_nothing)
{
	ASSERT_EQ(0, importer_import(self->importer, self->buffer));
	ASSERT_EQ(0, importer_unmap(self->importer));
	bytes_fill(self->cpu, LENGTH, 1);
	EXPECT_EQ(0, dmabuf_sync(self->buffer, READ_START));
	EXPECT_TRUE(bytes_are(self->cpu, LENGTH, 1));
	EXPECT_EQ(0, dmabuf_sync(self->buffer, READ_END));
	EXPECT_EQ(0, importer_detach(self->importer));
	EXPECT_TRUE(bytes_are(self->cpu, LENGTH, 1));
}

/* Nor does it spoil what another one has brought, whoever attached first. */
TEST_F(sync, idle_attachments_beside_a_busy_one)
{
	int third = importer_open();

	ASSERT_LE(0, third);
	ASSERT_EQ(0, importer_import(third, self->buffer));
	ASSERT_EQ(0, importer_unmap(third));
	ASSERT_EQ(0, importer_import(self->importer, self->buffer));
	ASSERT_EQ(0, importer_import(self->other, self->buffer));
	ASSERT_EQ(0, importer_unmap(self->other));

	ASSERT_EQ(0, device_write(self->importer, 1));
	EXPECT_EQ(0, dmabuf_sync(self->buffer, READ_START));
	EXPECT_TRUE(bytes_are(self->cpu, LENGTH, 1));
	EXPECT_EQ(0, dmabuf_sync(self->buffer, READ_END));
	EXPECT_EQ(0, importer_unmap(self->importer));
	EXPECT_EQ(0, importer_detach(self->other));
	EXPECT_EQ(0, importer_detach(self->importer));
	EXPECT_EQ(0, importer_detach(third));
	EXPECT_TRUE(bytes_are(self->cpu, LENGTH, 1));
}

TEST_F(sync, every_importer_sees_what_the_cpu_wrote)
{
	ASSERT_EQ(0, importer_import(self->importer, self->buffer));
	ASSERT_EQ(0, importer_import(self->other, self->buffer));
	EXPECT_EQ(0, dmabuf_sync(self->buffer, WRITE_START));
	bytes_fill(self->cpu, LENGTH, 1);
	EXPECT_EQ(0, dmabuf_sync(self->buffer, WRITE_END));
	EXPECT_EQ(0, device_sees(self->importer, 1));
	EXPECT_EQ(0, device_sees(self->other, 1));
}

TEST_F(sync, second_mapping_keeps_the_first_in_sync)
{
	ASSERT_EQ(0, importer_import(self->importer, self->buffer));
	ASSERT_EQ(0, importer_map(self->importer, BOTH));
	ASSERT_EQ(0, importer_unmap(self->importer));
	ASSERT_EQ(0, device_write(self->importer, 1));
	EXPECT_EQ(0, dmabuf_sync(self->buffer, READ_START));
	EXPECT_TRUE(bytes_are(self->cpu, LENGTH, 1));
}

/* Memory that stays is mapped once per attachment, whatever that took. */
TEST_F(sync, bounce_buffer_kept_and_given_back)
{
	const long slots = BUFFER_SIZE / SLOT;

	ASSERT_EQ(0, importer_import(self->importer, self->buffer));
	EXPECT_LE(self->slots + slots, swiotlb_used());
	EXPECT_EQ(0, importer_unmap(self->importer));
	if (!strcmp(variant->kind, "static"))
		EXPECT_LE(self->slots + slots, swiotlb_used());
	EXPECT_EQ(0, importer_detach(self->importer));
	EXPECT_GE(self->slots, swiotlb_used());
}

/* The bounce buffer has 64 MiB: an error, nothing kept, all usable after. */
TEST_F(sync, too_large_to_bounce)
{
	int large = kvmfr_create(self->device, 0, DEVICE_SIZE, 0);
	int ret;

	ASSERT_LE(0, large);
	ASSERT_EQ(0, importer_attach(self->other, large, 0));
	ret = importer_map(self->other, BOTH);
	EXPECT_TRUE(ret == -ENOMEM || ret == -EIO || ret == -EREMOTEIO)
	{
		TH_LOG("map: %d", ret);
	}
	EXPECT_GE(self->slots, swiotlb_used());
	EXPECT_EQ(0, dmabuf_sync(large, READ_START));
	EXPECT_EQ(0, dmabuf_sync(large, READ_END));
	EXPECT_EQ(0, importer_detach(self->other));

	ASSERT_EQ(0, importer_import(self->other, self->buffer));
	ASSERT_EQ(0, device_write(self->other, 1));
	EXPECT_EQ(0, importer_unmap(self->other));
	EXPECT_TRUE(bytes_are(self->cpu, LENGTH, 1));
}

TEST_HARNESS_MAIN
