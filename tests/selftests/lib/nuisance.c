// SPDX-License-Identifier: GPL-2.0
/* Everything that a user can do wrong, and some of what is right. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/dma-buf.h>

#include "access.h"
#include "dmabuf_test.h"
#include "kvmfr_test.h"
#include "nuisance.h"

#define PAGE 4096UL
#define NOBODY 65534
#define ROUNDS 10
#define OVER "nuisance over"
/* What the kernel says of an emulated machine that was kept waiting. */
#define LATE "hrtimer: interrupt took"

void bad_ranges(size_t size, struct bad_range range[BAD_RANGES])
{
	const struct bad_range all[BAD_RANGES] = {
		/* Empty: an oops in the old module. */
		{ 0, 0 },
		{ PAGE, 0 },
		{ size, 0 },
		/* Misaligned. */
		{ 1, PAGE },
		{ PAGE - 1, PAGE },
		{ 0, 1 },
		{ 0, PAGE - 1 },
		{ 0, PAGE + 1 },
		{ 512, PAGE },
		/* Too large. */
		{ 0, size + PAGE },
		{ PAGE, size },
		{ size, PAGE },
		{ size - PAGE, 2 * PAGE },
		{ 1ULL << 32, PAGE },
		{ 0, 1ULL << 32 },
		{ 0, 1ULL << 63 },
		/* The sum wraps to 0 or little more. */
		{ -PAGE, PAGE },
		{ -PAGE, 2 * PAGE },
		{ PAGE, -PAGE },
		{ 2 * PAGE, -PAGE },
		{ 1ULL << 63, 1ULL << 63 },
		{ -1ULL, -1ULL },
		{ -PAGE, -PAGE },
	};

	memcpy(range, all, sizeof(all));
}

static void map_and_unmap(int fd, size_t size, off_t offset, int flags)
{
	void *memory = mmap(NULL, size, PROT_READ, flags, fd, offset);

	if (memory != MAP_FAILED)
		munmap(memory, size);
}

/* Its pages are touched, moved, pinned by a pipe and read by their addresses. */
static void use_memory(unsigned char *memory, size_t size)
{
	unsigned char copy[PAGE];
	struct iovec page = { memory, PAGE }, local = { copy, PAGE };
	int tube[2];

	memory_touch(memory, 2 * PAGE);
	memory_load(memory + size - 1, copy);
	madvise(memory, size, MADV_DONTNEED);
	madvise(memory, size, MADV_MERGEABLE);
	mlock(memory, PAGE);
	mremap(memory, size, size + PAGE, 0);
	process_vm_readv(getpid(), &local, 1, &page, 1, 0);
	if (pipe(tube))
		return;
	if (vmsplice(tube[1], &page, 1, 0) < 0)
		write(tube[1], memory, PAGE);
	close(tube[0]);
	close(tube[1]);
}

static void use_device(const struct nuisance *user)
{
	struct kvmfr_dmabuf_create create = { .size = PAGE };
	struct bad_range range[BAD_RANGES];
	unsigned int i;
	void *memory;

	bad_ranges(user->size, range);
	for (i = 0; i < BAD_RANGES; i++) {
		kvmfr_create(user->device, range[i].offset, range[i].size, 0);
		map_and_unmap(user->device, range[i].size, range[i].offset,
			      MAP_SHARED);
	}
	ioctl(user->device, KVMFR_DMABUF_CREATE, NULL);
	ioctl(user->device, _IO('u', 0x45), &create);
	if (ftruncate(user->device, 1) || fallocate(user->device, 0, 0, 1) ||
	    read(user->device, &i, 1))
		lseek(user->device, -1, SEEK_SET);
	map_and_unmap(user->device, PAGE, 0, MAP_PRIVATE);

	memory = map_shared(user->device, user->size);
	if (!memory)
		return;
	use_memory(memory, user->size);
	munmap(memory, user->size);
}

static void use_buffer(int dmabuf)
{
	off_t size = lseek(dmabuf, 0, SEEK_END);
	void *memory;

	dmabuf_sync(dmabuf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
	dmabuf_sync(dmabuf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);
	dmabuf_sync(dmabuf, DMA_BUF_SYNC_START);
	dmabuf_sync(dmabuf, -1ULL);
	dmabuf_set_name(dmabuf, "nuisance");
	map_and_unmap(dmabuf, PAGE, 0, MAP_PRIVATE);
	map_and_unmap(dmabuf, 2 * size, 0, MAP_SHARED);
	map_and_unmap(dmabuf, PAGE, size, MAP_SHARED);

	memory = map_shared(dmabuf, size);
	if (!memory)
		return;
	use_memory(memory, size);
	munmap(memory, size);
}

/* As a driver does for its user, with the test importer. */
static void import_buffer(int importer, int dmabuf)
{
	bool attached = !importer_attach(importer, dmabuf, 0);
	bool mapped = !importer_map(importer, KVMFR_IMPORTER_BIDIRECTIONAL);
	unsigned char bytes[64] = { 0 };

	importer_cpu_begin(importer, KVMFR_IMPORTER_BIDIRECTIONAL);
	importer_cpu_end(importer, KVMFR_IMPORTER_BIDIRECTIONAL);
	if (!importer_vmap(importer)) {
		importer_vmap_write(importer, 0, bytes, sizeof(bytes));
		importer_vunmap(importer);
	}
	if (mapped)
		importer_unmap(importer);
	if (attached)
		importer_detach(importer);
}

static void be_a_nuisance(const struct nuisance *user)
{
	int dmabuf = kvmfr_create(user->device, 0, user->size, 0);
	unsigned int i;

	use_device(user);
	if (user->memory != MAP_FAILED)
		use_memory(user->memory, user->size);
	if (dmabuf >= 0)
		use_buffer(dmabuf);
	close(dmabuf);
	use_buffer(user->dmabuf);
	for (i = 0; i < 2; i++)
		if (user->importer[i] >= 0)
			import_buffer(user->importer[i], user->dmabuf);
}

static int child_run(const struct nuisance *user)
{
	int i;

	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		return 1;
	for (i = 0; i < ROUNDS; i++)
		be_a_nuisance(user);
	return 0;
}

int nuisance_lines(const struct nuisance *user)
{
	int kmsg = kmsg_open(), status, lines = -EIO;
	pid_t child;

	if (kmsg < 0)
		return kmsg;
	child = fork();
	if (!child)
		_exit(child_run(user));
	/* A record without newline shows only when the next one comes. */
	if (child > 0 && waitpid(child, &status, 0) == child && !status &&
	    text_write("/dev/kmsg", OVER "\n") > 0 &&
	    kmsg_count(kmsg, OVER) == 1)
		lines = kmsg_count(kmsg, "") - 1 - kmsg_count(kmsg, LATE);
	close(kmsg);
	return lines;
}
