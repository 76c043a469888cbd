/* SPDX-License-Identifier: GPL-2.0 */
/* A dma-buf of a part of a kvmfr device, mapped for reading. */
#ifndef DEMO_BUFFER_H
#define DEMO_BUFFER_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct buffer - an exported and mapped dma-buf
 * @fd: the dma-buf
 * @memory: its mapping, on a huge page boundary, read-only
 * @size: bytes, a multiple of the huge page size
 */
struct buffer {
	int fd;
	void *memory;
	size_t size;
};

/**
 * buffer_export() - export a part of a device and map the dma-buf
 * @buffer: what to fill in
 * @device: open kvmfr device
 * @offset: of the part in the device, bytes
 * @bytes: of the part; rounded up to whole huge pages
 *
 * Return: 0 or -errno.
 */
int buffer_export(struct buffer *buffer, int device, uint64_t offset,
		  size_t bytes);

/* The processor reads @buffer between the two. 0 or -errno. */
int buffer_access_begin(const struct buffer *buffer);
int buffer_access_end(const struct buffer *buffer);

/* Share of the present mapping that huge pages make up; -errno on error. */
long buffer_huge_percent(const struct buffer *buffer);

#endif /* DEMO_BUFFER_H */
