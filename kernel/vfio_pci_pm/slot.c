// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a slot: its device in sysfs, its members, its work item.
 */
#include <linux/device.h>
#include <linux/kobject.h>
#include <linux/pm_runtime.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "vfio_pci_pm.h"

static struct class vfio_pm_class = {
	.name = "vfio_pm",
};

/**
 * vfio_pm_class_init - make /sys/class/vfio_pm
 *
 * Return: 0 or -errno.
 */
int vfio_pm_class_init(void)
{
	return class_register(&vfio_pm_class);
}

/**
 * vfio_pm_class_exit - remove /sys/class/vfio_pm
 */
void vfio_pm_class_exit(void)
{
	class_unregister(&vfio_pm_class);
}

/* Whoever listens learns of every change, and of nothing else. */
static void vfio_pm_slot_announce(struct vfio_pm_slot *slot)
{
	enum vfio_pm_verdict verdict = slot->measure.verdict;
	char state[32], chosen[32], text[32];
	char *env[4];

	if (!slot->dev)
		return;
	if (slot->state == slot->told_state &&
	    slot->chosen == slot->told_chosen && verdict == slot->told_verdict)
		return;
	slot->told_state = slot->state;
	slot->told_chosen = slot->chosen;
	slot->told_verdict = verdict;
	snprintf(state, sizeof(state), "STATE=%s",
		 vfio_pm_state_name(slot->state));
	snprintf(chosen, sizeof(chosen), "CHOSEN=%s",
		 vfio_pm_power_name(slot->chosen));
	snprintf(text, sizeof(text), "VERDICT=%s",
		 vfio_pm_verdict_name(verdict));
	env[0] = state;
	env[1] = chosen;
	env[2] = text;
	env[3] = NULL;
	kobject_uevent_env(&slot->dev->kobj, KOBJ_CHANGE, env);
}

static void vfio_pm_slot_work(struct work_struct *work)
{
	struct vfio_pm_slot *slot =
		container_of(to_delayed_work(work), struct vfio_pm_slot, work);
	unsigned int ms;

	mutex_lock(&slot->lock);
	ms = vfio_pm_step(slot);
	vfio_pm_slot_announce(slot);
	mutex_unlock(&slot->lock);
	/* A kick that came meanwhile has queued it already, and sooner. */
	if (ms)
		queue_delayed_work(vfio_pm_wq, &slot->work,
				   msecs_to_jiffies(ms));
}

/**
 * vfio_pm_slot_kick - have the slot looked at now
 * @slot: the slot
 *
 * Context: any; a power.lock may be held.
 */
void vfio_pm_slot_kick(struct vfio_pm_slot *slot)
{
	mod_delayed_work(vfio_pm_wq, &slot->work, 0);
}

/**
 * vfio_pm_slot_measure_again - forget the verdict, and that waking failed
 * @slot: the slot
 */
void vfio_pm_slot_measure_again(struct vfio_pm_slot *slot)
{
	lockdep_assert_held(&slot->lock);
	vfio_pm_measure_forget(slot);
	slot->wake = VFIO_PM_WAKE_UNKNOWN;
	slot->recovered = false;
	slot->lost_ns = 0;
	slot->wait_ns = 0;
}

/**
 * vfio_pm_slot_suspend - the system is about to sleep
 * @slot: the slot, which is left to the kernel until it is resumed
 *
 * What the administrator or a verdict chose stays, only a comparison ends.
 */
void vfio_pm_slot_suspend(struct vfio_pm_slot *slot)
{
	mutex_lock(&slot->lock);
	slot->asleep = true;
	slot->slept = vfio_pm_track_get(slot, NULL) != VFIO_PM_D0;
	vfio_pm_measure_interrupt(slot);
	/* Functions of a virtual machine are not woken for it. */
	if (slot->state != VFIO_PM_IN_USE)
		vfio_pm_allow(slot, slot->chosen);
	mutex_unlock(&slot->lock);
}

/**
 * vfio_pm_slot_resume - the system has slept, or has not after all
 * @slot: the slot
 */
void vfio_pm_slot_resume(struct vfio_pm_slot *slot)
{
	mutex_lock(&slot->lock);
	slot->asleep = false;
	slot->resumed = true;
	mutex_unlock(&slot->lock);
	vfio_pm_slot_kick(slot);
}

static struct vfio_pm_member *vfio_pm_member_add(struct vfio_pm_slot *slot,
						 struct pci_dev *pdev)
{
	struct vfio_pm_member *member = kzalloc(sizeof(*member), GFP_KERNEL);

	if (!member)
		return NULL;
	member->slot = slot;
	member->pdev = pci_dev_get(pdev);
	list_add_tail(&member->node, &slot->members);
	vfio_pm_track_member(member);
	return member;
}

static void vfio_pm_member_remove(struct vfio_pm_member *member)
{
	vfio_pm_untrack_member(member);
	list_del(&member->node);
	if (member->held)
		pm_runtime_put(&member->pdev->dev);
	synchronize_rcu();
	pci_dev_put(member->pdev);
	kfree(member);
}

static struct vfio_pm_member *vfio_pm_member_of(struct vfio_pm_slot *slot,
						const struct pci_dev *pdev)
{
	struct vfio_pm_member *member;

	list_for_each_entry(member, &slot->members, node)
		if (member->pdev == pdev)
			return member;
	return NULL;
}

