// SPDX-License-Identifier: GPL-2.0
/*
 * Which processes have a device open, mapped, or a dma-buf of it: one pass over
 * /proc.
 */
#include "holder_process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* It has all groups: 65536, and each user can have that many. */
#define STATUS_MOST (1024 * 1024)

static int add_holder(struct kvmfr_scan *scan,
		      const struct kvmfr_holder *holder)
{
	if (scan->count == scan->room) {
		size_t room = scan->room ? scan->room * 2 : 16;
		struct kvmfr_holder *grown =
			reallocarray(scan->holders, room, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		scan->holders = grown;
		scan->room = room;
	}
	scan->holders[scan->count++] = *holder;
	return 0;
}

/* A process with a dma-buf is a holder for now; whose it is turns out later. */
static int look_at_process(struct kvmfr_scan *scan, const char *pid)
{
	struct kvmfr_holder holder;
	size_t buffers = scan->buffers.count;
	int ret = kvmfr_scan_process(scan, pid, &holder);

	if (ret ||
	    (!holder.open && !holder.mapped && scan->buffers.count == buffers))
		return ret;
	return add_holder(scan, &holder);
}

static int look_at_processes(struct kvmfr_scan *scan)
{
	int fd = kvmfr_open(scan->root, O_RDONLY | O_DIRECTORY, "proc");
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int ret = 0;

	if (!directory) {
		ret = fd < 0 ? fd : -errno;
		if (fd >= 0)
			close(fd);
		return ret;
	}
	while (!ret && (entry = readdir(directory)) != NULL) {
		if (isdigit((unsigned char)entry->d_name[0]))
			ret = look_at_process(scan, entry->d_name);
	}
	closedir(directory);
	return ret;
}

static int compare_holders(const void *a, const void *b)
{
	const struct kvmfr_holder *one = a, *other = b;

	return one->pid < other->pid ? -1 : one->pid > other->pid;
}

static bool is_gone(int ret)
{
	return ret == -ENOENT || ret == -ESRCH;
}

/*
 * Its name and its owner; false if it has gone, and for no other reason: whoever
 * asks goes on to replace or unload what it holds.
 */
static bool describe(const struct kvmfr_root *root, struct kvmfr_holder *holder)
{
	char *status;
	const char *uid;
	int ret;

	ret = kvmfr_read(root, holder->comm, sizeof(holder->comm),
			 "proc/%d/comm", holder->pid);
	if (is_gone(ret))
		return false;
	ret = kvmfr_read_all(root, &status, STATUS_MOST, "proc/%d/status",
			     holder->pid);
	if (ret < 0)
		return !is_gone(ret);
	/* The directory belongs to root where a process may not be dumped. */
	uid = strstr(status, "\nUid:\t");
	if (uid)
		holder->uid = (uid_t)strtoul(uid + 6, NULL, 10);
	free(status);
	return true;
}

static void sort_out(struct kvmfr_scan *scan)
{
	size_t kept = 0;

	if (scan->count)
		qsort(scan->holders, scan->count, sizeof(*scan->holders),
		      compare_holders);
	kvmfr_buffers_tally(&scan->buffers, scan->holders, scan->count);
	for (size_t i = 0; i < scan->count; i++) {
		struct kvmfr_holder *holder = &scan->holders[i];

		if ((holder->open || holder->mapped || holder->exports) &&
		    describe(scan->root, holder))
			scan->holders[kept++] = *holder;
	}
	scan->count = kept;
}

static int list(const struct kvmfr_root *root,
		const struct kvmfr_identity *targets, size_t count,
		struct kvmfr_holder **holders, unsigned int *blind)
{
	struct kvmfr_scan scan = {
		.root = root,
		.targets = targets,
		.target_count = count,
	};
	int ret = look_at_processes(&scan);

	if (!ret)
		sort_out(&scan);
	free(scan.buffers.list);
	if (ret || !scan.count) {
		free(scan.holders);
		scan.holders = NULL;
	}
	*holders = scan.holders;
	*blind = scan.blind;
	return ret ? ret : (int)scan.count;
}

int kvmfr_holder_list(const struct kvmfr_root *root, const char *path,
		      struct kvmfr_holder **holders, unsigned int *blind)
{
	struct kvmfr_identity target;
	struct stat st;
	int ret;

	*holders = NULL;
	*blind = 0;
	ret = kvmfr_stat(root, &st, "%s", path);
	if (ret)
		return ret;
	target = (struct kvmfr_identity){ st.st_mode, st.st_dev, st.st_rdev,
					  st.st_ino };
	return list(root, &target, 1, holders, blind);
}

int kvmfr_holder_list_numbers(const struct kvmfr_root *root,
			      const dev_t *numbers, size_t count,
			      struct kvmfr_holder **holders,
			      unsigned int *blind)
{
	struct kvmfr_identity *targets =
		calloc(count ? count : 1, sizeof(*targets));
	int ret;

	*holders = NULL;
	*blind = 0;
	if (!targets)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		targets[i] = (struct kvmfr_identity){ .mode = S_IFCHR,
						      .number = numbers[i] };
	ret = list(root, targets, count, holders, blind);
	free(targets);
	return ret;
}
