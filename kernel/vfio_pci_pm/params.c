// SPDX-License-Identifier: GPL-2.0
/*
 * Parameters of the module. A bad value keeps it from being loaded.
 */
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "vfio_pci_pm.h"

#define VFIO_PM_MAX_DEVICES 16

/**
 * struct vfio_pm_number - a parameter that is a number
 * @value: the number
 * @min: the smallest one allowed
 * @max: the largest one
 * @even: only even ones are
 */
struct vfio_pm_number {
	unsigned int value;
	unsigned int min;
	unsigned int max;
	bool even;
};

static int vfio_pm_number_set(const char *text, const struct kernel_param *kp)
{
	struct vfio_pm_number *number = kp->arg;
	unsigned int value;

	if (!kstrtouint(text, 0, &value) && value >= number->min &&
	    value <= number->max && !(number->even && value % 2)) {
		number->value = value;
		return 0;
	}
	pr_err("%s=%s is not %s number from %u to %u; nothing loaded\n",
	       kp->name, text, number->even ? "an even" : "a", number->min,
	       number->max);
	return -EINVAL;
}

static int vfio_pm_number_get(char *buf, const struct kernel_param *kp)
{
	const struct vfio_pm_number *number = kp->arg;

	return scnprintf(buf, PAGE_SIZE, "%u\n", number->value);
}

static const struct kernel_param_ops vfio_pm_number_ops = {
	.set = vfio_pm_number_set,
	.get = vfio_pm_number_get,
};

static struct vfio_pm_number vfio_pm_min_saving_mw = {
	.value = 500,
	.min = 50,
	.max = 50000,
};
module_param_cb(min_saving_mw, &vfio_pm_number_ops, &vfio_pm_min_saving_mw,
		0444);
__MODULE_PARM_TYPE(min_saving_mw, "uint");
MODULE_PARM_DESC(min_saving_mw, "Smallest saving that counts, in mW (500)");

static struct vfio_pm_number vfio_pm_settle_ms = {
	.value = 5000,
	.min = 1000,
	.max = 60000,
};
module_param_cb(settle_ms, &vfio_pm_number_ops, &vfio_pm_settle_ms, 0444);
__MODULE_PARM_TYPE(settle_ms, "uint");
MODULE_PARM_DESC(settle_ms, "Time given to the meter after a change (5000)");

static struct vfio_pm_number vfio_pm_rounds_max = {
	.value = 16,
	.min = VFIO_PM_ROUNDS_MIN,
	.max = VFIO_PM_ROUNDS_LIMIT,
	.even = true,
};
module_param_cb(rounds_max, &vfio_pm_number_ops, &vfio_pm_rounds_max, 0444);
__MODULE_PARM_TYPE(rounds_max, "uint");
MODULE_PARM_DESC(rounds_max, "Inconclusive after so many rounds, even (16)");

static struct vfio_pm_number vfio_pm_retry_hours = {
	.value = 24,
	.max = 8760,
};
module_param_cb(retry_hours, &vfio_pm_number_ops, &vfio_pm_retry_hours, 0444);
__MODULE_PARM_TYPE(retry_hours, "uint");
MODULE_PARM_DESC(retry_hours, "Compare again after so long; 0: never (24)");

/*
 * As param_set_bool(), which looks at the first letter only and does not say
 * what it found wrong.
 */
static int vfio_pm_bool_set(const char *text, const struct kernel_param *kp)
{
	static const char *const words[] = {
		"0", "1", "n", "y", "N", "Y", "no", "yes", "off", "on",
	};
	int i = match_string(words, ARRAY_SIZE(words), text ? text : "1");
	bool *value = kp->arg;

	if (i >= 0) {
		*value = i % 2;
		return 0;
	}
	pr_err("%s=%s is neither 0 nor 1; nothing loaded\n", kp->name, text);
	return -EINVAL;
}

static const struct kernel_param_ops vfio_pm_bool_ops = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,
	.set = vfio_pm_bool_set,
	.get = param_get_bool,
};

