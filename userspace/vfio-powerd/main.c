// SPDX-License-Identifier: GPL-2.0
/* vfio-powerd: options, signals, and waiting for something to do. */
#include <argp.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "notify.h"
#include "powerd.h"
#include "uevent.h"

enum { EXIT_USAGE = 2 };

const char *argp_program_version = "vfio-powerd " VERSION;

struct options {
	const char *config;
	const char *root;
	bool once;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'c':
		options->config = text;
		return 0;
	case 'r':
		options->root = text;
		return 0;
	case 'o':
		options->once = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument '%s'", text);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static void parse_options(int argc, char **argv, struct options *options)
{
	static const struct argp_option list[] = {
		{ "config", 'c', "FILE", 0,
		  "settings, instead of /" KVMFR_CONFIG_PATH, 0 },
		{ "once", 'o', NULL, 0, "write the files once and exit", 0 },
		{ "root", 'r', "DIR", 0,
		  "read sysfs and the settings below DIR", 0 },
		{ 0 }
	};
	static const struct argp argp = {
		.options = list,
		.parser = parse,
		.doc = "Reports the power of passed through devices, feeds their meter.",
	};

	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, options);
}

/* The signals that are for us, as a file; they no longer interrupt anything. */
static int open_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &signals, NULL))
		return -errno;
	return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void reload(struct powerd *powerd)
{
	kvmfr_notify_reloading();
	if (!powerd_configure(powerd))
		powerd_log("the settings were read again");
	powerd_refresh_soon(powerd);
	kvmfr_notify_ready();
}

/* False if one of them wants us to end. */
static bool handle_signals(struct powerd *powerd, int fd)
{
	struct signalfd_siginfo info;
	bool hup = false;

	while (read(fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo != SIGHUP)
			return false;
		hup = true;
	}
	if (hup)
		reload(powerd);
	return true;
}

static int poll_timeout(const struct powerd *powerd)
{
	int64_t next_ms = powerd->refresh_ms;

	if (powerd->tick_ms && powerd->tick_ms < next_ms)
		next_ms = powerd->tick_ms;
	next_ms -= powerd_now_ms();
	return next_ms > 0 ? (int)next_ms : 0;
}

static void wait_and_serve(struct powerd *powerd, struct kvmfr_uevent *uevent,
			   struct pollfd pollers[2])
{
	do {
		int count = poll(pollers, 2, poll_timeout(powerd));

		if (count > 0 && pollers[1].revents &&
		    kvmfr_uevent_drain(uevent))
			powerd_refresh_soon(powerd);
		if (powerd_now_ms() >= powerd->refresh_ms)
			powerd_refresh(powerd);
		if (powerd->tick_ms && powerd_now_ms() >= powerd->tick_ms)
			powerd_metering_tick(powerd);
	} while (!pollers[0].revents || handle_signals(powerd, pollers[0].fd));
}

static int run(struct powerd *powerd)
{
	struct pollfd pollers[2] = { { .events = POLLIN },
				     { .events = POLLIN } };
	static const char *const subsystems[] = { "vfio_pm", NULL };
	struct kvmfr_uevent *uevent;
	int ret;

	signal(SIGPIPE, SIG_IGN);
	pollers[0].fd = open_signals();
	if (pollers[0].fd < 0) {
		powerd_log("cannot wait for signals: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	/* Before the first look, so that nothing is missed in between. */
	ret = kvmfr_uevent_open(&uevent, subsystems);
	if (ret) {
		powerd_log("cannot listen to the kernel's events: %s",
			   strerror(-ret));
		close(pollers[0].fd);
		return EXIT_FAILURE;
	}
	pollers[1].fd = kvmfr_uevent_fd(uevent);
	powerd_refresh(powerd);
	kvmfr_notify_ready();
	wait_and_serve(powerd, uevent, pollers);
	kvmfr_notify_stopping();
	powerd_end(powerd);
	kvmfr_uevent_close(uevent);
	close(pollers[0].fd);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct options options = { 0 };
	struct powerd powerd = { 0 };
	int status = EXIT_FAILURE;
	int ret;

	parse_options(argc, argv, &options);
	ret = kvmfr_root_open(&powerd.root, options.root);
	if (ret) {
		powerd_log("cannot open '%s': %s", options.root,
			   strerror(-ret));
		return EXIT_FAILURE;
	}
	powerd.config_path = options.config;
	if (!powerd_configure(&powerd)) {
		if (!options.once)
			status = run(&powerd);
		else if (powerd_refresh(&powerd))
			status = EXIT_SUCCESS;
	}
	powerd_free(&powerd);
	return status;
}
