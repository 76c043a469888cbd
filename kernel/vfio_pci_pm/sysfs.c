// SPDX-License-Identifier: GPL-2.0
/*
 * Attributes of a slot. They and those in the other files are documented in
 * Documentation/ABI/testing/sysfs-class-vfio_pm. None of them wakes a device:
 * they read what the kernel remembers, never a register of the device.
 */
#include <linux/device.h>
#include <linux/math64.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "sysfs.h"

static ssize_t state_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	struct vfio_pm_slot *slot = to_vfio_pm_slot(dev);

	return sysfs_emit(buf, "%s\n",
			  vfio_pm_state_name(READ_ONCE(slot->state)));
}
static DEVICE_ATTR_RO(state);

static ssize_t chosen_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	struct vfio_pm_slot *slot = to_vfio_pm_slot(dev);

	return sysfs_emit(buf, "%s\n",
			  vfio_pm_power_name(READ_ONCE(slot->chosen)));
}
static DEVICE_ATTR_RO(chosen);

static ssize_t level_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	enum vfio_pm_power level =
		vfio_pm_track_get(to_vfio_pm_slot(dev), NULL);

	return sysfs_emit(buf, "%s\n", vfio_pm_power_name(level));
}
static DEVICE_ATTR_RO(level);

static ssize_t reason_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	struct vfio_pm_slot *slot = to_vfio_pm_slot(dev);
	ssize_t ret;

	ret = vfio_pm_sysfs_lock(slot);
	if (ret)
		return ret;
	ret = sysfs_emit(buf, "%s\n", slot->reason);
	vfio_pm_sysfs_unlock(slot);
	return ret;
}
static DEVICE_ATTR_RO(reason);

static ssize_t policy_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	struct vfio_pm_slot *slot = to_vfio_pm_slot(dev);

	return sysfs_emit(buf, "%s\n",
			  vfio_pm_mode_name(READ_ONCE(slot->mode)));
}

static ssize_t policy_store(struct device *dev, struct device_attribute *attr,
			    const char *buf, size_t count)
{
	struct vfio_pm_slot *slot = to_vfio_pm_slot(dev);
	enum vfio_pm_mode mode;
	int ret;

	if (!vfio_pm_sysfs_is_text(buf, count) ||
	    vfio_pm_mode_parse(buf, &mode))
		return -EINVAL;
	ret = vfio_pm_sysfs_lock(slot);
	if (ret)
		return ret;
	slot->mode = mode;
	if (mode == VFIO_PM_MODE_AUTO)
		vfio_pm_slot_measure_again(slot);
	vfio_pm_sysfs_unlock(slot);
	vfio_pm_slot_kick(slot);
	return count;
}
static DEVICE_ATTR_RW(policy);

static ssize_t measure_store(struct device *dev, struct device_attribute *attr,
			     const char *buf, size_t count)
{
	struct vfio_pm_slot *slot = to_vfio_pm_slot(dev);
	int ret;

	if (!vfio_pm_sysfs_is_text(buf, count) || !sysfs_streq(buf, "1"))
		return -EINVAL;
	ret = vfio_pm_sysfs_lock(slot);
	if (ret)
		return ret;
	vfio_pm_slot_measure_again(slot);
	vfio_pm_sysfs_unlock(slot);
	vfio_pm_slot_kick(slot);
	return count;
}
static DEVICE_ATTR_WO(measure);

static ssize_t verdict_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	struct vfio_pm_slot *slot = to_vfio_pm_slot(dev);
	enum vfio_pm_verdict verdict = READ_ONCE(slot->measure.verdict);

	return sysfs_emit(buf, "%s\n", vfio_pm_verdict_name(verdict));
}
static DEVICE_ATTR_RO(verdict);

static ssize_t blockers_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	struct vfio_pm_slot *slot = to_vfio_pm_slot(dev);
	ssize_t ret;

	ret = vfio_pm_sysfs_lock(slot);
	if (ret)
		return ret;
	ret = vfio_pm_blockers_emit(slot, buf);
	vfio_pm_sysfs_unlock(slot);
	return ret;
}
static DEVICE_ATTR_RO(blockers);

/* The words of power/runtime_status, without taking the lock for them. */
static const char *vfio_pm_rpm_name(const struct device *dev)
{
	if (READ_ONCE(dev->power.runtime_error))
		return "error";
	if (dev->power.disable_depth)
		return "unsupported";
	switch (READ_ONCE(dev->power.runtime_status)) {
	case RPM_ACTIVE:
		return "active";
	case RPM_RESUMING:
		return "resuming";
	case RPM_SUSPENDED:
		return "suspended";
	case RPM_SUSPENDING:
		return "suspending";
	default:
		return "unsupported";
	}
}

static const char *vfio_pm_pci_state_name(const struct pci_dev *pdev)
{
	return pci_power_name(READ_ONCE(pdev->current_state));
}

static int vfio_pm_function_emit(struct pci_dev *pdev, char *buf, int at)
{
	char driver[64];

	vfio_pm_driver_name(pdev, driver, sizeof(driver));
	return sysfs_emit_at(buf, at, "%s\t0x%06x\t%s\t%s\t%s\n",
			     pci_name(pdev), pdev->class,
			     driver[0] ? driver : "-",
			     vfio_pm_rpm_name(&pdev->dev),
			     vfio_pm_pci_state_name(pdev));
}

