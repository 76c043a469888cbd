// SPDX-License-Identifier: GPL-2.0
/*
 * Brings back devices that did not wake from D3cold: they are removed and found
 * again, as an administrator would do by "remove" and "rescan" in sysfs.
 */
#include <linux/pm_runtime.h>
#include <linux/slab.h>

#include "compat-pci.h"
#include "vfio_pci_pm.h"

#define RECOVER_DEVICES 16

/**
 * struct vfio_pm_bound - what was bound to a device that is removed
 * @bus: the device's bus
 * @devfn: its number there
 * @driver: name of its driver
 */
struct vfio_pm_bound {
	u8 bus;
	u8 devfn;
	char driver[32];
};

struct vfio_pm_bounds {
	unsigned int count;
	struct vfio_pm_bound of[RECOVER_DEVICES];
};

static void vfio_pm_bounds_save(struct vfio_pm_slot *slot,
				struct vfio_pm_bounds *bounds)
{
	struct vfio_pm_member *member;
	struct vfio_pm_bound *bound;

	mutex_lock(&slot->lock);
	list_for_each_entry(member, &slot->members, node) {
		if (vfio_pm_is_bridge(member->pdev) ||
		    bounds->count == ARRAY_SIZE(bounds->of))
			continue;
		bound = &bounds->of[bounds->count++];
		bound->bus = member->pdev->bus->number;
		bound->devfn = member->pdev->devfn;
		vfio_pm_driver_name(member->pdev, bound->driver,
				    sizeof(bound->driver));
	}
	mutex_unlock(&slot->lock);
}

/* A device that is found again is the host's, unless it is told whose it was. */
static int vfio_pm_bounds_restore(struct pci_dev *pdev, void *data)
{
	struct vfio_pm_bounds *bounds = data;
	unsigned int i;

	for (i = 0; i < bounds->count; i++)
		if (bounds->of[i].bus == pdev->bus->number &&
		    bounds->of[i].devfn == pdev->devfn &&
		    bounds->of[i].driver[0] &&
		    device_set_driver_override(&pdev->dev,
					       bounds->of[i].driver))
			pci_err(pdev, "cannot be bound to %s again\n",
				bounds->of[i].driver);
	return 0;
}

/* As the slot's own doing, which is no wake-up. */
static int vfio_pm_recover_wake(struct vfio_pm_slot *slot)
{
	int ret;

	mutex_lock(&slot->lock);
	vfio_pm_track_actor(slot, current);
	ret = pm_runtime_resume_and_get(&slot->port->dev);
	vfio_pm_track_actor(slot, NULL);
	mutex_unlock(&slot->lock);
	return ret;
}

static void vfio_pm_remove_below(struct pci_bus *bus)
{
	struct pci_dev *pdev, *prev;

	list_for_each_entry_safe_reverse(pdev, prev, &bus->devices, bus_list)
		pci_stop_and_remove_bus_device(pdev);
}

/* No driver is offered a device before its override is set. */
static void vfio_pm_find_below(struct pci_bus *bus,
			       struct vfio_pm_bounds *bounds)
{
	pci_scan_child_bus(bus);
	pci_walk_bus(bus, vfio_pm_bounds_restore, bounds);
	pci_assign_unassigned_bus_resources(bus);
	pci_bus_add_devices(bus);
}

/**
 * vfio_pm_recover_slot - remove the devices below a port and find them again
 * @slot: the slot, with D3cold off
 *
 * Context: process, in pci_lock_rescan_remove(), no lock of a slot held.
 */
void vfio_pm_recover_slot(struct vfio_pm_slot *slot)
{
	struct pci_bus *bus = slot->port->subordinate;
	struct vfio_pm_bounds *bounds;

	bounds = kzalloc(sizeof(*bounds), GFP_KERNEL);
	if (!bus || !bounds || vfio_pm_recover_wake(slot))
		goto out;
	vfio_pm_bounds_save(slot, bounds);
	pci_notice(slot->port,
		   "removing the devices below and finding them again\n");
	vfio_pm_remove_below(bus);
	vfio_pm_find_below(bus, bounds);
	pm_runtime_put(&slot->port->dev);
	mutex_lock(&slot->lock);
	slot->count.recoveries++;
	mutex_unlock(&slot->lock);
out:
	kfree(bounds);
}
