// SPDX-License-Identifier: GPL-2.0
/*
 * Attributes of /sys/class/kvmfr/kvmfrN, documented in
 * Documentation/ABI/testing/sysfs-class-kvmfr.
 */
#include <linux/device.h>
#include <linux/sysfs.h>

#include "kvmfr.h"

static struct kvmfr_dev *to_kvmfr_dev(struct device *dev)
{
	return container_of(dev, struct kvmfr_dev, dev);
}

static ssize_t size_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "%zu\n", to_kvmfr_dev(dev)->region.size);
}
static DEVICE_ATTR_RO(size);

static ssize_t kind_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "%s\n", to_kvmfr_dev(dev)->kind);
}
static DEVICE_ATTR_RO(kind);

static ssize_t huge_bytes_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%zu\n", to_kvmfr_dev(dev)->region.huge_bytes);
}
static DEVICE_ATTR_RO(huge_bytes);

static ssize_t mappings_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	return sysfs_emit(buf, "%d\n",
			  atomic_read(&to_kvmfr_dev(dev)->nr_mappings));
}
static DEVICE_ATTR_RO(mappings);

static ssize_t exports_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	return sysfs_emit(buf, "%d\n",
			  atomic_read(&to_kvmfr_dev(dev)->nr_exports));
}
static DEVICE_ATTR_RO(exports);

static struct attribute *kvmfr_dev_attrs[] = {
	&dev_attr_size.attr,	   &dev_attr_kind.attr,
	&dev_attr_huge_bytes.attr, &dev_attr_mappings.attr,
	&dev_attr_exports.attr,	   NULL,
};

static const struct attribute_group kvmfr_dev_group = {
	.attrs = kvmfr_dev_attrs,
};

const struct attribute_group *kvmfr_dev_groups[] = { &kvmfr_dev_group, NULL };
