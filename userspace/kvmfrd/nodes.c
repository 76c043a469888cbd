// SPDX-License-Identifier: GPL-2.0
/* Looks at all nodes, and makes them right. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "access.h"
#include "daemon.h"
#include "log.h"
#include "notify.h"
#include "seat.h"

int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void nodes_init(struct daemon *daemon)
{
	for (int i = 0; i < KVMFR_DEVICES_MAX; i++) {
		strcpy(daemon->nodes[i].name, "kvmfr0");
		daemon->nodes[i].name[5] += (char)i;
		daemon->nodes[i].file_watch = -1;
		replace_clean(daemon, &daemon->nodes[i]);
	}
}

void nodes_retry(struct daemon *daemon)
{
	for (int i = 0; i < KVMFR_DEVICES_MAX; i++) {
		daemon->nodes[i].missing_ms = 0;
		daemon->nodes[i].repairs = 0;
		daemon->nodes[i].left_alone = false;
	}
}

void nodes_forget(struct daemon *daemon)
{
	nodes_retry(daemon);
	for (int i = 0; i < KVMFR_DEVICES_MAX; i++)
		daemon->nodes[i].trouble = TROUBLE_NONE;
	daemon->seat_trouble = false;
}

void node_trouble(struct daemon *daemon, struct node *node,
		  enum trouble trouble, const char *format, ...)
{
	char text[768];
	va_list args;

	daemon->troubles++;
	if (node->trouble == trouble)
		return;
	node->trouble = trouble;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_warning("/dev/%s %s", node->name, text);
}

/*
 * After the last sign: who changes a node seldom does so in one step, and
 * systemd-logind tells who sits at the machine after it has changed the ACL.
 */
void nodes_look_later(struct daemon *daemon)
{
	int64_t now = now_ms();

	if (!daemon->look_ms)
		daemon->sign_ms = now;
	if (now - daemon->sign_ms < DELAY_MOST_MS)
		daemon->look_ms = now + DELAY_MS;
}

/*
 * Somebody changed the node, and it was set right again. That is not said about
 * a node that just came, which udevd may be about to change.
 */
static void count_repair(struct daemon *daemon, struct node *node, bool said)
{
	static const char fight[] =
		"was changed %d times a minute, now it is left alone: stop that, reload kvmfrd";
	static const char repaired[] =
		"/dev/%s was changed by another program, and is set right again";
	int64_t now = now_ms();

	if (!node->repairs || now - node->repairs_ms > REPAIRS_MS) {
		node->repairs = 0;
		node->repairs_ms = now;
	}
	if (said)
		log_notice(repaired, node->name);
	if (++node->repairs < REPAIRS)
		return;
	node->left_alone = true;
	node_trouble(daemon, node, TROUBLE_FIGHT, fight, REPAIRS);
}

static void apply(struct daemon *daemon, struct node *node, int fd, ino_t inode,
		  bool drift)
{
	const struct node_settings *settings =
		&daemon->settings.node[node - daemon->nodes];
	int ret = access_apply(fd, settings, daemon->seat);

	if (ret == -ENOENT) /* gone meanwhile */
		return;
	if (ret < 0) {
		node_trouble(daemon, node, TROUBLE_ACCESS,
			     "cannot be given its group, mode and ACL: %s%s",
			     strerror(-ret),
			     ret == -EPERM ? "; kvmfrd has to run as root" :
					     "");
		return;
	}
	node->trouble = TROUBLE_NONE;
	if (ret && drift)
		count_repair(daemon, node, node->inode == inode);
	else
		node->inode = inode;
}

/*
 * A device without a node is what a module looks like that is being loaded or
 * unloaded. Only if it stays so, somebody has removed the node.
 */
static void missing(struct daemon *daemon, struct node *node,
		    const struct kvmfr_device *device)
{
	int64_t now = now_ms();

	if (!node->missing_ms)
		node->missing_ms = now;
	if (now - node->missing_ms < DELAY_MS) {
		nodes_look_later(daemon);
		return;
	}
	if (!replace_missing(daemon, node, device,
			     &daemon->settings.node[node - daemon->nodes]))
		return;
	node->missing_ms = 0;
	count_repair(daemon, node, true);
}

static const char *type_name(const struct stat *st)
{
	switch (st->st_mode & S_IFMT) {
	case S_IFLNK:
		return "a symbolic link";
	case S_IFDIR:
		return "a directory";
	}
	return "no character device";
}

static void remove_node(struct daemon *daemon, struct node *node)
{
	char path[32];

	snprintf(path, sizeof(path), "/dev/%s", node->name);
	if (unlink(path) && errno != ENOENT)
		node_trouble(daemon, node, TROUBLE_OTHER,
			     "is not its node and cannot be removed: %s",
			     strerror(errno));
	else
		nodes_look_later(daemon);
}

