/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a daemon tells systemd about itself, for Type=notify-reload. Nothing
 * happens without libsystemd, or when something else has started the daemon.
 */
#ifndef KVMFR_NOTIFY_H
#define KVMFR_NOTIFY_H

#ifdef HAVE_SYSTEMD

#include <inttypes.h>
#include <systemd/sd-daemon.h>
#include <time.h>

/* At the start, and after each kvmfr_notify_reloading(). */
static inline void kvmfr_notify_ready(void)
{
	sd_notify(0, "READY=1");
}

/* systemd needs the time of it to tell this reload from an earlier one. */
static inline void kvmfr_notify_reloading(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
		   (uint64_t)now.tv_sec * 1000000 +
			   (uint64_t)now.tv_nsec / 1000);
}

/* One line for "systemctl status". */
static inline void kvmfr_notify_status(const char *text)
{
	sd_notifyf(0, "STATUS=%s", text);
}

static inline void kvmfr_notify_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}

#else

static inline void kvmfr_notify_ready(void)
{
}

static inline void kvmfr_notify_reloading(void)
{
}

static inline void kvmfr_notify_status(const char *text)
{
}

static inline void kvmfr_notify_stopping(void)
{
}

#endif

#endif
