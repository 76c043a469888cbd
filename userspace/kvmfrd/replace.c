// SPDX-License-Identifier: GPL-2.0
/*
 * Puts the node where it is missing, or where QEMU has left a file because it
 * was started before the module was loaded.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access.h"
#include "daemon.h"
#include "holder.h"
#include "log.h"
#include "terminal.h"

struct paths {
	char node[32];
	char temporary[32];
};

static struct paths paths_of(const struct node *node)
{
	struct paths paths;

	snprintf(paths.node, sizeof(paths.node), "/dev/%s", node->name);
	snprintf(paths.temporary, sizeof(paths.temporary), "/dev/.%s.kvmfrd",
		 node->name);
	return paths;
}

/* Adds "qemu-system-x86 (1234)" to @names, as long as there is room. */
static void add_name(char *names, size_t size,
		     const struct kvmfr_holder *holder)
{
	size_t length = strlen(names);
	char comm[64];

	kvmfr_terminal_safe(comm, sizeof(comm), holder->comm);
	if (length + sizeof(comm) + 16 < size)
		snprintf(names + length, size - length, "%s%s (%d)",
			 length ? ", " : "", comm, (int)holder->pid);
}

/*
 * Who has the file @path, in @names; @path without its leading slash. "" means
 * nobody. Processes that cannot be looked into might have it.
 */
static int find_holders(struct daemon *daemon, const char *path, char *names,
			size_t size)
{
	struct kvmfr_holder *holders;
	unsigned int blind;
	int count = kvmfr_holder_list(&daemon->root, path, &holders, &blind);

	names[0] = '\0';
	if (count < 0)
		return count;
	for (int i = 0; i < count; i++)
		if (holders[i].pid != getpid() &&
		    (holders[i].open || holders[i].mapped))
			add_name(names, size, &holders[i]);
	free(holders);
	return blind && !names[0] ? -EACCES : 0;
}

/*
 * One that was killed has left a node there, which gives rights to what may be
 * another device by now, or a file that it has replaced and somebody may have
 * opened at the last moment.
 */
int replace_clean(struct daemon *daemon, const struct node *node)
{
	struct paths paths = paths_of(node);
	char names[512] = "";
	struct stat st;
	int ret = 0;

	if (lstat(paths.temporary, &st))
		return 0;
	if (S_ISREG(st.st_mode))
		ret = find_holders(daemon, paths.temporary + 1, names,
				   sizeof(names));
	if (!ret && names[0])
		ret = -EBUSY;
	if (!ret && unlink(paths.temporary))
		ret = -errno;
	return ret;
}

/* The node under a temporary name, with all its rights. */
static int make_node(struct daemon *daemon, const struct node *node,
		     const struct kvmfr_device *device,
		     const struct node_settings *settings)
{
	struct paths paths = paths_of(node);
	int ret = replace_clean(daemon, node);
	int fd;

	if (ret)
		return ret;
	if (mknod(paths.temporary, S_IFCHR, device->number))
		return -errno;
	fd = open(paths.temporary, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = access_apply(fd, settings, daemon->seat);
	close(fd);
	if (ret < 0)
		unlink(paths.temporary);
	return ret < 0 ? ret : 0;
}

/* devtmpfs will not remove it with its device, so it must not come too late. */
static bool still_exists(struct daemon *daemon,
			 const struct kvmfr_device *device,
			 const struct paths *paths)
{
	struct kvmfr_device devices[KVMFR_DEVICES_MAX];
	int count = kvmfr_device_list(&daemon->root, devices);

	for (int i = 0; i < count; i++)
		if (devices[i].number == device->number &&
		    !strcmp(devices[i].name, device->name))
			return true;
	unlink(paths->node);
	return false;
}

/*
 * Node and file change places; if somebody opened the file between the look at
 * its holders and that, they change back. So a file in use never loses its name.
 */
static int exchange(struct daemon *daemon, const struct paths *paths,
		    char *names, size_t size)
{
	int ret;

	if (renameat2(AT_FDCWD, paths->temporary, AT_FDCWD, paths->node,
		      RENAME_EXCHANGE)) {
		ret = -errno;
		unlink(paths->temporary);
		return ret;
	}
	ret = find_holders(daemon, paths->temporary + 1, names, size);
	if (!ret && !names[0])
		return unlink(paths->temporary) ? -errno : 0;
	if (!renameat2(AT_FDCWD, paths->temporary, AT_FDCWD, paths->node,
		       RENAME_EXCHANGE))
		unlink(paths->temporary);
	return ret;
}

static bool held(struct daemon *daemon, struct node *node, const char *names)
{
	static const char used[] =
		"is a file, not the device, and is in use by %s: stop that, then reload kvmfrd";
	node_trouble(daemon, node, TROUBLE_HELD, used, names);
	return false;
}

static bool cannot(struct daemon *daemon, struct node *node, int ret)
{
	static const char left[] =
		"cannot be made: /dev/.%s.kvmfrd, which a kvmfrd that was killed has left, is in use: stop that, then reload kvmfrd";

	if (ret == -EBUSY) {
		node_trouble(daemon, node, TROUBLE_REPLACE, left, node->name);
		return false;
	}
	node_trouble(
		daemon, node, TROUBLE_REPLACE,
		"is not the device and cannot be replaced by it: %s%s",
		strerror(-ret),
		ret == -EPERM || ret == -EACCES ?
			"; kvmfrd has to run as root, with CAP_MKNOD and CAP_SYS_PTRACE" :
			"");
	return false;
}

bool replace_file(struct daemon *daemon, struct node *node,
		  const struct kvmfr_device *device,
		  const struct node_settings *settings)
{
	static const char done[] =
		"/dev/%s was a file, made by a VM started too early; now it is the device";
	static const char linked[] =
		"is a file with %lu names: remove it, then reload kvmfrd";
	struct paths paths = paths_of(node);
	char names[512];
	struct stat st;
	int ret;

	if (lstat(paths.node, &st))
		return false; /* gone: there will be an event */
	if (st.st_nlink > 1) {
		node_trouble(daemon, node, TROUBLE_LINKED, linked,
			     (unsigned long)st.st_nlink);
		return false;
	}
	ret = find_holders(daemon, paths.node + 1, names, sizeof(names));
	if (!ret && !names[0])
		ret = make_node(daemon, node, device, settings) ?:
			      exchange(daemon, &paths, names, sizeof(names));
	if (ret)
		return cannot(daemon, node, ret);
	if (names[0])
		return held(daemon, node, names);
	if (!still_exists(daemon, device, &paths))
		return false;
	node->trouble = TROUBLE_NONE;
	log_notice(done, node->name);
	return true;
}

bool replace_missing(struct daemon *daemon, struct node *node,
		     const struct kvmfr_device *device,
		     const struct node_settings *settings)
{
	struct paths paths = paths_of(node);
	int ret = make_node(daemon, node, device, settings);

	if (!ret && renameat2(AT_FDCWD, paths.temporary, AT_FDCWD, paths.node,
			      RENAME_NOREPLACE)) {
		ret = -errno;
		unlink(paths.temporary);
	}
	if (ret == -EEXIST) { /* somebody was faster */
		nodes_look_later(daemon);
		return false;
	}
	if (ret)
		return cannot(daemon, node, ret);
	if (!still_exists(daemon, device, &paths))
		return false;
	return true;
}
