// SPDX-License-Identifier: GPL-2.0
/* The smallest useful io_uring. */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "uring.h"

#define ENTRIES 1
#define RINGS_BYTES 4096
#define SQES_BYTES 4096

static void *ring_map(int fd, size_t bytes, off_t offset)
{
	return mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_POPULATE, fd, offset);
}

static uint32_t *ring_word(const struct uring *uring, uint32_t offset)
{
	return (uint32_t *)((unsigned char *)uring->rings + offset);
}

/* One mapping holds both rings on every kernel since 5.4. */
int uring_open(struct uring *uring)
{
	memset(uring, 0, sizeof(*uring));
	uring->fd = syscall(SYS_io_uring_setup, ENTRIES, &uring->params);
	if (uring->fd < 0)
		return -errno;
	uring->rings = ring_map(uring->fd, RINGS_BYTES, IORING_OFF_SQ_RING);
	uring->sqe = ring_map(uring->fd, SQES_BYTES, IORING_OFF_SQES);
	if (uring->rings == MAP_FAILED || uring->sqe == MAP_FAILED)
		return -ENOMEM;
	return 0;
}

int uring_register(struct uring *uring, void *memory, size_t bytes)
{
	struct iovec buffer = { memory, bytes };
	int ret = syscall(SYS_io_uring_register, uring->fd,
			  IORING_REGISTER_BUFFERS, &buffer, 1);

	return ret < 0 ? -errno : 0;
}

int uring_submit(struct uring *uring, int opcode, int fd, void *memory,
		 size_t bytes, off_t offset)
{
	uint32_t *tail = ring_word(uring, uring->params.sq_off.tail);
	int ret;

	memset(uring->sqe, 0, sizeof(*uring->sqe));
	uring->sqe->opcode = opcode;
	uring->sqe->fd = fd;
	uring->sqe->addr = (uintptr_t)memory;
	uring->sqe->len = bytes;
	uring->sqe->off = offset;
	*ring_word(uring, uring->params.sq_off.array) = 0;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	ret = syscall(SYS_io_uring_enter, uring->fd, 1, 0, 0, NULL, 0);
	if (ret < 0)
		return -errno;
	/* Not taken: nobody would ever answer. */
	return ret ? 0 : -EBADF;
}

int uring_wait(struct uring *uring)
{
	uint32_t *head = ring_word(uring, uring->params.cq_off.head);
	uint32_t *tail = ring_word(uring, uring->params.cq_off.tail);
	struct io_uring_cqe *cqe;
	int ret;

	while (__atomic_load_n(tail, __ATOMIC_ACQUIRE) == *head) {
		ret = syscall(SYS_io_uring_enter, uring->fd, 0, 1,
			      IORING_ENTER_GETEVENTS, NULL, 0);
		if (ret < 0 && errno != EINTR)
			return -errno;
	}
	cqe = (struct io_uring_cqe *)ring_word(uring,
					       uring->params.cq_off.cqes);
	ret = cqe[*head & (uring->params.cq_entries - 1)].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return ret;
}

void uring_unmap(struct uring *uring)
{
	munmap(uring->rings, RINGS_BYTES);
	munmap(uring->sqe, SQES_BYTES);
}

void uring_close(struct uring *uring)
{
	uring_unmap(uring);
	close(uring->fd);
}
