// SPDX-License-Identifier: GPL-2.0
/*
 * The same thing again and again: kvmfr_long WHAT ROUNDS
 *
 *   load     the module is loaded, its node opened, the module unloaded
 *   create   a dma-buf is made and closed
 *   session  a process uses the device as the client does, and ends or is killed
 *
 * Says about every ten seconds how far it is; what is left behind is for others
 * to see. The last two need a loaded module.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dmabuf_test.h"
#include "ivshmem.h"
#include "kvmfr_test.h"

#define PAGE 4096UL
#define FRAMES 2
#define FRAME_SIZE (75 * PAGE) /* 320 x 240 x 4 */
#define REPORT_MS 10000

/**
 * enum ending - how a session ends
 * @ENDING_EXIT: by itself, with everything open
 * @ENDING_KILLED: killed, with everything open
 * @ENDING_EARLY: killed while it is at it
 * @ENDINGS: how many there are
 */
enum ending {
	ENDING_EXIT,
	ENDING_KILLED,
	ENDING_EARLY,
	ENDINGS,
};

static int load_round(unsigned long round)
{
	int fd, ret;

	(void)round;
	ret = kvmfr_load("static_size_mb=2");
	if (ret)
		return ret;
	fd = kvmfr_open(0, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return fd;
	ret = kvmfr_size(fd) == 2 * MIB ? 0 : -EPROTO;
	close(fd);
	return ret ? ret : kvmfr_unload();
}

/* Another part of the device each time. */
static int create_round(unsigned long round)
{
	static int device = -1;
	int dmabuf;

	if (device < 0)
		device = kvmfr_open(0, O_RDWR | O_CLOEXEC);
	if (device < 0)
		return device;
	dmabuf = kvmfr_create(device, round % 512 * PAGE,
			      (1 + round % 100) * PAGE, 0);
	if (dmabuf < 0)
		return dmabuf;
	return close(dmabuf) ? -errno : 0;
}

/* What is written through the dma-buf of a frame is there in the device. */
static int frame_map(int device, unsigned char *whole, unsigned int number)
{
	size_t offset = (3 + number * 76) * PAGE, last = FRAME_SIZE - 1;
	int dmabuf = kvmfr_create(device, offset, FRAME_SIZE, 0);
	unsigned char *frame;

	if (dmabuf < 0)
		return dmabuf;
	frame = map_shared(dmabuf, FRAME_SIZE);
	if (!frame)
		return -errno;
	whole[offset + last] = 0;
	frame[0] = 1 + number;
	frame[last] = 2 + number;
	return whole[offset] == 1 + number &&
			       whole[offset + last] == 2 + number ?
		       0 :
		       -EIO;
}

/* Whatever is open at the end stays so. */
static int session(void)
{
	int device = kvmfr_open(0, O_RDWR);
	unsigned char *whole;
	unsigned int number;
	long size;
	int ret;

	if (device < 0)
		return device;
	size = kvmfr_size(device);
	if (size < 0)
		return size;
	whole = map_shared(device, size);
	if (!whole)
		return -errno;
	for (number = 0; number < FRAMES; number++) {
		ret = frame_map(device, whole, number);
		if (ret)
			return ret;
	}
	return 0;
}

/* The session's process: tells by the pipe that it has got everything. */
static void session_run(int ready, enum ending ending)
{
	int ret = session();

	if (ret)
		_exit(-ret);
	if (write(ready, "", 1) != 1)
		_exit(EPIPE);
	while (ending != ENDING_EXIT)
		pause();
	_exit(0);
}

/* The child is gone; did it go as it should? */
static int session_wait(pid_t child, bool killed)
{
	int status;

	if (waitpid(child, &status, 0) != child)
		return -errno;
	if (WIFEXITED(status) && WEXITSTATUS(status))
		return -WEXITSTATUS(status);
	if (killed)
		return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ?
			       0 :
			       -EPROTO;
	return WIFEXITED(status) ? 0 : -EPROTO;
}

static int session_round(unsigned long round)
{
	enum ending ending = round % ENDINGS;
	int ready[2], ret;
	char byte;
	pid_t child;

	if (pipe2(ready, O_CLOEXEC))
		return -errno;
	child = fork();
	if (child < 0)
		return -errno;
	if (!child)
		session_run(ready[1], ending);
	close(ready[1]);
	if (ending == ENDING_EARLY)
		usleep(round % 40 * 50);
	else if (read(ready[0], &byte, 1) < 0)
		return -errno;
	if (ending != ENDING_EXIT)
		kill(child, SIGKILL);
	ret = session_wait(child, ending != ENDING_EXIT);
	close(ready[0]);
	return ret;
}

static const struct {
	const char *name;
	int (*round)(unsigned long round);
} subjects[] = {
	{ "load", load_round },
	{ "create", create_round },
	{ "session", session_round },
};

static int repeat(const char *name, int (*round)(unsigned long round),
		  unsigned long rounds)
{
	long long start = clock_ms(), said = start, now;
	unsigned long i;
	int ret;

	for (i = 0; i < rounds; i++) {
		ret = round(i);
		if (ret) {
			printf("# %s: round %lu of %lu: %s\n", name, i + 1,
			       rounds, strerror(-ret));
			return 1;
		}
		now = clock_ms();
		if (now - said < REPORT_MS)
			continue;
		said = now;
		printf("# %s: %lu of %lu, %lld s\n", name, i + 1, rounds,
		       (now - start) / 1000);
		fflush(stdout);
	}
	printf("# %s: %lu in %lld s\n", name, rounds,
	       (clock_ms() - start) / 1000);
	return 0;
}

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; argc == 3 && i < sizeof(subjects) / sizeof(subjects[0]);
	     i++)
		if (!strcmp(argv[1], subjects[i].name))
			return repeat(argv[1], subjects[i].round,
				      strtoul(argv[2], NULL, 10));
	fprintf(stderr, "usage: kvmfr_long load|create|session ROUNDS\n");
	return 2;
}
