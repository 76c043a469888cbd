// SPDX-License-Identifier: GPL-2.0
/* The ioctls as 32-bit programs make them. */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <sys/ioctl.h>

#include <linux/kvmfr.h>

#include "fuzz.h"
#include "i386.h"

#define CREATE_I386 _IOW('u', 0x42, struct create_i386)

/* Known once somebody has asked. */
static bool possible(void)
{
	static int known = -1;

	if (known < 0)
		known = i386_supported();
	return known;
}

/* As system calls return: -1 and errno. */
static int ioctl32(uint32_t slot, unsigned long command, const void *argument)
{
	long ret = i386_ioctl(state_file(slot), command, argument);

	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

/* Programs run on stacks below 4 GiB, see run_init(). */
static int op_create32(const uint32_t *arg)
{
	struct create_i386 create32 = {
		.flags = arg[3] >> 5,
		.offset = state_bytes(arg[2]),
		.size = state_bytes(arg[3]),
	};
	struct kvmfr_dmabuf_create create = {
		.flags = create32.flags,
		.offset = create32.offset,
		.size = create32.size,
	};
	int mode = fcntl(state_file(arg[1]), F_GETFL), fd;

	if (!possible())
		return -ENOSYS;
	if (arg[1] >> 8 & 1)
		fd = ioctl32(arg[1], KVMFR_DMABUF_CREATE, &create);
	else
		fd = ioctl32(arg[1], CREATE_I386, &create32);
	return file_created(arg[0], mode, fd);
}

/* The others, and pointers to nowhere. */
static int op_ioctl32(const uint32_t *arg)
{
	static const unsigned long commands[] = {
		KVMFR_DMABUF_GETSIZE, KVMFR_DMABUF_GETSIZE, DMA_BUF_IOCTL_SYNC,
		DMA_BUF_SET_NAME_A,   KVMFR_DMABUF_CREATE,  CREATE_I386,
	};
	struct dma_buf_sync sync = { .flags = arg[2] % 16 };

	if (!possible())
		return -ENOSYS;
	return result(ioctl32(arg[0], commands[arg[1] % 6],
			      arg[3] % 4 ? &sync : (void *)(uintptr_t)arg[2]));
}

const struct fuzz_op fuzz_compat_ops[] = {
	{ "create32", 6, op_create32 },
	{ "ioctl32", 3, op_ioctl32 },
	{},
};
