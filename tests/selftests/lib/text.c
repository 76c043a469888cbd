// SPDX-License-Identifier: GPL-2.0
/* Small text files of /proc and /sys. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kvmfr_test.h"

long text_read(const char *path, char *text, size_t size)
{
	ssize_t length;
	int fd, error;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;

	length = read(fd, text, size - 1);
	error = errno;
	close(fd);
	if (length < 0)
		return -error;

	if (length > 0 && text[length - 1] == '\n')
		length--;
	text[length] = '\0';
	return length;
}

long text_write(const char *path, const char *text)
{
	ssize_t length;
	int fd, error;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;

	length = write(fd, text, strlen(text));
	error = errno;
	close(fd);
	return length < 0 ? -error : length;
}

long number_read(const char *path)
{
	char text[64], *end;
	long length, number;

	length = text_read(path, text, sizeof(text));
	if (length < 0)
		return length;

	errno = 0;
	number = strtol(text, &end, 10);
	if (errno || end == text || *end)
		return -EINVAL;
	return number;
}
