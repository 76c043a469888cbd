// SPDX-License-Identifier: GPL-2.0
/* vgem as an importer of dma-bufs. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <drm/drm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "vgem.h"

#define DRI "/dev/dri"

int vgem_open(void)
{
	char name[16] = "", path[300];
	struct drm_version version = { .name = name };
	struct dirent *entry;
	int fd = -ENOENT;
	DIR *dir;

	dir = opendir(DRI);
	if (!dir)
		return -ENOENT;
	while (fd < 0 && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, "card", 4))
			continue;
		snprintf(path, sizeof(path), DRI "/%s", entry->d_name);
		fd = open(path, O_RDWR | O_CLOEXEC);
		version.name_len = sizeof(name) - 1;
		if (fd >= 0 && (ioctl(fd, DRM_IOCTL_VERSION, &version) ||
				strcmp(name, "vgem"))) {
			close(fd);
			fd = -ENOENT;
		}
	}
	closedir(dir);
	return fd;
}

int vgem_import(int vgem, int buffer)
{
	struct drm_prime_handle prime = { .fd = buffer };

	if (ioctl(vgem, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime))
		return -errno;
	return prime.handle;
}

int vgem_forget(int vgem, int handle)
{
	struct drm_gem_close gem = { .handle = handle };

	return ioctl(vgem, DRM_IOCTL_GEM_CLOSE, &gem) ? -errno : 0;
}

int vgem_export(int vgem, int handle)
{
	struct drm_prime_handle prime = {
		.handle = handle,
		.flags = DRM_RDWR | DRM_CLOEXEC,
	};

	if (ioctl(vgem, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime))
		return -errno;
	return prime.fd;
}