static ssize_t functions_show(struct device *dev, struct device_attribute *attr,
			      char *buf)
{
	struct vfio_pm_slot *slot = to_vfio_pm_slot(dev);
	struct vfio_pm_member *member;
	int at = 0;
	int ret;

	ret = vfio_pm_sysfs_lock(slot);
	if (ret)
		return ret;
	list_for_each_entry(member, &slot->members, node)
		if (member->pdev != slot->port)
			at += vfio_pm_function_emit(member->pdev, buf, at);
	vfio_pm_sysfs_unlock(slot);
	return at;
}
static DEVICE_ATTR_RO(functions);

static ssize_t rpm_status_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	struct vfio_pm_slot *slot = to_vfio_pm_slot(dev);

	return sysfs_emit(buf, "%s\n", vfio_pm_rpm_name(&slot->port->dev));
}
static DEVICE_ATTR_RO(rpm_status);

static ssize_t pci_state_show(struct device *dev, struct device_attribute *attr,
			      char *buf)
{
	struct vfio_pm_slot *slot = to_vfio_pm_slot(dev);

	return sysfs_emit(buf, "%s\n", vfio_pm_pci_state_name(slot->port));
}
static DEVICE_ATTR_RO(pci_state);

static ssize_t acpi_target_show(struct device *dev,
				struct device_attribute *attr, char *buf)
{
	struct vfio_pm_slot *slot = to_vfio_pm_slot(dev);
	pci_power_t target;
	int ret;

	ret = vfio_pm_sysfs_lock(slot);
	if (ret)
		return ret;
	target = vfio_pm_acpi_target(slot);
	vfio_pm_sysfs_unlock(slot);
	if (target == PCI_POWER_ERROR)
		target = PCI_UNKNOWN;
	return sysfs_emit(buf, "%s\n", pci_power_name(target));
}
static DEVICE_ATTR_RO(acpi_target);

static ssize_t acpi_sta_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	struct vfio_pm_slot *slot = to_vfio_pm_slot(dev);
	enum vfio_pm_sta sta;
	int ret;

	ret = vfio_pm_sysfs_lock(slot);
	if (ret)
		return ret;
	sta = vfio_pm_acpi_sta(slot);
	vfio_pm_sysfs_unlock(slot);
	return sysfs_emit(buf, "%s\n", vfio_pm_sta_name(sta));
}
static DEVICE_ATTR_RO(acpi_sta);

static ssize_t wake_verified_show(struct device *dev,
				  struct device_attribute *attr, char *buf)
{
	struct vfio_pm_slot *slot = to_vfio_pm_slot(dev);

	return sysfs_emit(buf, "%s\n",
			  vfio_pm_wake_name(READ_ONCE(slot->wake)));
}
static DEVICE_ATTR_RO(wake_verified);

static int vfio_pm_waker_emit(const struct vfio_pm_waker *waker, char *buf,
			      int at)
{
	u64 ms = div_u64(waker->time_ns, NSEC_PER_MSEC);
	u32 rest;
	u64 s = div_u64_rem(ms, MSEC_PER_SEC, &rest);

	return sysfs_emit_at(buf, at, "%llu.%03u\t%s\t%d\t%s\n", s, rest,
			     waker->comm, waker->pid,
			     vfio_pm_wake_kind_name(waker->kind));
}

/* For root alone: other users' tasks may be hidden from whoever asks. */
static ssize_t wakers_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	struct vfio_pm_track *track = vfio_pm_track_copy(dev);
	u64 i = 0;
	int at = 0;

	if (!track)
		return -ENOMEM;
	if (track->wakeups > VFIO_PM_WAKERS)
		i = track->wakeups - VFIO_PM_WAKERS;
	for (; i < track->wakeups; i++)
		at += vfio_pm_waker_emit(&track->wakers[i % VFIO_PM_WAKERS],
					 buf, at);
	kfree(track);
	return at;
}
static DEVICE_ATTR_ADMIN_RO(wakers);

static struct attribute *vfio_pm_slot_attrs[] = {
	&dev_attr_state.attr,	  &dev_attr_chosen.attr,
	&dev_attr_level.attr,	  &dev_attr_reason.attr,
	&dev_attr_policy.attr,	  &dev_attr_measure.attr,
	&dev_attr_verdict.attr,	  &dev_attr_blockers.attr,
	&dev_attr_functions.attr, &dev_attr_rpm_status.attr,
	&dev_attr_pci_state.attr, &dev_attr_acpi_target.attr,
	&dev_attr_acpi_sta.attr,  &dev_attr_wake_verified.attr,
	&dev_attr_wakers.attr,	  NULL,
};

static const struct attribute_group vfio_pm_slot_group = {
	.attrs = vfio_pm_slot_attrs,
};

const struct attribute_group *vfio_pm_slot_groups[] = {
	&vfio_pm_slot_group,
	&vfio_pm_counters_group,
	&vfio_pm_meter_group,
	NULL,
};
