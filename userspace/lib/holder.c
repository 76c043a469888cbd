// SPDX-License-Identifier: GPL-2.0
/*
 * Which processes have a device open, mapped, or a dma-buf of it: one pass over
 * /proc. A node is recognised by its number, because libvirt gives QEMU a /dev
 * of its own.
 */
#include "holder.h"
#include "holder_buffer.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define DMABUF "/dmabuf:" /* then a name that anybody may give */
#define MISSES 1024 /* a power of two */
#define PF_KTHREAD 0x00200000
/* It has all groups: 65536, and each user can have that many. */
#define STATUS_MOST (1024 * 1024)

struct identity {
	mode_t mode;
	dev_t device;
	dev_t number;
	ino_t inode;
};

/*
 * @misses are files known not to be wanted. Nearly all that is mapped is the
 * same libraries, and this saves looking at them for every process.
 */
struct scan {
	const struct kvmfr_root *root;
	const struct identity *targets;
	size_t target_count;
	struct kvmfr_holder *holders;
	size_t count;
	size_t room;
	struct kvmfr_buffers buffers;
	struct {
		dev_t device;
		ino_t inode;
	} misses[MISSES];
	unsigned int blind;
};

static bool is_same_file(const struct scan *scan, const struct identity *file)
{
	for (size_t i = 0; i < scan->target_count; i++)
		if (file->inode == scan->targets[i].inode &&
		    file->device == scan->targets[i].device)
			return true;
	return false;
}

static bool is_target(const struct scan *scan, const struct identity *file)
{
	for (size_t i = 0; i < scan->target_count; i++) {
		const struct identity *target = &scan->targets[i];

		if (S_ISCHR(target->mode) && S_ISCHR(file->mode) &&
		    file->number == target->number)
			return true;
	}
	return is_same_file(scan, file);
}

/* What a link of /proc leads to; the directory of it is also open as @fd. */
static int follow(const struct scan *scan, int fd, const char *pid,
		  const char *directory, const char *name,
		  struct identity *file)
{
	struct statx stx;
	struct stat st;
	int ret;

	if (scan->root->fd >= 0) {
		ret = kvmfr_stat(scan->root, &st, "proc/%s/%s/%s", pid,
				 directory, name);
		if (ret)
			return ret;
		*file = (struct identity){ st.st_mode, st.st_dev, st.st_rdev,
					   st.st_ino };
		return 0;
	}
	/* A file server that does not answer must not stop us. */
	if (statx(fd, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT,
		  STATX_TYPE | STATX_INO, &stx))
		return -errno;
	*file = (struct identity){
		.mode = stx.stx_mode,
		.device = makedev(stx.stx_dev_major, stx.stx_dev_minor),
		.number = makedev(stx.stx_rdev_major, stx.stx_rdev_minor),
		.inode = stx.stx_ino,
	};
	return 0;
}

static DIR *open_directory(const struct scan *scan, const char *pid,
			   const char *name, int *error)
{
	int fd = kvmfr_open(scan->root, O_RDONLY | O_DIRECTORY, "proc/%s/%s",
			    pid, name);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);

	*error = fd < 0 ? fd : directory ? 0 : -errno;
	if (fd >= 0 && !directory)
		close(fd);
	return directory;
}

/* Its name is the last line, so that it cannot pretend to be one of these. */
static int add_descriptor(struct scan *scan, const char *pid, const char *fd)
{
	char info[KVMFR_TEXT_MAX];
	const char *exporter;
	const char *inode;
	size_t length;

	if (kvmfr_read(scan->root, info, sizeof(info), "proc/%s/fdinfo/%s", pid,
		       fd) < 0)
		return 0; /* closed meanwhile */
	inode = strstr(info, "\nino:\t");
	exporter = strstr(info, "\nexp_name:\t");
	if (!inode || !exporter)
		return 0;
	exporter = strchr(exporter, '\t') + 1;
	length = strcspn(exporter, "\n");
	if (length != strlen("kvmfr") || strncmp(exporter, "kvmfr", length))
		return 0;
	return kvmfr_buffers_add(&scan->buffers, atoi(pid),
				 strtoull(inode + 6, NULL, 10), true);
}

/* One descriptor: 0, or -ENOMEM. */
static int look_at_descriptor(struct scan *scan, struct kvmfr_holder *holder,
			      DIR *directory, const char *pid, const char *name)
{
	struct identity file;
	char target[PATH_MAX];
	ssize_t length =
		readlinkat(dirfd(directory), name, target, sizeof(target) - 1);

	/* Sockets and pipes have no path. */
	if (length < 1 || target[0] != '/')
		return 0;
	target[length] = '\0';
	if (!strncmp(target, DMABUF, strlen(DMABUF)))
		return add_descriptor(scan, pid, name);
	if (!holder->open &&
	    !follow(scan, dirfd(directory), pid, "fd", name, &file))
		holder->open = is_target(scan, &file);
	return 0;
}

/* Nobody may look into kernel threads, and they have nothing open. */
static bool is_kernel_thread(const struct scan *scan, const char *pid)
{
	char text[KVMFR_TEXT_MAX];
	unsigned int flags;
	const char *end;

	if (kvmfr_read(scan->root, text, sizeof(text), "proc/%s/stat", pid) < 0)
		return false;
	/* The name may have anything in it, parentheses included. */
	end = strrchr(text, ')');
	return end &&
	       sscanf(end, ") %*c %*d %*d %*d %*d %*d %u", &flags) == 1 &&
	       flags & PF_KTHREAD;
}

