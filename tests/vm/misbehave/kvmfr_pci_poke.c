// SPDX-License-Identifier: GPL-2.0
/* Does to a PCI device what a driver may do, and leaves it so on request. */
#include <linux/init.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>

static char *device = "";
module_param(device, charp, 0444);
MODULE_PARM_DESC(device, "Which: 0000:01:00.0");

static bool forbid;
module_param(forbid, bool, 0444);
MODULE_PARM_DESC(forbid, "Forbid D3cold, while loaded");

static bool forget;
module_param(forget, bool, 0444);
MODULE_PARM_DESC(forget, "And leave it so");

static bool hold;
module_param(hold, bool, 0444);
MODULE_PARM_DESC(hold, "Keep it active while loaded");

static bool fail;
module_param(fail, bool, 0444);
MODULE_PARM_DESC(fail, "It does not wake, while loaded");

static bool refuse;
module_param(refuse, bool, 0444);
MODULE_PARM_DESC(refuse, "The PCI core keeps the port on, while loaded");

static bool lose;
module_param(lose, bool, 0444);
MODULE_PARM_DESC(lose, "Give it up while loaded, as if the link were down");

static struct pci_dev *pdev;

/* A hotplug port that is not native, for the core; it does not look again. */
static void refuse_d3(bool on)
{
	pdev->is_hotplug_bridge = on;
	pdev->is_pciehp = on;
	pdev->bridge_d3 = !on;
}

static int __init poke_init(void)
{
	unsigned int domain, bus, slot, function;

	if (sscanf(device, "%x:%x:%x.%u", &domain, &bus, &slot, &function) != 4)
		return -EINVAL;
	pdev = pci_get_domain_bus_and_slot(domain, bus,
					   PCI_DEVFN(slot, function));
	if (!pdev)
		return -ENODEV;
	pm_runtime_get_sync(&pdev->dev);
	if (forbid)
		pci_d3cold_disable(pdev);
	if (lose)
		xchg(&pdev->error_state, pci_channel_io_perm_failure);
	if (refuse)
		refuse_d3(true);
	if (!hold)
		pm_runtime_put(&pdev->dev);
	if (fail) {
		pm_runtime_suspend(&pdev->dev);
		WRITE_ONCE(pdev->dev.power.runtime_error, -EIO);
	}
	return 0;
}
module_init(poke_init);

static void __exit poke_exit(void)
{
	if (fail)
		WRITE_ONCE(pdev->dev.power.runtime_error, 0);
	if (lose)
		xchg(&pdev->error_state, pci_channel_io_normal);
	if (!hold)
		pm_runtime_get_sync(&pdev->dev);
	if (refuse)
		refuse_d3(false);
	if (forbid && !forget)
		pci_d3cold_enable(pdev);
	pm_runtime_put(&pdev->dev);
	pci_dev_put(pdev);
}
module_exit(poke_exit);

MODULE_DESCRIPTION("Test module that forbids D3cold of a device, or holds it");
MODULE_LICENSE("GPL");
