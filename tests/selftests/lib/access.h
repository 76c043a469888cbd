/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory accesses that may raise a signal. Each returns 0, or the number of
 * the signal (SIGBUS, SIGSEGV) the access raised.
 */
#ifndef KVMFR_TEST_ACCESS_H
#define KVMFR_TEST_ACCESS_H

#include <stddef.h>

int memory_load(const void *address, unsigned char *value);
int memory_store(void *address, unsigned char value);
/* One byte of every page. */
int memory_touch(void *address, size_t bytes);

#endif /* KVMFR_TEST_ACCESS_H */
