// SPDX-License-Identifier: GPL-2.0
/* A module that is built, never loaded. See ../../../selftest.sh. */
#include <linux/device.h>
#include <linux/module.h>

#include "sample.h"

static unsigned long param;
module_param(param, ulong, 0444);
MODULE_PARM_DESC(param, "A number");

static ssize_t size_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "%d\n", sample_count(1));
}
static DEVICE_ATTR_RO(size);

/**
 * sample_attribute - look at an attribute
 * @attr: the attribute
 * @count: how often
 *
 * Return: 0.
 */
static int sample_attribute(struct device_attribute *attr, int count)
{
	return 0;
}

static int __init sample_init(void)
{
	return sample_attribute(&dev_attr_size, 1);
}
module_init(sample_init);

MODULE_DESCRIPTION("Sample for the static checks");
MODULE_VERSION("1.0");
MODULE_LICENSE("GPL");
