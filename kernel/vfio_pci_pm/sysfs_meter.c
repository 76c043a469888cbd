// SPDX-License-Identifier: GPL-2.0
/*
 * Attributes of a slot in its directory meter/.
 */
#include <linux/ctype.h>
#include <linux/kstrtox.h>

#include "sysfs.h"

static ssize_t source_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	struct vfio_pm_slot *slot = to_vfio_pm_slot(dev);
	enum vfio_pm_source source;
	int ret;

	ret = vfio_pm_sysfs_lock(slot);
	if (ret)
		return ret;
	source = vfio_pm_meter_find(slot);
	vfio_pm_sysfs_unlock(slot);
	return sysfs_emit(buf, "%s\n", vfio_pm_source_name(source));
}
static DEVICE_ATTR_RO(source);

static ssize_t sample_store(struct device *dev, struct device_attribute *attr,
			    const char *buf, size_t count)
{
	struct vfio_pm_slot *slot = to_vfio_pm_slot(dev);
	u32 power_uw;
	int ret;

	/* kstrtou32() would take a sign as well. */
	if (!vfio_pm_sysfs_is_text(buf, count) || !isdigit(*buf) ||
	    kstrtou32(buf, 10, &power_uw) || !power_uw ||
	    power_uw > VFIO_PM_POWER_LIMIT_UW)
		return -EINVAL;
	ret = vfio_pm_sysfs_lock(slot);
	if (ret)
		return ret;
	vfio_pm_meter_push(slot, power_uw);
	vfio_pm_sysfs_unlock(slot);
	return count;
}
static DEVICE_ATTR_WO(sample);

/* No figure of a power can be as small. */
#define VFIO_PM_NO_FIGURE S64_MIN

/* The figures of the last comparison of D3cold and D3hot that has ended. */
static ssize_t vfio_pm_result_emit(struct device *dev, char *buf,
				   s64 (*get)(const struct vfio_pm_measure *))
{
	struct vfio_pm_slot *slot = to_vfio_pm_slot(dev);
	s64 figure = VFIO_PM_NO_FIGURE;
	int ret;

	ret = vfio_pm_sysfs_lock(slot);
	if (ret)
		return ret;
	if (slot->measure.result.verdict != VFIO_PM_UNMEASURED &&
	    slot->measure.result.verdict != VFIO_PM_UNDECIDED)
		figure = get(&slot->measure);
	vfio_pm_sysfs_unlock(slot);
	if (figure == VFIO_PM_NO_FIGURE)
		return -ENODATA;
	return sysfs_emit(buf, "%lld\n", figure);
}

/* The rounds that did not count, for whatever reason. */
static u32 vfio_pm_measure_rejected(const struct vfio_pm_measure *measure)
{
	u32 i, sum = 0;

	for (i = 0; i < VFIO_PM_REJECT_REASONS; i++)
		sum += measure->policy.rejected[i];
	return sum;
}

/* An attribute that is a FIGURE of measure, and exists only if KNOWN. */
#define VFIO_PM_DEVICE_ATTR_RESULT(NAME, KNOWN, FIGURE)                      \
	static s64 NAME##_get(const struct vfio_pm_measure *measure)         \
	{                                                                    \
		return (KNOWN) ? (FIGURE) : VFIO_PM_NO_FIGURE;               \
	}                                                                    \
	static ssize_t NAME##_show(struct device *dev,                       \
				   struct device_attribute *attr, char *buf) \
	{                                                                    \
		return vfio_pm_result_emit(dev, buf, NAME##_get);            \
	}                                                                    \
	static DEVICE_ATTR_RO(NAME)

VFIO_PM_DEVICE_ATTR_RESULT(d0_uw, measure->d0_uw, measure->d0_uw);
VFIO_PM_DEVICE_ATTR_RESULT(d3hot_uw, measure->result.rounds,
			   measure->result.shallow_uw);
VFIO_PM_DEVICE_ATTR_RESULT(d3cold_uw, measure->result.rounds,
			   measure->result.deep_uw);
VFIO_PM_DEVICE_ATTR_RESULT(saving_uw, measure->result.rounds,
			   measure->result.saving_uw);
VFIO_PM_DEVICE_ATTR_RESULT(spread_uw, measure->result.rounds,
			   measure->result.spread_uw);
VFIO_PM_DEVICE_ATTR_RESULT(rounds, true, measure->result.rounds);
VFIO_PM_DEVICE_ATTR_RESULT(rejected, true, vfio_pm_measure_rejected(measure));
VFIO_PM_DEVICE_ATTR_RESULT(settle_ms, true, measure->result.settle_ms);

static struct attribute *vfio_pm_meter_attrs[] = {
	&dev_attr_source.attr,
	&dev_attr_sample.attr,
	&dev_attr_d0_uw.attr,
	&dev_attr_d3hot_uw.attr,
	&dev_attr_d3cold_uw.attr,
	&dev_attr_saving_uw.attr,
	&dev_attr_spread_uw.attr,
	&dev_attr_rounds.attr,
	&dev_attr_rejected.attr,
	&dev_attr_settle_ms.attr,
	NULL,
};

const struct attribute_group vfio_pm_meter_group = {
	.name = "meter",
	.attrs = vfio_pm_meter_attrs,
};
