/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Differences between the kernels' PCI interfaces, under the newest kernel's
 * names. Kbuild asks the kernel's headers for the HAVE_* answers used here.
 */
#ifndef KVMFR_COMPAT_PCI_H
#define KVMFR_COMPAT_PCI_H

#include <linux/pci.h>
#include <linux/string.h>

/* Each bus had its own override before; can go with 6.1. */
#ifndef HAVE_DEVICE_SET_DRIVER_OVERRIDE
static inline int device_set_driver_override(struct device *dev, const char *s)
{
	return driver_set_override(dev, &to_pci_dev(dev)->driver_override, s,
				   strlen(s));
}
#endif

#endif /* KVMFR_COMPAT_PCI_H */
