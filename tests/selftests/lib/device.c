// SPDX-License-Identifier: GPL-2.0
/* The kvmfr device as its users see it: node, ioctls, sysfs attributes. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "kvmfr_test.h"

/* 1 s. */
#define NODE_TRIES 100
#define NODE_PAUSE_NS 10000000

int kvmfr_open(unsigned int minor, int flags)
{
	const struct timespec pause = { .tv_nsec = NODE_PAUSE_NS };
	char path[32];
	int tries, fd;

	snprintf(path, sizeof(path), "/dev/kvmfr%u", minor);
	fd = open(path, flags);
	for (tries = NODE_TRIES; fd < 0 && errno == ENOENT && tries; tries--) {
		nanosleep(&pause, NULL);
		fd = open(path, flags);
	}
	return fd < 0 ? -errno : fd;
}

long kvmfr_size(int fd)
{
	int size = ioctl(fd, KVMFR_DMABUF_GETSIZE, 0);

	return size < 0 ? -errno : size;
}

int kvmfr_create(int fd, __u64 offset, __u64 size, __u8 flags)
{
	struct kvmfr_dmabuf_create create;
	int ret;

	/* Clients in the field pass the padding uninitialised. */
	memset(&create, 0xff, sizeof(create));
	create.flags = flags;
	create.offset = offset;
	create.size = size;

	ret = ioctl(fd, KVMFR_DMABUF_CREATE, &create);
	return ret < 0 ? -errno : ret;
}

long kvmfr_attr(unsigned int minor, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/class/kvmfr/kvmfr%u/%s", minor,
		 name);
	return number_read(path);
}
