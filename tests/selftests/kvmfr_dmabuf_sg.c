// SPDX-License-Identifier: GPL-2.0
/*
 * The sg table an importer gets: one entry per contiguous run, none longer
 * than the importer's device can take, the lengths adding up.
 */
#include <errno.h>
#include <fcntl.h>

#include "kselftest_harness.h"
#include "dmabuf_test.h"
#include "kvmfr_test.h"

#define PAGE 4096UL
#define HUGE (2 * MIB)
#define BOTH KVMFR_IMPORTER_BIDIRECTIONAL

struct range {
	size_t offset;
	size_t size;
};

/* Both ends inside, at and across 2 MiB boundaries; the last one is a frame. */
static const struct range ranges[] = {
	{ 0, PAGE },
	{ 63 * MIB + 255 * PAGE, PAGE },
	{ 2 * MIB - PAGE, 2 * PAGE },
	{ 3 * PAGE, 2 * MIB },
	{ 2 * MIB, 2 * MIB },
	{ 7 * MIB + PAGE, 21 * MIB + 7 * PAGE },
	{ 0, 64 * MIB },
	{ 64 * 1024, 33177600 },
};

FIXTURE(sg)
{
	int device;
	int importer;
};

FIXTURE_VARIANT(sg)
{
	const char *params;
	size_t max_seg_size;
};

FIXTURE_VARIANT_ADD(sg, any_length)
{
	.params = "",
	.max_seg_size = UINT32_MAX,
};

FIXTURE_VARIANT_ADD(sg, one_page)
{
	.params = "max_seg_size=4096",
	.max_seg_size = PAGE,
};

/* What many devices have: 16 bits, not a multiple of the page size. */
FIXTURE_VARIANT_ADD(sg, sixteen_bits)
{
	.params = "max_seg_size=65535",
	.max_seg_size = 65535,
};

FIXTURE_VARIANT_ADD(sg, one_mib)
{
	.params = "max_seg_size=1048576",
	.max_seg_size = MIB,
};

/* Longer than a huge page, and no multiple of one. */
FIXTURE_VARIANT_ADD(sg, three_mib)
{
	.params = "max_seg_size=3145728",
	.max_seg_size = 3 * MIB,
};

FIXTURE_SETUP(sg)
{
	ASSERT_EQ(0, dmabuf_modules_load("static_size_mb=64,1,3",
					 variant->params));
	self->device = kvmfr_open(0, O_RDWR);
	ASSERT_LE(0, self->device);
	self->importer = importer_open();
	ASSERT_LE(0, self->importer);
	if (edu_count() < 1)
		SKIP(return, "no edu device to import for");
}

FIXTURE_TEARDOWN_PARENT(sg)
{
	EXPECT_EQ(0, dmabuf_modules_unload());
}

static int table_of(int device, int importer, const struct range *range,
		    struct importer_table *table)
{
	int buffer, ret;

	buffer = kvmfr_create(device, range->offset, range->size, 0);
	if (buffer < 0)
		return buffer;
	ret = importer_import(importer, buffer);
	close(buffer);
	if (!ret)
		ret = importer_table_get(importer, table);
	return ret;
}

static void importer_drop(int importer)
{
	importer_unmap(importer);
	importer_detach(importer);
}

/* The longest entry that the importer's device and the machine allow. */
static size_t longest(const struct importer_table *table)
{
	if (table->info.max_mapping_size < table->info.max_seg_size)
		return table->info.max_mapping_size;
	return table->info.max_seg_size;
}

/* Of a length that is given in pages, what fits into @max. */
static size_t whole_pages(size_t max)
{
	return max / PAGE * PAGE;
}

TEST_F(sg, lengths_add_up_and_none_is_empty)
{
	struct importer_table table;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		ASSERT_EQ(0, table_of(self->device, self->importer, &ranges[i],
				      &table));
		EXPECT_EQ(variant->max_seg_size, table.info.max_seg_size);
		EXPECT_EQ(ranges[i].size, table.length);
		EXPECT_EQ(ranges[i].size, table.dma_length);
		EXPECT_EQ(0, table.dma_empty);
		EXPECT_GE(table.info.orig_nents, table.info.nents);
		EXPECT_GE(longest(&table), table.dma_longest);
		importer_table_put(&table);
		importer_drop(self->importer);
	}
}

/* Neighbours that could be one entry: only where the length was the limit. */
static unsigned int needless_cuts(const struct importer_table *table)
{
	const struct kvmfr_importer_entry *entry = table->entries;
	size_t full = whole_pages(longest(table));
	unsigned int i, cuts = 0;

	for (i = 1; i < table->info.nents; i++)
		if (entry[i].dma_address == entry[i - 1].dma_address +
						    entry[i - 1].dma_length &&
		    entry[i - 1].dma_length != full)
			cuts++;
	return cuts;
}

