// SPDX-License-Identifier: GPL-2.0
/*
 * What one process has open and mapped. A node is recognised by its number,
 * because libvirt gives QEMU a /dev of its own.
 */
#include "holder_process.h"

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
#define PF_KTHREAD 0x00200000

/**
 * struct process - a process that is being looked at
 * @holder: what comes of it
 * @task: the thread that is asked for all of them: "PID" or "PID/task/TID"
 * @descriptors, @areas: it has some, so there is no need to ask another one
 * @hidden: there is something that may not be seen
 */
struct process {
	struct kvmfr_scan *scan;
	struct kvmfr_holder *holder;
	const char *task;
	bool descriptors;
	bool areas;
	bool hidden;
};

static bool is_same_file(const struct kvmfr_scan *scan,
			 const struct kvmfr_identity *file)
{
	for (size_t i = 0; i < scan->target_count; i++)
		if (file->inode == scan->targets[i].inode &&
		    file->device == scan->targets[i].device)
			return true;
	return false;
}

static bool is_target(const struct kvmfr_scan *scan,
		      const struct kvmfr_identity *file)
{
	for (size_t i = 0; i < scan->target_count; i++) {
		const struct kvmfr_identity *target = &scan->targets[i];

		if (S_ISCHR(target->mode) && S_ISCHR(file->mode) &&
		    file->number == target->number)
			return true;
	}
	return is_same_file(scan, file);
}

/*
 * Why something of a process cannot be looked at: what may not be seen is not
 * nothing, what has gone is. A negative errno if it is not for the process.
 */
static int cannot_see(struct process *process, int ret)
{
	switch (ret) {
	case -EACCES:
	case -EPERM:
		process->hidden = true;
		return 0;
	case -ENOMEM:
	case -EMFILE:
	case -ENFILE:
		return ret;
	}
	return 0;
}

/* What a link of /proc leads to; the directory of it is also open as @fd. */
static int follow(const struct process *process, int fd, const char *directory,
		  const char *name, struct kvmfr_identity *file)
{
	const struct kvmfr_root *root = process->scan->root;
	struct statx stx;
	struct stat st;
	int ret;

	if (root->fd >= 0) {
		ret = kvmfr_stat(root, &st, "proc/%s/%s/%s", process->task,
				 directory, name);
		if (ret)
			return ret;
		*file = (struct kvmfr_identity){ st.st_mode, st.st_dev,
						 st.st_rdev, st.st_ino };
		return 0;
	}
	/* A file server that does not answer must not stop us. */
	if (statx(fd, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT,
		  STATX_TYPE | STATX_INO, &stx))
		return -errno;
	*file = (struct kvmfr_identity){
		.mode = stx.stx_mode,
		.device = makedev(stx.stx_dev_major, stx.stx_dev_minor),
		.number = makedev(stx.stx_rdev_major, stx.stx_rdev_minor),
		.inode = stx.stx_ino,
	};
	return 0;
}

static DIR *open_directory(const struct process *process, const char *name,
			   int *error)
{
	int fd = kvmfr_open(process->scan->root, O_RDONLY | O_DIRECTORY,
			    "proc/%s/%s", process->task, name);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);

	*error = fd < 0 ? fd : directory ? 0 : -errno;
	if (fd >= 0 && !directory)
		close(fd);
	return directory;
}

/* Its name is the last line, so that it cannot pretend to be one of these. */
static int add_descriptor(struct process *process, const char *fd)
{
	struct kvmfr_scan *scan = process->scan;
	char info[KVMFR_TEXT_MAX];
	const char *exporter;
	const char *inode;
	size_t length;
	int ret;

	ret = kvmfr_read(scan->root, info, sizeof(info), "proc/%s/fdinfo/%s",
			 process->task, fd);
	if (ret < 0)
		return cannot_see(process, ret);
	inode = strstr(info, "\nino:\t");
	exporter = strstr(info, "\nexp_name:\t");
	if (!inode || !exporter)
		return 0;
	exporter = strchr(exporter, '\t') + 1;
	length = strcspn(exporter, "\n");
	if (length != strlen("kvmfr") || strncmp(exporter, "kvmfr", length))
		return 0;
	return kvmfr_buffers_add(&scan->buffers, process->holder->pid,
				 strtoull(inode + 6, NULL, 10), true);
}

