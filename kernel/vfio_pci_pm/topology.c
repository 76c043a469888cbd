// SPDX-License-Identifier: GPL-2.0
/*
 * Which slots there are. Devices come, go, and change their drivers; whatever
 * happens, all of it is looked at again.
 */
#include <linux/err.h>
#include <linux/notifier.h>
#include <linux/suspend.h>

#include "vfio_pci_pm.h"

#define TOPOLOGY_DELAY_MS 200
#define TOPOLOGY_RETRY_MS 15000

static LIST_HEAD(vfio_pm_slots);
static DEFINE_MUTEX(vfio_pm_slots_lock); /* protects vfio_pm_slots */
/* No slot is made any more; protected by pci_lock_rescan_remove(). */
static bool vfio_pm_closed;

/*
 * The nearest port whose power firmware can cut; without any the port right
 * above the device, which then tells that it cannot.
 */
static struct pci_dev *vfio_pm_power_port(struct pci_dev *pdev)
{
	struct pci_dev *port;

	for (port = pci_upstream_bridge(pdev); port;
	     port = pci_upstream_bridge(port))
		if (pci_pr3_present(port))
			return port;
	return pci_upstream_bridge(pdev);
}

/* A port that is listed is found from below. */
static bool vfio_pm_is_wanted(struct pci_dev *pdev)
{
	return !vfio_pm_is_bridge(pdev) && vfio_pm_device_is_wanted(pdev);
}

static struct vfio_pm_slot *vfio_pm_slot_of(const struct pci_dev *port)
{
	struct vfio_pm_slot *slot;

	list_for_each_entry(slot, &vfio_pm_slots, node)
		if (slot->port == port)
			return slot;
	return NULL;
}

static void vfio_pm_slot_add(struct pci_dev *port)
{
	struct vfio_pm_slot *slot = vfio_pm_slot_create(port);

	if (IS_ERR(slot)) {
		dev_err_ratelimited(&port->dev, "cannot be looked after: %pe\n",
				    slot);
		if (PTR_ERR(slot) == -ENOMEM)
			vfio_pm_topology_retry();
		return;
	}
	mutex_lock(&vfio_pm_slots_lock);
	list_add_tail(&slot->node, &vfio_pm_slots);
	mutex_unlock(&vfio_pm_slots_lock);
}

static void vfio_pm_slot_drop(struct vfio_pm_slot *slot)
{
	mutex_lock(&vfio_pm_slots_lock);
	list_del(&slot->node);
	mutex_unlock(&vfio_pm_slots_lock);
	vfio_pm_slot_destroy(slot);
}

/* A port that was removed and found again has the name of the one before. */
static void vfio_pm_drop_stale(void)
{
	struct vfio_pm_slot *slot, *next;
	struct pci_dev *pdev = NULL;

	list_for_each_entry(slot, &vfio_pm_slots, node)
		slot->stale = true;
	for_each_pci_dev(pdev) {
		if (!vfio_pm_is_wanted(pdev))
			continue;
		slot = vfio_pm_slot_of(vfio_pm_power_port(pdev));
		if (slot)
			slot->stale = false;
	}
	list_for_each_entry_safe(slot, next, &vfio_pm_slots, node)
		if (slot->stale)
			vfio_pm_slot_drop(slot);
}

static void vfio_pm_add_missing(void)
{
	struct pci_dev *pdev = NULL;
	struct pci_dev *port;

	for_each_pci_dev(pdev) {
		if (!vfio_pm_is_wanted(pdev))
			continue;
		port = vfio_pm_power_port(pdev);
		if (port && !vfio_pm_slot_of(port))
			vfio_pm_slot_add(port);
	}
}

static void vfio_pm_scan(void)
{
	struct vfio_pm_slot *slot;

	vfio_pm_drop_stale();
	vfio_pm_add_missing();
	list_for_each_entry(slot, &vfio_pm_slots, node)
		vfio_pm_slot_refresh(slot);
}

/*
 * The list is changed here and at exit only, so that its lock, which a system
 * suspend needs, is not held while a driver is asked to let go of a device.
 */
static void vfio_pm_topology_work(struct work_struct *work)
{
	struct vfio_pm_slot *slot;

	pci_lock_rescan_remove();
	if (!vfio_pm_closed) {
		list_for_each_entry(slot, &vfio_pm_slots, node)
			if (vfio_pm_slot_wants_recovery(slot))
				vfio_pm_recover_slot(slot);
		vfio_pm_scan();
	}
	pci_unlock_rescan_remove();
}

static DECLARE_DELAYED_WORK(vfio_pm_topology, vfio_pm_topology_work);

/**
 * vfio_pm_topology_update - have all slots looked for again
 *
 * Soon: events come in numbers, and some before what they tell of is over.
 *
 * Context: any.
 */
void vfio_pm_topology_update(void)
{
	queue_delayed_work(vfio_pm_wq, &vfio_pm_topology,
			   msecs_to_jiffies(TOPOLOGY_DELAY_MS));
}

