// SPDX-License-Identifier: GPL-2.0
/* What can be done to memory that a file was mapped to, in any window. */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "access.h"
#include "fuzz.h"

static int op_unmap(const uint32_t *arg)
{
	char *place = state_place(arg[0], arg[1]);

	return result(munmap(place, state_length(arg[2])));
}

static int op_protect(const uint32_t *arg)
{
	return result(mprotect(state_place(arg[0], arg[1]),
			       state_length(arg[2]), arg[3] % 8));
}

/* Into its own window or another one, never beyond. */
static int op_remap(const uint32_t *arg)
{
	static const int ways[] = { 0, MREMAP_MAYMOVE | MREMAP_FIXED,
				    MREMAP_MAYMOVE | MREMAP_FIXED,
				    MREMAP_MAYMOVE | MREMAP_FIXED |
					    MREMAP_DONTUNMAP };
	char *old = state_place(arg[0], arg[1]);
	char *target = state_window(arg[0] >> 8);
	void *memory = mremap(old, state_length(arg[2]), state_length(arg[3]),
			      ways[(arg[0] >> 16) % 4], target);

	return memory == MAP_FAILED ? -errno : 0;
}

static int op_remap_pages(const uint32_t *arg)
{
	char *place = state_place(arg[0], arg[1]);
	size_t length = state_length(arg[2]);
	uint64_t from = state_bytes(arg[3]) / PAGE;

	return result(syscall(SYS_remap_file_pages, place, length, 0, from, 0));
}

/* All kinds but those that poison memory for the whole machine. */
static int op_advise(const uint32_t *arg)
{
	return result(madvise(state_place(arg[0], arg[1]), state_length(arg[2]),
			      arg[3] % 28));
}

static int op_sync(const uint32_t *arg)
{
	return result(msync(state_place(arg[0], arg[1]), state_length(arg[2]),
			    arg[3] % 8));
}

static int op_lock(const uint32_t *arg)
{
	char *place = state_place(arg[0], arg[1]);
	size_t length = state_length(arg[2]);

	if (arg[3] % 2)
		return result(munlock(place, length));
	return result(syscall(SYS_mlock2, place, length, arg[3] >> 1 & 1));
}

static int op_resident(const uint32_t *arg)
{
	unsigned char pages[FUZZ_WINDOW / PAGE];

	return result(mincore(state_place(arg[0], arg[1]), state_length(arg[2]),
			      pages));
}

static int op_access(const uint32_t *arg)
{
	char *place = state_place(arg[0], arg[1]);
	int number;

	switch (arg[2] % 3) {
	case 0:
		return victim_guard_look(place, state_length(arg[3]));
	case 1:
		number = memory_store(place, arg[3]);
		break;
	default:
		number = memory_touch(place, state_length(arg[3]) / 8);
	}
	return number ? -EFAULT : 0;
}

/* A child that uses what it inherits, and ends with all of it. */
static int op_fork(const uint32_t *arg)
{
	char *place = state_place(arg[0], arg[1]);
	size_t length = state_length(arg[2]) / 8;
	pid_t child = fork();
	int status;

	if (!child) {
		memory_touch(place, length);
		_exit(0);
	}
	if (child < 0)
		return -errno;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

/* From one window to another by the kernel, as a debugger does. */
static int op_copy(const uint32_t *arg)
{
	struct iovec local = { state_place(arg[0], arg[1]),
			       state_length(arg[3]) / 4 };
	struct iovec remote = { state_place(arg[0] >> 8, arg[2]),
				state_length(arg[3]) / 4 };
	long copied =
		arg[0] >> 31 ?
			process_vm_readv(getpid(), &local, 1, &remote, 1, 0) :
			process_vm_writev(getpid(), &local, 1, &remote, 1, 0);

	return result(copied);
}

/* Without a thread that would have to answer, if the kernel can do that. */
#define NO_ANSWERS (UFFD_FEATURE_WP_ASYNC | UFFD_FEATURE_WP_UNPOPULATED)

static int userfault_register(int fd, const uint32_t *arg)
{
	struct uffdio_register range = {
		.range.start = (uintptr_t)state_place(arg[1], arg[2]),
		.range.len = state_length(arg[3]),
		/* Only this one can do without. */
		.mode = arg[0] >> 31 ? UFFDIO_REGISTER_MODE_WP :
				       1ULL << (arg[0] >> 8) % 3,
	};
	struct uffdio_writeprotect protect = {
		.range = range.range,
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};
	struct uffdio_api api = { .api = UFFD_API };

	if (arg[0] >> 31)
		api.features = NO_ANSWERS;
	if (ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &range))
		return -errno;
	if (!api.features || arg[0] >> 30 & 1)
		return 0;
	return result(ioctl(fd, UFFDIO_WRITEPROTECT, &protect));
}

/* One that needs answers would stop us at the next access if it were kept. */
static int op_userfault(const uint32_t *arg)
{
	int fd = syscall(SYS_userfaultfd, O_NONBLOCK | UFFD_USER_MODE_ONLY);
	int ret;

	if (fd < 0)
		return -errno;
	ret = userfault_register(fd, arg);
	if (!ret && arg[0] >> 31)
		return state_keep(arg[0], fd);
	close(fd);
	return ret;
}

/* Where pages are, and whether they can be elsewhere. */
static int op_move(const uint32_t *arg)
{
	void *page = state_place(arg[0], arg[1]);
	unsigned long nodes = 1;
	int node = 0, status;

	if (arg[2] % 2)
		return result(syscall(SYS_mbind, page, state_length(arg[3]),
				      arg[2] % 7, &nodes, 8, arg[2] >> 8 & 3));
	return result(syscall(SYS_move_pages, 0, 1, &page, &node, &status, 2));
}

const struct fuzz_op fuzz_memory_ops[] = {
	{ "unmap", 6, op_unmap },    { "protect", 6, op_protect },
	{ "remap", 10, op_remap },   { "remap_pages", 2, op_remap_pages },
	{ "advise", 10, op_advise }, { "sync", 2, op_sync },
	{ "lock", 4, op_lock },	     { "resident", 2, op_resident },
	{ "access", 24, op_access }, { "fork", 3, op_fork },
	{ "copy", 5, op_copy },	     { "userfault", 4, op_userfault },
	{ "move", 3, op_move },	     {},
};