static bool vfio_pm_observe;
module_param_cb(observe, &vfio_pm_bool_ops, &vfio_pm_observe, 0444);
__MODULE_PARM_TYPE(observe, "bool");
MODULE_PARM_DESC(observe, "Only report, as with policy=observe");

bool vfio_pm_recover;
module_param_cb(recover, &vfio_pm_bool_ops, &vfio_pm_recover, 0444);
__MODULE_PARM_TYPE(recover, "bool");
MODULE_PARM_DESC(recover, "Remove devices that do not wake, find them again");

bool vfio_pm_poll;
module_param_cb(poll, &vfio_pm_bool_ops, &vfio_pm_poll, 0444);
__MODULE_PARM_TYPE(poll, "bool");
MODULE_PARM_DESC(poll, "Use no tracepoints, look every 15 s");

static enum vfio_pm_mode vfio_pm_policy_mode = VFIO_PM_MODE_AUTO;

static int vfio_pm_mode_set(const char *text, const struct kernel_param *kp)
{
	int ret = vfio_pm_mode_parse(text, kp->arg);

	if (ret)
		pr_err("%s=%s is none of auto, d3cold, d3hot, d0 and observe; nothing loaded\n",
		       kp->name, text);
	return ret;
}

static int vfio_pm_mode_get(char *buf, const struct kernel_param *kp)
{
	const enum vfio_pm_mode *mode = kp->arg;

	return scnprintf(buf, PAGE_SIZE, "%s\n", vfio_pm_mode_name(*mode));
}

static const struct kernel_param_ops vfio_pm_mode_ops = {
	.set = vfio_pm_mode_set,
	.get = vfio_pm_mode_get,
};
module_param_cb(policy, &vfio_pm_mode_ops, &vfio_pm_policy_mode, 0444);
__MODULE_PARM_TYPE(policy, "charp");
MODULE_PARM_DESC(policy, "auto, d3cold, d3hot, d0 or observe (auto)");

/**
 * struct vfio_pm_address - where a device is
 * @domain: PCI domain
 * @bus: number of the bus
 * @devfn: device and function on it
 */
struct vfio_pm_address {
	unsigned int domain;
	u8 bus;
	u8 devfn;
};

/**
 * struct vfio_pm_addresses - the list of the parameter devices
 * @list: what is in it
 * @count: how many there are
 */
struct vfio_pm_addresses {
	struct vfio_pm_address list[VFIO_PM_MAX_DEVICES];
	unsigned int count;
};

static struct vfio_pm_addresses vfio_pm_devices;

/* "[dddd:]bb:dd.f", all hexadecimal. 0 or -EINVAL. */
static int vfio_pm_address_parse(const char *word,
				 struct vfio_pm_address *address)
{
	unsigned int domain, bus, device, function;
	int end = 0;

	/* sscanf() would take blanks, signs and 0x as well. */
	if (word[strspn(word, "0123456789abcdefABCDEF:.")])
		return -EINVAL;
	if (sscanf(word, "%8x:%2x:%2x.%1x%n", &domain, &bus, &device, &function,
		   &end) != 4) {
		domain = 0;
		if (sscanf(word, "%2x:%2x.%1x%n", &bus, &device, &function,
			   &end) != 3)
			return -EINVAL;
	}
	if (word[end] || device > 0x1f || function > 7)
		return -EINVAL;
	address->domain = domain;
	address->bus = bus;
	address->devfn = PCI_DEVFN(device, function);
	return 0;
}

static int vfio_pm_devices_parse(const char *text, char *rest,
				 struct vfio_pm_addresses *devices)
{
	char *word;

	while ((word = strsep(&rest, ","))) {
		if (devices->count == VFIO_PM_MAX_DEVICES) {
			pr_err("devices=%s: more than %d addresses; nothing loaded\n",
			       text, VFIO_PM_MAX_DEVICES);
			return -EINVAL;
		}
		if (vfio_pm_address_parse(word,
					  &devices->list[devices->count])) {
			pr_err("devices=%s: '%s' is not a PCI address as 01:00.0 or 0000:01:00.0; nothing loaded\n",
			       text, word);
			return -EINVAL;
		}
		devices->count++;
	}
	return 0;
}