/* Called for every device below the port, a bridge before what is below it. */
static int vfio_pm_member_see(struct pci_dev *pdev, void *data)
{
	struct vfio_pm_slot *slot = data;
	struct vfio_pm_member *member = vfio_pm_member_of(slot, pdev);

	if (!member) {
		member = vfio_pm_member_add(slot, pdev);
		/* Those behind it are there all the same. */
		if (!member) {
			vfio_pm_topology_retry();
			return 0;
		}
		/* Another device: nothing that was learnt is true for it. */
		if (!slot->recovered)
			vfio_pm_slot_measure_again(slot);
	}
	member->stale = false;
	return 0;
}

/**
 * vfio_pm_slot_refresh - find out what is below the port
 * @slot: the slot
 *
 * A device that there is no memory for is looked for again soon.
 *
 * Context: process, in pci_lock_rescan_remove().
 */
void vfio_pm_slot_refresh(struct vfio_pm_slot *slot)
{
	struct vfio_pm_member *member, *next;

	mutex_lock(&slot->lock);
	list_for_each_entry(member, &slot->members, node)
		member->stale = member->pdev != slot->port;
	if (slot->port->subordinate)
		pci_walk_bus(slot->port->subordinate, vfio_pm_member_see, slot);
	list_for_each_entry_safe(member, next, &slot->members, node)
		if (member->stale)
			vfio_pm_member_remove(member);
	mutex_unlock(&slot->lock);
	vfio_pm_slot_kick(slot);
}

/* Its probes queue the work, so they go first. */
static void vfio_pm_slot_quiesce(struct vfio_pm_slot *slot)
{
	struct vfio_pm_member *member;

	list_for_each_entry(member, &slot->members, node)
		vfio_pm_untrack_member(member);
	synchronize_rcu();
	cancel_delayed_work_sync(&slot->work);
}

static void vfio_pm_slot_free(struct vfio_pm_slot *slot)
{
	struct vfio_pm_member *member, *next;

	list_for_each_entry_safe(member, next, &slot->members, node)
		vfio_pm_member_remove(member);
	pci_dev_put(slot->port);
	mutex_destroy(&slot->lock);
	kfree(slot);
}

static struct vfio_pm_slot *vfio_pm_slot_alloc(struct pci_dev *port)
{
	struct vfio_pm_policy_params params;
	struct vfio_pm_slot *slot;
	int ret;

	slot = kzalloc(sizeof(*slot), GFP_KERNEL);
	if (!slot)
		return ERR_PTR(-ENOMEM);
	slot->port = pci_dev_get(port);
	slot->has_power = vfio_pm_acpi_has_power(port);
	mutex_init(&slot->lock);
	INIT_DELAYED_WORK(&slot->work, vfio_pm_slot_work);
	INIT_LIST_HEAD(&slot->members);
	slot->mode = vfio_pm_default_mode();
	slot->chosen = VFIO_PM_D3COLD;
	vfio_pm_explain(slot, "just found");
	vfio_pm_policy_parameters(&params);
	vfio_pm_track_init(slot);
	ret = vfio_pm_policy_init(&slot->measure.policy, &params);
	if (!ret && !vfio_pm_member_add(slot, port))
		ret = -ENOMEM;
	if (ret) {
		vfio_pm_slot_free(slot);
		return ERR_PTR(ret);
	}
	return slot;
}

/**
 * vfio_pm_slot_create - begin to look after a port and what is below it
 * @port: the port that has the power supply
 *
 * Return: the slot, with vfio_pm_slot_refresh() to be called; or -errno.
 */
struct vfio_pm_slot *vfio_pm_slot_create(struct pci_dev *port)
{
	struct vfio_pm_slot *slot = vfio_pm_slot_alloc(port);
	struct device *dev;
	int ret;

	if (IS_ERR(slot))
		return slot;
	/* Below no device, so that it does not count as a child of the port. */
	dev = device_create_with_groups(&vfio_pm_class, NULL, MKDEV(0, 0), slot,
					vfio_pm_slot_groups, "%s",
					pci_name(port));
	if (IS_ERR(dev)) {
		ret = PTR_ERR(dev);
		goto err_slot;
	}
	ret = sysfs_create_link(&dev->kobj, &port->dev.kobj, "port");
	if (ret)
		goto err_dev;
	mutex_lock(&slot->lock);
	slot->dev = dev;
	mutex_unlock(&slot->lock);
	return slot;

err_dev:
	device_unregister(dev);
err_slot:
	vfio_pm_slot_quiesce(slot);
	vfio_pm_slot_free(slot);
	return ERR_PTR(ret);
}

/**
 * vfio_pm_slot_destroy - leave a slot to the kernel
 * @slot: the slot, which nobody can find any more
 *
 * In this order: nobody is told of changes, nobody reads or writes its files, no
 * probe sees its devices, its work has ended, what it changed is undone.
 */
void vfio_pm_slot_destroy(struct vfio_pm_slot *slot)
{
	struct device *dev;

	mutex_lock(&slot->lock);
	dev = slot->dev;
	slot->dev = NULL;
	mutex_unlock(&slot->lock);
	device_unregister(dev);
	vfio_pm_slot_quiesce(slot);
	mutex_lock(&slot->lock);
	/* A port that runtime PM does not touch does not change under this. */
	if (vfio_pm_allow(slot, VFIO_PM_D3COLD))
		pci_d3cold_enable(slot->port);
	mutex_unlock(&slot->lock);
	vfio_pm_measure_unclaim(slot);
	vfio_pm_slot_free(slot);
}
