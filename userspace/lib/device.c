// SPDX-License-Identifier: GPL-2.0
/* The devices of kvmfr.ko, as sysfs shows them. */
#include "device.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#define CLASS "sys/class/kvmfr"

/* "kvmfr0" to "kvmfr9". */
static bool is_name(const char *name)
{
	return !strncmp(name, "kvmfr", 5) && name[5] >= '0' && name[5] <= '9' &&
	       !name[6];
}

/* Other modules of that name show less, and what they show must be a number. */
static int64_t read_bytes(const struct kvmfr_root *root, const char *name,
			  const char *attribute)
{
	int64_t value;

	if (kvmfr_read_s64(root, &value, CLASS "/%s/%s", name, attribute) ||
	    value < 0)
		return -1;
	return value;
}

/* "240:0" */
static int read_number(const struct kvmfr_root *root, const char *name,
		       dev_t *number)
{
	int64_t major_number, minor_number;
	char text[32];
	char *colon;
	int ret;

	ret = kvmfr_read(root, text, sizeof(text), CLASS "/%s/dev", name);
	if (ret < 0)
		return ret;
	colon = strchr(text, ':');
	if (!colon)
		return -EINVAL;
	*colon = '\0';
	if (kvmfr_parse_s64(text, &major_number) ||
	    kvmfr_parse_s64(colon + 1, &minor_number))
		return -EINVAL;
	if (major_number < 0 || major_number > UINT16_MAX || minor_number < 0 ||
	    minor_number > UINT16_MAX)
		return -EINVAL;
	*number =
		makedev((unsigned int)major_number, (unsigned int)minor_number);
	return 0;
}

/* False if it is gone already, or is no device. */
static bool read_device(const struct kvmfr_root *root, const char *name,
			struct kvmfr_device *device)
{
	memset(device, 0, sizeof(*device));
	if (!is_name(name) || read_number(root, name, &device->number))
		return false;
	strcpy(device->name, name);
	kvmfr_read(root, device->kind, sizeof(device->kind), CLASS "/%s/kind",
		   name);
	if (!strcmp(device->kind, "ivshmem") &&
	    kvmfr_link(root, device->pci, sizeof(device->pci),
		       CLASS "/%s/device", name))
		device->pci[0] = '\0';
	device->size = read_bytes(root, name, "size");
	device->huge_bytes = read_bytes(root, name, "huge_bytes");
	device->mappings = read_bytes(root, name, "mappings");
	device->exports = read_bytes(root, name, "exports");
	return true;
}

static int compare(const void *a, const void *b)
{
	const struct kvmfr_device *first = a, *second = b;
	unsigned int x = minor(first->number), y = minor(second->number);

	return x < y ? -1 : x > y;
}

int kvmfr_device_list(const struct kvmfr_root *root,
		      struct kvmfr_device devices[KVMFR_DEVICES_MAX])
{
	struct kvmfr_names names;
	int count = 0;
	int ret;

	ret = kvmfr_list(root, &names, CLASS);
	if (ret)
		return ret == -ENOENT ? 0 : ret;
	for (size_t i = 0; i < names.count && count < KVMFR_DEVICES_MAX; i++)
		if (read_device(root, names.name[i], &devices[count]))
			count++;
	kvmfr_names_free(&names);
	if (count)
		qsort(devices, (size_t)count, sizeof(*devices), compare);
	return count;
}

enum kvmfr_node kvmfr_device_node(const struct kvmfr_root *root,
				  const struct kvmfr_device *device,
				  struct stat *st)
{
	memset(st, 0, sizeof(*st));
	if (kvmfr_lstat(root, st, "dev/%s", device->name))
		return KVMFR_NODE_MISSING;
	if (S_ISREG(st->st_mode))
		return KVMFR_NODE_REGULAR;
	if (S_ISCHR(st->st_mode) && st->st_rdev == device->number)
		return KVMFR_NODE_RIGHT;
	return KVMFR_NODE_OTHER;
}
