/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One part of a static device, mapped in one of the ways that differ inside
 * the kernel, beside a reference mapping of the whole device.
 *
 * The device has three 2 MiB folios and a tail of smaller ones, so every
 * mapping that is not kept small crosses both kinds.
 */
#ifndef KVMFR_TEST_MAPPING_H
#define KVMFR_TEST_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "kvmfr_test.h"

#define PAGE_BYTES 4096UL
#define PMD_BYTES (2 * MIB)
#define MAPPING_PARAMS "static_size_mb=7"
#define MAPPING_DEVICE_BYTES (7 * MIB)
#define MAPPING_BYTES (4 * MIB + 512 * 1024UL)
#define MAPPING_SEED 1

/**
 * struct mapping_kind - a way to map a part of the device
 * @dmabuf: through a dma-buf that begins at @origin
 * @origin: first byte of the device that is mapped
 * @skew: address modulo 2 MiB
 */
struct mapping_kind {
	bool dmabuf;
	size_t origin;
	size_t skew;
};

/**
 * struct mapping - the device and its two mappings
 * @device: open node
 * @fd: what @map is a mapping of, the node or a dma-buf
 * @offset: mmap() offset of @map in @fd
 * @origin: first byte of the device in @map
 * @map: MAPPING_BYTES, inaccessible memory around it
 * @whole: the whole device, read and write
 */
struct mapping {
	int device;
	int fd;
	off_t offset;
	size_t origin;
	unsigned char *map;
	unsigned char *whole;
};

/*
 * Huge and then small entries; only small ones because the address does not
 * fit the folios; huge in the middle and small at both ends.
 */
#define MAPPING_DEVICE_VARIANTS(fixture)				\
	FIXTURE_VARIANT_ADD(fixture, aligned) {				\
		.kind = { false, 2 * MIB, 0 },				\
	};								\
	FIXTURE_VARIANT_ADD(fixture, misaligned) {			\
		.kind = { false, 2 * MIB, 1028 * 1024 },		\
	};								\
	FIXTURE_VARIANT_ADD(fixture, congruent) {			\
		.kind = { false, 1028 * 1024, 1028 * 1024 },		\
	}
#define MAPPING_DMABUF_VARIANTS(fixture)				\
	FIXTURE_VARIANT_ADD(fixture, dmabuf_aligned) {			\
		.kind = { true, 2 * MIB, 0 },				\
	};								\
	FIXTURE_VARIANT_ADD(fixture, dmabuf_misaligned) {		\
		.kind = { true, 1028 * 1024, 0 },			\
	};								\
	FIXTURE_VARIANT_ADD(fixture, dmabuf_congruent) {		\
		.kind = { true, 2056 * 1024, 8 * 1024 },		\
	}

/* Load the module, fill the device with the pattern, map. 0 or -errno. */
int mapping_create(struct mapping *mapping, const struct mapping_kind *kind);
/* @map and all of the device still hold the pattern. */
bool mapping_intact(const struct mapping *mapping);

/*
 * mmap() the way QEMU does it: over reserved, inaccessible address space, at
 * an address that is @skew past a multiple of 2 MiB. At least a page on both
 * sides stays inaccessible.
 */
void *map_skewed(int fd, off_t offset, size_t bytes, size_t skew, int prot,
		 int flags);
/* The same address space without anything in it. */
void *space_reserve(size_t bytes, size_t skew);

#endif /* KVMFR_TEST_MAPPING_H */