TEST_F(sg, one_entry_per_contiguous_run)
{
	struct importer_table table;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		ASSERT_EQ(0, table_of(self->device, self->importer, &ranges[i],
				      &table));
		if (swiotlb_forced()) {
			importer_table_put(&table);
			SKIP(return, "bounce buffers hide the runs");
		}
		/* An IOMMU joins whole entries only, which may not fit. */
		if (!table.info.iommu || longest(&table) >= ranges[i].size)
			EXPECT_EQ(0, needless_cuts(&table));
		importer_table_put(&table);
		importer_drop(self->importer);
	}
}

/* A fresh device consists of huge pages, so that is the worst case. */
TEST_F(sg, no_more_entries_than_huge_pages_need)
{
	const struct range whole = { 0, 64 * MIB };
	struct importer_table table;
	size_t full;

	if (kvmfr_attr(0, "huge_bytes") != (long)whole.size)
		SKIP(return, "no 64 MiB of free huge pages");
	ASSERT_EQ(0, table_of(self->device, self->importer, &whole, &table));
	full = whole_pages(longest(&table));
	TH_LOG("%u entries, %u for the device", table.info.orig_nents,
	       table.info.nents);
	EXPECT_GE(whole.size / HUGE * ((HUGE + full - 1) / full),
		  table.info.orig_nents);
	/* An IOMMU can make one piece of it. */
	if (table.info.iommu && longest(&table) >= whole.size)
		EXPECT_EQ(1, table.info.nents);
	importer_table_put(&table);
}

/**
 * struct cursor - a place in a table
 * @entry: where it is in
 * @skip: bytes of that entry before it
 */
struct cursor {
	const struct kvmfr_importer_entry *entry;
	size_t skip;
};

static struct cursor cursor_at(const struct importer_table *table,
			       size_t offset)
{
	struct cursor cursor = { table->entries, offset };

	while (cursor.skip >= cursor.entry->dma_length)
		cursor.skip -= cursor.entry++->dma_length;
	return cursor;
}

/* The address of the page at the cursor, which moves on to the next. */
static __u64 next_page(struct cursor *cursor)
{
	__u64 address = cursor->entry->dma_address + cursor->skip;

	cursor->skip += PAGE;
	if (cursor->skip == cursor->entry->dma_length) {
		cursor->entry++;
		cursor->skip = 0;
	}
	return address;
}

/* Bytes of the part that are those of the whole at the same place. */
static size_t same_bytes(const struct importer_table *whole,
			 const struct importer_table *part,
			 const struct range *range)
{
	struct cursor one = cursor_at(whole, range->offset);
	struct cursor two = cursor_at(part, 0);
	size_t at;

	for (at = 0; at < range->size; at += PAGE)
		if (next_page(&one) != next_page(&two))
			break;
	return at;
}

/* Where no one translates, addresses say where the pages are. */
TEST_F(sg, part_of_a_device_is_that_part)
{
	const struct range whole = { 0, 64 * MIB };
	struct importer_table all, part;
	unsigned int i;

	ASSERT_EQ(0, table_of(self->device, self->importer, &whole, &all));
	importer_drop(self->importer);
	if (all.info.iommu || swiotlb_forced())
		SKIP(return, "addresses are not those of the pages");

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		ASSERT_EQ(0, table_of(self->device, self->importer, &ranges[i],
				      &part));
		EXPECT_EQ(ranges[i].size, same_bytes(&all, &part, &ranges[i]));
		importer_table_put(&part);
		importer_drop(self->importer);
	}
	importer_table_put(&all);
}

/* 1 and 3 MiB are not made of huge pages only. */
TEST_F(sg, devices_smaller_than_a_huge_page)
{
	const struct range sizes[] = { { 0, 1 * MIB }, { 0, 3 * MIB } };
	struct importer_table table;
	unsigned int i;
	int device;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		device = kvmfr_open(1 + i, O_RDWR);
		ASSERT_LE(0, device);
		ASSERT_EQ(0, table_of(device, self->importer, &sizes[i],
				      &table));
		EXPECT_EQ(sizes[i].size, table.length);
		EXPECT_EQ(sizes[i].size, table.dma_length);
		EXPECT_EQ(0, table.dma_empty);
		EXPECT_GE(longest(&table), table.dma_longest);
		importer_table_put(&table);
		importer_drop(self->importer);
		close(device);
	}
}

TEST_HARNESS_MAIN
