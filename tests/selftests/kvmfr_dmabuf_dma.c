// SPDX-License-Identifier: GPL-2.0
/*
 * A device reads and writes an imported buffer: every byte has to land where
 * both mmap views show it, and nowhere else. Each transfer takes the device
 * 100 ms, so the places are few and chosen.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>

#include "kselftest_harness.h"
#include "dmabuf_test.h"
#include "kvmfr_test.h"

#define PAGE 4096UL
#define DEVICE_SIZE (64 * MIB)
#define BOTH KVMFR_IMPORTER_BIDIRECTIONAL
#define TO_DEVICE KVMFR_IMPORTER_TO_DEVICE
#define FROM_DEVICE KVMFR_IMPORTER_FROM_DEVICE

/**
 * struct place - where one transfer goes
 * @buffer: offset of the dma-buf within the device
 * @size: of the dma-buf
 * @offset: within the dma-buf
 * @length: of the transfer
 */
struct place {
	size_t buffer;
	size_t size;
	size_t offset;
	size_t length;
};

static const struct place places[] = {
	/* the first and the last page of the device, whole and the last byte */
	{ 0, DEVICE_SIZE, 0, PAGE },
	{ 0, DEVICE_SIZE, DEVICE_SIZE - PAGE, PAGE },
	{ 0, DEVICE_SIZE, DEVICE_SIZE - 1, 1 },
	/* odd addresses and lengths, across a page */
	{ 0, DEVICE_SIZE, 5 * PAGE + 1, 3 },
	{ PAGE, 3 * PAGE, PAGE - 5, 11 },
	/* across 2 MiB of the device, from buffers that start anywhere */
	{ 0, DEVICE_SIZE, 2 * MIB - 7, 4093 },
	{ 2 * MIB - PAGE, 2 * PAGE, PAGE - 100, 200 },
	{ 3 * MIB + PAGE, 40 * MIB, 3 * MIB - PAGE - 1, PAGE },
	/* single pages */
	{ 63 * MIB + 255 * PAGE, PAGE, 0, PAGE },
	{ 31 * MIB, PAGE, 17, 1000 },
};

FIXTURE(dma)
{
	int device;
	int importer;
	unsigned char *memory;
};

FIXTURE_VARIANT(dma)
{
	const char *kind;
};

FIXTURE_VARIANT_ADD(dma, static)
{
	.kind = "static",
};

FIXTURE_VARIANT_ADD(dma, ivshmem)
{
	.kind = "ivshmem",
};

FIXTURE_SETUP(dma)
{
	int minor;

	/* The second edu device has 28 address lines, if there is one. */
	ASSERT_EQ(0, dmabuf_modules_load("static_size_mb=64", "dma_bits=64,28"));
	self->importer = importer_open();
	ASSERT_LE(0, self->importer);
	if (edu_count() < 1)
		SKIP(return, "no edu device to do DMA");
	minor = kvmfr_find(variant->kind, DEVICE_SIZE);
	if (minor == -ENODEV && strcmp(variant->kind, "static"))
		SKIP(return, "no ivshmem device of 64 MiB");
	self->device = kvmfr_open(minor, O_RDWR);
	ASSERT_LE(0, self->device);
	self->memory = map_shared(self->device, DEVICE_SIZE);
	ASSERT_NE(NULL, self->memory);
	memset(self->memory, 0, DEVICE_SIZE);
}

FIXTURE_TEARDOWN_PARENT(dma)
{
	EXPECT_EQ(0, dmabuf_modules_unload());
}

/* Attach and map the dma-buf of a place; its descriptor. */
static int import_place(int device, int importer, unsigned int edu,
			const struct place *place, unsigned long direction)
{
	int buffer, ret;

	buffer = kvmfr_create(device, place->buffer, place->size, 0);
	if (buffer < 0)
		return buffer;
	ret = importer_attach(importer, buffer, edu);
	if (!ret)
		ret = importer_map(importer, direction);
	if (!ret)
		return buffer;
	close(buffer);
	return ret;
}

static int drop_import(int importer, int buffer)
{
	int ret = importer_unmap(importer);

	if (!ret)
		ret = importer_detach(importer);
	close(buffer);
	return ret;
}

/* The pattern is at @place and nothing else has been written. */
static bool only_there(const unsigned char *memory, const struct place *place,
		       unsigned int seed)
{
	size_t start = place->buffer + place->offset;
	size_t end = start + place->length;

	return bytes_are(memory + start, place->length, seed) &&
	       bytes_zero(memory, start) &&
	       bytes_zero(memory + end, DEVICE_SIZE - end);
}

static bool view_shows(int buffer, const struct place *place, unsigned int seed)
{
	unsigned char *view = map_shared(buffer, place->size);
	bool right;

	if (!view)
		return false;
	right = bytes_are(view + place->offset, place->length, seed);
	munmap(view, place->size);
	return right;
}

