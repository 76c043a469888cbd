// SPDX-License-Identifier: GPL-2.0
/*
 * DOC: vfio_pci_pm
 *
 * Beside the stock vfio-pci: when no virtual machine uses a GPU, it sees to it
 * that its slot reaches D3cold, measures whether the machine draws less power
 * then, and falls back to the state that draws least. It binds no device and
 * replaces no driver. Documentation/power-policy.rst tells how it decides.
 */
#include <linux/module.h>

#include "vfio_pci_pm.h"

/* Everything that is done to slots; frozen during a system suspend. */
struct workqueue_struct *vfio_pm_wq;

static int __init vfio_pm_init(void)
{
	int ret;

	vfio_pm_wq = alloc_workqueue("vfio_pm", WQ_UNBOUND | WQ_FREEZABLE, 0);
	if (!vfio_pm_wq)
		return -ENOMEM;
	ret = vfio_pm_class_init();
	if (ret)
		goto err_wq;
	vfio_pm_sensor_init();
	ret = vfio_pm_meter_init();
	if (ret)
		goto err_sensor;
	ret = vfio_pm_topology_init();
	if (ret)
		goto err_meter;
	return 0;

err_meter:
	vfio_pm_meter_exit();
err_sensor:
	vfio_pm_sensor_exit();
	vfio_pm_class_exit();
err_wq:
	destroy_workqueue(vfio_pm_wq);
	return ret;
}
module_init(vfio_pm_init);

/*
 * The sensor sees the slots out. Whoever queues work has gone before the work
 * is waited for.
 */
static void __exit vfio_pm_exit(void)
{
	vfio_pm_meter_exit();
	vfio_pm_topology_exit();
	vfio_pm_sensor_exit();
	vfio_pm_class_exit();
	destroy_workqueue(vfio_pm_wq);
}
module_exit(vfio_pm_exit);

MODULE_DESCRIPTION("Power of idle GPUs that are passed through, measured");
MODULE_AUTHOR("kvmfr-suite maintainers");
MODULE_LICENSE("GPL");
MODULE_VERSION("1.0.0");
