/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Contents that tell where they belong: each 64-bit word is a function of its
 * byte offset in the device and of a seed, so that a page in the wrong place,
 * a stale page and a lost write are all seen.
 */
#ifndef KVMFR_TEST_PATTERN_H
#define KVMFR_TEST_PATTERN_H

#include <stddef.h>
#include <stdint.h>

uint64_t pattern_word(size_t offset, uint64_t seed);
/* @memory shows the device from @offset on; both are multiples of 8. */
void pattern_fill(void *memory, size_t bytes, size_t offset, uint64_t seed);
/* How many bytes from the start on are right; @bytes if all are. */
size_t pattern_match(const void *memory, size_t bytes, size_t offset,
		     uint64_t seed);

#endif /* KVMFR_TEST_PATTERN_H */
