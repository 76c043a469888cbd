// SPDX-License-Identifier: GPL-2.0
/* ivshmem functions of the test VM and the ways they come and go. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ivshmem.h"
#include "kvmfr_test.h"

#define DRIVER "/sys/bus/pci/drivers/kvmfr"
#define IVSHMEM_VENDOR 0x1af4
#define IVSHMEM_DEVICE 0x1110
#define RESOURCE_LINES 17
#define BAR 2
/* PCIe's own hot unplug blinks for five seconds before anything happens. */
#define UNPLUG_TIMEOUT_MS 15000
#define BACKEND_ADD \
	"object_add memory-backend-ram,id=mem%lu.%ld,size=%luM,share=on"
#define DEVICE_ADD \
	"device_add ivshmem-plain,id=iv%lu,memdev=mem%lu.%ld,bus=rp%lu"

long long clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

void sleep_ms(unsigned int ms)
{
	usleep(ms * 1000);
}

static void attribute_path(char *path, size_t size, const char *address,
			   const char *attribute)
{
	snprintf(path, size, PCI_DEVICES "/%s/%s", address, attribute);
}

static unsigned long hex_read(const char *address, const char *attribute)
{
	char path[128], text[32];

	attribute_path(path, sizeof(path), address, attribute);
	if (text_read(path, text, sizeof(text)) < 0)
		return 0;
	return strtoul(text, NULL, 16);
}

/* "resource" has a line "start end flags" for each BAR. */
static int bar_read(struct ivshmem *function)
{
	char path[128], text[RESOURCE_LINES * 64], *line = text;
	unsigned long start, end;
	long length;
	int i;

	attribute_path(path, sizeof(path), function->address, "resource");
	length = text_read(path, text, sizeof(text));
	if (length < 0)
		return length;
	for (i = 0; i < BAR && line; i++) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	if (!line || sscanf(line, "%lx %lx", &start, &end) != 2)
		return -EINVAL;
	function->start = start;
	function->size = end > start ? end - start + 1 : 0;
	return 0;
}

int pci_list(unsigned int vendor, unsigned int device, struct ivshmem *list,
	     int max)
{
	struct dirent **names;
	int i, entries, count = 0;

	entries = scandir(PCI_DEVICES, &names, NULL, alphasort);
	if (entries < 0)
		return -errno;
	for (i = 0; i < entries && count < max; i++) {
		struct ivshmem *function = &list[count];

		snprintf(function->address, sizeof(function->address), "%.15s",
			 names[i]->d_name);
		if (hex_read(function->address, "vendor") == vendor &&
		    hex_read(function->address, "device") == device &&
		    !bar_read(function))
			count++;
	}
	for (i = 0; i < entries; i++)
		free(names[i]);
	free(names);
	return count;
}

int ivshmem_list(struct ivshmem *list, int max)
{
	return pci_list(IVSHMEM_VENDOR, IVSHMEM_DEVICE, list, max);
}

int ivshmem_find(unsigned long size, struct ivshmem *function)
{
	struct ivshmem list[16];
	int i, count = ivshmem_list(list, 16);

	for (i = 0; i < count; i++) {
		if (list[i].size == size) {
			*function = list[i];
			return 0;
		}
	}
	return -ENODEV;
}

int ivshmem_wait(unsigned long size, struct ivshmem *function)
{
	long long end = clock_ms() + UNPLUG_TIMEOUT_MS;

	while (ivshmem_find(size, function)) {
		if (clock_ms() > end)
			return -ETIMEDOUT;
		sleep_ms(10);
	}
	return 0;
}

int ivshmem_minor(const struct ivshmem *function)
{
	char path[128], node[64];
	struct dirent *entry;
	int minor = -ENODEV, number;
	DIR *dir;

	attribute_path(path, sizeof(path), function->address, "kvmfr");
	dir = opendir(path);
	if (!dir)
		return -ENODEV;
	while ((entry = readdir(dir)))
		if (sscanf(entry->d_name, "kvmfr%d", &number) == 1)
			minor = number;
	closedir(dir);
	snprintf(node, sizeof(node), "/dev/kvmfr%d", minor);
	return minor >= 0 && access(node, F_OK) ? -ENODEV : minor;
}

