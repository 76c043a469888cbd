/* SPDX-License-Identifier: GPL-2.0 */
/* The devices of kvmfr.ko, as sysfs shows them. */
#ifndef KVMFR_DEVICE_H
#define KVMFR_DEVICE_H

#include <stdint.h>
#include <sys/types.h>

#include "root.h"

#define KVMFR_DEVICES_MAX 10
#define KVMFR_MIB (1024 * 1024)

/**
 * struct kvmfr_device - one of /sys/class/kvmfr/
 * @name: of the node below /dev, "kvmfr0"
 * @kind: "static", or "ivshmem" for a PCI device's memory
 * @pci: that device's address, else ""
 * @number: major and minor, what stat() of the node calls st_rdev
 * @size: of the memory in bytes
 * @huge_bytes: how much of it is in blocks that can be mapped as 2 MiB pages;
 *	-1 where not known (another kvmfr.ko)
 * @mappings: how often it is mapped now; -1 where not known
 * @exports: dma-bufs of it that exist now; -1 where not known
 */
struct kvmfr_device {
	char name[16];
	char kind[16];
	char pci[16];
	dev_t number;
	int64_t size;
	int64_t huge_bytes;
	int64_t mappings;
	int64_t exports;
};

/*
 * Fills @devices, in the order of their minors. Needs no rights and opens no
 * node. @size is -1 with a kvmfr.ko that does not show it.
 *
 * Return: how many there are, 0 also without the module, or a negative errno.
 */
int kvmfr_device_list(const struct kvmfr_root *root,
		      struct kvmfr_device devices[KVMFR_DEVICES_MAX]);

/* What is at /dev/<name>. */
enum kvmfr_node {
	KVMFR_NODE_MISSING,
	KVMFR_NODE_RIGHT, /* a character device with that number */
	KVMFR_NODE_REGULAR, /* a file: QEMU was started before the module was loaded */
	KVMFR_NODE_OTHER, /* anything else: a link, another device */
};

/* @st is the node's, if there is one. Links are not followed. */
enum kvmfr_node kvmfr_device_node(const struct kvmfr_root *root,
				  const struct kvmfr_device *device,
				  struct stat *st);

#endif
