// SPDX-License-Identifier: GPL-2.0
/*
 * QEMU's human monitor, reached from inside the VM through a port of
 * virtio-serial, which is no terminal and echoes nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kvmfr_test.h"

#define MONITOR_PORT "/dev/vport0p1"
#define MONITOR_PROMPT "(qemu) "
#define MONITOR_TIMEOUT_MS 20000
#define MONITOR_TEXT 65536

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Everything up to and including the next prompt. Length or -errno. */
static long monitor_read(int port, char *text, size_t size)
{
	struct pollfd ready = { .fd = port, .events = POLLIN };
	long long end = now_ms() + MONITOR_TIMEOUT_MS;
	const size_t prompt = strlen(MONITOR_PROMPT);
	size_t length = 0;
	long long left;
	ssize_t got;

	while ((left = end - now_ms()) > 0 && length < size - 1) {
		if (poll(&ready, 1, left) <= 0)
			continue;
		got = read(port, text + length, size - 1 - length);
		if (got < 0)
			return -errno;
		length += got;
		text[length] = '\0';
		if (length >= prompt &&
		    !strcmp(text + length - prompt, MONITOR_PROMPT))
			return length;
	}
	return length < size - 1 ? -ETIMEDOUT : -EMSGSIZE;
}

/*
 * An empty line makes the monitor prompt again, whatever was on the line or in
 * flight before (the banner of a fresh monitor ends in a prompt of its own).
 */
static int monitor_sync(int port, char *text, size_t size)
{
	struct pollfd ready = { .fd = port, .events = POLLIN };
	long length;

	if (write(port, "\n", 1) != 1)
		return -EIO;
	do {
		length = monitor_read(port, text, size);
		if (length < 0)
			return length;
	} while (poll(&ready, 1, 200) > 0);
	return 0;
}

static bool monitor_refused(const char *reply)
{
	return !strncmp(reply, "Error", 5) || strstr(reply, "\nError") ||
	       !strncmp(reply, "unknown command", 15) ||
	       strstr(reply, "Try \"help");
}

int monitor_command(const char *command, char *reply, size_t size)
{
	static char text[MONITOR_TEXT];
	char *start, *end;
	long ret;
	int port;

	port = open(MONITOR_PORT, O_RDWR | O_CLOEXEC);
	if (port < 0)
		return -errno;

	ret = monitor_sync(port, text, sizeof(text));
	if (!ret && dprintf(port, "%s\n", command) < 0)
		ret = -EIO;
	if (!ret)
		ret = monitor_read(port, text, sizeof(text));
	close(port);
	if (ret < 0)
		return ret;

	/* The command's echo is the first line, the new prompt the last. */
	start = strchr(text, '\n');
	end = text + strlen(text) - strlen(MONITOR_PROMPT);
	if (!start || ++start > end)
		return -EPROTO;
	*end = '\0';
	if (reply)
		snprintf(reply, size, "%s", start);
	return monitor_refused(start) ? -EIO : 0;
}