int ivshmem_wait_minor(const struct ivshmem *function, int timeout_ms)
{
	long long end = clock_ms() + timeout_ms;
	int minor;

	do {
		minor = ivshmem_minor(function);
		if (minor >= 0)
			return minor;
		sleep_ms(10);
	} while (clock_ms() < end);
	return -ETIMEDOUT;
}

int pci_write(const char *address, const char *attribute, const char *text)
{
	char path[128];
	long ret;

	attribute_path(path, sizeof(path), address, attribute);
	ret = text_write(path, text);
	return ret < 0 ? ret : 0;
}

static int driver_write(const char *attribute, const char *address)
{
	char path[128];
	long ret;

	snprintf(path, sizeof(path), DRIVER "/%s", attribute);
	ret = text_write(path, address);
	return ret < 0 ? ret : 0;
}

int pci_bind(const char *address)
{
	return driver_write("bind", address);
}

int pci_unbind(const char *address)
{
	return driver_write("unbind", address);
}

int pci_rescan(void)
{
	long ret = text_write("/sys/bus/pci/rescan", "1");

	return ret < 0 ? ret : 0;
}

static bool function_present(const struct ivshmem *function)
{
	char path[128];

	attribute_path(path, sizeof(path), function->address, "vendor");
	return !access(path, F_OK);
}

static int driver_out(const struct ivshmem *function)
{
	return pci_unbind(function->address);
}

static int driver_in(const struct ivshmem *function)
{
	return pci_bind(function->address);
}

static int sysfs_out(const struct ivshmem *function)
{
	return pci_write(function->address, "remove", "1");
}

static int sysfs_in(const struct ivshmem *function)
{
	(void)function;
	return pci_rescan();
}

/* QEMU frees names a moment after the guest let the device go. */
static int monitor_retry(const char *command)
{
	long long end = clock_ms() + UNPLUG_TIMEOUT_MS;
	int ret;

	while ((ret = monitor_command(command, NULL, 0)) && clock_ms() < end)
		sleep_ms(50);
	return ret;
}

/*
 * QEMU 10 dies when a memory backend is given to a second ivshmem device after
 * the first was unplugged (its RAM block keeps the name). So each device gets a
 * backend of its own, mem<size>.<n>; the file remembers n.
 */
static long backend_number(unsigned long mib, char *path, size_t size)
{
	long number;

	snprintf(path, size, "/tmp/backend%lu", mib);
	number = number_read(path);
	return number < 0 ? 0 : number;
}

static int monitor_out(const struct ivshmem *function)
{
	long long end = clock_ms() + UNPLUG_TIMEOUT_MS;
	char command[64];
	int ret;

	snprintf(command, sizeof(command), "device_del iv%lu",
		 function->size / MIB);
	ret = monitor_command(command, NULL, 0);
	while (!ret && function_present(function)) {
		if (clock_ms() > end)
			return -ETIMEDOUT;
		sleep_ms(10);
	}
	return ret;
}

static int backend_remember(const char *path, long number)
{
	FILE *file = fopen(path, "we");

	if (!file)
		return -errno;
	fprintf(file, "%ld", number);
	return fclose(file) ? -errno : 0;
}

static int backend_replace(unsigned long mib, long *number)
{
	char path[64], command[128];
	int ret;

	*number = backend_number(mib, path, sizeof(path));
	snprintf(command, sizeof(command), "object_del mem%lu.%ld", mib,
		 *number);
	ret = monitor_retry(command);
	if (ret)
		return ret;
	++*number;
	snprintf(command, sizeof(command), BACKEND_ADD, mib, *number, mib);
	ret = monitor_command(command, NULL, 0);
	if (ret)
		return ret;
	return backend_remember(path, *number);
}

static int monitor_in(const struct ivshmem *function)
{
	unsigned long mib = function->size / MIB;
	char command[128];
	long number;
	int ret;

	ret = backend_replace(mib, &number);
	if (ret)
		return ret;
	snprintf(command, sizeof(command), DEVICE_ADD, mib, mib, number, mib);
	return monitor_retry(command);
}

const struct unplug_way unplug_driver = { "unbind", driver_out, driver_in };

const struct unplug_way unplug_sysfs = { "remove", sysfs_out, sysfs_in };

const struct unplug_way unplug_monitor = { "device_del", monitor_out,
					   monitor_in };
