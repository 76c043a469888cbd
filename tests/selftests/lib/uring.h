/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The smallest useful io_uring: one operation at a time. Errors are negative
 * errno.
 */
#ifndef KVMFR_TEST_URING_H
#define KVMFR_TEST_URING_H

#include <linux/io_uring.h>
#include <stddef.h>
#include <sys/types.h>

/**
 * struct uring - a ring for one operation
 * @fd: the ring
 * @rings: both rings, shared with the kernel
 * @sqe: the only submission entry
 * @params: where things are in @rings
 */
struct uring {
	int fd;
	void *rings;
	struct io_uring_sqe *sqe;
	struct io_uring_params params;
};

int uring_open(struct uring *uring);
/* Pins the memory until the ring is closed; it becomes fixed buffer 0. */
int uring_register(struct uring *uring, void *memory, size_t bytes);
/* IORING_OP_READ_FIXED or IORING_OP_WRITE_FIXED; does not wait. */
int uring_submit(struct uring *uring, int opcode, int fd, void *memory,
		 size_t bytes, off_t offset);
/* Bytes done or the operation's error. */
int uring_wait(struct uring *uring);
/* From here on the file alone keeps the ring. */
void uring_unmap(struct uring *uring);
void uring_close(struct uring *uring);

#endif /* KVMFR_TEST_URING_H */
