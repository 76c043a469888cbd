/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Helpers for the dma-buf selftests: the test importer's ioctls, DMA_BUF_IOCTL_*
 * and what the machine's DMA looks like. As in kvmfr_test.h none of them prints
 * or exits; 0 or -errno unless said otherwise.
 */
#ifndef DMABUF_TEST_H
#define DMABUF_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#include "kvmfr_test_importer.h"

/* Included after the harness: an emulated machine may be ten times slower. */
#ifdef TEST_TIMEOUT_DEFAULT
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 120
#endif

/*
 * Load both modules after unloading what a failed test may have left. An
 * importer parameter string of NULL loads kvmfr only.
 */
int dmabuf_modules_load(const char *kvmfr, const char *importer);
/* Unload both; refused while anything of them is in use. */
int dmabuf_modules_unload(void);
/* edu devices that the importer drives; it must be loaded. */
int edu_count(void);

/* Minor of the n-th device of a kind ("static", "ivshmem") and size; -ENODEV. */
int kvmfr_find(const char *kind, size_t size);
/* mmap() of a whole device or buffer, shared and writable; NULL if it fails. */
void *map_shared(int fd, size_t size);

/* The test importer: every descriptor is one. */
int importer_open(void);
int importer_attach(int importer, int dmabuf, unsigned int device);
int importer_detach(int importer);
int importer_map(int importer, unsigned long direction);
int importer_unmap(int importer);
/* Attach to device 0 and map in both directions. */
int importer_import(int importer, int dmabuf);
int importer_cpu_begin(int importer, unsigned long direction);
int importer_cpu_end(int importer, unsigned long direction);
int importer_dma_write(int importer, __u64 offset, const void *data,
		       size_t length);
int importer_dma_read(int importer, __u64 offset, void *data, size_t length);
int importer_vmap(int importer);
int importer_vunmap(int importer);
/* Both, without the core's warning when the exporter refuses. */
int importer_vmap_once(int importer);
int importer_vmap_write(int importer, __u64 offset, const void *data,
			size_t length);
int importer_vmap_read(int importer, __u64 offset, void *data, size_t length);

/**
 * struct importer_table - the sg table of an importer's newest mapping
 * @info: as the ioctl returns it
 * @entries: info.orig_nents entries
 * @length: sum of their lengths
 * @dma_length: sum of the DMA lengths of the first info.nents
 * @dma_longest: the longest of these
 * @dma_empty: how many of these are empty
 * @dma_joinable: how many of these start where the one before ends
 */
struct importer_table {
	struct kvmfr_importer_info info;
	struct kvmfr_importer_entry *entries;
	__u64 length;
	__u64 dma_length;
	__u64 dma_longest;
	unsigned int dma_empty;
	unsigned int dma_joinable;
};

int importer_table_get(int importer, struct importer_table *table);
void importer_table_put(struct importer_table *table);

/* DMA_BUF_IOCTL_SYNC and DMA_BUF_SET_NAME. */
int dmabuf_sync(int dmabuf, __u64 flags);
int dmabuf_set_name(int dmabuf, const char *name);

/* Whether every DMA of this machine is bounced (swiotlb=force). */
bool swiotlb_forced(void);
/* Slots of the bounce buffer in use. */
long swiotlb_used(void);

/* Bytes that differ from place to place and from seed to seed, never zero. */
void bytes_fill(void *data, size_t length, unsigned int seed);
bool bytes_are(const void *data, size_t length, unsigned int seed);
bool bytes_zero(const void *data, size_t length);

#endif /* DMABUF_TEST_H */
