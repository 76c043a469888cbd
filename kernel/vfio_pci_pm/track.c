// SPDX-License-Identifier: GPL-2.0
/*
 * Where a slot is, was, and how long: bookkeeping for the sensor.
 */
#include <linux/math64.h>
#include <linux/pm_runtime.h>
#include <linux/sched.h>

#include "vfio_pci_pm.h"

/*
 * The port tells for the whole slot. Its PCI state counts only while runtime PM
 * says suspended: an aborted system suspend leaves D0 behind it. Linux speaks of
 * D3cold even where there is no power resource to switch off, and ACPI has made
 * D3hot of it (acpi_device_set_power()).
 */
static enum vfio_pm_power vfio_pm_port_level(const struct vfio_pm_slot *slot)
{
	const struct pci_dev *port = slot->port;

	if (READ_ONCE(port->dev.power.runtime_status) != RPM_SUSPENDED)
		return VFIO_PM_D0;
	switch (READ_ONCE(port->current_state)) {
	case PCI_D3cold:
		return slot->has_power ? VFIO_PM_D3COLD : VFIO_PM_D3HOT;
	case PCI_D3hot:
		return VFIO_PM_D3HOT;
	default:
		return VFIO_PM_D0;
	}
}

/* The stay that is going on counts from now. */
static void vfio_pm_track_account(struct vfio_pm_track *track, u64 now)
{
	u64 stay = now - track->since_ns;

	track->time_ns[track->level] += stay;
	if (track->gain_uw && track->level == track->gain_level)
		track->gain_ns += stay;
	track->since_ns = now;
}

/**
 * vfio_pm_track_level - notice where the slot is now
 * @slot: the slot
 *
 * Context: any; a power.lock may be held.
 *
 * Return: true if it was elsewhere before.
 */
bool vfio_pm_track_level(struct vfio_pm_slot *slot)
{
	struct vfio_pm_track *track = &slot->track;
	enum vfio_pm_power level;
	unsigned long flags;
	bool moved;

	raw_spin_lock_irqsave(&track->lock, flags);
	level = vfio_pm_port_level(slot);
	moved = level != track->level;
	if (moved) {
		vfio_pm_track_account(track, ktime_get_ns());
		track->level = level;
		track->changes++;
		track->entries[level]++;
		if (level != VFIO_PM_D0)
			track->awake = false;
	}
	raw_spin_unlock_irqrestore(&track->lock, flags);
	return moved;
}

/**
 * vfio_pm_track_get - where the slot was seen last
 * @slot: the slot
 * @changes: set to the number of changes so far, unless NULL
 *
 * Return: the level.
 */
enum vfio_pm_power vfio_pm_track_get(struct vfio_pm_slot *slot, u64 *changes)
{
	struct vfio_pm_track *track = &slot->track;
	enum vfio_pm_power level;
	unsigned long flags;

	raw_spin_lock_irqsave(&track->lock, flags);
	level = track->level;
	if (changes)
		*changes = track->changes;
	raw_spin_unlock_irqrestore(&track->lock, flags);
	return level;
}

/**
 * vfio_pm_track_snapshot - everything, with the running stay counted
 * @slot: the slot
 * @track: where to
 */
void vfio_pm_track_snapshot(struct vfio_pm_slot *slot,
			    struct vfio_pm_track *track)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&slot->track.lock, flags);
	vfio_pm_track_account(&slot->track, ktime_get_ns());
	*track = slot->track;
	raw_spin_unlock_irqrestore(&slot->track.lock, flags);
}

/**
 * vfio_pm_track_actor - who works on the slot, so that it is no waker
 * @slot: the slot
 * @task: the task, NULL at the end
 */
void vfio_pm_track_actor(struct vfio_pm_slot *slot, struct task_struct *task)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&slot->track.lock, flags);
	slot->track.actor = task;
	raw_spin_unlock_irqrestore(&slot->track.lock, flags);
}

/**
 * vfio_pm_track_opened - the slot turned out to be in use
 * @slot: the slot
 *
 * When it was woken nobody could know. It was for that, unless somebody was
 * reading the configuration space.
 */
void vfio_pm_track_opened(struct vfio_pm_slot *slot)
{
	struct vfio_pm_track *track = &slot->track;
	struct vfio_pm_waker *last;
	unsigned long flags;

	raw_spin_lock_irqsave(&track->lock, flags);
	last = &track->wakers[(track->wakeups - 1) % VFIO_PM_WAKERS];
	if (track->wakeups && track->awake && last->kind == VFIO_PM_WAKER_OTHER)
		last->kind = VFIO_PM_WAKER_OPEN;
	raw_spin_unlock_irqrestore(&track->lock, flags);
}

/**
 * vfio_pm_track_touched_ns - when somebody last resumed a function
 * @slot: the slot
 *
 * Return: time on CLOCK_MONOTONIC, 0 if never.
 */
u64 vfio_pm_track_touched_ns(struct vfio_pm_slot *slot)
{
	unsigned long flags;
	u64 touched_ns;

	raw_spin_lock_irqsave(&slot->track.lock, flags);
	touched_ns = slot->track.touched_ns;
	raw_spin_unlock_irqrestore(&slot->track.lock, flags);
	return touched_ns;
}

static u64 vfio_pm_gain_uj(const struct vfio_pm_track *track)
{
	return mul_u64_u32_div(track->gain_ns / NSEC_PER_USEC, track->gain_uw,
			       USEC_PER_SEC);
}

/**
 * vfio_pm_track_gain - it is known what staying on a level saves
 * @slot: the slot
 * @level: the level
 * @gain_uw: power that is saved there, 0 for none
 */
void vfio_pm_track_gain(struct vfio_pm_slot *slot, enum vfio_pm_power level,
			u32 gain_uw)
{
	struct vfio_pm_track *track = &slot->track;
	unsigned long flags;

	raw_spin_lock_irqsave(&track->lock, flags);
	vfio_pm_track_account(track, ktime_get_ns());
	track->gain_uj += vfio_pm_gain_uj(track);
	track->gain_ns = 0;
	track->gain_level = level;
	track->gain_uw = gain_uw;
	raw_spin_unlock_irqrestore(&track->lock, flags);
}

/**
 * vfio_pm_track_energy_uj - energy saved so far
 * @track: a snapshot
 *
 * Return: microjoules.
 */
u64 vfio_pm_track_energy_uj(const struct vfio_pm_track *track)
{
	return track->gain_uj + vfio_pm_gain_uj(track);
}
