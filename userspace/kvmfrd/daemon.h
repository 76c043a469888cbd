/* SPDX-License-Identifier: GPL-2.0 */
/* What kvmfrd knows, and the parts it is made of. */
#ifndef KVMFRD_DAEMON_H
#define KVMFRD_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include "device.h"
#include "settings.h"
#include "uevent.h"

#define DELAY_MS 250 /* from the last sign of drift to a look at all nodes */
#define DELAY_MOST_MS 1000 /* from the first one, about */
#define REPAIRS 5 /* of one node in REPAIRS_MS, then it is left alone */
#define REPAIRS_MS 60000

/* What was said about a node, so that it is said once. */
enum trouble {
	TROUBLE_NONE,
	TROUBLE_ACCESS, /* group, mode or ACL cannot be set */
	TROUBLE_HELD, /* a file in its place that somebody has open */
	TROUBLE_LINKED, /* a file in its place with another name */
	TROUBLE_REPLACE, /* the file cannot be replaced */
	TROUBLE_NO_MODULE, /* a file and no device */
	TROUBLE_OTHER, /* something else in its place */
	TROUBLE_FIGHT, /* somebody else always changes it back */
};

/**
 * struct node - /dev/kvmfrN
 * @name: "kvmfrN"
 * @file_watch: inotify's number for a file in its place, -1 for none
 * @inode: of the node that was seen to be right
 * @trouble: what was said, forgotten when all is right again
 * @missing_ms: since when the device has no node, 0 if it has
 * @repairs, @repairs_ms: how many since when
 * @left_alone: too many
 */
struct node {
	char name[8];
	int file_watch;
	ino_t inode;
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
 * @dev_watch: inotify's number of /dev
 * @seat_watch: inotify's number of the seats' directory, or of one above it
 * @events: NULL with --once
 * @udevd: they come from it; otherwise from the kernel
 * @look_ms: when to look at all nodes, 0 for never
 * @sign_ms: when the first sign came that this is needed
 * @list_error: that devices cannot be listed was said, for this reason
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
	int dev_watch;
	int seat_watch;
	struct kvmfr_uevent *events;
	bool udevd;
	int64_t look_ms;
	int64_t sign_ms;
	int list_error;
	unsigned int troubles;
};

int64_t now_ms(void);

/*
 * nodes.c: nodes_init() removes what one that was killed has left.
 * @drift: because something was changed behind our back
 */
void nodes_init(struct daemon *daemon);
void nodes_look(struct daemon *daemon, bool drift);
void nodes_look_later(struct daemon *daemon);
/* After this, those that are left alone are set right again; */
void nodes_retry(struct daemon *daemon);
/* after this, also all trouble is said again. */
void nodes_forget(struct daemon *daemon);
/* Says it unless it was said; the node is not as it should be. */
__attribute__((format(printf, 4, 5))) void
node_trouble(struct daemon *daemon, struct node *node, enum trouble trouble,
	     const char *format, ...);

/* replace.c: true if the right node is there now */
bool replace_file(struct daemon *daemon, struct node *node,
		  const struct kvmfr_device *device,
		  const struct node_settings *settings);
bool replace_missing(struct daemon *daemon, struct node *node,
		     const struct kvmfr_device *device,
		     const struct node_settings *settings);

/* Removes what is under the temporary name, unless it is a file in use. */
int replace_clean(struct daemon *daemon, const struct node *node);

/* watch.c; 0 or a negative errno, of what cannot be done without */
int watch_open(struct daemon *daemon);
void watch_file(struct daemon *daemon, struct node *node, int fd);
void watch_seat(struct daemon *daemon);
void watch_read(struct daemon *daemon);

/* events.c */
int events_open(struct daemon *daemon);
void events_read(struct daemon *daemon);

#endif
