/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory accesses that may raise a signal. Each returns 0, or the number of
 * the signal (SIGBUS, SIGSEGV) the access raised.
 */
#ifndef KVMFR_TEST_ACCESS_H
#define KVMFR_TEST_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int memory_load(const void *address, unsigned char *value);
int memory_store(void *address, unsigned char value);
/* One byte of every page. */
int memory_touch(void *address, size_t bytes);
/* The first word of every page, until one @is; then *@found. */
int memory_find(const void *address, size_t bytes, bool (*is)(uint64_t word),
		bool *found);

#endif /* KVMFR_TEST_ACCESS_H */
