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

#define READS_MOST 64

/*
 * The directory, not the nodes: to watch a node takes the right to read it, which
 * a unit with a DevicePolicy does not have for devices that come later.
 */
int watch_open(struct daemon *daemon)
{
	uint32_t mask = IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVE;

	daemon->seat_watch = -1;
	daemon->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (daemon->inotify < 0)
		return -errno;
	daemon->dev_watch = inotify_add_watch(daemon->inotify, "/dev", mask);
	return daemon->dev_watch < 0 ? -errno : 0;
}

/*
 * A file in the node's place can go when the last process closes it. @fd may be
 * O_PATH, or -1 if there is none. If that is impossible a reload will do.
 */
void watch_file(struct daemon *daemon, struct node *node, int fd)
{
	int watch = -1;
	char path[32];

	if (daemon->inotify < 0)
		return;
	if (fd >= 0) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		watch = inotify_add_watch(daemon->inotify, path, IN_CLOSE);
	}
	if (node->file_watch >= 0 && node->file_watch != watch)
		inotify_rm_watch(daemon->inotify, node->file_watch);
	node->file_watch = watch;
}

static int add_directory(struct daemon *daemon, const char *path)
{
	return inotify_add_watch(daemon->inotify, path,
				 IN_CREATE | IN_MOVED_TO | IN_DELETE |
					 IN_CLOSE_WRITE | IN_ONLYDIR);
}

/*
 * The directory of the seats, or the nearest one above it: systemd-logind may
 * come later. After each step up, the way down is tried again, because it may
 * have been made in between.
 */
void watch_seat(struct daemon *daemon)
{
	static const char *const paths[] = { ("/" KVMFR_SEAT_DIRECTORY),
					     "/run/systemd", "/run" };
	int watch = -1;

	if (daemon->inotify < 0 || !daemon->settings.seat)
		return;
	for (size_t i = 0; watch < 0 && i < sizeof(paths) / sizeof(*paths);
	     i++) {
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
static bool seat_changed(struct daemon *daemon,
			 const struct inotify_event *event)
{
	static const char *const names[] = { KVMFR_SEAT_NAME, "seats",
					     "systemd" };

	if (event->wd != daemon->seat_watch)
		return false;
	if (event->mask & IN_IGNORED) {
		daemon->seat_watch = -1;
		return true;
	}
	for (size_t i = 0; event->len && i < sizeof(names) / sizeof(*names);
	     i++)
		if (!strcmp(event->name, names[i]))
			return true;
	return false;
}

static void node_changed(struct daemon *daemon,
			 const struct inotify_event *event)
{
	bool dev = event->wd == daemon->dev_watch && event->len;

	for (int i = 0; i < KVMFR_DEVICES_MAX; i++) {
		struct node *node = &daemon->nodes[i];

		if (event->wd == node->file_watch && event->mask & IN_IGNORED)
			node->file_watch = -1;
		else if (event->wd == node->file_watch ||
			 (dev && !strcmp(event->name, node->name)))
			nodes_look_later(daemon);
	}
	/* What got lost can have been anything. */
	if (event->mask & IN_Q_OVERFLOW) {
		watch_seat(daemon);
		nodes_look_later(daemon);
	}
}

/* Everybody can make events in /dev; they get a turn, not all the time. */
void watch_read(struct daemon *daemon)
{
	char buffer[4096]
		__attribute__((aligned(__alignof__(struct inotify_event))));
	bool seat = false;
	ssize_t size;

	for (int i = 0; i < READS_MOST; i++) {
		const struct inotify_event *event;

		size = read(daemon->inotify, buffer, sizeof(buffer));
		if (size <= 0)
			break;
		for (char *at = buffer; at < buffer + size;
		     at += sizeof(*event) + event->len) {
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