static void vfio_pm_retry_work(struct work_struct *work)
{
	vfio_pm_topology_update();
}

static DECLARE_DELAYED_WORK(vfio_pm_retry, vfio_pm_retry_work);

/**
 * vfio_pm_topology_retry - have all slots looked for again later
 *
 * For who had no memory, of which there is no more in 200 ms. An event that comes
 * first is not kept waiting.
 *
 * Context: any.
 */
void vfio_pm_topology_retry(void)
{
	queue_delayed_work(vfio_pm_wq, &vfio_pm_retry,
			   msecs_to_jiffies(TOPOLOGY_RETRY_MS));
}

static void vfio_pm_kick_work(struct work_struct *work)
{
	struct vfio_pm_slot *slot;

	mutex_lock(&vfio_pm_slots_lock);
	list_for_each_entry(slot, &vfio_pm_slots, node)
		vfio_pm_slot_kick(slot);
	mutex_unlock(&vfio_pm_slots_lock);
}

static DECLARE_WORK(vfio_pm_kick, vfio_pm_kick_work);

/**
 * vfio_pm_topology_kick - have all slots looked at
 *
 * Context: any.
 */
void vfio_pm_topology_kick(void)
{
	queue_work(vfio_pm_wq, &vfio_pm_kick);
}

/*
 * Some are called with a device lock held, a driver's probe or remove being next.
 *
 * Who has seen a driver may still be getting the device's IOMMU group (driver.c),
 * which goes at BUS_NOTIFY_REMOVED_DEVICE. No driver comes any more after
 * BUS_NOTIFY_DEL_DEVICE (kill_device()); one that had not bound may have been seen
 * before, one that had is gone at BUS_NOTIFY_UNBOUND_DRIVER.
 */
static int vfio_pm_bus_event(struct notifier_block *block, unsigned long event,
			     void *data)
{
	switch (event) {
	case BUS_NOTIFY_DEL_DEVICE:
	case BUS_NOTIFY_UNBOUND_DRIVER:
		vfio_pm_driver_barrier();
		fallthrough;
	case BUS_NOTIFY_ADD_DEVICE:
	case BUS_NOTIFY_REMOVED_DEVICE:
	case BUS_NOTIFY_BOUND_DRIVER:
	case BUS_NOTIFY_DRIVER_NOT_BOUND:
		vfio_pm_topology_update();
	}
	return NOTIFY_DONE;
}

static struct notifier_block vfio_pm_bus_block = {
	.notifier_call = vfio_pm_bus_event,
};

/* The queue is frozen between the two: nothing is done to a slot. */
static int vfio_pm_sleep_event(struct notifier_block *block,
			       unsigned long event, void *data)
{
	struct vfio_pm_slot *slot;

	mutex_lock(&vfio_pm_slots_lock);
	list_for_each_entry(slot, &vfio_pm_slots, node) {
		switch (event) {
		case PM_SUSPEND_PREPARE:
		case PM_HIBERNATION_PREPARE:
		case PM_RESTORE_PREPARE:
			vfio_pm_slot_suspend(slot);
			break;
		case PM_POST_SUSPEND:
		case PM_POST_HIBERNATION:
		case PM_POST_RESTORE:
			vfio_pm_slot_resume(slot);
		}
	}
	mutex_unlock(&vfio_pm_slots_lock);
	return NOTIFY_DONE;
}

static struct notifier_block vfio_pm_sleep_block = {
	.notifier_call = vfio_pm_sleep_event,
};

/**
 * vfio_pm_topology_init - find the slots, now and whenever devices change
 *
 * Return: 0 or -errno.
 */
int vfio_pm_topology_init(void)
{
	int ret;

	ret = register_pm_notifier(&vfio_pm_sleep_block);
	if (ret)
		return ret;
	ret = bus_register_notifier(&pci_bus_type, &vfio_pm_bus_block);
	if (ret) {
		unregister_pm_notifier(&vfio_pm_sleep_block);
		return ret;
	}
	vfio_pm_topology_update();
	flush_delayed_work(&vfio_pm_topology);
	return 0;
}

/**
 * vfio_pm_topology_exit - leave all slots to the kernel
 */
void vfio_pm_topology_exit(void)
{
	struct vfio_pm_slot *slot, *next;

	unregister_pm_notifier(&vfio_pm_sleep_block);
	pci_lock_rescan_remove();
	vfio_pm_closed = true;
	list_for_each_entry_safe(slot, next, &vfio_pm_slots, node)
		vfio_pm_slot_drop(slot);
	pci_unlock_rescan_remove();
	/* Now that nobody looks at a device any more. */
	bus_unregister_notifier(&pci_bus_type, &vfio_pm_bus_block);
	cancel_delayed_work_sync(&vfio_pm_retry);
	/* A slot may have asked for it to the last. */
	cancel_delayed_work_sync(&vfio_pm_topology);
	cancel_work_sync(&vfio_pm_kick);
}
