/* SPDX-License-Identifier: GPL-2.0 */
/* What goes on until Ctrl-C: waiting for events, and drawing over and over. */
#ifndef KVMFRCTL_LIVE_H
#define KVMFRCTL_LIVE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "root.h"
#include "uevent.h"

/**
 * struct live - something that goes on
 * @uevent: what wakes it, NULL if there is nothing but the clock
 * @screen: the terminal is ours until live_close()
 * @last_ms: when live_wait() returned last, CLOCK_MONOTONIC
 * @mask: signals that were blocked before
 */
struct live {
	struct kvmfr_uevent *uevent;
	bool screen;
	int64_t last_ms;
	sigset_t mask;
};

/*
 * From here on SIGINT, SIGTERM and SIGHUP only end live_wait(). Events are
 * those of this machine, so there are none for another root. With @screen the
 * terminal shows what live_draw() is given and nothing else.
 */
void live_open(struct live *live, const struct kvmfr_root *root, bool screen);
void live_close(struct live *live);

/*
 * Until an event, or @period_ms after the last time; but never sooner than
 * @gap_ms after the last time, however many events there are.
 *
 * Return: false when it shall end.
 */
bool live_wait(struct live *live, int gap_ms, int period_ms);

/* Whether a signal has asked for the end. */
bool live_is_over(void);

/* Shows @text in place of what was there, line by line, so nothing flickers. */
void live_draw(const struct live *live, const char *text);

/* CLOCK_MONOTONIC in milliseconds. */
int64_t live_now_ms(void);

#endif
