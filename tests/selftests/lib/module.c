// SPDX-License-Identifier: GPL-2.0
/* Loading and unloading kernel modules without modprobe. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kvmfr_test.h"

int module_load(const char *path, const char *params)
{
	int fd, ret;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;

	ret = syscall(SYS_finit_module, fd, params ? params : "", 0) ? -errno :
								       0;
	close(fd);
	return ret;
}

/*
 * By a process of its own, as rmmod is one: the kernel may wait there for pages
 * that io_uring lets go only when whoever used it has been back in user space.
 */
int module_unload(const char *name)
{
	pid_t child = fork();
	int status;

	if (!child)
		_exit(syscall(SYS_delete_module, name, O_NONBLOCK) ? errno : 0);
	if (child < 0)
		return -errno;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
}

int kvmfr_load(const char *params)
{
	return module_load(KVMFR_KO, params);
}

int kvmfr_unload(void)
{
	return module_unload("kvmfr");
}

/* A line "NNN kvmfr" in /proc/devices. */
static bool major_registered(void)
{
	char line[128], name[64];
	bool found = false;
	FILE *devices;

	devices = fopen("/proc/devices", "re");
	if (!devices)
		return false;
	while (!found && fgets(line, sizeof(line), devices))
		found = sscanf(line, "%*u %63s", name) == 1 &&
			!strcmp(name, "kvmfr");
	fclose(devices);
	return found;
}

bool kvmfr_gone(void)
{
	glob_t nodes = { 0 };
	bool node;

	node = glob("/dev/kvmfr*", 0, NULL, &nodes) != GLOB_NOMATCH;
	globfree(&nodes);
	return !node && !major_registered() &&
	       access("/sys/module/kvmfr", F_OK) &&
	       access("/sys/class/kvmfr", F_OK) &&
	       access("/sys/devices/virtual/kvmfr", F_OK) &&
	       access("/sys/bus/pci/drivers/kvmfr", F_OK);
}
