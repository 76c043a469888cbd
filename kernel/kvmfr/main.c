// SPDX-License-Identifier: GPL-2.0
/*
 * Memory shared with virtual machines as character devices and dma-bufs.
 */
#include <linux/module.h>

#include "kvmfr.h"

static int __init kvmfr_init(void)
{
	int ret;

	ret = kvmfr_chardev_init();
	if (ret)
		return ret;
	/* First, so that they get the lowest numbers. */
	ret = kvmfr_static_init();
	if (ret)
		goto err_chardev;
	ret = kvmfr_pci_init();
	if (ret)
		goto err_static;
	return 0;

err_static:
	kvmfr_static_exit();
err_chardev:
	kvmfr_chardev_exit();
	return ret;
}
module_init(kvmfr_init);

static void __exit kvmfr_exit(void)
{
	kvmfr_pci_exit();
	kvmfr_static_exit();
	kvmfr_chardev_exit();
}
module_exit(kvmfr_exit);

MODULE_DESCRIPTION("Shared memory with virtual machines, exported as dma-bufs");
MODULE_AUTHOR("kvmfr-suite maintainers");
MODULE_LICENSE("GPL");
MODULE_VERSION("1.0.0");
MODULE_IMPORT_NS("DMA_BUF");
