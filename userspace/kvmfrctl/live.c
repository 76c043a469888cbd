// SPDX-License-Identifier: GPL-2.0
/* What goes on until Ctrl-C: waiting for events, and drawing over and over. */
#include "live.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t over;
static volatile sig_atomic_t resized;

static void on_signal(int number)
{
	if (number == SIGWINCH)
		resized = 1;
	else
		over = 1;
}

int64_t live_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool live_is_over(void)
{
	return over;
}

/* They are only let through while we wait, so none can come unnoticed. */
static void catch_signals(struct live *live)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGWINCH };
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t block;

	sigemptyset(&block);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		sigaddset(&block, numbers[i]);
		sigaction(numbers[i], &action, NULL);
	}
	sigprocmask(SIG_BLOCK, &block, &live->mask);
}

void live_open(struct live *live, const struct kvmfr_root *root, bool screen)
{
	static const char *const subsystems[] = { "kvmfr",	  "vfio_pm",
						  "module",	  "pci",
						  "power_supply", NULL };

	memset(live, 0, sizeof(*live));
	catch_signals(live);
	/* Without rights or a network namespace of its own: by the clock. */
	if (root->fd < 0 && kvmfr_uevent_open(&live->uevent, subsystems))
		live->uevent = NULL;
	live->screen = screen;
	live->last_ms = live_now_ms();
	/* The other screen, without a cursor. */
	if (screen) {
		fputs("\033[?1049h\033[?25l\033[H\033[2J", stdout);
		fflush(stdout);
	}
}

void live_close(struct live *live)
{
	if (live->screen) {
		fputs("\033[?25h\033[?1049l", stdout);
		fflush(stdout);
	}
	kvmfr_uevent_close(live->uevent);
	sigprocmask(SIG_SETMASK, &live->mask, NULL);
}

/* Whether an event came within @timeout_ms. */
static bool wait_for_event(struct live *live, int64_t timeout_ms)
{
	struct timespec timeout = { timeout_ms / 1000,
				    timeout_ms % 1000 * 1000000 };
	struct pollfd poll = { .fd = -1, .events = POLLIN };
	bool event;

	if (live->uevent)
		poll.fd = kvmfr_uevent_fd(live->uevent);
	event = ppoll(&poll, 1, &timeout, &live->mask) > 0 &&
		kvmfr_uevent_drain(live->uevent);
	if (!resized)
		return event;
	resized = 0;
	return true;
}

bool live_wait(struct live *live, int gap_ms, int period_ms)
{
	int64_t now_ms = live_now_ms();
	bool pending = false;

	while (!over) {
		int64_t until_ms =
			live->last_ms + (pending ? gap_ms : period_ms);

		if (now_ms >= until_ms)
			break;
		if (wait_for_event(live, until_ms - now_ms))
			pending = true;
		now_ms = live_now_ms();
	}
	live->last_ms = now_ms;
	return !over;
}

void live_draw(const struct live *live, const char *text)
{
	struct winsize size = { .ws_row = 24 };
	unsigned int row = 0;

	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	fputs("\033[H", stdout);
	while (*text) {
		size_t length = strcspn(text, "\n");

		/* What does not fit would make the rest scroll. */
		if (size.ws_row && ++row > size.ws_row)
			break;
		if (row > 1)
			fputs("\r\n", stdout);
		fwrite(text, 1, length, stdout);
		fputs("\033[K", stdout);
		text += length + (text[length] == '\n');
	}
	fputs("\033[J", stdout);
	fflush(stdout);
}
