// SPDX-License-Identifier: GPL-2.0
/* What can be done to a node and to any other file. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/kvmfr.h>

#include "fuzz.h"

static const int open_modes[] = {
	O_RDWR,
	O_RDWR,
	O_RDWR,
	O_RDWR | O_SYNC,
	O_RDWR | O_DIRECT,
	O_RDONLY,
	O_WRONLY,
	O_RDWR | O_TRUNC,
	O_RDWR | O_APPEND,
	O_PATH,
	O_ACCMODE,
	O_RDWR | O_NONBLOCK,
	O_RDWR | O_EXCL,
	O_RDONLY | O_NOATIME,
	O_RDWR | O_CLOEXEC,
	O_RDWR | O_ASYNC,
};

#define MODE_OF(number) open_modes[(number) % 16]

/* The node of a static device or of one that can go away. */
static int op_open(const uint32_t *arg)
{
	static const char *const nodes[] = { "/dev/kvmfr0", "/dev/kvmfr2",
					     "/dev/kvmfr3", "/dev/kvmfr2" };

	/* It might wait for pages that this very program has pinned. */
	return state_keep(arg[0], open(nodes[arg[1] % 4],
				       MODE_OF(arg[2]) | O_NONBLOCK));
}

/* Write access may not come of a file that has none. */
int file_created(uint32_t slot, int mode, int fd)
{
	if (fd >= 0 && (mode & O_ACCMODE) != O_RDWR && fuzz_alone) {
		fuzz_violation =
			"a dma-buf came of a node that was not open for writing";
		close(fd);
		return FUZZ_VIOLATION;
	}
	return state_keep(slot, fd);
}

static int op_create(const uint32_t *arg)
{
	struct kvmfr_dmabuf_create create = {
		.flags = arg[3] >> 5,
		.offset = state_bytes(arg[2]),
		.size = state_bytes(arg[3]),
	};
	int node = state_file(arg[1]);
	int mode = fcntl(node, F_GETFL);

	return file_created(arg[0], mode,
			    ioctl(node, KVMFR_DMABUF_CREATE, &create));
}

static int op_map(const uint32_t *arg)
{
	static const int sharing[] = { MAP_SHARED,
				       MAP_SHARED,
				       MAP_SHARED,
				       MAP_PRIVATE,
				       MAP_SHARED | MAP_POPULATE,
				       MAP_PRIVATE | MAP_POPULATE,
				       MAP_SHARED | MAP_LOCKED,
				       MAP_SHARED_VALIDATE };
	static const int rights[] = { PROT_READ | PROT_WRITE,
				      PROT_READ | PROT_WRITE, PROT_READ,
				      PROT_READ | PROT_EXEC };
	char *place = state_window(arg[0]) + (arg[0] >> 8) % 3 * PAGE;
	size_t length = state_length(arg[2]);
	void *memory;

	if (length > FUZZ_WINDOW - 2 * PAGE)
		length = FUZZ_WINDOW - 2 * PAGE;
	memory = mmap(place, length, rights[(arg[0] >> 4) % 4],
		      sharing[(arg[1] >> 8) % 8] | MAP_FIXED,
		      state_file(arg[1]), state_bytes(arg[3]));
	return memory == MAP_FAILED ? -errno : 0;
}

static int op_reopen(const uint32_t *arg)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", state_file(arg[1]));
	return state_keep(arg[0], open(path, MODE_OF(arg[2]) | O_NONBLOCK));
}

static int op_dup(const uint32_t *arg)
{
	return state_keep(arg[0], dup(state_file(arg[1])));
}

static int op_close(const uint32_t *arg)
{
	return result(close(state_take(arg[0])));
}

/* Of a device that is there it is a whole number of pages. */
static int op_getsize(const uint32_t *arg)
{
	long size = ioctl(state_file(arg[0]), KVMFR_DMABUF_GETSIZE, arg[1]);

	if (size > 0 && size % PAGE) {
		fuzz_violation = "a node has a size that is not whole pages";
		return FUZZ_VIOLATION;
	}
	return result(size);
}

/*
 * Any number of any of the types that our files know. Pointers lead to where
 * programs may write, or to the kernel.
 */
static int op_ioctl(const uint32_t *arg)
{
	static const char types[] = "ubK\0";
	unsigned long command = _IOC((arg[1] >> 8) % 4, types[arg[1] % 4],
				     (arg[1] >> 16) % 0x48, arg[2] % 64);
	int fd = ioctl(state_file(arg[0]), command,
		       arg[3] % 2 ? (void *)(-1UL - arg[3]) :
				    state_place(arg[3], arg[3] >> 2));

	return fd > 2 ? state_keep(arg[0] >> 8, fd) : result(fd);
}

static int op_seek(const uint32_t *arg)
{
	off_t offset = state_bytes(arg[1]);

	return result(lseek(state_file(arg[0]), offset, arg[2] % 6));
}

static int op_io(const uint32_t *arg)
{
	int fd = state_file(arg[0]);
	void *memory = state_place(arg[1], arg[1] >> 4);
	size_t length = state_length(arg[2]);

	switch (arg[3] % 4) {
	case 0:
		return result(read(fd, memory, length));
	case 1:
		return result(write(fd, memory, length));
	case 2:
		return result(pread(fd, memory, length, arg[3]));
	default:
		return result(pwrite(fd, memory, length, arg[3]));
	}
}

static int op_change(const uint32_t *arg)
{
	int fd = state_file(arg[0]);
	struct stat status;
	off_t length;

	switch (arg[1] % 8) {
	case 0:
		return result(fstat(fd, &status));
	case 1:
		return result(ftruncate(fd, state_bytes(arg[2])));
	case 2:
		length = state_bytes(arg[3]);
		return result(fallocate(fd, arg[2] % 128, 0, length));
	case 3:
		return result(fcntl(fd, F_SETFL, MODE_OF(arg[2]) | O_NONBLOCK));
	case 4:
		return result(flock(fd, (arg[2] % 4) | LOCK_NB));
	case 5:
		return result(fsync(fd));
	case 6:
		return result(posix_fadvise(fd, 0, 0, arg[2] % 6) ? -1 : 0);
	default:
		return result(fcntl(fd, F_ADD_SEALS, arg[2] % 64));
	}
}

static int op_poll(const uint32_t *arg)
{
	struct pollfd file = { .fd = state_file(arg[0]), .events = arg[1] };

	return result(poll(&file, 1, 0));
}

/* It outlives the file that it watches, or is closed before that. */
static int op_epoll(const uint32_t *arg)
{
	struct epoll_event event = { .events = arg[2] };
	int epoll = epoll_create1(EPOLL_CLOEXEC), fd = state_file(arg[1]), ret;

	if (epoll < 0)
		return -errno;
	ret = result(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
	if (!ret)
		ret = result(epoll_wait(epoll, &event, 1, 0));
	if (!ret)
		return state_keep(arg[0], epoll);
	close(epoll);
	return ret;
}

const struct fuzz_op fuzz_file_ops[] = {
	{ "open", 20, op_open },      { "create", 24, op_create },
	{ "map", 30, op_map },	      { "reopen", 4, op_reopen },
	{ "dup", 4, op_dup },	      { "close", 10, op_close },
	{ "getsize", 4, op_getsize }, { "ioctl", 8, op_ioctl },
	{ "seek", 3, op_seek },	      { "io", 4, op_io },
	{ "change", 4, op_change },   { "poll", 2, op_poll },
	{ "epoll", 3, op_epoll },     {},
};
