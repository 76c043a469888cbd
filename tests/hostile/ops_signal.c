// SPDX-License-Identifier: GPL-2.0
/* Signals that come in the middle of something. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

#define EVERY_NS 20000000

static void nothing(int number)
{
	(void)number;
}

/* Calls are not restarted. Only who asks for one gets it, and what he does then. */
int signal_init(void)
{
	const struct sigaction handler = { .sa_handler = nothing };
	sigset_t alarm_only;

	if (sigaction(SIGALRM, &handler, NULL))
		return -errno;
	sigemptyset(&alarm_only);
	sigaddset(&alarm_only, SIGALRM);
	return sigprocmask(SIG_BLOCK, &alarm_only, NULL) ? -errno : 0;
}

static void let_in(void)
{
	sigset_t alarm_only;

	sigemptyset(&alarm_only);
	sigaddset(&alarm_only, SIGALRM);
	pthread_sigmask(SIG_UNBLOCK, &alarm_only, NULL);
}

static int op_alarm(const uint32_t *arg)
{
	struct itimerval once = { .it_value.tv_usec = 1 + arg[0] % 5000 };

	let_in();
	return result(setitimer(ITIMER_REAL, &once, NULL));
}

static int open_until(timer_t timer, const char *path, long first_ns)
{
	const struct itimerspec again = {
		.it_value.tv_nsec = first_ns,
		.it_interval.tv_nsec = EVERY_NS,
	};

	if (timer_settime(timer, 0, &again, NULL))
		return -1;
	return open(path, O_RDWR | O_CLOEXEC);
}

/* Waits for memory that is not zero yet, until its own signal says to stop. */
static int op_open_wait(const uint32_t *arg)
{
	static const char *const nodes[] = { "/dev/kvmfr0", "/dev/kvmfr0",
					     "/dev/kvmfr2", "/dev/kvmfr3" };
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD_ID,
		.sigev_signo = SIGALRM,
	};
	timer_t timer;
	int fd, error;

	event._sigev_un._tid = gettid();
	if (timer_create(CLOCK_MONOTONIC, &event, &timer))
		return -errno;
	let_in();
	fd = open_until(timer, nodes[arg[1] % 4], 1 + arg[2] % EVERY_NS);
	error = errno;
	timer_delete(timer);
	errno = error;
	return state_keep(arg[0], fd);
}

const struct fuzz_op fuzz_signal_ops[] = {
	{ "alarm", 5, op_alarm },
	{ "open_wait", 5, op_open_wait },
	{},
};
