// SPDX-License-Identifier: GPL-2.0
/* Devices that come and go. */
#include <stddef.h>
#include <unistd.h>

#include "daemon.h"
#include "log.h"

static bool udevd_runs(void)
{
	return !access("/run/udev/control", F_OK);
}

int events_open(struct daemon *daemon)
{
	static const char *const subsystems[] = { "kvmfr", NULL };

	daemon->udevd = udevd_runs();
	return kvmfr_uevent_open(&daemon->events, subsystems);
}

/* What happened is not asked: what there is now decides, so none can be lost. */
void events_read(struct daemon *daemon)
{
	if (!kvmfr_uevent_drain(daemon->events))
		return;
	if (!daemon->udevd && udevd_runs()) {
		/* From now on its rules have the first word, and we the last. */
		kvmfr_uevent_close(daemon->events);
		if (events_open(daemon))
			log_error("cannot listen to udevd; restart kvmfrd");
	}
	nodes_retry(daemon);
	nodes_look(daemon, false);
}
