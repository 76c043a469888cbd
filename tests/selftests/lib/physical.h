/* SPDX-License-Identifier: GPL-2.0 */
/* Memory by its physical address, for root: what is left there by others. */
#ifndef KVMFR_TEST_PHYSICAL_H
#define KVMFR_TEST_PHYSICAL_H

#include <stddef.h>
#include <stdint.h>

/* Physical address of a page that this process has mapped; 0 if it has not. */
uint64_t physical_address(const void *memory);
/* Read memory through /proc/kcore. 0 or -errno. */
int physical_read(uint64_t address, void *data, size_t size);

#endif /* KVMFR_TEST_PHYSICAL_H */
