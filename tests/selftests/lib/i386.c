// SPDX-License-Identifier: GPL-2.0
/* System calls as 32-bit programs make them. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "i386.h"

#define I386_NR_GETPID 20
#define I386_NR_IOCTL 54

static long i386_call(long nr, unsigned long arg1, unsigned long arg2,
		      unsigned long arg3)
{
	long ret;

	asm volatile("int $0x80"
		     : "=a"(ret)
		     : "a"(nr), "b"(arg1), "c"(arg2), "d"(arg3)
		     : "memory", "r8", "r9", "r10", "r11");
	return (int)ret;
}

static void not_there(int number)
{
	(void)number;
	_exit(1);
}

/*
 * A kernel without them answers with SIGSEGV, and a line in its log unless
 * somebody handles that.
 */
bool i386_supported(void)
{
	int status;
	pid_t child;

	child = fork();
	if (!child) {
		signal(SIGSEGV, not_there);
		_exit(i386_call(I386_NR_GETPID, 0, 0, 0) != getpid());
	}
	return waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	       !WEXITSTATUS(status);
}

long i386_ioctl(int fd, unsigned long request, const void *argument)
{
	return i386_call(I386_NR_IOCTL, fd, request, (uintptr_t)argument);
}
