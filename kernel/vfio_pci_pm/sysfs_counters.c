// SPDX-License-Identifier: GPL-2.0
/*
 * Attributes of a slot in its directory counters/.
 */
#include <linux/math64.h>
#include <linux/slab.h>

#include "sysfs.h"

/* An attribute that is a FIGURE of count. */
#define VFIO_PM_DEVICE_ATTR_COUNT(NAME, FIGURE)                              \
	static u64 NAME##_get(const struct vfio_pm_counters *count)          \
	{                                                                    \
		return READ_ONCE(FIGURE);                                    \
	}                                                                    \
	static ssize_t NAME##_show(struct device *dev,                       \
				   struct device_attribute *attr, char *buf) \
	{                                                                    \
		return sysfs_emit(buf, "%llu\n",                             \
				  NAME##_get(&to_vfio_pm_slot(dev)->count)); \
	}                                                                    \
	static DEVICE_ATTR_RO(NAME)

VFIO_PM_DEVICE_ATTR_COUNT(d3cold_attempts, count->d3cold_attempts);
VFIO_PM_DEVICE_ATTR_COUNT(d3cold_failures, count->d3cold_failures);
VFIO_PM_DEVICE_ATTR_COUNT(fallbacks, count->fallbacks);
VFIO_PM_DEVICE_ATTR_COUNT(measurements, count->measurements);
VFIO_PM_DEVICE_ATTR_COUNT(opens, count->opens);
VFIO_PM_DEVICE_ATTR_COUNT(wake_failures, count->wake_failures);
VFIO_PM_DEVICE_ATTR_COUNT(recoveries, count->recoveries);
VFIO_PM_DEVICE_ATTR_COUNT(kicks, count->kicks);
VFIO_PM_DEVICE_ATTR_COUNT(stale_cleared, count->stale_cleared);
VFIO_PM_DEVICE_ATTR_COUNT(leaks_repaired, count->leaks_repaired);

/**
 * vfio_pm_track_copy - what the sensor knows, at one moment
 * @dev: the class device of the slot
 *
 * Return: a copy for kfree(), NULL if there is no memory for it.
 */
struct vfio_pm_track *vfio_pm_track_copy(struct device *dev)
{
	struct vfio_pm_track *track = kmalloc(sizeof(*track), GFP_KERNEL);

	if (track)
		vfio_pm_track_snapshot(to_vfio_pm_slot(dev), track);
	return track;
}

static ssize_t vfio_pm_track_emit(struct device *dev, char *buf,
				  u64 (*get)(const struct vfio_pm_track *track))
{
	struct vfio_pm_track *track = vfio_pm_track_copy(dev);
	ssize_t ret;

	if (!track)
		return -ENOMEM;
	ret = sysfs_emit(buf, "%llu\n", get(track));
	kfree(track);
	return ret;
}

/* An attribute that is a FIGURE of a copy called track. */
#define VFIO_PM_DEVICE_ATTR_TRACK(NAME, FIGURE)                              \
	static u64 NAME##_get(const struct vfio_pm_track *track)             \
	{                                                                    \
		return FIGURE;                                               \
	}                                                                    \
	static ssize_t NAME##_show(struct device *dev,                       \
				   struct device_attribute *attr, char *buf) \
	{                                                                    \
		return vfio_pm_track_emit(dev, buf, NAME##_get);             \
	}                                                                    \
	static DEVICE_ATTR_RO(NAME)

static u64 vfio_pm_track_ms(const struct vfio_pm_track *track,
			    enum vfio_pm_power level)
{
	return div_u64(track->time_ns[level], NSEC_PER_MSEC);
}

VFIO_PM_DEVICE_ATTR_TRACK(d3cold_entries, track->entries[VFIO_PM_D3COLD]);
VFIO_PM_DEVICE_ATTR_TRACK(wakeups, track->wakeups);
VFIO_PM_DEVICE_ATTR_TRACK(time_d0_ms, vfio_pm_track_ms(track, VFIO_PM_D0));
VFIO_PM_DEVICE_ATTR_TRACK(time_d3hot_ms,
			  vfio_pm_track_ms(track, VFIO_PM_D3HOT));
VFIO_PM_DEVICE_ATTR_TRACK(time_d3cold_ms,
			  vfio_pm_track_ms(track, VFIO_PM_D3COLD));
VFIO_PM_DEVICE_ATTR_TRACK(energy_saved_uj, vfio_pm_track_energy_uj(track));
VFIO_PM_DEVICE_ATTR_TRACK(resume_last_us, track->resume_last_us);
VFIO_PM_DEVICE_ATTR_TRACK(resume_max_us, track->resume_max_us);

static struct attribute *vfio_pm_counters_attrs[] = {
	&dev_attr_d3cold_attempts.attr,
	&dev_attr_d3cold_entries.attr,
	&dev_attr_d3cold_failures.attr,
	&dev_attr_fallbacks.attr,
	&dev_attr_measurements.attr,
	&dev_attr_wakeups.attr,
	&dev_attr_opens.attr,
	&dev_attr_wake_failures.attr,
	&dev_attr_recoveries.attr,
	&dev_attr_kicks.attr,
	&dev_attr_stale_cleared.attr,
	&dev_attr_leaks_repaired.attr,
	&dev_attr_time_d0_ms.attr,
	&dev_attr_time_d3hot_ms.attr,
	&dev_attr_time_d3cold_ms.attr,
	&dev_attr_energy_saved_uj.attr,
	&dev_attr_resume_last_us.attr,
	&dev_attr_resume_max_us.attr,
	NULL,
};

const struct attribute_group vfio_pm_counters_group = {
	.name = "counters",
	.attrs = vfio_pm_counters_attrs,
};
