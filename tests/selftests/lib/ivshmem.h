/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ivshmem functions of the test VM and the ways they come and go. Nothing
 * here prints or exits; errors are negative errno.
 *
 * The suites give every function a BAR 2 of its own size, in MiB, and derive
 * QEMU's names from it: device iv<size>, its memory mem<size>.0, root port
 * rp<size>.
 */
#ifndef KVMFR_TEST_IVSHMEM_H
#define KVMFR_TEST_IVSHMEM_H

#include <stdbool.h>
#include <stddef.h>

#define PCI_DEVICES "/sys/bus/pci/devices"
#define PCI_ADDRESS_MAX 16
/* Enough for a node to come, whatever else the machine does. */
#define NODE_TIMEOUT_MS 10000

/**
 * struct ivshmem - one ivshmem function
 * @address: PCI address as sysfs writes it
 * @start: first physical address of BAR 2
 * @size: bytes of BAR 2
 */
struct ivshmem {
	char address[PCI_ADDRESS_MAX];
	unsigned long start;
	unsigned long size;
};

/* Functions with this vendor and device ID, by address. Number or -errno. */
int pci_list(unsigned int vendor, unsigned int device, struct ivshmem *list,
	     int max);
int ivshmem_list(struct ivshmem *list, int max);
/* The ivshmem function whose BAR 2 has @size bytes. 0 or -ENODEV. */
int ivshmem_find(unsigned long size, struct ivshmem *function);
/* The same, waiting for it as long as plugging may take. 0 or -ETIMEDOUT. */
int ivshmem_wait(unsigned long size, struct ivshmem *function);
/* Minor number of the function's node, -ENODEV when it has none. */
int ivshmem_minor(const struct ivshmem *function);
/* The same, waiting up to @timeout_ms for it. -ETIMEDOUT when it stays away. */
int ivshmem_wait_minor(const struct ivshmem *function, int timeout_ms);

/* One attribute of one function in /sys/bus/pci/devices. 0 or -errno. */
int pci_write(const char *address, const char *attribute, const char *text);
int pci_bind(const char *address);
int pci_unbind(const char *address);
int pci_rescan(void);

/**
 * struct unplug_way - one way of taking a device out and putting it back
 * @name: for messages
 * @out: take it out; returns when it is gone. 0 or -errno
 * @in: put it back; its node comes then, or later. 0 or -errno
 */
struct unplug_way {
	const char *name;
	int (*out)(const struct ivshmem *function);
	int (*in)(const struct ivshmem *function);
};

/* Driver unbound and bound; function removed through sysfs and found by a
 * rescan; device unplugged and plugged by QEMU.
 */
extern const struct unplug_way unplug_driver, unplug_sysfs, unplug_monitor;

long long clock_ms(void);
void sleep_ms(unsigned int ms);

#endif /* KVMFR_TEST_IVSHMEM_H */
