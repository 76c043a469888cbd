// SPDX-License-Identifier: GPL-2.0
/*
 * What keeps a slot out of D3cold: kept up to date, told, and put right where
 * only a module can. What an administrator can change through documented
 * attributes is left to him.
 */
#include <linux/bitops.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/string.h>

#include "blockers.h"
#include "vfio_pci_pm.h"

/* A use that was found by so many looks in a row is there to stay. */
#define VFIO_PM_IDLE_USES 2

/* The longest line has about 400 bytes. */
#define VFIO_PM_LINE 512

/* @mask without uses that can be over at any moment. */
static u32 vfio_pm_lasting(const struct vfio_pm_member *member, u32 mask)
{
	return member->idle_uses < VFIO_PM_IDLE_USES ? mask & ~VFIO_PM_USES :
						       mask;
}

/* What of a device's blockers really keeps the slot out of D3cold. */
static u32 vfio_pm_member_blocks(const struct vfio_pm_member *member)
{
	struct pci_dev *bridge = pci_upstream_bridge(member->pdev);
	u32 mask = member->blockers & ~VFIO_PM_INFORMATIVE;

	/* An endpoint is left in D0 then, but that does not stop the port. */
	if (!vfio_pm_is_bridge(member->pdev))
		mask &= ~BIT(VFIO_PM_B_NO_D3_QUIRK);
	/* Not before the PCI core looks again, which can be never. */
	if (bridge && bridge->bridge_d3)
		mask &= ~BIT(VFIO_PM_B_WAKEUP_ENABLED);
	return mask;
}

/**
 * vfio_pm_blockers_update - find out what keeps the slot out of D3cold
 * @slot: the slot
 *
 * For the worker: some blockers show only when several calls in a row see
 * them.
 *
 * Context: process, slot->lock held. Wakes nothing.
 * Return: mask of enum vfio_pm_blocker, without what is told but blocks
 * nothing: in_use, active_supplier_link, no_d3_quirk of an endpoint, and
 * wakeup_enabled while the port above may sleep all the same.
 */
u32 vfio_pm_blockers_update(struct vfio_pm_slot *slot)
{
	struct vfio_pm_member *member;
	u32 sum = 0;
	u32 mask;

	lockdep_assert_held(&slot->lock);
	list_for_each_entry(member, &slot->members, node) {
		mask = vfio_pm_blockers_find(slot, member);
		if (!(mask & VFIO_PM_USES))
			member->idle_uses = 0;
		else if (member->idle_uses < VFIO_PM_IDLE_USES)
			member->idle_uses++;
		member->blockers = vfio_pm_lasting(member, mask);
		sum |= vfio_pm_member_blocks(member);
	}
	return sum;
}

/*
 * Make the PCI core look again at whether the ports above may sleep. no_d3cold
 * and bridge_d3 share words with bits that change during transitions, so the
 * device and with it all ports are kept awake meanwhile. The put lets them go
 * to where they may go now.
 */
static bool vfio_pm_refresh_d3cold(struct pci_dev *pdev)
{
	if (pm_runtime_resume_and_get(&pdev->dev))
		return false;
	pm_runtime_barrier(&pdev->dev);
	pci_d3cold_disable(pdev);
	pci_d3cold_enable(pdev);
	pm_runtime_put(&pdev->dev);
	return true;
}

static bool vfio_pm_clear_no_d3cold(struct vfio_pm_slot *slot)
{
	struct vfio_pm_member *member;
	bool tried = false;

	list_for_each_entry(member, &slot->members, node) {
		if (!vfio_pm_no_d3cold_is_stale(member->pdev) ||
		    vfio_pm_is_open(member->pdev))
			continue;
		tried = true;
		if (vfio_pm_refresh_d3cold(member->pdev))
			slot->count.stale_cleared++;
	}
	return tried;
}

/* Any device directly below the bridge will do. */
static struct pci_dev *vfio_pm_child(struct vfio_pm_slot *slot,
				     struct pci_dev *bridge)
{
	struct vfio_pm_member *member;

