/* SPDX-License-Identifier: GPL-2.0 */
/* What kvmfrd knows, and the parts it is made of. */
#ifndef KVMFRD_DAEMON_H
#define KVMFRD_DAEMON_H

#include <libudev.h>
#include <stdbool.h>
#include <stdint.h>

#include "device.h"
#include "settings.h"

#define DELAY_MS 250		/* from a sign of drift to a look at all nodes */
#define REPAIRS 5		/* of one node in REPAIRS_MS, then it is left alone */
#define REPAIRS_MS 60000

/* What was said about a node, so that it is said once. */
enum trouble {
	TROUBLE_NONE,
	TROUBLE_ACCESS,		/* group, mode or ACL cannot be set */
	TROUBLE_HELD,		/* a file in its place that somebody has open */
	TROUBLE_LINKED,		/* a file in its place with another name */
	TROUBLE_REPLACE,	/* the file cannot be replaced */
	TROUBLE_NO_MODULE,	/* a file and no device */
	TROUBLE_OTHER,		/* something else in its place */
	TROUBLE_FIGHT,		/* somebody else always changes it back */
};

/**
 * struct node - /dev/kvmfrN
 * @name: "kvmfrN"
 * @watch: inotify's number for what is there, -1 for none
 * @trouble: what was said, forgotten when all is right again
 * @missing_ms: since when the device has no node, 0 if it has
 * @repairs, @repairs_ms: how many since when
 * @left_alone: too many
 */
struct node {
	char name[20];
	int watch;
	enum trouble trouble;
	int64_t missing_ms;
	unsigned int repairs;
	int64_t repairs_ms;
	bool left_alone;
};

/**
 * struct daemon - kvmfrd
 * @root: the machine
 * @seat: who sits in front of it now, or ACCESS_NOBODY
 * @seat_trouble: that nobody keeps track of seats was said
 * @inotify: -1 with --once
 * @seat_watch: inotify's number of the seats' directory, or of one above it
 * @udevd: events come from it; otherwise from the kernel
 * @look_ms: when to look at all nodes, 0 for never
 * @troubles: nodes that are not as they should be, at the last look
 */
struct daemon {
	struct kvmfr_root root;
	const char *config;
	struct settings settings;
	struct node nodes[KVMFR_DEVICES_MAX];
	uid_t seat;
	bool seat_trouble;
	int inotify;
	int seat_watch;
	struct udev *udev;
	struct udev_monitor *monitor;
	bool udevd;
	int64_t look_ms;
	unsigned int troubles;
};

int64_t now_ms(void);

/* nodes.c: @drift: because something was changed behind our back */
void nodes_init(struct daemon *daemon);
void nodes_look(struct daemon *daemon, bool drift);
void nodes_look_later(struct daemon *daemon);
/* After this, repairs are tried again; after the other, everything is said again. */
void node_forget(struct node *node);
void nodes_forget(struct daemon *daemon);
/* Says it unless it was said; the node is not as it should be. */
__attribute__((format(printf, 4, 5)))
void node_trouble(struct daemon *daemon, struct node *node, enum trouble trouble,
		  const char *format, ...);

/* replace.c: true if the right node is there now */
bool replace_file(struct daemon *daemon, struct node *node,
		  const struct kvmfr_device *device, const struct node_settings *settings);
bool replace_missing(struct daemon *daemon, struct node *node,
		     const struct kvmfr_device *device,
		     const struct node_settings *settings);

/* watch.c; 0 or a negative errno, of what cannot be done without */
int watch_open(struct daemon *daemon);
void watch_node(struct daemon *daemon, struct node *node, int fd, bool file);
void watch_seat(struct daemon *daemon);
void watch_read(struct daemon *daemon);

/* events.c */
int events_open(struct daemon *daemon);
void events_read(struct daemon *daemon);
void events_close(struct daemon *daemon);

#endif
