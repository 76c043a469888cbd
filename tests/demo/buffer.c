// SPDX-License-Identifier: GPL-2.0
/* A dma-buf of a part of a kvmfr device, mapped for reading: see buffer.h. */
#include <errno.h>
#include <linux/dma-buf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "buffer.h"
#include "kvmfr_test.h"

#define HUGE_PAGE (2 * MIB)

/*
 * The kernel picks no huge page boundary for a mapping of a dma-buf, so make
 * room for one and map over it.
 */
static void *aligned_map(int fd, size_t size)
{
	uintptr_t place;
	void *room;

	room = mmap(NULL, size + HUGE_PAGE, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (room == MAP_FAILED)
		return room;
	place = ((uintptr_t)room + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
	return mmap((void *)place, size, PROT_READ, MAP_SHARED | MAP_FIXED, fd,
		    0);
}

int buffer_export(struct buffer *buffer, int device, uint64_t offset,
		  size_t bytes)
{
	buffer->size = (bytes + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
	buffer->fd = kvmfr_create(device, offset, buffer->size,
				  KVMFR_DMABUF_FLAG_CLOEXEC);
	if (buffer->fd < 0)
		return buffer->fd;
	buffer->memory = aligned_map(buffer->fd, buffer->size);
	return buffer->memory == MAP_FAILED ? -errno : 0;
}

static int sync_ioctl(const struct buffer *buffer, uint64_t flags)
{
	struct dma_buf_sync sync = { .flags = flags };

	return ioctl(buffer->fd, DMA_BUF_IOCTL_SYNC, &sync) ? -errno : 0;
}

int buffer_access_begin(const struct buffer *buffer)
{
	return sync_ioctl(buffer, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ);
}

int buffer_access_end(const struct buffer *buffer)
{
	return sync_ioctl(buffer, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ);
}

long buffer_huge_percent(const struct buffer *buffer)
{
	long huge = smaps_kb(buffer->memory, "FilePmdMapped");
	long present = smaps_kb(buffer->memory, "Rss");

	if (huge < 0 || present < 0)
		return huge < 0 ? huge : present;
	return present ? 100 * huge / present : 0;
}
