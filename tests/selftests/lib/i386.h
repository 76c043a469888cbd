/* SPDX-License-Identifier: GPL-2.0 */
/* System calls as 32-bit programs make them, from a 64-bit one. */
#ifndef KVMFR_TEST_I386_H
#define KVMFR_TEST_I386_H

#include <stdbool.h>
#include <stdint.h>

/* struct kvmfr_dmabuf_create as a 32-bit compiler lays it out. */
struct create_i386 {
	uint8_t flags;
	uint8_t padding[3];
	uint64_t offset;
	uint64_t size;
} __attribute__((packed, aligned(4)));

/* Whether the kernel has them. */
bool i386_supported(void);
/* The argument must lie below 4 GiB. Result or -errno. */
long i386_ioctl(int fd, unsigned long request, const void *argument);

#endif /* KVMFR_TEST_I386_H */
