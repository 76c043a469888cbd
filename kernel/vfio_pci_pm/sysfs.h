/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files with the attributes of a slot share.
 */
#ifndef VFIO_PM_SYSFS_H
#define VFIO_PM_SYSFS_H

#include <linux/device.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "vfio_pci_pm.h"

/*
 * The slot of a class device. Its files are gone before it is, so that an
 * attribute always finds one.
 */
static inline struct vfio_pm_slot *to_vfio_pm_slot(struct device *dev)
{
	return dev_get_drvdata(dev);
}

/* 0, or -ERESTARTSYS: the slot's work may hold it for as long as a wake-up. */
static inline int vfio_pm_sysfs_lock(struct vfio_pm_slot *slot)
{
	return mutex_lock_interruptible(&slot->lock) ? -ERESTARTSYS : 0;
}

static inline void vfio_pm_sysfs_unlock(struct vfio_pm_slot *slot)
{
	mutex_unlock(&slot->lock);
}

/* Nothing of what was written is hidden behind a zero byte. */
static inline bool vfio_pm_sysfs_is_text(const char *buf, size_t count)
{
	return strlen(buf) == count;
}

/* sysfs_counters.c */
extern const struct attribute_group vfio_pm_counters_group;
struct vfio_pm_track *vfio_pm_track_copy(struct device *dev);

/* sysfs_meter.c */
extern const struct attribute_group vfio_pm_meter_group;

#endif /* VFIO_PM_SYSFS_H */
