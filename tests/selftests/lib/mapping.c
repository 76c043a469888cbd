// SPDX-License-Identifier: GPL-2.0
/* A static device and its mappings. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>

#include "mapping.h"
#include "pattern.h"

void *space_reserve(size_t bytes, size_t skew)
{
	uintptr_t space;

	/* Rounded up to 2 MiB, skewed, and a page before and behind it. */
	space = (uintptr_t)mmap(NULL, bytes + 3 * PMD_BYTES, PROT_NONE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
				0);
	if (space == (uintptr_t)MAP_FAILED)
		return MAP_FAILED;
	space += PAGE_BYTES;
	return (void *)((space + PMD_BYTES - 1) / PMD_BYTES * PMD_BYTES + skew);
}

void *map_skewed(int fd, off_t offset, size_t bytes, size_t skew, int prot,
		 int flags)
{
	void *space = space_reserve(bytes, skew);

	if (space == MAP_FAILED)
		return MAP_FAILED;
	return mmap(space, bytes, prot, flags | MAP_FIXED, fd, offset);
}

/* The node or a dma-buf, and where in it the wanted part begins. */
static int mapping_source(struct mapping *mapping,
			  const struct mapping_kind *kind)
{
	mapping->origin = kind->origin;
	if (!kind->dmabuf) {
		mapping->fd = mapping->device;
		mapping->offset = kind->origin;
		return 0;
	}
	mapping->fd =
		kvmfr_create(mapping->device, kind->origin, MAPPING_BYTES, 0);
	mapping->offset = 0;
	return mapping->fd < 0 ? mapping->fd : 0;
}

int mapping_create(struct mapping *mapping, const struct mapping_kind *kind)
{
	const int prot = PROT_READ | PROT_WRITE;
	int ret = kvmfr_load(MAPPING_PARAMS);

	if (ret)
		return ret;
	mapping->device = kvmfr_open(0, O_RDWR);
	if (mapping->device < 0)
		return mapping->device;
	ret = mapping_source(mapping, kind);
	if (ret)
		return ret;

	mapping->whole = mmap(NULL, MAPPING_DEVICE_BYTES, prot, MAP_SHARED,
			      mapping->device, 0);
	if (mapping->whole == MAP_FAILED)
		return -errno;
	pattern_fill(mapping->whole, MAPPING_DEVICE_BYTES, 0, MAPPING_SEED);

	mapping->map = map_skewed(mapping->fd, mapping->offset, MAPPING_BYTES,
				  kind->skew, prot, MAP_SHARED);
	return mapping->map == MAP_FAILED ? -errno : 0;
}

bool mapping_intact(const struct mapping *mapping)
{
	return pattern_match(mapping->map, MAPPING_BYTES, mapping->origin,
			     MAPPING_SEED) == MAPPING_BYTES &&
	       pattern_match(mapping->whole, MAPPING_DEVICE_BYTES, 0,
			     MAPPING_SEED) == MAPPING_DEVICE_BYTES;
}
