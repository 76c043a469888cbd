// SPDX-License-Identifier: GPL-2.0
/* VFIO's type 1 IOMMU. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/vfio.h>

#include "ivshmem.h"
#include "kvmfr_test.h"
#include "vfio.h"

/* The number of the group is the last part of where the link leads. */
int vfio_group_path(const char *address, bool no_iommu, char *path, size_t size)
{
	char link[64], target[128];
	const char *number;
	ssize_t length;

	snprintf(link, sizeof(link), PCI_DEVICES "/%s/iommu_group", address);
	length = readlink(link, target, sizeof(target) - 1);
	if (length < 0)
		return -errno;
	target[length] = '\0';
	number = strrchr(target, '/');
	snprintf(path, size, "/dev/vfio/%s%s", no_iommu ? "noiommu-" : "",
		 number ? number + 1 : target);
	return 0;
}

/* As libvirt does it. It may be bound already. */
static int vfio_bind(const char *address)
{
	char driver[64];
	int ret;

	ret = pci_write(address, "driver_override", "vfio-pci");
	if (ret)
		return ret;
	snprintf(driver, sizeof(driver), PCI_DEVICES "/%s/driver", address);
	if (!access(driver, F_OK))
		return 0;
	ret = text_write("/sys/bus/pci/drivers_probe", address);
	return ret < 0 ? ret : 0;
}

/* VFIO wants interrupt remapping otherwise, which has no use here. */
#define UNSAFE_INTERRUPTS \
	"/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts"

int vfio_space_open(struct vfio_space *space, const char *address)
{
	char path[64];
	int ret;

	text_write(UNSAFE_INTERRUPTS, "Y");
	ret = vfio_bind(address);
	if (!ret)
		ret = vfio_group_path(address, false, path, sizeof(path));
	if (ret)
		return ret;
	space->container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	space->group = open(path, O_RDWR | O_CLOEXEC);
	if (space->container < 0 || space->group < 0 ||
	    ioctl(space->group, VFIO_GROUP_SET_CONTAINER, &space->container) ||
	    ioctl(space->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU)) {
		ret = -errno;
		vfio_space_close(space);
	}
	return ret;
}

int vfio_space_map(struct vfio_space *space, void *memory, size_t size,
		   unsigned long iova)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (unsigned long)memory,
		.iova = iova,
		.size = size,
	};

	return ioctl(space->container, VFIO_IOMMU_MAP_DMA, &map) ? -errno : 0;
}

long vfio_space_unmap(struct vfio_space *space, size_t size, unsigned long iova)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = iova,
		.size = size,
	};

	if (ioctl(space->container, VFIO_IOMMU_UNMAP_DMA, &unmap))
		return -errno;
	return unmap.size;
}

void vfio_space_close(struct vfio_space *space)
{
	if (space->group >= 0)
		close(space->group);
	if (space->container >= 0)
		close(space->container);
}
