// SPDX-License-Identifier: GPL-2.0
/* The test importer as its users see it. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "dmabuf_test.h"

#define NODE_WAIT_MS 1000
#define NODE_POLL_MS 10

int importer_open(void)
{
	const struct timespec pause = { .tv_nsec = NODE_POLL_MS * 1000000L };
	int waited, fd;

	/* devtmpfs makes the node while the module is still being loaded. */
	for (waited = 0;; waited += NODE_POLL_MS) {
		fd = open(KVMFR_IMPORTER_NODE, O_RDWR | O_CLOEXEC);
		if (fd >= 0)
			return fd;
		if (errno != ENOENT || waited >= NODE_WAIT_MS)
			return -errno;
		nanosleep(&pause, NULL);
	}
}

static int importer_call(int importer, unsigned long cmd, unsigned long arg)
{
	return ioctl(importer, cmd, arg) ? -errno : 0;
}

int importer_attach(int importer, int dmabuf, unsigned int device)
{
	struct kvmfr_importer_attach args = { .fd = dmabuf, .device = device };

	return importer_call(importer, KVMFR_IMPORTER_ATTACH, (uintptr_t)&args);
}

int importer_detach(int importer)
{
	return importer_call(importer, KVMFR_IMPORTER_DETACH, 0);
}

int importer_map(int importer, unsigned long direction)
{
	return importer_call(importer, KVMFR_IMPORTER_MAP, direction);
}

int importer_unmap(int importer)
{
	return importer_call(importer, KVMFR_IMPORTER_UNMAP, 0);
}

int importer_import(int importer, int dmabuf)
{
	int ret;

	ret = importer_attach(importer, dmabuf, 0);
	if (ret)
		return ret;
	return importer_map(importer, KVMFR_IMPORTER_BIDIRECTIONAL);
}

int importer_cpu_begin(int importer, unsigned long direction)
{
	return importer_call(importer, KVMFR_IMPORTER_CPU_BEGIN, direction);
}

int importer_cpu_end(int importer, unsigned long direction)
{
	return importer_call(importer, KVMFR_IMPORTER_CPU_END, direction);
}

static int importer_copy(int importer, unsigned long cmd, __u64 offset,
			 const void *data, size_t length)
{
	struct kvmfr_importer_copy copy = {
		.user = (uintptr_t)data,
		.offset = offset,
		.length = length,
	};

	return importer_call(importer, cmd, (uintptr_t)&copy);
}

int importer_dma_write(int importer, __u64 offset, const void *data,
		       size_t length)
{
	return importer_copy(importer, KVMFR_IMPORTER_DMA_WRITE, offset, data,
			     length);
}

int importer_dma_read(int importer, __u64 offset, void *data, size_t length)
{
	return importer_copy(importer, KVMFR_IMPORTER_DMA_READ, offset, data,
			     length);
}

int importer_vmap(int importer)
{
	return importer_call(importer, KVMFR_IMPORTER_VMAP, 0);
}

int importer_vunmap(int importer)
{
	return importer_call(importer, KVMFR_IMPORTER_VUNMAP, 0);
}

int importer_vmap_once(int importer)
{
	return importer_call(importer, KVMFR_IMPORTER_VMAP_ONCE, 0);
}

int importer_vmap_write(int importer, __u64 offset, const void *data,
			size_t length)
{
	return importer_copy(importer, KVMFR_IMPORTER_VMAP_WRITE, offset, data,
			     length);
}

int importer_vmap_read(int importer, __u64 offset, void *data, size_t length)
{
	return importer_copy(importer, KVMFR_IMPORTER_VMAP_READ, offset, data,
			     length);
}

static void importer_table_sum(struct importer_table *table)
{
	const struct kvmfr_importer_entry *entry = table->entries;
	__u64 end = 0;
	unsigned int i;

	for (i = 0; i < table->info.orig_nents; i++)
		table->length += entry[i].length;
	for (i = 0; i < table->info.nents; i++) {
		table->dma_length += entry[i].dma_length;
		if (entry[i].dma_length > table->dma_longest)
			table->dma_longest = entry[i].dma_length;
		if (!entry[i].dma_length)
			table->dma_empty++;
		if (i && entry[i].dma_address == end)
			table->dma_joinable++;
		end = entry[i].dma_address + entry[i].dma_length;
	}
}

int importer_table_get(int importer, struct importer_table *table)
{
	unsigned int nr;
	int ret;

	memset(table, 0, sizeof(*table));
	ret = importer_call(importer, KVMFR_IMPORTER_INFO,
			    (uintptr_t)&table->info);
	if (ret)
		return ret;

	nr = table->info.orig_nents;
	table->entries = calloc(nr, sizeof(*table->entries));
	if (!table->entries)
		return -ENOMEM;

	table->info.entries = (uintptr_t)table->entries;
	table->info.nr_entries = nr;
	ret = importer_call(importer, KVMFR_IMPORTER_INFO,
			    (uintptr_t)&table->info);
	if (!ret && table->info.orig_nents != nr)
		ret = -EAGAIN;
	if (ret)
		importer_table_put(table);
	else
		importer_table_sum(table);
	return ret;
}

void importer_table_put(struct importer_table *table)
{
	free(table->entries);
	table->entries = NULL;
}
