// SPDX-License-Identifier: GPL-2.0
/*
 * DOC: How the module learns what runtime PM does
 *
 * Probes on the tracepoints of runtime PM see every transition of the port and
 * of the devices below it, and the task that causes it. They are called with
 * the device's power.lock held and interrupts off: they write down what they
 * saw and kick the slot's work. Without the tracepoints the slots are looked at
 * from time to time, and nobody knows who woke them.
 */
#include <linux/ctype.h>
#include <linux/hashtable.h>
#include <linux/pm_runtime.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <trace/events/rpm.h>

#include "vfio_pci_pm.h"

/*
 * Members by their device, read under RCU by the probes. A device has several
 * where a port with power is below another one.
 */
static DEFINE_HASHTABLE(vfio_pm_members, 6);
static DEFINE_SPINLOCK(vfio_pm_members_lock); /* protects changes to it */

/* A task may call itself anything; a name is one word in a line of text. */
static void vfio_pm_waker_set(struct vfio_pm_waker *waker, bool bridge)
{
	const char *comm = in_task() ? current->comm : "irq";
	int i;

	BUILD_BUG_ON(sizeof(waker->comm) < TASK_COMM_LEN);
	waker->time_ns = ktime_get_ns();
	waker->pid = in_task() ? current->pid : 0;
	waker->kind = bridge ? VFIO_PM_WAKER_CONFIG : VFIO_PM_WAKER_OTHER;
	strscpy(waker->comm, comm, sizeof(waker->comm));
	for (i = 0; waker->comm[i]; i++)
		if (!isprint(waker->comm[i]))
			waker->comm[i] = '?';
}

/*
 * The first device to wake tells why the slot wakes: for an access to a
 * configuration space the kernel resumes the bridge above the device first
 * (pci_config_pm_runtime_get()), vfio resumes the device.
 */
static void vfio_pm_note_resume(struct vfio_pm_member *member)
{
	struct vfio_pm_slot *slot = member->slot;
	struct vfio_pm_track *track = &slot->track;
	unsigned long flags;

	raw_spin_lock_irqsave(&track->lock, flags);
	if (member->pdev == slot->port)
		track->resume_ns = ktime_get_ns();
	if (!track->awake && track->level != VFIO_PM_D0) {
		track->awake = true;
		if (current != track->actor)
			vfio_pm_waker_set(&track->wakers[track->wakeups++ %
							 VFIO_PM_WAKERS],
					  vfio_pm_is_bridge(member->pdev));
	}
	raw_spin_unlock_irqrestore(&track->lock, flags);
}

static void vfio_pm_note_resumed(struct vfio_pm_slot *slot)
{
	struct vfio_pm_track *track = &slot->track;
	unsigned long flags;

	raw_spin_lock_irqsave(&track->lock, flags);
	if (track->resume_ns) {
		track->resume_last_us =
			(ktime_get_ns() - track->resume_ns) / NSEC_PER_USEC;
		track->resume_max_us =
			max(track->resume_max_us, track->resume_last_us);
		track->resume_ns = 0;
	}
	raw_spin_unlock_irqrestore(&track->lock, flags);
}

/* Whether somebody else resumes a function; it may be about to be opened. */
static bool vfio_pm_note_touch(struct vfio_pm_member *member)
{
	struct vfio_pm_track *track = &member->slot->track;
	unsigned long flags;
	bool touched;

	if (vfio_pm_is_bridge(member->pdev))
		return false;
	raw_spin_lock_irqsave(&track->lock, flags);
	touched = current != track->actor;
	if (touched)
		track->touched_ns = ktime_get_ns();
	raw_spin_unlock_irqrestore(&track->lock, flags);
	return touched;
}

/* There, nothing is done about a slot, and its devices may be very busy. */
static bool vfio_pm_wants_kicks(const struct vfio_pm_slot *slot)
{
	enum vfio_pm_state state = READ_ONCE(slot->state);

	return state != VFIO_PM_OBSERVED && state != VFIO_PM_IN_USE;
}

