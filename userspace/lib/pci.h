/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PCI devices as sysfs shows them. Only attributes are read that wake nothing:
 * neither "config" nor the speed of a link.
 */
#ifndef KVMFR_PCI_H
#define KVMFR_PCI_H

#include <stdbool.h>
#include <stdint.h>

#include "root.h"

/**
 * struct kvmfr_pci - one of /sys/bus/pci/devices/
 * @address: "0000:01:00.0"
 * @port: the bridge that it is behind, "" for what is on a root bus
 * @class: 24 bits
 * @vendor: 16 bits, like @device
 * @driver: "" if none
 * @override: driver_override, "" if none
 * @group: number of its IOMMU group, "" if none
 * @control: power/control, "auto" or "on"
 * @rpm_status: power/runtime_status
 * @power_state: PCI state that the kernel has remembered, "D3cold"
 * @d3cold_allowed: 0 or 1, -1 where not known
 * @boot_vga: the machine showed its firmware's pictures there
 * @cuts_power: firmware can cut its power (_PR3)
 *
 * A word is "" where the kernel does not show it.
 */
struct kvmfr_pci {
	char address[16];
	char port[16];
	uint32_t class;
	uint32_t vendor;
	uint32_t device;
	char driver[32];
	char override[32];
	char group[16];
	char control[16];
	char rpm_status[16];
	char power_state[16];
	int d3cold_allowed;
	bool boot_vga;
	bool cuts_power;
};

/*
 * All of them, sorted by address, to be freed. One that vanishes meanwhile is
 * left out.
 *
 * Return: how many, 0 also on a machine without PCI, or a negative errno.
 */
int kvmfr_pci_list(const struct kvmfr_root *root, struct kvmfr_pci **devices);

/* The one with this address, or NULL. */
const struct kvmfr_pci *kvmfr_pci_find(const struct kvmfr_pci *devices,
				       int count, const char *address);

/*
 * The port whose power is the device's: the nearest above that firmware can cut
 * the power of, else the one right above; NULL if there is no port.
 */
const struct kvmfr_pci *kvmfr_pci_power_port(const struct kvmfr_pci *devices,
					     int count,
					     const struct kvmfr_pci *device);

/* Whether two are functions of one device: the same slot of the same bus. */
bool kvmfr_pci_same_device(const struct kvmfr_pci *a,
			   const struct kvmfr_pci *b);

bool kvmfr_pci_is_display(const struct kvmfr_pci *device);
bool kvmfr_pci_is_bridge(const struct kvmfr_pci *device);

/* A driver that gives devices to virtual machines: vfio-pci or a variant of it. */
bool kvmfr_pci_has_vfio(const struct kvmfr_pci *device);

/* "0000:01:00.0", lower case: what kernel and library call a device. */
bool kvmfr_pci_address_valid(const char *text);

#endif
