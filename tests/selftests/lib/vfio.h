/* SPDX-License-Identifier: GPL-2.0 */
/*
 * VFIO's type 1 IOMMU (Documentation/driver-api/vfio.rst), as QEMU and DPDK use it:
 * memory of a program is mapped for DMA of a device. Nothing here prints or exits;
 * errors are negative errno.
 */
#ifndef KVMFR_TEST_VFIO_H
#define KVMFR_TEST_VFIO_H

#include <stdbool.h>
#include <stddef.h>

/**
 * vfio_group_path - the node of a function's IOMMU group
 * @address: PCI address as sysfs writes it
 * @no_iommu: there is no IOMMU, and vfio was told to do without
 * @path: written to, @size bytes
 *
 * Return: 0 or -errno.
 */
int vfio_group_path(const char *address, bool no_iommu, char *path,
		    size_t size);

/**
 * struct vfio_space - addresses that a function reaches by DMA
 * @container: descriptor
 * @group: descriptor
 */
struct vfio_space {
	int container;
	int group;
};

/* Bind the function to vfio-pci and make an empty space. 0 or -errno. */
int vfio_space_open(struct vfio_space *space, const char *address);
/* Pins the memory, if it has pages. 0 or -errno. */
int vfio_space_map(struct vfio_space *space, void *memory, size_t size,
		   unsigned long iova);
/* Bytes that were mapped there, or -errno. */
long vfio_space_unmap(struct vfio_space *space, size_t size,
		      unsigned long iova);
/* Whatever is mapped goes with it. */
void vfio_space_close(struct vfio_space *space);

#endif /* KVMFR_TEST_VFIO_H */
