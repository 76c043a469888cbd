// SPDX-License-Identifier: GPL-2.0
/* Files that are never seen half written. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_fully(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t put = write(fd, data, size);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		data += put;
		size -= (size_t)put;
	}
	return 0;
}

static int fill(int fd, const void *data, size_t size, mode_t mode, bool sync)
{
	int ret = write_fully(fd, data, size);

	if (ret)
		return ret;
	if (fchmod(fd, mode) || (sync && fsync(fd)))
		return -errno;
	return 0;
}

/* The directory's entry is what the rename() changed. */
static int sync_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char directory[PATH_MAX] = ".";
	int ret;
	int fd;

	if (slash)
		snprintf(directory, sizeof(directory), "%.*s",
			 slash == path ? 1 : (int)(slash - path), path);
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* Not every file system has it. */
	ret = fsync(fd) && errno != EINVAL ? -errno : 0;
	close(fd);
	return ret;
}

static int replace(const char *path, const void *data, size_t size, mode_t mode,
		   bool sync)
{
	char temporary[PATH_MAX];
	struct stat st;
	int ret;
	int fd;

	/* Never /dev/null, which is everybody's, a FIFO or a socket. */
	if (!lstat(path, &st) && !S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EEXIST;
	if (snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >=
	    (int)sizeof(temporary))
		return -ENAMETOOLONG;
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = fill(fd, data, size, mode, sync);
	if (close(fd) && !ret)
		ret = -errno;
	if (!ret && rename(temporary, path))
		ret = -errno;
	if (ret) {
		unlink(temporary);
		return ret;
	}
	return sync ? sync_directory(path) : 0;
}

int kvmfr_file_replace(const char *path, const void *data, size_t size,
		       mode_t mode)
{
	return replace(path, data, size, mode, true);
}

int kvmfr_file_publish(const char *path, const void *data, size_t size,
		       mode_t mode)
{
	return replace(path, data, size, mode, false);
}
