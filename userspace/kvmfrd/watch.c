// SPDX-License-Identifier: GPL-2.0
/* inotify: changes of nodes that are no events, and of who sits at the machine. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "daemon.h"
#include "log.h"
#include "seat.h"

int watch_open(struct daemon *daemon)
{
	daemon->seat_watch = -1;
	daemon->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	return daemon->inotify < 0 ? -errno : 0;
}

/* What @fd, which may be O_PATH, stands for is what is watched from now on. */
void watch_node(struct daemon *daemon, struct node *node, int fd, bool file)
{
	uint32_t mask = IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;
	char path[32];
	int watch;

	if (daemon->inotify < 0)
		return;
	/* A file in the node's place can go when the last one closes it. */
	if (file)
		mask |= IN_CLOSE;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	watch = inotify_add_watch(daemon->inotify, path, mask);
	if (node->watch >= 0 && node->watch != watch)
		inotify_rm_watch(daemon->inotify, node->watch);
	node->watch = watch;
}

static int add_directory(struct daemon *daemon, const char *path)
{
	return inotify_add_watch(daemon->inotify, path, IN_CREATE | IN_MOVED_TO | IN_DELETE |
				 IN_CLOSE_WRITE | IN_ONLYDIR);
}

/*
 * The directory of the seats, or the nearest one above it: systemd-logind may
 * come later. After each step up, the way down is tried again, because it may
 * have been made in between.
 */
void watch_seat(struct daemon *daemon)
{
	static const char *const paths[] = { "/" KVMFR_SEAT_DIRECTORY, "/run/systemd", "/run" };
	int watch = -1;

	if (daemon->inotify < 0 || !daemon->settings.seat)
		return;
	for (size_t i = 0; watch < 0 && i < sizeof(paths) / sizeof(*paths); i++) {
		watch = add_directory(daemon, paths[i]);
		if (watch >= 0 && i && !access(paths[i - 1], F_OK)) {
			inotify_rm_watch(daemon->inotify, watch);
			watch = add_directory(daemon, paths[i - 1]);
		}
	}
	if (daemon->seat_watch >= 0 && daemon->seat_watch != watch)
		inotify_rm_watch(daemon->inotify, daemon->seat_watch);
	daemon->seat_watch = watch;
}

/* systemd-logind writes other names first, which say nothing yet. */
static bool seat_changed(struct daemon *daemon, const struct inotify_event *event)
{
	static const char *const names[] = { KVMFR_SEAT_NAME, "seats", "systemd" };

	if (event->wd != daemon->seat_watch)
		return false;
	if (event->mask & IN_IGNORED) {
		daemon->seat_watch = -1;
		return true;
	}
	for (size_t i = 0; event->len && i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(event->name, names[i]))
			return true;
	return false;
}

static void node_changed(struct daemon *daemon, const struct inotify_event *event)
{
	for (int i = 0; i < KVMFR_DEVICES_MAX; i++) {
		if (event->wd != daemon->nodes[i].watch)
			continue;
		if (event->mask & IN_IGNORED)
			daemon->nodes[i].watch = -1;
		nodes_look_later(daemon);
	}
	if (event->mask & IN_Q_OVERFLOW)
		nodes_look_later(daemon);
}

void watch_read(struct daemon *daemon)
{
	char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	bool seat = false;
	ssize_t size;

	while ((size = read(daemon->inotify, buffer, sizeof(buffer))) > 0) {
		const struct inotify_event *event;

		for (char *at = buffer; at < buffer + size; at += sizeof(*event) + event->len) {
			event = (const struct inotify_event *)at;
			seat |= seat_changed(daemon, event);
			node_changed(daemon, event);
		}
	}
	if (!seat)
		return;
	watch_seat(daemon);
	nodes_look(daemon, false);
}
