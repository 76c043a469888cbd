/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Differences between the kernels' lists of power supplies, under the newest
 * kernel's names. Kbuild asks the kernel's headers for the HAVE_* answers.
 */
#ifndef KVMFR_COMPAT_POWER_SUPPLY_H
#define KVMFR_COMPAT_POWER_SUPPLY_H

#include <linux/container_of.h>
#include <linux/device.h>
#include <linux/power_supply.h>

/* The class has been private since there is this; can go with 6.1. */
#ifndef HAVE_POWER_SUPPLY_FOR_EACH_DEVICE
#define power_supply_for_each_device(data, fn) \
	class_for_each_device(power_supply_class, NULL, data, fn)
#endif

/* 7.x; can go with 6.12. */
#ifndef HAVE_POWER_SUPPLY_FOR_EACH_PSY
struct kvmfr_compat_psy_walk {
	int (*fn)(struct power_supply *psy, void *data);
	void *data;
};

static inline int kvmfr_compat_psy_visit(struct device *dev, void *data)
{
	const struct kvmfr_compat_psy_walk *walk = data;

	return walk->fn(container_of(dev, struct power_supply, dev),
			walk->data);
}

static inline int kvmfr_compat_psy_walk(void *data,
					int (*fn)(struct power_supply *psy,
						  void *data))
{
	struct kvmfr_compat_psy_walk walk = { .fn = fn, .data = data };

	return power_supply_for_each_device(&walk, kvmfr_compat_psy_visit);
}

#define power_supply_for_each_psy(data, fn) kvmfr_compat_psy_walk(data, fn)
#endif

#endif /* KVMFR_COMPAT_POWER_SUPPLY_H */
