// SPDX-License-Identifier: GPL-2.0
/* kvmfrd: keeps /dev/kvmfr* usable by the right people, as /etc/kvmfr.conf says. */
#include <argp.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "access.h"
#include "daemon.h"
#include "log.h"
#include "notify.h"

const char *argp_program_version = "kvmfrd " VERSION;

struct options {
	const char *config;
	bool once;
	bool check;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'c':
		options->config = text;
		return 0;
	case '1':
		options->once = true;
		return 0;
	case 'n':
		options->check = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "there are no arguments, not '%s' either",
			   text);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static void wait_until(int64_t then)
{
	int64_t left = then - now_ms();
	struct timespec time = { left / 1000, left % 1000 * 1000000 };

	if (left > 0)
		nanosleep(&time, NULL);
}

/* A node that is missing is looked at again, so this takes a second at most. */
static int run_once(struct daemon *daemon)
{
	nodes_look(daemon, false);
	for (int i = 0; daemon->look_ms && i < 4; i++) {
		wait_until(daemon->look_ms);
		nodes_look(daemon, false);
	}
	return daemon->troubles || daemon->look_ms ? EXIT_FAILURE :
						     EXIT_SUCCESS;
}

static void reload(struct daemon *daemon)
{
	kvmfr_notify_reloading();
	if (settings_load(daemon->config, &daemon->settings))
		watch_seat(daemon);
	else
		log_error("the settings from before stay in force");
	nodes_forget(daemon);
	nodes_look(daemon, false);
	kvmfr_notify_ready();
}

/* False when it is time to end. */
static bool handle_signal(struct daemon *daemon, int signals)
{
	struct signalfd_siginfo info;

	while (read(signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo != SIGHUP)
			return false;
		reload(daemon);
	}
	return true;
}

static int timeout(const struct daemon *daemon)
{
	int64_t left;

	if (!daemon->look_ms)
		return -1;
	left = daemon->look_ms - now_ms();
	return left > 0 ? (int)left : 0;
}

static int loop(struct daemon *daemon, int signals)
{
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = signals, .events = POLLIN },
			{ .fd = daemon->inotify, .events = POLLIN },
			{ .fd = daemon->events ?
					kvmfr_uevent_fd(daemon->events) :
					-1,
			  .events = POLLIN },
		};

		if (poll(fds, sizeof(fds) / sizeof(*fds), timeout(daemon)) <
			    0 &&
		    errno != EINTR) {
			log_error("cannot wait for events: %s",
				  strerror(errno));
			return EXIT_FAILURE;
		}
		if (fds[0].revents && !handle_signal(daemon, signals))
			return EXIT_SUCCESS;
		if (fds[1].revents)
			watch_read(daemon);
		if (fds[2].revents)
			events_read(daemon);
		if (daemon->look_ms && now_ms() >= daemon->look_ms)
			nodes_look(daemon, true);
	}
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* First listen, then look: nothing that happens in between is lost. */
static int run(struct daemon *daemon)
{
	int signals = open_signals();
	int ret = signals < 0 ? -errno : 0;

	signal(SIGPIPE, SIG_IGN); /* of whoever reads what we say */
	if (!ret)
		ret = watch_open(daemon);
	if (!ret)
		ret = events_open(daemon);
	if (ret) {
		log_error("cannot listen for events: %s", strerror(-ret));
		return EXIT_FAILURE;
	}
	watch_seat(daemon);
	nodes_look(daemon, false);
	kvmfr_notify_ready();
	ret = loop(daemon, signals);
	kvmfr_notify_stopping();
	kvmfr_uevent_close(daemon->events);
	close(daemon->inotify);
	close(signals);
	return ret;
}

int main(int argc, char **argv)
{
	static const struct argp_option list[] = {
		{ "config", 'c', "FILE", 0,
		  "read FILE instead of /etc/kvmfr.conf", 0 },
		{ "once", '1', NULL, 0, "set all nodes right and end", 0 },
		{ "check", 'n', NULL, 0,
		  "only check the file, say nothing if it is good", 0 },
		{ 0 }
	};
	static const struct argp argp = {
		.options = list,
		.parser = parse,
		.doc = "Keeps /dev/kvmfr* usable by the right people, see kvmfr.conf(5).",
	};
	static struct daemon daemon = {
		.root = { .fd = -1 },
		.inotify = -1,
		.seat_watch = -1,
		.seat = ACCESS_NOBODY,
	};
	struct options options = { 0 };

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, &options);
	daemon.config = options.config;
	if (!settings_load(options.config, &daemon.settings))
		return EXIT_FAILURE;
	if (options.check)
		return EXIT_SUCCESS;
	nodes_init(&daemon);
	return options.once ? run_once(&daemon) : run(&daemon);
}
