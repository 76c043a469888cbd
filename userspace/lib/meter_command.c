// SPDX-License-Identifier: GPL-2.0
/* A power meter that is a program. */
#include "meter.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Longer than any number that is one. */
#define OUTPUT_MAX 64

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* In a process group of its own, with default signals, none of them blocked. */
static int set_attributes(posix_spawnattr_t *attributes)
{
	const short flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
			    POSIX_SPAWN_SETSIGDEF;
	sigset_t none, all;
	int ret;

	sigemptyset(&none);
	sigfillset(&all);
	ret = posix_spawnattr_setflags(attributes, flags);
	if (!ret)
		ret = posix_spawnattr_setsigmask(attributes, &none);
	if (!ret)
		ret = posix_spawnattr_setsigdefault(attributes, &all);
	return ret;
}

static int set_files(posix_spawn_file_actions_t *files, int output)
{
	int ret = posix_spawn_file_actions_addopen(files, STDIN_FILENO,
						   "/dev/null", O_RDONLY, 0);

	if (ret)
		return ret;
	return posix_spawn_file_actions_adddup2(files, output, STDOUT_FILENO);
}

static int spawn(char *const *command, int output, pid_t *pid)
{
	char *const environment[] = {
		(char *)"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		(char *)"LC_ALL=C.UTF-8",
		NULL,
	};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	int ret;

	ret = posix_spawn_file_actions_init(&files);
	if (ret)
		return -ret;
	ret = posix_spawnattr_init(&attributes);
	if (ret) {
		posix_spawn_file_actions_destroy(&files);
		return -ret;
	}
	ret = set_attributes(&attributes);
	if (!ret)
		ret = set_files(&files, output);
	if (!ret)
		ret = posix_spawn(pid, command[0], &files, &attributes, command,
				  environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return -ret;
}

/* Reads until the last process that has the other end is gone. */
static int collect(int fd, int64_t deadline_ms, char output[OUTPUT_MAX])
{
	size_t size = 0;

	for (;;) {
		struct pollfd poller = { .fd = fd, .events = POLLIN };
		int64_t left = deadline_ms - now_ms();
		ssize_t got;

		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&poller, 1, (int)left) <= 0)
			continue;
		got = read(fd, output + size, OUTPUT_MAX - size);
		if (got < 0)
			return -errno;
		if (!got)
			break;
		size += (size_t)got;
		if (size == OUTPUT_MAX)
			return -EINVAL;
	}
	if (size && output[size - 1] == '\n')
		size--;
	output[size] = '\0';
	return strlen(output) == size ? 0 : -EINVAL;
}

/* It may have closed its output and go on: then it has until the deadline. */
static int reap(pid_t pid, int64_t deadline_ms, int ret)
{
	int status = 0;
	siginfo_t info;
	pid_t reaped;

	while (!ret) {
		info.si_pid = 0;
		if (waitid(P_PID, (id_t)pid, &info,
			   WEXITED | WNOHANG | WNOWAIT) ||
		    info.si_pid)
			break;
		if (now_ms() >= deadline_ms)
			ret = -ETIMEDOUT;
		else
			poll(NULL, 0, 10);
	}
	/* While it is not reaped nobody else can have its number. */
	kill(-pid, SIGKILL);
	while ((reaped = waitpid(pid, &status, 0)) < 0 && errno == EINTR)
		;
	if (!ret && reaped < 0)
		ret = -errno;
	if (!ret && (!WIFEXITED(status) || WEXITSTATUS(status)))
		ret = -ECHILD;
	return ret;
}

static int run(char *const *command, int64_t deadline_ms,
	       char output[OUTPUT_MAX])
{
	int fds[2];
	pid_t pid;
	int ret;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	ret = spawn(command, fds[1], &pid);
	close(fds[1]);
	if (!ret)
		ret = reap(pid, deadline_ms,
			   collect(fds[0], deadline_ms, output));
	close(fds[0]);
	return ret;
}

int kvmfr_meter_run(char *const *command, int timeout_ms, int64_t *power_uw)
{
	const struct sigaction usual = { .sa_handler = SIG_DFL };
	struct sigaction before;
	char output[OUTPUT_MAX];
	int ret;

	/* Where it is ignored nobody learns how a child has ended. */
	sigaction(SIGCHLD, &usual, &before);
	ret = run(command, now_ms() + timeout_ms, output);
	sigaction(SIGCHLD, &before, NULL);
	if (ret)
		return ret;
	/* Strict, and not hexadecimal: that is for files of the kernel. */
	if (strspn(output, "0123456789") != strlen(output))
		return -EINVAL;
	return kvmfr_parse_s64(output, power_uw);
}
