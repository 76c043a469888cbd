// SPDX-License-Identifier: GPL-2.0
/* Small text files below a root directory. */
#include "root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RENAMES_MOST 100 /* a few in a thousand meet one */

int kvmfr_root_open(struct kvmfr_root *root, const char *path)
{
	root->fd = -1;
	if (!path || !*path || !strcmp(path, "/"))
		return 0;
	root->fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root->fd < 0 ? -errno : 0;
}

void kvmfr_root_close(struct kvmfr_root *root)
{
	if (root->fd >= 0)
		close(root->fd);
	root->fd = -1;
}

/* The path with a leading slash. */
__attribute__((format(printf, 2, 0))) static int
make_path(char path[PATH_MAX], const char *format, va_list args)
{
	int length;

	path[0] = '/';
	length = vsnprintf(path + 1, PATH_MAX - 1, format, args);
	if (length < 0)
		return -EINVAL;
	return length < PATH_MAX - 1 ? 0 : -ENAMETOOLONG;
}

/* openat2() gives up a path with ".." while anything is renamed anywhere. */
static int open_in_root(int root, const char *path, const struct open_how *how)
{
	int tries = RENAMES_MOST;
	long fd;

	do
		fd = syscall(SYS_openat2, root, path, how, sizeof(*how));
	while (fd < 0 && errno == EAGAIN && --tries);
	return (int)fd;
}

static int open_path(const struct kvmfr_root *root, const char *path, int flags)
{
	struct open_how how = { .resolve = RESOLVE_IN_ROOT };
	int fd;

	/* A FIFO where a file is expected must not stop us. */
	if (!(flags & O_PATH))
		flags |= O_NONBLOCK | O_NOCTTY;
	how.flags = (unsigned int)(flags | O_CLOEXEC);
	if (root->fd < 0)
		fd = open(path, (int)how.flags);
	else
		fd = open_in_root(root->fd, path, &how);
	return fd < 0 ? -errno : fd;
}

static int vopen(const struct kvmfr_root *root, int flags, const char *format,
		 va_list args) __attribute__((format(printf, 3, 0)));

static int vopen(const struct kvmfr_root *root, int flags, const char *format,
		 va_list args)
{
	char path[PATH_MAX];
	int ret = make_path(path, format, args);

	return ret ? ret : open_path(root, path, flags);
}

int kvmfr_open(const struct kvmfr_root *root, int flags, const char *format,
	       ...)
{
	va_list args;
	int fd;

	va_start(args, format);
	fd = vopen(root, flags, format, args);
	va_end(args);
	return fd;
}

static int stat_fd(int fd, struct stat *st)
{
	int ret;

	if (fd < 0)
		return fd;
	ret = fstat(fd, st) ? -errno : 0;
	close(fd);
	return ret;
}

int kvmfr_stat(const struct kvmfr_root *root, struct stat *st,
	       const char *format, ...)
{
	va_list args;
	int fd;

	va_start(args, format);
	fd = vopen(root, O_PATH, format, args);
	va_end(args);
	return stat_fd(fd, st);
}

int kvmfr_lstat(const struct kvmfr_root *root, struct stat *st,
		const char *format, ...)
{
	va_list args;
	int fd;

	va_start(args, format);
	fd = vopen(root, O_PATH | O_NOFOLLOW, format, args);
	va_end(args);
	return stat_fd(fd, st);
}