/* One descriptor: 0, or a negative errno. */
static int look_at_descriptor(struct process *process, DIR *directory,
			      const char *name)
{
	struct kvmfr_holder *holder = process->holder;
	struct kvmfr_identity file;
	char target[PATH_MAX];
	ssize_t length =
		readlinkat(dirfd(directory), name, target, sizeof(target) - 1);

	if (length < 0)
		return cannot_see(process, -errno);
	/* Sockets and pipes have no path. */
	if (length < 1 || target[0] != '/')
		return 0;
	target[length] = '\0';
	if (!strncmp(target, DMABUF, strlen(DMABUF)))
		return add_descriptor(process, name);
	/* A file server may refuse even root, but has no nodes. */
	if (!holder->open &&
	    !follow(process, dirfd(directory), "fd", name, &file))
		holder->open = is_target(process->scan, &file);
	return 0;
}

static int look_at_descriptors(struct process *process)
{
	struct dirent *entry;
	DIR *directory;
	int ret;

	directory = open_directory(process, "fd", &ret);
	if (!directory)
		return cannot_see(process, ret);
	while (!ret && (entry = readdir(directory)) != NULL) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		process->descriptors = true;
		ret = look_at_descriptor(process, directory, entry->d_name);
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
static bool is_mapped(const struct process *process, const struct area *area,
		      int fd)
{
	size_t slot = (area->inode ^ area->device) & (KVMFR_MISSES - 1);
	struct kvmfr_scan *scan = process->scan;
	struct kvmfr_identity file;
	char name[64];

	if (scan->misses[slot].inode == area->inode &&
	    scan->misses[slot].device == area->device)
		return false;
	snprintf(name, sizeof(name), "%lx-%lx", area->start, area->end);
	if (follow(process, fd, "map_files", name, &file)) {
		file = (struct kvmfr_identity){ .device = area->device,
						.inode = area->inode };
		return is_same_file(scan, &file);
	}
	if (is_target(scan, &file))
		return true;
	scan->misses[slot].inode = area->inode;
	scan->misses[slot].device = area->device;
	return false;
}

static int look_at_areas(struct process *process)
{
	struct kvmfr_holder *holder = process->holder;
	struct kvmfr_scan *scan = process->scan;
	struct area area;
	char *line = NULL;
	size_t size = 0;
	int ret = 0;
	FILE *maps;
	int links;
	int fd;

	fd = kvmfr_open(scan->root, O_RDONLY, "proc/%s/maps", process->task);
	if (fd < 0)
		return cannot_see(process, fd);
	maps = fdopen(fd, "r");
	if (!maps) {
		close(fd);
		return -ENOMEM;
	}
	links = kvmfr_open(scan->root, O_PATH | O_DIRECTORY,
			   "proc/%s/map_files", process->task);
	while (!ret && getline(&line, &size, maps) > 0) {
		process->areas = true;
		if (!parse_area(line, &area))
			continue;
		if (!strncmp(area.path, DMABUF, strlen(DMABUF)))
			ret = kvmfr_buffers_add(&scan->buffers, holder->pid,
						area.inode, false);
		else if (!holder->mapped)
			holder->mapped = is_mapped(process, &area, links);
	}
	free(line);
	fclose(maps);
	if (links >= 0)
		close(links);
	return ret;
}

static int look_at_task(struct process *process)
{
	int ret = process->descriptors ? 0 : look_at_descriptors(process);

	return ret || process->areas ? ret : look_at_areas(process);
}

/*
 * What /proc/<pid> shows is the main thread's. It may have ended, and the others
 * still have all of it, each the same but for those with descriptors of their own.
 */
static int look_at_threads(struct process *process, const char *pid)
{
	struct dirent *entry;
	DIR *directory;
	char task[64];
	int ret;

	directory = open_directory(process, "task", &ret);
	if (!directory)
		return cannot_see(process, ret);
	process->task = task;
	while (!ret && !(process->descriptors && process->areas) &&
	       (entry = readdir(directory)) != NULL) {
		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    !strcmp(entry->d_name, pid))
			continue;
		snprintf(task, sizeof(task), "%.20s/task/%.20s", pid,
			 entry->d_name);
		ret = look_at_task(process);
	}
	closedir(directory);
	return ret;
}

/* Nobody may look into kernel threads, and they have nothing open. */
static bool is_kernel_thread(const struct kvmfr_scan *scan, const char *pid)
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

int kvmfr_scan_process(struct kvmfr_scan *scan, const char *pid,
		       struct kvmfr_holder *holder)
{
	struct process process = {
		.scan = scan,
		.holder = holder,
		.task = pid,
	};
	int ret;

	*holder = (struct kvmfr_holder){ .pid = atoi(pid) };
	ret = look_at_task(&process);
	if (!ret && !process.hidden && !(process.descriptors && process.areas))
		ret = look_at_threads(&process, pid);
	if (!ret && process.hidden && !is_kernel_thread(scan, pid))
		scan->blind++;
	return ret;
}
