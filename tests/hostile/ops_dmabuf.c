// SPDX-License-Identifier: GPL-2.0
/* What can be done to a dma-buf: by its own ioctls, by vgem, by the test importer. */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "fuzz.h"
#include "kvmfr_test_importer.h"
#include "vgem.h"

static int op_dma_sync(const uint32_t *arg)
{
	struct dma_buf_sync sync = { .flags = arg[1] % 16 };

	return result(ioctl(state_file(arg[0]), DMA_BUF_IOCTL_SYNC, &sync));
}

static int op_dma_name(const uint32_t *arg)
{
	unsigned long set = arg[1] % 2 ? DMA_BUF_SET_NAME_A :
					 DMA_BUF_SET_NAME_B;
	const char *name = arg[2] % 4 ? "name" : state_place(arg[2], arg[3]);

	return result(ioctl(state_file(arg[0]), set, name));
}

static int op_dma_fence(const uint32_t *arg)
{
	struct dma_buf_export_sync_file fence = { .flags = arg[2] % 4,
						  .fd = -1 };
	struct dma_buf_import_sync_file import = {
		.flags = arg[2] % 4,
		.fd = state_file(arg[3]),
	};
	int dmabuf = state_file(arg[1]);
	unsigned long put = DMA_BUF_IOCTL_IMPORT_SYNC_FILE;

	if (arg[2] >> 31)
		return result(ioctl(dmabuf, put, &import));
	if (ioctl(dmabuf, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &fence))
		return -errno;
	return state_keep(arg[0], fence.fd);
}

/* The card's file is what is kept; the import ends with it. */
static int op_vgem(const uint32_t *arg)
{
	int vgem = vgem_open(), handle, back;

	if (vgem < 0)
		return vgem;
	/* Somebody may read from it, and there is nothing to come. */
	fcntl(vgem, F_SETFL, O_NONBLOCK);
	handle = vgem_import(vgem, state_file(arg[1]));
	if (handle < 0) {
		close(vgem);
		return handle;
	}
	back = vgem_export(vgem, handle);
	if (back >= 0)
		state_keep(arg[0] >> 8, back);
	if (arg[2] % 2)
		vgem_forget(vgem, handle);
	return state_keep(arg[0], vgem);
}

static int op_importer(const uint32_t *arg)
{
	struct kvmfr_importer_attach attach = { .fd = state_file(arg[1]),
						.device = arg[2] % 8 ? 0 :
								       arg[3] };
	int fd = open(KVMFR_IMPORTER_NODE, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (ioctl(fd, KVMFR_IMPORTER_ATTACH, &attach)) {
		int ret = -errno;

		close(fd);
		return ret;
	}
	return state_keep(arg[0], fd);
}

static int op_import(const uint32_t *arg)
{
	static const unsigned long commands[] = {
		KVMFR_IMPORTER_MAP,	KVMFR_IMPORTER_MAP,
		KVMFR_IMPORTER_UNMAP,	KVMFR_IMPORTER_CPU_BEGIN,
		KVMFR_IMPORTER_CPU_END, KVMFR_IMPORTER_VMAP,
		KVMFR_IMPORTER_VUNMAP,	KVMFR_IMPORTER_DETACH,
	};

	return result(ioctl(state_file(arg[0]), commands[arg[1] % 8],
			    (unsigned long)(arg[2] % 4)));
}

/* By the processor or by the device, which is slow. */
static int op_import_copy(const uint32_t *arg)
{
	static const unsigned long commands[] = {
		KVMFR_IMPORTER_VMAP_WRITE,
		KVMFR_IMPORTER_VMAP_READ,
		KVMFR_IMPORTER_DMA_WRITE,
		KVMFR_IMPORTER_DMA_READ,
	};
	struct kvmfr_importer_copy copy = {
		.user = (uintptr_t)state_place(arg[1], arg[1] >> 4),
		.offset = state_bytes(arg[2]),
		.length = state_bytes(arg[3]),
	};
	unsigned int command = (arg[0] >> 4) % 32;
	int ret;

	command = commands[command > 3 ? command % 2 : command];
	ret = result(ioctl(state_file(arg[0]), command, &copy));
	if (ret || copy.length > FUZZ_WINDOW)
		return ret;
	return victim_guard_look((void *)copy.user, copy.length);
}

const struct fuzz_op fuzz_dmabuf_ops[] = {
	{ "dma_sync", 5, op_dma_sync },	      { "dma_name", 3, op_dma_name },
	{ "dma_fence", 3, op_dma_fence },     { "vgem", 5, op_vgem },
	{ "importer", 6, op_importer },	      { "import", 10, op_import },
	{ "import_copy", 3, op_import_copy }, {},
};
