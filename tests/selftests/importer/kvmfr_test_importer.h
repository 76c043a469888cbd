/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * /dev/kvmfr_importer: a dma-buf importer that does what a test tells it, for
 * QEMU's "edu" device (-device edu,dma_mask=0xffffffffffffffff), whose DMA
 * engine moves up to 4 KiB per transfer and takes 100 ms for it.
 *
 * Every open file is one importer with at most one attachment, up to two
 * mappings of it and one kernel mapping of the buffer. Closing the file undoes
 * what is left.
 *
 * Module parameters, one value per edu device in PCI order:
 *   dma_bits      width of the addresses the driver claims, default 64
 *   max_seg_size  longest sg entry it accepts, default UINT_MAX
 */
#ifndef KVMFR_TEST_IMPORTER_H
#define KVMFR_TEST_IMPORTER_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define KVMFR_IMPORTER_NODE "/dev/kvmfr_importer"

/* As enum dma_data_direction. */
#define KVMFR_IMPORTER_BIDIRECTIONAL 0
#define KVMFR_IMPORTER_TO_DEVICE 1
#define KVMFR_IMPORTER_FROM_DEVICE 2

/**
 * struct kvmfr_importer_attach - argument of KVMFR_IMPORTER_ATTACH
 * @fd: the dma-buf
 * @device: which edu device, 0 is the first
 */
struct kvmfr_importer_attach {
	__s32 fd;
	__u32 device;
};

/**
 * struct kvmfr_importer_entry - one entry of an sg table, as it is there
 * @dma_address: sg_dma_address()
 * @dma_length: sg_dma_len()
 * @length: sg->length
 */
struct kvmfr_importer_entry {
	__u64 dma_address;
	__u32 dma_length;
	__u32 length;
};

/**
 * struct kvmfr_importer_info - argument of KVMFR_IMPORTER_INFO
 * @entries: user memory for struct kvmfr_importer_entry[@nr_entries]
 * @nr_entries: room in @entries; up to orig_nents are filled
 * @orig_nents: of the sg table of the newest mapping
 * @nents: of the same
 * @wrapped: the kernel hides the exporter's table (CONFIG_DMABUF_DEBUG), so
 *           @table says nothing
 * @table: the same number means the same table
 * @max_seg_size: dma_get_max_seg_size() of the device
 * @max_mapping_size: dma_max_mapping_size() of the device
 * @iommu: device_iommu_mapped()
 */
struct kvmfr_importer_info {
	__u64 entries;
	__u32 nr_entries;
	__u32 orig_nents;
	__u32 nents;
	__u32 wrapped;
	__u64 table;
	__u64 max_seg_size;
	__u64 max_mapping_size;
	__u32 iommu;
	__u32 pad;
};

/**
 * struct kvmfr_importer_copy - argument of the ioctls that move bytes
 * @user: user memory
 * @offset: within the dma-buf
 * @length: bytes, not zero; DMA moves at most KVMFR_IMPORTER_DMA_MAX
 */
struct kvmfr_importer_copy {
	__u64 user;
	__u64 offset;
	__u64 length;
};

#define KVMFR_IMPORTER_DMA_MAX 4096

/*
 * All return 0 or fail with an errno: EINVAL for a bad argument or the wrong
 * order, EBUSY for one too many, ENODEV when the edu device is not there (any
 * more), otherwise what the dma-buf core or the exporter said.
 */
#define KVMFR_IMPORTER_ATTACH _IOW('K', 1, struct kvmfr_importer_attach)
#define KVMFR_IMPORTER_DETACH _IO('K', 2)
/* The argument of these four is a KVMFR_IMPORTER_ direction. */
#define KVMFR_IMPORTER_MAP _IO('K', 3)
#define KVMFR_IMPORTER_UNMAP _IO('K', 4)
#define KVMFR_IMPORTER_CPU_BEGIN _IO('K', 5)
#define KVMFR_IMPORTER_CPU_END _IO('K', 6)
#define KVMFR_IMPORTER_INFO _IOWR('K', 7, struct kvmfr_importer_info)
/* The device writes user's bytes to the buffer, or reads them from there. */
#define KVMFR_IMPORTER_DMA_WRITE _IOW('K', 8, struct kvmfr_importer_copy)
#define KVMFR_IMPORTER_DMA_READ _IOW('K', 9, struct kvmfr_importer_copy)
#define KVMFR_IMPORTER_VMAP _IO('K', 10)
#define KVMFR_IMPORTER_VUNMAP _IO('K', 11)
#define KVMFR_IMPORTER_VMAP_WRITE _IOW('K', 12, struct kvmfr_importer_copy)
#define KVMFR_IMPORTER_VMAP_READ _IOW('K', 13, struct kvmfr_importer_copy)
/*
 * The exporter's vmap, and vunmap at once, without the core, which warns about an
 * exporter that refuses. EBUSY while anybody has a kernel mapping of the buffer.
 */
#define KVMFR_IMPORTER_VMAP_ONCE _IO('K', 14)

#endif /* KVMFR_TEST_IMPORTER_H */