bool kvmfr_exists(const struct kvmfr_root *root, const char *format, ...)
{
	va_list args;
	int fd;

	va_start(args, format);
	fd = vopen(root, O_PATH, format, args);
	va_end(args);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* Up to @size bytes until the end of the file. */
static ssize_t read_fully(int fd, char *text, size_t size)
{
	size_t length = 0;

	while (length < size) {
		ssize_t got = read(fd, text + length, size - length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			break;
		length += (size_t)got;
	}
	return (ssize_t)length;
}

/* @size counts the NUL. */
static int read_text(int fd, char *text, size_t size)
{
	ssize_t length = read_fully(fd, text, size);

	if (length < 0)
		return (int)length;
	if ((size_t)length == size)
		return -EFBIG;
	if (memchr(text, '\0', (size_t)length))
		return -EILSEQ;
	if (length && text[length - 1] == '\n')
		length--;
	text[length] = '\0';
	return (int)length;
}

static int vread(const struct kvmfr_root *root, char *text, size_t size,
		 const char *format, va_list args)
	__attribute__((format(printf, 4, 0)));

static int vread(const struct kvmfr_root *root, char *text, size_t size,
		 const char *format, va_list args)
{
	int fd = vopen(root, O_RDONLY, format, args);
	int ret;

	if (fd < 0)
		return fd;
	ret = read_text(fd, text, size);
	close(fd);
	return ret;
}

int kvmfr_read(const struct kvmfr_root *root, char *text, size_t size,
	       const char *format, ...)
{
	va_list args;
	int ret;

	va_start(args, format);
	ret = vread(root, text, size, format, args);
	va_end(args);
	if (ret < 0)
		text[0] = '\0';
	return ret;
}

int kvmfr_read_all(const struct kvmfr_root *root, char **text, size_t limit,
		   const char *format, ...)
{
	char *buffer = malloc(limit + 1);
	va_list args;
	int ret;

	*text = NULL;
	if (!buffer)
		return -ENOMEM;
	va_start(args, format);
	ret = vread(root, buffer, limit + 1, format, args);
	va_end(args);
	if (ret < 0)
		free(buffer);
	else
		*text = buffer;
	return ret;
}

int kvmfr_parse_s64(const char *text, int64_t *value)
{
	const char *digits = text + (*text == '-');
	bool hexadecimal = digits[0] == '0' &&
			   (digits[1] == 'x' || digits[1] == 'X');
	char *end;
	long long number;

	if (hexadecimal)
		digits += 2;
	if (!*digits ||
	    strspn(digits, hexadecimal ? "0123456789abcdefABCDEF" :
					 "0123456789") != strlen(digits))
		return -EINVAL;
	errno = 0;
	number = strtoll(text, &end, hexadecimal ? 16 : 10);
	if (errno)
		return -errno;
	*value = number;
	return 0;
}

int kvmfr_read_s64(const struct kvmfr_root *root, int64_t *value,
		   const char *format, ...)
{
	char text[64];
	va_list args;
	int ret;

	va_start(args, format);
	ret = vread(root, text, sizeof(text), format, args);
	va_end(args);
	if (ret < 0)
		return ret == -EFBIG ? -EINVAL : ret;
	return kvmfr_parse_s64(text, value);
}

int kvmfr_write(const struct kvmfr_root *root, const char *text,
		const char *format, ...)
{
	size_t length = strlen(text);
	va_list args;
	ssize_t put;
	int ret = 0;
	int fd;

	va_start(args, format);
	fd = vopen(root, O_WRONLY, format, args);
	va_end(args);
	if (fd < 0)
		return fd;
	put = write(fd, text, length);
	if (put < 0)
		ret = -errno;
	else if ((size_t)put != length)
		ret = -EIO;
	close(fd);
	return ret;
}

int kvmfr_link(const struct kvmfr_root *root, char *name, size_t size,
	       const char *format, ...)
{
	char target[PATH_MAX];
	const char *last;
	va_list args;
	ssize_t length;
	int fd;

	va_start(args, format);
	fd = vopen(root, O_PATH | O_NOFOLLOW, format, args);
	va_end(args);
	if (fd < 0)
		return fd;
	length = readlinkat(fd, "", target, sizeof(target) - 1);
	if (length < 0)
		length = errno == ENOENT ? -EINVAL : -errno; /* not a link */
	close(fd);
	if (length < 0)
		return (int)length;
	target[length] = '\0';
	last = strrchr(target, '/');
	last = last ? last + 1 : target;
	if (strlen(last) >= size)
		return -ENAMETOOLONG;
	strcpy(name, last);
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

static int add_name(struct kvmfr_names *names, const char *name)
{
	char **grown =
		reallocarray(names->name, names->count + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	names->name = grown;
	grown[names->count] = strdup(name);
	if (!grown[names->count])
		return -ENOMEM;
	names->count++;
	return 0;
}

static int list_directory(DIR *directory, struct kvmfr_names *names)
{
	struct dirent *entry;
	int ret = 0;

	while (!ret) {
		errno = 0;
		entry = readdir(directory);
		if (!entry)
			return -errno;
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			ret = add_name(names, entry->d_name);
	}
	return ret;
}

int kvmfr_list(const struct kvmfr_root *root, struct kvmfr_names *names,
	       const char *format, ...)
{
	DIR *directory;
	va_list args;
	int ret;
	int fd;

	memset(names, 0, sizeof(*names));
	va_start(args, format);
	fd = vopen(root, O_RDONLY | O_DIRECTORY, format, args);
	va_end(args);
	if (fd < 0)
		return fd;
	directory = fdopendir(fd);
	if (!directory) {
		ret = -errno;
		close(fd);
		return ret;
	}
	ret = list_directory(directory, names);
	closedir(directory);
	if (ret)
		kvmfr_names_free(names);
	else if (names->count)
		qsort(names->name, names->count, sizeof(*names->name),
		      compare_names);
	return ret;
}

void kvmfr_names_free(struct kvmfr_names *names)
{
	while (names->count)
		free(names->name[--names->count]);
	free(names->name);
	names->name = NULL;
}