TEST_F(dma, device_writes)
{
	unsigned char data[PAGE];
	const struct place *place;
	unsigned int i;
	int buffer;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		place = &places[i];
		bytes_fill(data, place->length, i);
		buffer = import_place(self->device, self->importer, 0, place,
				      FROM_DEVICE);
		ASSERT_LE(0, buffer);
		ASSERT_EQ(0, importer_dma_write(self->importer, place->offset,
						data, place->length));
		EXPECT_EQ(0, importer_unmap(self->importer));
		EXPECT_TRUE(only_there(self->memory, place, i))
		{
			TH_LOG("place %u: not in the device, or not only", i);
		}
		EXPECT_TRUE(view_shows(buffer, place, i))
		{
			TH_LOG("place %u: not in the dma-buf's mmap", i);
		}
		EXPECT_EQ(0, importer_detach(self->importer));
		close(buffer);
		memset(self->memory + place->buffer + place->offset, 0,
		       place->length);
	}
}

TEST_F(dma, device_reads)
{
	unsigned char data[PAGE];
	const struct place *place;
	unsigned int i;
	int buffer;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		place = &places[i];
		bytes_fill(self->memory + place->buffer + place->offset,
			   place->length, i);
		buffer = import_place(self->device, self->importer, 0, place,
				      TO_DEVICE);
		ASSERT_LE(0, buffer);
		memset(data, 0, sizeof(data));
		ASSERT_EQ(0, importer_dma_read(self->importer, place->offset,
					       data, place->length));
		EXPECT_TRUE(bytes_are(data, place->length, i))
		{
			TH_LOG("place %u: the device read something else", i);
		}
		EXPECT_EQ(0, drop_import(self->importer, buffer));
	}
}

/* What the CPU writes between two mappings is what the device reads next. */
TEST_F(dma, frame_after_frame)
{
	const struct place frame = { 8 * MIB, 8 * MIB, 6 * MIB - 50, 100 };
	unsigned char *at = self->memory + frame.buffer + frame.offset;
	unsigned char data[100];
	unsigned int i;
	int buffer;

	buffer = import_place(self->device, self->importer, 0, &frame,
			      TO_DEVICE);
	ASSERT_LE(0, buffer);
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, importer_unmap(self->importer));
		bytes_fill(at, frame.length, i);
		ASSERT_EQ(0, importer_map(self->importer, TO_DEVICE));
		ASSERT_EQ(0, importer_dma_read(self->importer, frame.offset,
					       data, frame.length));
		EXPECT_TRUE(bytes_are(data, frame.length, i));
	}
	EXPECT_EQ(0, drop_import(self->importer, buffer));
}

/* Each attachment has addresses of its own, good for as long as it is there. */
TEST_F(dma, several_importers)
{
	const struct place first = { 0, 4 * MIB, 2 * MIB - 8, 16 };
	const struct place second = { MIB, 4 * MIB, 3 * MIB - 8, 16 };
	unsigned char data[16];
	int other, one, two;

	other = importer_open();
	ASSERT_LE(0, other);
	one = import_place(self->device, self->importer, 0, &first, BOTH);
	ASSERT_LE(0, one);
	two = import_place(self->device, other, 0, &second, BOTH);
	ASSERT_LE(0, two);

	bytes_fill(data, 16, 1);
	ASSERT_EQ(0, importer_dma_write(self->importer, first.offset, data, 16));
	EXPECT_EQ(0, drop_import(self->importer, one));
	EXPECT_TRUE(only_there(self->memory, &first, 1));
	memset(self->memory + first.offset, 0, 16);

	bytes_fill(data, 16, 2);
	ASSERT_EQ(0, importer_dma_write(other, second.offset, data, 16));
	EXPECT_EQ(0, drop_import(other, two));
	EXPECT_TRUE(only_there(self->memory, &second, 2));
}

/* A device that reaches 256 MiB needs an IOMMU, and addresses of its own. */
TEST_F(dma, narrow_and_wide_device)
{
	const struct place place = { 5 * MIB, 16 * MIB, 9 * MIB - 8, 16 };
	struct importer_table table;
	unsigned char data[16];
	int narrow, one, two;

	narrow = importer_open();
	ASSERT_LE(0, narrow);
	if (edu_count() < 2)
		SKIP(return, "no second edu device");
	one = import_place(self->device, self->importer, 0, &place, BOTH);
	ASSERT_LE(0, one);
	two = import_place(self->device, narrow, 1, &place, BOTH);
	ASSERT_LE(0, two);
	ASSERT_EQ(0, importer_table_get(narrow, &table));
	ASSERT_EQ(1, table.info.nents);
	EXPECT_GE(256 * MIB, table.entries[0].dma_address + table.dma_length);
	importer_table_put(&table);

	bytes_fill(data, 16, 1);
	ASSERT_EQ(0, importer_dma_write(narrow, place.offset, data, 16));
	memset(data, 0, 16);
	ASSERT_EQ(0, importer_dma_read(self->importer, place.offset, data, 16));
	EXPECT_TRUE(bytes_are(data, 16, 1));
	EXPECT_TRUE(only_there(self->memory, &place, 1));
	EXPECT_EQ(0, drop_import(narrow, two));
	EXPECT_EQ(0, drop_import(self->importer, one));
}

TEST_HARNESS_MAIN
