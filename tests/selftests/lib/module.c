// SPDX-License-Identifier: GPL-2.0
/* Loading and unloading kernel modules without modprobe. */
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kvmfr_test.h"

int module_load(const char *path, const char *params)
{
	int fd, ret;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;

	ret = syscall(SYS_finit_module, fd, params ? params : "", 0) ? -errno : 0;
	close(fd);
	return ret;
}

int module_unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

int kvmfr_load(const char *params)
{
	return module_load(KVMFR_KO, params);
}

int kvmfr_unload(void)
{
	return module_unload("kvmfr");
}
