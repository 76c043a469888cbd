// SPDX-License-Identifier: GPL-2.0
/* dma-bufs and the modules and the machine around them. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <linux/dma-buf.h>

#include "dmabuf_test.h"
#include "kvmfr_test.h"

#define IMPORTER_MODULE "kvmfr_test_importer"
#define IMPORTER_DRIVER "/sys/bus/pci/drivers/kvmfr_test_importer"
#define KVMFR_MINORS 10

int dmabuf_modules_load(const char *kvmfr, const char *importer)
{
	int ret;

	dmabuf_modules_unload();
	ret = kvmfr_load(kvmfr);
	if (ret || !importer)
		return ret;
	return module_load(KVMFR_IMPORTER_KO, importer);
}

int dmabuf_modules_unload(void)
{
	int importer, kvmfr;

	importer = module_unload(IMPORTER_MODULE);
	kvmfr = kvmfr_unload();
	return importer && importer != -ENOENT ? importer : kvmfr;
}

int edu_count(void)
{
	struct dirent *entry;
	int count = 0;
	DIR *dir;

	dir = opendir(IMPORTER_DRIVER);
	if (!dir)
		return -errno;
	/* Devices are links named by address, "0000:00:04.0". */
	while ((entry = readdir(dir)))
		count += !!strchr(entry->d_name, ':');
	closedir(dir);
	return count;
}

int kvmfr_find(const char *kind, size_t size)
{
	char path[64], text[32];
	unsigned int minor;

	for (minor = 0; minor < KVMFR_MINORS; minor++) {
		snprintf(path, sizeof(path), "/sys/class/kvmfr/kvmfr%u/kind",
			 minor);
		if (text_read(path, text, sizeof(text)) < 0 ||
		    strcmp(text, kind))
			continue;
		if (kvmfr_attr(minor, "size") == (long)size)
			return minor;
	}
	return -ENODEV;
}

void *map_shared(int fd, size_t size)
{
	void *memory;

	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return memory == MAP_FAILED ? NULL : memory;
}

int dmabuf_sync(int dmabuf, __u64 flags)
{
	struct dma_buf_sync sync = { .flags = flags };

	return ioctl(dmabuf, DMA_BUF_IOCTL_SYNC, &sync) ? -errno : 0;
}

int dmabuf_set_name(int dmabuf, const char *name)
{
	return ioctl(dmabuf, DMA_BUF_SET_NAME, name) ? -errno : 0;
}

bool swiotlb_forced(void)
{
	char text[4096], *option;

	if (text_read("/proc/cmdline", text, sizeof(text)) < 0)
		return false;
	for (option = strtok(text, " "); option; option = strtok(NULL, " ")) {
		/* "swiotlb=force" or "swiotlb=<slots>,force" */
		if (!strncmp(option, "swiotlb=", strlen("swiotlb=")))
			return strstr(option, "force");
	}
	return false;
}

long swiotlb_used(void)
{
	return number_read("/sys/kernel/debug/swiotlb/io_tlb_used");
}

static unsigned char byte_at(size_t i, unsigned int seed)
{
	__u32 x = (i + 1) * 2654435761U ^ seed * 2246822519U;

	return (x >> 15) | 1;
}

void bytes_fill(void *data, size_t length, unsigned int seed)
{
	unsigned char *bytes = data;
	size_t i;

	for (i = 0; i < length; i++)
		bytes[i] = byte_at(i, seed);
}

bool bytes_are(const void *data, size_t length, unsigned int seed)
{
	const unsigned char *bytes = data;
	size_t i;

	for (i = 0; i < length; i++) {
		if (bytes[i] != byte_at(i, seed))
			return false;
	}
	return true;
}

bool bytes_zero(const void *data, size_t length)
{
	const unsigned char *bytes = data;

	return !length || (!bytes[0] && !memcmp(bytes, bytes + 1, length - 1));
}