	list_for_each_entry(member, &slot->members, node)
		if (member->pdev != slot->port &&
		    pci_upstream_bridge(member->pdev) == bridge)
			return member->pdev;
	return NULL;
}

/**
 * vfio_pm_blockers_repair - put right what only a module can
 * @slot: the slot, in use by nobody
 *
 * That is no_d3cold of a driver that is gone, which is counted, and a port
 * that the PCI core keeps on although nothing below it asks for that any more.
 * Touches and wakes nothing unless there is such a thing.
 *
 * Context: process, slot->lock held. Sleeps until the device is awake if there
 * is something to do.
 * Return: true if there was, whether or not the device woke.
 */
bool vfio_pm_blockers_repair(struct vfio_pm_slot *slot)
{
	struct vfio_pm_member *member;
	struct pci_dev *child;
	bool tried;

	lockdep_assert_held(&slot->lock);
	vfio_pm_track_actor(slot, current);
	tried = vfio_pm_clear_no_d3cold(slot);
	/* Best from the bottom: the PCI core passes the change upwards. */
	list_for_each_entry_reverse(member, &slot->members, node) {
		if (!vfio_pm_bridge_d3_is_stale(slot, member->pdev))
			continue;
		child = vfio_pm_child(slot, member->pdev);
		if (!child || vfio_pm_is_open(child))
			continue;
		tried = true;
		vfio_pm_refresh_d3cold(child);
	}
	vfio_pm_track_actor(slot, NULL);
	return tried;
}

/**
 * vfio_pm_blockers_first - name the blocker that matters most
 * @slot: the slot
 * @text: set to a sentence with the device and what is the matter with it, as
 *        the last update found it; to "" if nothing really blocks
 * @size: bytes at @text
 *
 * Context: process, slot->lock held.
 */
void vfio_pm_blockers_first(struct vfio_pm_slot *slot, char *text, size_t size)
{
	struct vfio_pm_member *member;
	u32 mask;

	lockdep_assert_held(&slot->lock);
	strscpy(text, "", size);
	list_for_each_entry(member, &slot->members, node) {
		mask = vfio_pm_member_blocks(member);
		if (!mask)
			continue;
		scnprintf(text, size, "%s: %s", pci_name(member->pdev),
			  vfio_pm_blocker_sentence(__ffs(mask)));
		return;
	}
}

/* Add lines to @buf, which has @at bytes. How many it has then. */
static size_t vfio_pm_emit_member(struct vfio_pm_slot *slot,
				  struct vfio_pm_member *member, char *buf,
				  size_t at)
{
	unsigned long mask;
	char line[VFIO_PM_LINE];
	unsigned int bit;
	int len;

	mask = vfio_pm_lasting(member, vfio_pm_blockers_find(slot, member));
	for_each_set_bit(bit, &mask, VFIO_PM_B_COUNT) {
		len = vfio_pm_blocker_line(bit, pci_name(member->pdev), line,
					   sizeof(line));
		/* Whole lines only; sysfs wants to see the final zero, too. */
		if (len < 0 || at + len >= PAGE_SIZE)
			break;
		memcpy(buf + at, line, len + 1);
		at += len;
	}
	return at;
}

/**
 * vfio_pm_blockers_emit - write the attribute "blockers"
 * @slot: the slot
 * @buf: a page; set to a line for everything found right now, of which uses
 *       are named once the worker has seen that they last
 *
 * Context: process, slot->lock held. Wakes nothing.
 * Return: bytes in @buf.
 */
ssize_t vfio_pm_blockers_emit(struct vfio_pm_slot *slot, char *buf)
{
	struct vfio_pm_member *member;
	size_t at = 0;

	lockdep_assert_held(&slot->lock);
	list_for_each_entry(member, &slot->members, node)
		at = vfio_pm_emit_member(slot, member, buf, at);
	return at;
}
