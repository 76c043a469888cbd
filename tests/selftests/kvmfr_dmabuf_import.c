// SPDX-License-Identifier: GPL-2.0
/*
 * Life of an imported buffer: the order of attach, map, unmap and detach,
 * several importers at once, and descriptors closed in every state.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>

#include "kselftest_harness.h"
#include "dmabuf_test.h"
#include "ivshmem.h"
#include "kvmfr_test.h"

#define PAGE 4096UL
#define DEVICE_SIZE (64 * MIB)
#define BUFFER_OFFSET (2 * MIB - PAGE)
#define BUFFER_SIZE (5 * MIB)
#define MODULE_BUSY (-EWOULDBLOCK)
#define BOTH KVMFR_IMPORTER_BIDIRECTIONAL
#define IMPORTERS 4

FIXTURE(import)
{
	int device;
	int buffer;
	int importer[IMPORTERS];
};

FIXTURE_SETUP(import)
{
	unsigned int i;

	ASSERT_EQ(0, dmabuf_modules_load("static_size_mb=64", ""));
	self->device = kvmfr_open(0, O_RDWR);
	ASSERT_LE(0, self->device);
	self->buffer = kvmfr_create(self->device, BUFFER_OFFSET, BUFFER_SIZE, 0);
	ASSERT_LE(0, self->buffer);
	for (i = 0; i < IMPORTERS; i++) {
		self->importer[i] = importer_open();
		ASSERT_LE(0, self->importer[i]);
	}
	if (edu_count() < 1)
		SKIP(return, "no edu device to import for");
}

/* In the parent: whatever the test left behind, its end has undone. */
FIXTURE_TEARDOWN_PARENT(import)
{
	EXPECT_EQ(0, kvmfr_attr(0, "exports"));
	EXPECT_EQ(0, dmabuf_modules_unload());
}

TEST_F(import, step_by_step)
{
	int importer = self->importer[0];
	unsigned long direction;

	EXPECT_EQ(-EINVAL, importer_map(importer, BOTH));
	EXPECT_EQ(-EINVAL, importer_detach(importer));
	for (direction = KVMFR_IMPORTER_BIDIRECTIONAL;
	     direction <= KVMFR_IMPORTER_FROM_DEVICE; direction++) {
		ASSERT_EQ(0, importer_attach(importer, self->buffer, 0));
		EXPECT_EQ(-EBUSY, importer_attach(importer, self->buffer, 0));
		ASSERT_EQ(0, importer_map(importer, direction));
		EXPECT_EQ(-EBUSY, importer_detach(importer));
		EXPECT_EQ(0, importer_unmap(importer));
		EXPECT_EQ(-EINVAL, importer_unmap(importer));
		EXPECT_EQ(0, importer_detach(importer));
	}
}

TEST_F(import, only_dmabufs_can_be_attached)
{
	EXPECT_EQ(-EINVAL, importer_attach(self->importer[0], self->device, 0));
	EXPECT_EQ(-EBADF, importer_attach(self->importer[0], -1, 0));
	EXPECT_EQ(-ENODEV, importer_attach(self->importer[0], self->buffer, 9));
}

/* Addresses and lengths of the two tables are the same. */
static bool same_entries(const struct importer_table *a,
			 const struct importer_table *b)
{
	return a->info.nents == b->info.nents &&
	       a->info.orig_nents == b->info.orig_nents &&
	       !memcmp(a->entries, b->entries,
		       a->info.orig_nents * sizeof(*a->entries));
}

/* Mapping again is what an importer does per frame; nothing may be rebuilt. */
TEST_F(import, mapping_again_gives_the_same_table)
{
	struct importer_table first, again;
	unsigned long direction;

	ASSERT_EQ(0, importer_import(self->importer[0], self->buffer));
	ASSERT_EQ(0, importer_table_get(self->importer[0], &first));
	for (direction = KVMFR_IMPORTER_BIDIRECTIONAL;
	     direction <= KVMFR_IMPORTER_FROM_DEVICE; direction++) {
		ASSERT_EQ(0, importer_unmap(self->importer[0]));
		ASSERT_EQ(0, importer_map(self->importer[0], direction));
		ASSERT_EQ(0, importer_table_get(self->importer[0], &again));
		EXPECT_TRUE(same_entries(&first, &again));
		if (!first.info.wrapped)
			EXPECT_EQ(first.info.table, again.info.table);
		importer_table_put(&again);
	}
	importer_table_put(&first);
}