static int look_at_descriptors(struct scan *scan, struct kvmfr_holder *holder,
			       const char *pid)
{
	struct dirent *entry;
	DIR *directory;
	int ret;

	directory = open_directory(scan, pid, "fd", &ret);
	if (!directory) {
		if ((ret == -EACCES || ret == -EPERM) &&
		    !is_kernel_thread(scan, pid))
			scan->blind++;
		/* Gone, or never to be seen. */
		return ret == -ENOMEM || ret == -EMFILE || ret == -ENFILE ?
			       ret :
			       0;
	}
	while (!ret && (entry = readdir(directory)) != NULL) {
		if (isdigit((unsigned char)entry->d_name[0]))
			ret = look_at_descriptor(scan, holder, directory, pid,
						 entry->d_name);
	}
	closedir(directory);
	return ret;
}

/* A line of /proc/<pid>/maps: start-end perms offset major:minor inode path */
struct area {
	unsigned long start;
	unsigned long end;
	dev_t device;
	ino_t inode;
	const char *path;
};

static bool parse_area(const char *line, struct area *area)
{
	unsigned int device_major, device_minor;
	unsigned long inode;
	int length = 0;

	/* Most are anonymous; a path begins after the first slash. */
	area->path = strchr(line, '/');
	if (!area->path)
		return false;
	if (sscanf(line, "%lx-%lx %*s %*x %x:%x %lu %n", &area->start,
		   &area->end, &device_major, &device_minor, &inode,
		   &length) != 5 ||
	    !length)
		return false;
	area->device = makedev(device_major, device_minor);
	area->inode = inode;
	area->path = line + length;
	return area->path[0] == '/';
}

/*
 * The line has the number of the file system only. What is mapped can be seen
 * through map_files, by root; without that, the node itself has to be the one
 * that was asked for.
 */
static bool is_mapped(struct scan *scan, const char *pid,
		      const struct area *area, int fd)
{
	size_t slot = (area->inode ^ area->device) & (MISSES - 1);
	struct identity file;
	char name[64];

	if (scan->misses[slot].inode == area->inode &&
	    scan->misses[slot].device == area->device)
		return false;
	snprintf(name, sizeof(name), "%lx-%lx", area->start, area->end);
	if (follow(scan, fd, pid, "map_files", name, &file)) {
		file = (struct identity){ .device = area->device,
					  .inode = area->inode };
		return is_same_file(scan, &file);
	}
	if (is_target(scan, &file))
		return true;
	scan->misses[slot].inode = area->inode;
	scan->misses[slot].device = area->device;
	return false;
}

static int look_at_areas(struct scan *scan, struct kvmfr_holder *holder,
			 const char *pid)
{
	int fd = kvmfr_open(scan->root, O_RDONLY, "proc/%s/maps", pid);
	FILE *maps = fd < 0 ? NULL : fdopen(fd, "r");
	struct area area;
	char *line = NULL;
	size_t size = 0;
	int links;
	int ret = 0;

	if (!maps) {
		if (fd >= 0)
			close(fd);
		return fd == -ENOMEM || fd == -EMFILE || fd == -ENFILE ? fd : 0;
	}
	links = kvmfr_open(scan->root, O_PATH | O_DIRECTORY,
			   "proc/%s/map_files", pid);
	while (!ret && getline(&line, &size, maps) > 0) {
		if (!parse_area(line, &area))
			continue;
		if (!strncmp(area.path, DMABUF, strlen(DMABUF)))
			ret = kvmfr_buffers_add(&scan->buffers, atoi(pid),
						area.inode, false);
		else if (!holder->mapped)
			holder->mapped = is_mapped(scan, pid, &area, links);
	}
	free(line);
	fclose(maps);
	if (links >= 0)
		close(links);
	return ret;
}

static int add_holder(struct scan *scan, const struct kvmfr_holder *holder)
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
static int look_at_process(struct scan *scan, const char *pid)
{
	struct kvmfr_holder holder = { .pid = atoi(pid) };
	size_t buffers = scan->buffers.count;
	int ret;

	ret = look_at_descriptors(scan, &holder, pid);
	if (!ret)
		ret = look_at_areas(scan, &holder, pid);
	if (ret ||
	    (!holder.open && !holder.mapped && scan->buffers.count == buffers))
		return ret;
	return add_holder(scan, &holder);
}

static int look_at_processes(struct scan *scan)
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

static void sort_out(struct scan *scan)
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

static int list(const struct kvmfr_root *root, const struct identity *targets,
		size_t count, struct kvmfr_holder **holders,
		unsigned int *blind)
{
	struct scan scan = {
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
	struct identity target;
	struct stat st;
	int ret;

	*holders = NULL;
	*blind = 0;
	ret = kvmfr_stat(root, &st, "%s", path);
	if (ret)
		return ret;
	target = (struct identity){ st.st_mode, st.st_dev, st.st_rdev,
				    st.st_ino };
	return list(root, &target, 1, holders, blind);
}

int kvmfr_holder_list_numbers(const struct kvmfr_root *root,
			      const dev_t *numbers, size_t count,
			      struct kvmfr_holder **holders,
			      unsigned int *blind)
{
	struct identity *targets = calloc(count ? count : 1, sizeof(*targets));
	int ret;

	*holders = NULL;
	*blind = 0;
	if (!targets)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		targets[i] = (struct identity){ .mode = S_IFCHR,
						.number = numbers[i] };
	ret = list(root, targets, count, holders, blind);
	free(targets);
	return ret;
}