static int vfio_pm_devices_set(const char *text, const struct kernel_param *kp)
{
	struct vfio_pm_addresses *devices = kp->arg;
	char *copy;
	int ret;

	copy = kstrdup(text, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	/* Given twice, the last one counts, as with any other parameter. */
	devices->count = 0;
	ret = vfio_pm_devices_parse(text, copy, devices);
	kfree(copy);
	return ret;
}

static int vfio_pm_devices_get(char *buf, const struct kernel_param *kp)
{
	const struct vfio_pm_addresses *devices = kp->arg;
	unsigned int i;
	int at = 0;

	for (i = 0; i < devices->count; i++) {
		const struct vfio_pm_address *address = &devices->list[i];

		at += scnprintf(buf + at, PAGE_SIZE - at, "%s%04x:%02x:%02x.%x",
				i ? "," : "", address->domain, address->bus,
				PCI_SLOT(address->devfn),
				PCI_FUNC(address->devfn));
	}
	return at + scnprintf(buf + at, PAGE_SIZE - at, "\n");
}

static const struct kernel_param_ops vfio_pm_devices_ops = {
	.set = vfio_pm_devices_set,
	.get = vfio_pm_devices_get,
};
module_param_cb(devices, &vfio_pm_devices_ops, &vfio_pm_devices, 0444);
__MODULE_PARM_TYPE(devices, "array of charp");
MODULE_PARM_DESC(devices, "Ports or functions to care for, up to 16 (display)");

/**
 * vfio_pm_default_mode - the mode that a new slot gets
 *
 * Return: what the parameters say.
 */
enum vfio_pm_mode vfio_pm_default_mode(void)
{
	return vfio_pm_observe ? VFIO_PM_MODE_OBSERVE : vfio_pm_policy_mode;
}

/**
 * vfio_pm_policy_parameters - what the parameters say about comparisons
 * @params: filled
 */
void vfio_pm_policy_parameters(struct vfio_pm_policy_params *params)
{
	*params = vfio_pm_policy_defaults;
	params->min_saving_uw = vfio_pm_min_saving_mw.value * 1000;
	params->settle_ms = vfio_pm_settle_ms.value;
	params->rounds_max = vfio_pm_rounds_max.value;
}

/**
 * vfio_pm_retry_jiffies - how long a verdict is left alone
 *
 * Return: time until the next comparison, 0 if there is none.
 */
unsigned long vfio_pm_retry_jiffies(void)
{
	u64 retry = (u64)vfio_pm_retry_hours.value * 3600 * HZ;

	return min_t(u64, retry, MAX_JIFFY_OFFSET);
}

static bool vfio_pm_device_is_listed(struct pci_dev *pdev)
{
	unsigned int i;

	for (i = 0; i < vfio_pm_devices.count; i++) {
		const struct vfio_pm_address *address =
			&vfio_pm_devices.list[i];

		if (address->domain == pci_domain_nr(pdev->bus) &&
		    address->bus == pdev->bus->number &&
		    address->devfn == pdev->devfn)
			return true;
	}
	return false;
}

/**
 * vfio_pm_device_is_wanted - is the device one that the parameters mean?
 * @pdev: the device; it or the caller's lock keeps the bridges above it
 *
 * Return: true if it, or a bridge above it, is listed in the parameter devices;
 * without that, if it is a display.
 */
bool vfio_pm_device_is_wanted(struct pci_dev *pdev)
{
	if (!vfio_pm_devices.count)
		return pdev->class >> 16 == PCI_BASE_CLASS_DISPLAY;
	for (; pdev; pdev = pci_upstream_bridge(pdev))
		if (vfio_pm_device_is_listed(pdev))
			return true;
	return false;
}