TEST_F(import, mapped_twice_at_a_time)
{
	struct importer_table one, two;

	ASSERT_EQ(0, importer_import(self->importer[0], self->buffer));
	ASSERT_EQ(0, importer_table_get(self->importer[0], &one));
	ASSERT_EQ(0, importer_map(self->importer[0], BOTH));
	ASSERT_EQ(0, importer_table_get(self->importer[0], &two));
	EXPECT_EQ(BUFFER_SIZE, two.dma_length);
	importer_table_put(&two);

	/* The first mapping is still good when the second is gone. */
	EXPECT_EQ(0, importer_unmap(self->importer[0]));
	ASSERT_EQ(0, importer_table_get(self->importer[0], &two));
	EXPECT_TRUE(same_entries(&one, &two));
	importer_table_put(&two);
	importer_table_put(&one);
	EXPECT_EQ(0, importer_unmap(self->importer[0]));
	EXPECT_EQ(0, importer_detach(self->importer[0]));
}

TEST_F(import, several_importers_in_any_order)
{
	struct importer_table table;
	unsigned int i;

	for (i = 0; i < IMPORTERS; i++)
		ASSERT_EQ(0, importer_import(self->importer[i], self->buffer));

	/* First in, first out, last but one, last. */
	EXPECT_EQ(0, importer_unmap(self->importer[0]));
	EXPECT_EQ(0, importer_detach(self->importer[0]));
	EXPECT_EQ(0, importer_unmap(self->importer[2]));
	EXPECT_EQ(0, importer_detach(self->importer[2]));
	for (i = 1; i < IMPORTERS; i += 2) {
		ASSERT_EQ(0, importer_table_get(self->importer[i], &table));
		EXPECT_EQ(BUFFER_SIZE, table.dma_length);
		importer_table_put(&table);
		EXPECT_EQ(0, importer_unmap(self->importer[i]));
		EXPECT_EQ(0, importer_detach(self->importer[i]));
	}
}

TEST_F(import, thousand_times)
{
	int i;

	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(0, importer_import(self->importer[0], self->buffer));
		ASSERT_EQ(0, importer_unmap(self->importer[0]));
		ASSERT_EQ(0, importer_detach(self->importer[0]));
	}
}

TEST_F(import, cpu_access_in_every_state)
{
	int importer = self->importer[0];

	EXPECT_EQ(-EINVAL, importer_cpu_begin(importer, BOTH));
	ASSERT_EQ(0, importer_attach(importer, self->buffer, 0));
	EXPECT_EQ(0, importer_cpu_begin(importer, BOTH));
	EXPECT_EQ(0, importer_cpu_end(importer, BOTH));
	ASSERT_EQ(0, importer_map(importer, BOTH));
	EXPECT_EQ(0, importer_cpu_begin(importer, KVMFR_IMPORTER_FROM_DEVICE));
	EXPECT_EQ(0, importer_cpu_end(importer, KVMFR_IMPORTER_FROM_DEVICE));
	EXPECT_EQ(0, importer_unmap(importer));
	EXPECT_EQ(0, importer_cpu_begin(importer, KVMFR_IMPORTER_TO_DEVICE));
	EXPECT_EQ(0, importer_cpu_end(importer, KVMFR_IMPORTER_TO_DEVICE));
}

