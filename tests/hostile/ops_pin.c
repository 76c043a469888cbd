// SPDX-License-Identifier: GPL-2.0
/* What pins the pages of a mapping: pipes, rings and a disk's own access. */
#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fuzz.h"
#include "uring.h"

/* Pages in a pipe, which the pipe keeps pinned. */
static int op_splice(const uint32_t *arg)
{
	struct iovec data = { state_place(arg[1], arg[2]),
			      state_length(arg[3]) };
	int pipe_ends[2], ret;

	if (pipe2(pipe_ends, O_NONBLOCK))
		return -errno;
	ret = result(vmsplice(pipe_ends[1], &data, 1, SPLICE_F_NONBLOCK));
	close(pipe_ends[1]);
	if (!ret)
		return state_keep(arg[0], pipe_ends[0]);
	close(pipe_ends[0]);
	return ret;
}

/* Pages pinned for long, until the ring is closed. */
static int op_register(const uint32_t *arg)
{
	struct uring uring;
	int ret = uring_open(&uring);

	if (ret)
		return ret;
	ret = uring_register(&uring, state_place(arg[1], arg[2]),
			     state_length(arg[3]));
	if (ret) {
		uring_close(&uring);
		return ret;
	}
	uring_unmap(&uring);
	return state_keep(arg[0], uring.fd);
}

/* By the disk itself into pages that are pinned for as long as that takes. */
static int op_direct(const uint32_t *arg)
{
	void *place = state_place(arg[1], arg[2]);
	size_t length = state_length(arg[3]) % (MIB + PAGE);
	off_t offset = arg[0] >> 8 & 0xff000;
	int fd = open(FUZZ_DISK, O_RDWR | O_DIRECT | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	ret = result(arg[0] % 2 ? pwrite(fd, place, length, offset) :
				  pread(fd, place, length, offset));
	close(fd);
	return ret ? ret : arg[0] % 2 ? 0 : victim_guard_look(place, length);
}

/* One transfer; 0, or what became of it unless nobody waits. */
static int ring_transfer(struct uring *uring, const uint32_t *arg)
{
	int disk = open(FUZZ_DISK, O_RDWR | O_DIRECT | O_CLOEXEC);
	int opcode = arg[0] >> 8 & 1 ? IORING_OP_WRITE_FIXED :
				       IORING_OP_READ_FIXED;
	size_t length = state_length(arg[3]) % (MIB + PAGE);
	int ret;

	if (disk < 0)
		return -errno;
	ret = uring_submit(uring, opcode, disk, state_place(arg[1], arg[2]),
			   length, arg[0] >> 12 & 0xff000);
	close(disk);
	if (ret || arg[0] >> 31)
		return ret;
	ret = uring_wait(uring);
	return ret < 0 ? ret : 0;
}

/* The ring may be closed, or its memory unmapped, while the disk is at it. */
static int op_fixed(const uint32_t *arg)
{
	struct uring uring;
	int ret = uring_open(&uring);

	if (ret)
		return ret;
	ret = uring_register(&uring, state_place(arg[1], arg[2]),
			     state_length(arg[3]));
	if (!ret)
		ret = ring_transfer(&uring, arg);
	uring_unmap(&uring);
	if (!ret)
		return state_keep(arg[0], uring.fd);
	close(uring.fd);
	return ret;
}

const struct fuzz_op fuzz_pin_ops[] = {
	{ "splice", 5, op_splice },
	{ "register", 3, op_register },
	{ "direct", 3, op_direct },
	{ "fixed", 4, op_fixed },
	{},
};
