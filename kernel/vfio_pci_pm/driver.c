// SPDX-License-Identifier: GPL-2.0
/*
 * What is bound to a device, found out without the device lock: a driver may
 * hold that for as long as it takes to probe, or to wait for a user to go.
 *
 * A driver is looked at under RCU. The driver core clears dev->driver in
 * device_unbind_cleanup() before the driver can be unregistered, and
 * free_module() waits with synchronize_rcu() before it frees the module's
 * memory, which holds the driver and its name. So whoever still sees the
 * pointer keeps that memory; who comes later sees NULL.
 *
 * The IOMMU group of a device that vfio has can be freed once the device is
 * removed, when it has no driver any more. A spinlock is held from seeing the
 * driver until the group is got, and vfio_pm_driver_barrier() waits for that in
 * between. A grace period would do, too; but it takes 10 or 20 ms, for each of the
 * hundreds of devices that some drivers remove at a time.
 */
#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/pci.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "vfio_pci_pm.h"

static DEFINE_SPINLOCK(vfio_pm_group_lock); /* protects no data, see above */

static struct device_driver *vfio_pm_driver(struct pci_dev *pdev)
{
	RCU_LOCKDEP_WARN(!rcu_read_lock_held(), "driver may go away");
	return READ_ONCE(pdev->dev.driver);
}

static bool vfio_pm_driver_is_vfio(struct pci_dev *pdev)
{
	struct device_driver *drv = vfio_pm_driver(pdev);

	return drv && to_pci_driver(drv)->driver_managed_dma &&
	       strstr(drv->name, "vfio");
}

/**
 * vfio_pm_is_bridge - is this a port or bridge, and not an endpoint?
 * @pdev: the device
 *
 * Context: any.
 * Return: true for a bridge to another bus.
 */
bool vfio_pm_is_bridge(const struct pci_dev *pdev)
{
	return pdev->hdr_type == PCI_HEADER_TYPE_BRIDGE ||
	       pdev->hdr_type == PCI_HEADER_TYPE_CARDBUS;
}

/**
 * vfio_pm_has_driver - is a driver bound, or being bound?
 * @pdev: the device
 *
 * Context: any; what it says may be over at once.
 * Return: true if there is one.
 */
bool vfio_pm_has_driver(struct pci_dev *pdev)
{
	return READ_ONCE(pdev->dev.driver);
}

/**
 * vfio_pm_has_vfio_driver - is the device given to virtual machines?
 * @pdev: the device
 *
 * There is no list of vfio drivers: the variant drivers of the vendors have
 * names of their own, and some are not in the kernel's tree. What they share
 * is that they leave DMA to the user (driver_managed_dma) and have "vfio" in
 * the name; pci-stub and pcieport share only the former.
 *
 * Context: any; what it says may be over at once.
 * Return: true if an endpoint has vfio-pci or one of its variants.
 */
bool vfio_pm_has_vfio_driver(struct pci_dev *pdev)
{
	bool vfio;

	if (vfio_pm_is_bridge(pdev))
		return false;
	rcu_read_lock();
	vfio = vfio_pm_driver_is_vfio(pdev);
	rcu_read_unlock();
	return vfio;
}

/**
 * vfio_pm_driver_name - copy the name of the driver
 * @pdev: the device
 * @name: set to the name, or to "" if there is no driver
 * @size: bytes at @name
 *
 * Context: any.
 */
void vfio_pm_driver_name(struct pci_dev *pdev, char *name, size_t size)
{
	struct device_driver *drv;

	rcu_read_lock();
	drv = vfio_pm_driver(pdev);
	strscpy(name, drv ? drv->name : "", size);
	rcu_read_unlock();
}

/* The IOMMU group of a device that may be open, with a reference. */
static bool vfio_pm_may_be_open(struct pci_dev *pdev,
				struct iommu_group **group)
{
	bool open;

	rcu_read_lock();
	spin_lock(&vfio_pm_group_lock);
	open = vfio_pm_driver_is_vfio(pdev) && pci_is_enabled(pdev);
	if (open && READ_ONCE(pdev->dev.iommu))
		*group = iommu_group_get(&pdev->dev);
	spin_unlock(&vfio_pm_group_lock);
	rcu_read_unlock();
	return open;
}

/**
 * vfio_pm_is_open - does a virtual machine have the device?
 * @pdev: the device
 *
 * The vfio drivers enable a device in vfio_pci_core_enable(), when it is
 * opened, and disable it when it is closed; that holds while a guest has put
 * it to sleep, too, when its usage count says nothing. A former driver may have
 * left the device enabled; but then nobody owns the DMA of its IOMMU group,
 * which vfio claims before a device can be opened
 * (iommu_group_claim_dma_owner()). Without an IOMMU vfio makes a group up
 * (enable_unsafe_noiommu_mode) whose DMA nobody ever owns.
 *
 * Context: process; what it says may be over at once.
 * Return: true if it is open.
 */
bool vfio_pm_is_open(struct pci_dev *pdev)
{
	struct iommu_group *group = NULL;
	bool open;

	if (vfio_pm_is_bridge(pdev))
		return false;
	open = vfio_pm_may_be_open(pdev, &group);
	if (group) {
		open = iommu_group_dma_owner_claimed(group);
		iommu_group_put(group);
	}
	return open;
}

/**
 * vfio_pm_driver_barrier - wait for who has seen a device's driver
 *
 * After this nobody gets the IOMMU group of a device any more that had no driver
 * before, nor will have one.
 *
 * Context: process; does not sleep.
 */
void vfio_pm_driver_barrier(void)
{
	spin_lock(&vfio_pm_group_lock);
	spin_unlock(&vfio_pm_group_lock);
}
