// SPDX-License-Identifier: GPL-2.0
/*
 * An ivshmem function goes away while its memory is mapped for DMA of a device that
 * vfio has, which pins its pages. vfio does not unpin what it takes for reserved
 * (put_pfn() in drivers/vfio/vfio_iommu_type1.c).
 */
#include "unplug.h"
#include "vfio.h"

#define EDU_VENDOR 0x1234
#define EDU_DEVICE 0x11e8
#define IOVA 0x100000000UL

static void open_space(struct __test_metadata *_metadata,
		       struct vfio_space *space)
{
	struct ivshmem edu;

	ASSERT_EQ(1, pci_list(EDU_VENDOR, EDU_DEVICE, &edu, 1));
	ASSERT_EQ(0, vfio_space_open(space, edu.address));
}

/* Another device does not get memory that somebody reaches by DMA. */
TEST_F(unplug, unmapped_afterwards)
{
	void *memory = map_touched(_metadata, self->fd, variant->size);
	struct vfio_space space;

	open_space(_metadata, &space);
	ASSERT_EQ(0, vfio_space_map(&space, memory, variant->size, IOVA));
	take_out();
	expect_dead_memory(_metadata, memory, variant->size);
	put_back_in_use();
	EXPECT_EQ((long)variant->size,
		  vfio_space_unmap(&space, variant->size, IOVA));
	put_back_at_last();
	expect_pages_again();
	vfio_space_close(&space);
	EXPECT_EQ(0, munmap(memory, variant->size));
}

/* The usual order; nothing of it stays behind. */
TEST_F(unplug, unmapped_before)
{
	void *memory = map_touched(_metadata, self->fd, variant->size);
	struct vfio_space space;

	open_space(_metadata, &space);
	ASSERT_EQ(0, vfio_space_map(&space, memory, variant->size, IOVA));
	vfio_space_close(&space);
	EXPECT_EQ(0, munmap(memory, variant->size));
	ASSERT_EQ(variant->size == WITH_PAGES,
		  can_pin(self->minor, variant->size));
	take_out();
	put_back();
	EXPECT_EQ(variant->size == WITH_PAGES,
		  can_pin(self->minor, variant->size));
}

TEST_HARNESS_MAIN
