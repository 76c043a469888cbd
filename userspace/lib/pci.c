// SPDX-License-Identifier: GPL-2.0
/* PCI devices as sysfs shows them. */
#include "pci.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEVICES "sys/bus/pci/devices"
#define CLASS_DISPLAY 0x03
#define CLASS_BRIDGE 0x0604
#define ADDRESS_LENGTH 12

bool kvmfr_pci_address_valid(const char *text)
{
	static const char form[] = "xxxx:xx:xx.x";
	size_t length = strlen(text);

	/* Domains of virtual buses have more digits than four. */
	if (length < ADDRESS_LENGTH ||
	    length >= sizeof(((struct kvmfr_pci *)0)->address))
		return false;
	for (; length > ADDRESS_LENGTH; length--, text++)
		if (!strchr("0123456789abcdef", *text))
			return false;
	for (size_t i = 0; form[i]; i++) {
		if (form[i] == 'x' ? !strchr("0123456789abcdef", text[i]) :
				     text[i] != form[i])
			return false;
	}
	return true;
}

/*
 * The bridge above, from where the link points to:
 * ../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0
 */
static int read_port(const struct kvmfr_root *root, struct kvmfr_pci *device)
{
	char target[PATH_MAX];
	char *slash;
	ssize_t length;
	int fd;

	fd = kvmfr_open(root, O_PATH | O_NOFOLLOW, DEVICES "/%s",
			device->address);
	if (fd < 0)
		return fd;
	length = readlinkat(fd, "", target, sizeof(target) - 1);
	close(fd);
	if (length < 0)
		return 0;
	target[length] = '\0';
	slash = strrchr(target, '/');
	if (!slash)
		return 0;
	*slash = '\0';
	slash = strrchr(target, '/');
	if (slash && kvmfr_pci_address_valid(slash + 1))
		strcpy(device->port, slash + 1);
	return 0;
}

static uint32_t read_number(const struct kvmfr_root *root, const char *address,
			    const char *name)
{
	int64_t value;

	if (kvmfr_read_s64(root, &value, DEVICES "/%s/%s", address, name) ||
	    value < 0 || value > UINT32_MAX)
		return 0;
	return (uint32_t)value;
}

static void read_word(const struct kvmfr_root *root, char *word, size_t size,
		      const char *address, const char *name)
{
	if (kvmfr_read(root, word, size, DEVICES "/%s/%s", address, name) < 0)
		word[0] = '\0';
}

static void read_link(const struct kvmfr_root *root, char *word, size_t size,
		      const char *address, const char *name)
{
	if (kvmfr_link(root, word, size, DEVICES "/%s/%s", address, name))
		word[0] = '\0';
}

static int read_device(const struct kvmfr_root *root, struct kvmfr_pci *device,
		       const char *address)
{
	int64_t value;
	int ret;

	memset(device, 0, sizeof(*device));
	strcpy(device->address, address);
	ret = read_port(root, device);
	if (ret)
		return ret;
	device->class = read_number(root, address, "class");
	device->vendor = read_number(root, address, "vendor");
	device->device = read_number(root, address, "device");
	read_link(root, device->driver, sizeof(device->driver), address,
		  "driver");
	read_link(root, device->group, sizeof(device->group), address,
		  "iommu_group");
	read_word(root, device->override, sizeof(device->override), address,
		  "driver_override");
	if (!strcmp(device->override, "(null)"))
		device->override[0] = '\0';
	read_word(root, device->control, sizeof(device->control), address,
		  "power/control");
	read_word(root, device->rpm_status, sizeof(device->rpm_status), address,
		  "power/runtime_status");
	read_word(root, device->power_state, sizeof(device->power_state),
		  address, "power_state");
	if (kvmfr_read_s64(root, &value, DEVICES "/%s/d3cold_allowed", address))
		device->d3cold_allowed = -1;
	else
		device->d3cold_allowed = value != 0;
	device->boot_vga = read_number(root, address, "boot_vga") == 1;
	device->cuts_power = kvmfr_exists(
		root, DEVICES "/%s/firmware_node/power_resources_D3hot",
		address);
	return 0;
}

int kvmfr_pci_list(const struct kvmfr_root *root, struct kvmfr_pci **devices)
{
	struct kvmfr_names names;
	int count = 0;
	int ret;

	*devices = NULL;
	ret = kvmfr_list(root, &names, DEVICES);
	if (ret)
		return ret == -ENOENT ? 0 : ret;
	*devices = calloc(names.count + 1, sizeof(**devices));
	if (!*devices) {
		kvmfr_names_free(&names);
		return -ENOMEM;
	}
	for (size_t i = 0; i < names.count; i++) {
		if (kvmfr_pci_address_valid(names.name[i]) &&
		    !read_device(root, *devices + count, names.name[i]))
			count++;
	}
	kvmfr_names_free(&names);
	return count;
}

const struct kvmfr_pci *kvmfr_pci_find(const struct kvmfr_pci *devices,
				       int count, const char *address)
{
	for (int i = 0; i < count; i++)
		if (!strcmp(devices[i].address, address))
			return devices + i;
	return NULL;
}

const struct kvmfr_pci *kvmfr_pci_power_port(const struct kvmfr_pci *devices,
					     int count,
					     const struct kvmfr_pci *device)
{
	const struct kvmfr_pci *nearest =
		kvmfr_pci_find(devices, count, device->port);
	const struct kvmfr_pci *port = nearest;

	/* Links in a tree from elsewhere may go in circles. */
	for (int i = 0; i < count && port; i++) {
		if (port->cuts_power)
			return port;
		port = kvmfr_pci_find(devices, count, port->port);
	}
	return nearest;
}

bool kvmfr_pci_same_device(const struct kvmfr_pci *a, const struct kvmfr_pci *b)
{
	size_t length = strlen(a->address);

	return length == strlen(b->address) &&
	       !strncmp(a->address, b->address, length - 1);
}

bool kvmfr_pci_is_display(const struct kvmfr_pci *device)
{
	return device->class >> 16 == CLASS_DISPLAY;
}

bool kvmfr_pci_is_bridge(const struct kvmfr_pci *device)
{
	return device->class >> 8 == CLASS_BRIDGE;
}

bool kvmfr_pci_has_vfio(const struct kvmfr_pci *device)
{
	return strstr(device->driver, "vfio") != NULL;
}