/*
 * From before the module was loaded again: a number that can be any device's.
 * Unless the device came after it was listed, so its number is asked for again.
 */
static void wrong_number(struct daemon *daemon, struct node *node, dev_t number)
{
	char want[32], text[32];

	snprintf(want, sizeof(want), "%u:%u", major(number), minor(number));
	if (kvmfr_read(&daemon->root, text, sizeof(text),
		       "sys/class/kvmfr/%s/dev", node->name) > 0 &&
	    !strcmp(text, want))
		nodes_look_later(daemon);
	else
		remove_node(daemon, node);
}

static void look_at(struct daemon *daemon, struct node *node,
		    const struct kvmfr_device *device, int fd, bool drift)
{
	static const char other[] =
		"is %s, which is left alone: remove it, then reload kvmfrd";
	struct stat st;

	if (fstat(fd, &st))
		return;
	/* First, so that nothing is missed that happens after the look. */
	watch_file(daemon, node, S_ISREG(st.st_mode) ? fd : -1);
	if (S_ISCHR(st.st_mode) && st.st_rdev == device->number) {
		apply(daemon, node, fd, st.st_ino, drift);
	} else if (S_ISREG(st.st_mode)) {
		replace_file(daemon, node, device,
			     &daemon->settings.node[node - daemon->nodes]);
	} else if (S_ISCHR(st.st_mode)) {
		wrong_number(daemon, node, st.st_rdev);
	} else {
		node_trouble(daemon, node, TROUBLE_OTHER, other,
			     type_name(&st));
	}
}

/*
 * A file: QEMU was started without the module. A node: we made it, and devtmpfs
 * removes only its own; it must not stay, as its number will be another device's.
 */
static void no_device(struct daemon *daemon, struct node *node)
{
	static const char file[] =
		"is a file without device: stop the VM, then 'rm /dev/%s && modprobe kvmfr'";
	struct stat st;

	node->missing_ms = 0;
	replace_clean(daemon, node);
	if (kvmfr_lstat(&daemon->root, &st, "dev/%s", node->name) ||
	    kvmfr_exists(&daemon->root, "sys/class/kvmfr/%s", node->name)) {
		node->trouble = TROUBLE_NONE;
		return;
	}
	if (S_ISCHR(st.st_mode))
		remove_node(daemon, node);
	else if (S_ISREG(st.st_mode))
		node_trouble(daemon, node, TROUBLE_NO_MODULE, file, node->name);
}

static void look(struct daemon *daemon, struct node *node,
		 const struct kvmfr_device *device, bool drift)
{
	int fd;

	if (!device) {
		no_device(daemon, node);
		return;
	}
	if (node->left_alone) {
		daemon->troubles++;
		return;
	}
	fd = kvmfr_open(&daemon->root, O_PATH | O_NOFOLLOW, "dev/%s",
			node->name);
	if (fd < 0) {
		missing(daemon, node, device);
		return;
	}
	node->missing_ms = 0;
	look_at(daemon, node, device, fd, drift);
	close(fd);
}

static void read_seat(struct daemon *daemon)
{
	static const char no_seat[] =
		"'seat = yes' has no effect without '/%s/%s' (%s): start systemd-logind";
	int ret = kvmfr_seat_user(&daemon->root, &daemon->seat);

	if (ret || !daemon->seat) /* root needs no entry */
		daemon->seat = ACCESS_NOBODY;
	if (!ret || ret == -ENODATA || !daemon->settings.seat) {
		daemon->seat_trouble = false;
		return;
	}
	if (!daemon->seat_trouble)
		log_warning(no_seat, KVMFR_SEAT_DIRECTORY, KVMFR_SEAT_NAME,
			    strerror(-ret));
	daemon->seat_trouble = true;
}

void nodes_look(struct daemon *daemon, bool drift)
{
	struct kvmfr_device devices[KVMFR_DEVICES_MAX];
	int count = kvmfr_device_list(&daemon->root, devices);
	char status[64];

	daemon->look_ms = 0;
	daemon->troubles = 0;
	if (count < 0) {
		if (count != daemon->list_error)
			log_error("cannot read '/sys/class/kvmfr': %s",
				  strerror(-count));
		daemon->list_error = count;
		daemon->troubles = 1;
		nodes_look_later(daemon);
		return;
	}
	daemon->list_error = 0;
	read_seat(daemon);
	for (int i = 0; i < KVMFR_DEVICES_MAX; i++) {
		const struct kvmfr_device *device = NULL;

		for (int j = 0; j < count; j++)
			if (!strcmp(devices[j].name, daemon->nodes[i].name))
				device = &devices[j];
		look(daemon, &daemon->nodes[i], device, drift);
	}
	snprintf(status, sizeof(status),
		 "%d device%s, %u not usable as configured", count,
		 count == 1 ? "" : "s", daemon->troubles);
	kvmfr_notify_status(status);
}
