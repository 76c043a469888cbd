// SPDX-License-Identifier: GPL-2.0
/*
 * DOC: How a slot is brought to a power state
 *
 * The module never puts a device to sleep, it only says how deep the kernel may
 * go when nobody uses it:
 *
 * - D3cold: nothing is in the way, this is what the kernel does by itself;
 * - D3hot: pci_d3cold_disable() on the port, as xe and i915 do for theirs. (On a
 *   function it would keep the port in D0.)
 * - D0: a usage count on every function.
 *
 * no_d3cold shares a word with bits that change during transitions, so the port
 * is kept active while it is changed. The put afterwards lets the port go to
 * where it may go now; nothing else would.
 */
#include <linux/pm_runtime.h>
#include <linux/sched.h>

#include "vfio_pci_pm.h"

static int vfio_pm_allow_cold(struct vfio_pm_slot *slot, bool allow)
{
	struct pci_dev *port = slot->port;
	int ret;

	ret = pm_runtime_resume_and_get(&port->dev);
	if (ret)
		return ret;
	pm_runtime_barrier(&port->dev);
	if (allow) {
		pci_d3cold_enable(port);
		slot->cold_off = false;
		slot->count.d3cold_attempts++;
	} else {
		pci_d3cold_disable(port);
		slot->cold_off = true;
	}
	pm_runtime_put_sync(&port->dev);
	return 0;
}

static void vfio_pm_hold(struct vfio_pm_member *member, bool hold)
{
	struct device *dev = &member->pdev->dev;

	if (vfio_pm_is_bridge(member->pdev) || member->held == hold)
		return;
	if (!hold) {
		member->held = false;
		pm_runtime_put(dev);
	} else if (!pm_runtime_resume_and_get(dev)) {
		member->held = true;
	}
}

static bool vfio_pm_can_forbid(const struct vfio_pm_slot *slot)
{
	return slot->has_power && !slot->port->no_d3cold;
}

/**
 * vfio_pm_allow - say how deep the slot may go
 * @slot: the slot
 * @deepest: the deepest state
 *
 * Where somebody else has forbidden D3cold it stays forbidden, and where there
 * is none there is nothing to forbid.
 *
 * Return: 0, or what resuming the port failed with; nothing has changed then.
 *
 * Context: process, slot->lock held; takes as long as the port needs to wake.
 */
int vfio_pm_allow(struct vfio_pm_slot *slot, enum vfio_pm_power deepest)
{
	bool cold = deepest == VFIO_PM_D3COLD;
	struct vfio_pm_member *member;
	int ret = 0;

	lockdep_assert_held(&slot->lock);
	vfio_pm_track_actor(slot, current);
	if (cold ? slot->cold_off : vfio_pm_can_forbid(slot))
		ret = vfio_pm_allow_cold(slot, cold);
	if (!ret)
		list_for_each_entry(member, &slot->members, node)
			vfio_pm_hold(member, deepest == VFIO_PM_D0);
	vfio_pm_track_actor(slot, NULL);
	vfio_pm_track_level(slot);
	return ret;
}

/**
 * vfio_pm_kick_port - tell an idle slot that it is
 * @slot: the slot
 *
 * The kernel asks whether a port is idle when something below it changes. When
 * the only thing that changed is that it may go to D3, nobody asks.
 */
void vfio_pm_kick_port(struct vfio_pm_slot *slot)
{
	struct vfio_pm_member *member;

	lockdep_assert_held(&slot->lock);
	slot->count.kicks++;
	slot->count.d3cold_attempts++;
	list_for_each_entry_reverse(member, &slot->members, node)
		pm_runtime_idle(&member->pdev->dev);
}

static bool vfio_pm_member_wakes(struct vfio_pm_member *member)
{
	struct pci_dev *pdev = member->pdev;
	bool wakes;

	/* Refused where runtime PM is off, which is no failure. */
	pm_runtime_get_sync(&pdev->dev);
	wakes = !pci_channel_offline(pdev) && pci_device_is_present(pdev);
	pm_runtime_put(&pdev->dev);
	return wakes;
}

/* What firmware says counts after it was asked to switch the power on. */
static bool vfio_pm_power_is_off(struct vfio_pm_slot *slot)
{
	slot->sta_ns = 0;
	return vfio_pm_acpi_sta(slot) == VFIO_PM_STA_OFF;
}

/**
 * vfio_pm_wake - wake the slot and see whether it is all there
 * @slot: the slot, in D3cold
 *
 * Return: NULL, or a device that did not come back; the port, if that is what
 * failed or firmware says that the power is still off. A device that is being
 * reset because somebody has opened it may look absent, too.
 *
 * Context: process, slot->lock held. A dead device can take a minute.
 */
struct pci_dev *vfio_pm_wake(struct vfio_pm_slot *slot)
{
	struct device *port = &slot->port->dev;
	struct vfio_pm_member *member;
	struct pci_dev *lost = NULL;

	lockdep_assert_held(&slot->lock);
	vfio_pm_track_actor(slot, current);
	if (pm_runtime_get_sync(port) < 0 || vfio_pm_power_is_off(slot))
		lost = slot->port;
	list_for_each_entry(member, &slot->members, node)
		if (!vfio_pm_member_wakes(member) && !lost)
			lost = member->pdev;
	pm_runtime_put_sync(port);
	vfio_pm_track_actor(slot, NULL);
	vfio_pm_track_level(slot);
	return lost;
}

/**
 * vfio_pm_repair_leak - undo what an aborted system suspend left
 * @slot: the slot
 *
 * When a driver refuses, the kernel has switched suspended ports on already and
 * leaves them so, while runtime PM goes on to think that they are suspended.
 * Some ports are always so: those with _EJ0, for which ACPI does nothing.
 */
void vfio_pm_repair_leak(struct vfio_pm_slot *slot)
{
	struct pci_dev *port = slot->port;

	lockdep_assert_held(&slot->lock);
	if (!pm_runtime_status_suspended(&port->dev) ||
	    port->current_state != PCI_D0)
		return;
	vfio_pm_track_actor(slot, current);
	if (!pm_runtime_resume_and_get(&port->dev)) {
		slot->count.leaks_repaired++;
		pm_runtime_put_sync(&port->dev);
	}
	vfio_pm_track_actor(slot, NULL);
}