static void vfio_pm_probe_resume(void *data, struct device *dev, int flags)
{
	enum rpm_status status = dev->power.runtime_status;
	struct vfio_pm_member *member;

	rcu_read_lock();
	hash_for_each_possible_rcu(vfio_pm_members, member, hash,
				   (unsigned long)dev) {
		if (&member->pdev->dev != dev)
			continue;
		if (status == RPM_SUSPENDED || status == RPM_SUSPENDING)
			vfio_pm_note_resume(member);
		if (vfio_pm_note_touch(member) &&
		    vfio_pm_wants_kicks(member->slot))
			vfio_pm_slot_kick(member->slot);
	}
	rcu_read_unlock();
}

static void vfio_pm_port_returned(struct vfio_pm_slot *slot)
{
	if (slot->port->dev.power.runtime_status == RPM_ACTIVE)
		vfio_pm_note_resumed(slot);
	if (vfio_pm_track_level(slot) && vfio_pm_wants_kicks(slot))
		vfio_pm_slot_kick(slot);
}

/* A device's last user may have gone. */
static void vfio_pm_function_returned(struct vfio_pm_member *member)
{
	enum vfio_pm_state state = READ_ONCE(member->slot->state);

	if (member->pdev->dev.power.runtime_status == RPM_SUSPENDED &&
	    (state == VFIO_PM_IN_USE || state == VFIO_PM_BLOCKED))
		vfio_pm_slot_kick(member->slot);
}

/* The end of a suspend or a resume. */
static void vfio_pm_probe_return(void *data, struct device *dev,
				 unsigned long ip, int ret)
{
	struct vfio_pm_member *member;

	rcu_read_lock();
	hash_for_each_possible_rcu(vfio_pm_members, member, hash,
				   (unsigned long)dev) {
		if (&member->pdev->dev != dev)
			continue;
		if (member->pdev == member->slot->port)
			vfio_pm_port_returned(member->slot);
		else
			vfio_pm_function_returned(member);
	}
	rcu_read_unlock();
}

/**
 * vfio_pm_track_init - begin to keep book on a slot
 * @slot: the slot, which has no members yet
 */
void vfio_pm_track_init(struct vfio_pm_slot *slot)
{
	struct vfio_pm_track *track = &slot->track;

	raw_spin_lock_init(&track->lock);
	track->since_ns = ktime_get_ns();
	track->level = VFIO_PM_D0;
	track->awake = true;
	vfio_pm_track_level(slot);
}

/**
 * vfio_pm_track_member - watch a device
 * @member: the device in its slot
 */
void vfio_pm_track_member(struct vfio_pm_member *member)
{
	spin_lock(&vfio_pm_members_lock);
	hash_add_rcu(vfio_pm_members, &member->hash,
		     (unsigned long)&member->pdev->dev);
	spin_unlock(&vfio_pm_members_lock);
}

/**
 * vfio_pm_untrack_member - watch a device no longer
 * @member: the device in its slot, to be freed after a grace period only
 */
void vfio_pm_untrack_member(struct vfio_pm_member *member)
{
	spin_lock(&vfio_pm_members_lock);
	hash_del_rcu(&member->hash);
	spin_unlock(&vfio_pm_members_lock);
}

/**
 * vfio_pm_sensor_init - begin to see what runtime PM does
 *
 * Sets vfio_pm_poll if that is not possible.
 */
void vfio_pm_sensor_init(void)
{
	int ret;

	if (vfio_pm_poll)
		return;
	ret = register_trace_rpm_resume(vfio_pm_probe_resume, NULL);
	if (ret)
		goto err;
	ret = register_trace_rpm_return_int(vfio_pm_probe_return, NULL);
	if (ret)
		goto err_resume;
	return;

err_resume:
	unregister_trace_rpm_resume(vfio_pm_probe_resume, NULL);
	tracepoint_synchronize_unregister();
err:
	vfio_pm_poll = true;
	pr_notice("no tracepoints of runtime PM (%pe), looking every 15 s\n",
		  ERR_PTR(ret));
}

/**
 * vfio_pm_sensor_exit - see nothing any more
 *
 * No probe runs when this returns.
 */
void vfio_pm_sensor_exit(void)
{
	if (!vfio_pm_poll) {
		unregister_trace_rpm_return_int(vfio_pm_probe_return, NULL);
		unregister_trace_rpm_resume(vfio_pm_probe_resume, NULL);
	}
	tracepoint_synchronize_unregister();
}