/* The importer's reference alone keeps buffer, device and module. */
TEST_F(import, buffer_closed_while_mapped)
{
	struct importer_table table;
	char byte = 0x77, seen = 0;

	ASSERT_EQ(0, importer_import(self->importer[0], self->buffer));
	ASSERT_EQ(0, importer_vmap(self->importer[0]));
	close(self->buffer);
	close(self->device);
	EXPECT_EQ(1, kvmfr_attr(0, "exports"));
	EXPECT_EQ(MODULE_BUSY, kvmfr_unload());

	ASSERT_EQ(0, importer_table_get(self->importer[0], &table));
	EXPECT_EQ(BUFFER_SIZE, table.dma_length);
	importer_table_put(&table);
	EXPECT_EQ(0, importer_vmap_write(self->importer[0], PAGE, &byte, 1));
	EXPECT_EQ(0, importer_vmap_read(self->importer[0], PAGE, &seen, 1));
	EXPECT_EQ(byte, seen);

	EXPECT_EQ(0, importer_vunmap(self->importer[0]));
	EXPECT_EQ(0, importer_unmap(self->importer[0]));
	EXPECT_EQ(MODULE_BUSY, kvmfr_unload());
	EXPECT_EQ(0, importer_detach(self->importer[0]));
	EXPECT_EQ(0, kvmfr_attr(0, "exports"));
}

/* The importer's device leaves with all its attachments, and comes back. */
TEST_F(import, importing_device_removed)
{
	struct ivshmem edu;

	ASSERT_EQ(1, pci_list(0x1234, 0x11e8, &edu, 1));
	ASSERT_EQ(0, importer_import(self->importer[0], self->buffer));
	ASSERT_EQ(0, importer_import(self->importer[1], self->buffer));
	ASSERT_EQ(0, importer_vmap(self->importer[1]));
	ASSERT_EQ(0, pci_write(edu.address, "remove", "1"));
	EXPECT_EQ(-EINVAL, importer_unmap(self->importer[0]));
	EXPECT_EQ(-ENODEV, importer_attach(self->importer[1], self->buffer, 0));
	EXPECT_EQ(1, kvmfr_attr(0, "exports"));

	ASSERT_EQ(0, pci_rescan());
	EXPECT_EQ(0, importer_import(self->importer[0], self->buffer));
	close(self->buffer);
	EXPECT_EQ(1, kvmfr_attr(0, "exports"));
}

/* How far an importer gets before it is closed. */
FIXTURE(closed)
{
	int device;
};

FIXTURE_VARIANT(closed)
{
	unsigned int maps;
	bool vmap;
	bool first;
};

FIXTURE_VARIANT_ADD(closed, attached)
{
};

FIXTURE_VARIANT_ADD(closed, mapped)
{
	.maps = 1,
};

FIXTURE_VARIANT_ADD(closed, mapped_twice)
{
	.maps = 2,
};

FIXTURE_VARIANT_ADD(closed, vmapped)
{
	.vmap = true,
};

FIXTURE_VARIANT_ADD(closed, mapped_and_vmapped)
{
	.maps = 2,
	.vmap = true,
};

FIXTURE_VARIANT_ADD(closed, mapped_and_vmapped_importer_first)
{
	.maps = 2,
	.vmap = true,
	.first = true,
};

FIXTURE_SETUP(closed)
{
	ASSERT_EQ(0, dmabuf_modules_load("static_size_mb=64", ""));
	self->device = kvmfr_open(0, O_RDWR);
	ASSERT_LE(0, self->device);
	if (edu_count() < 1)
		SKIP(return, "no edu device to import for");
}

FIXTURE_TEARDOWN_PARENT(closed)
{
	EXPECT_EQ(0, kvmfr_attr(0, "exports"));
	EXPECT_EQ(0, dmabuf_modules_unload());
}

TEST_F(closed, in_this_state)
{
	int buffer, importer;
	unsigned int i;

	buffer = kvmfr_create(self->device, 0, DEVICE_SIZE, 0);
	ASSERT_LE(0, buffer);
	importer = importer_open();
	ASSERT_LE(0, importer);
	ASSERT_EQ(0, importer_attach(importer, buffer, 0));
	for (i = 0; i < variant->maps; i++)
		ASSERT_EQ(0, importer_map(importer, BOTH));
	if (variant->vmap)
		ASSERT_EQ(0, importer_vmap(importer));

	close(variant->first ? importer : buffer);
	EXPECT_EQ(1, kvmfr_attr(0, "exports"));
	close(variant->first ? buffer : importer);
	EXPECT_EQ(0, kvmfr_attr(0, "exports"));
	close(self->device);
	EXPECT_EQ(0, dmabuf_modules_unload());
	ASSERT_EQ(0, dmabuf_modules_load("static_size_mb=64", ""));
}

TEST_HARNESS_MAIN
