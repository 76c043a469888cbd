// SPDX-License-Identifier: GPL-2.0
/*
 * DOC: What keeps a slot out of D3cold
 *
 * All of it is read from the kernel's own fields: nothing is woken and no
 * configuration space is read. Some things cannot be told apart this way:
 *
 * - pcie_port_pm=off and the kernel's list of machines with bad ports are
 *   private to the PCI core; both are "port_no_d3";
 * - who holds a usage count is recorded nowhere. Of a closed vfio device it is
 *   disable_idle_d3 (the parameter itself does not say what a device got, see
 *   vfio_pci_core_register_device()), of a boot display without a driver efifb
 *   before 6.2; of anything else it is just "kept_active";
 * - a port without a driver: the parameter pcie_ports=compat leaves no driver
 *   registered, but a failed probe and an unbind look the same;
 * - who set no_d3cold: with a host driver bound that one, or a quirk for it;
 * - a link between functions: its list is under a lock that is not exported,
 *   so only its ends are looked at;
 * - a shared power resource, an _OFF that does nothing and a rail that stays
 *   on are no blockers, the slot does reach what the kernel calls D3cold:
 *   _STA and the meter are for those.
 */
#include <linux/acpi.h>
#include <linux/dmi.h>
#include <linux/pci.h>
#include <linux/pm_qos.h>
#include <linux/pm_runtime.h>
#include <linux/pm_wakeup.h>
#include <linux/spinlock.h>
#include <linux/vgaarb.h>

#include "blockers.h"
#include "vfio_pci_pm.h"

/* What pci_bridge_d3_possible() asks for on x86. */
#define VFIO_PM_BIOS_YEAR 2015

/**
 * struct vfio_pm_rpm - runtime PM of a device, at one moment
 * @allowed: power/control is "auto"
 * @autosuspend: the driver uses autosuspend
 * @delay_off: with a delay that keeps the device awake
 * @error: an earlier transition failed
 * @disabled: disabled by the kernel
 * @latency_limit: PM QoS does not let it sleep
 * @asleep: suspended
 * @active: awake, and not on its way to or from there
 * @usage: who uses it
 */
struct vfio_pm_rpm {
	bool allowed;
	bool autosuspend;
	bool delay_off;
	bool error;
	bool disabled;
	bool latency_limit;
	bool asleep;
	bool active;
	int usage;
};

static void vfio_pm_rpm_read(struct device *dev, struct vfio_pm_rpm *rpm)
{
	struct dev_pm_info *power = &dev->power;

	/* Also keeps power.qos, see dev_pm_qos_constraints_destroy(). */
	spin_lock_irq(&power->lock);
	rpm->allowed = power->runtime_auto;
	rpm->autosuspend = power->use_autosuspend;
	rpm->delay_off = power->use_autosuspend && power->autosuspend_delay < 0;
	rpm->error = power->runtime_error;
	rpm->disabled = power->disable_depth;
	rpm->latency_limit = !IS_ERR_OR_NULL(power->qos) &&
			     !power->qos->resume_latency.target_value;
	rpm->asleep = power->runtime_status == RPM_SUSPENDED;
	rpm->active = power->runtime_status == RPM_ACTIVE;
	rpm->usage = atomic_read(&power->usage_count);
	spin_unlock_irq(&power->lock);
}

/* Whether somebody uses it who cannot be seen otherwise. */
static bool vfio_pm_is_used(const struct vfio_pm_member *member,
			    const struct vfio_pm_rpm *rpm)
{
	/*
	 * The other reasons for a count have blockers of their own. An access
	 * to configuration space has one while it waits for the device to wake.
	 */
	return rpm->active && rpm->allowed && !rpm->delay_off &&
	       rpm->usage > member->held;
}

/* Whether it shall wake the machine, but could not do so without power. */
static bool vfio_pm_wakeup_forbids(struct pci_dev *pdev)
{
	return device_may_wakeup(&pdev->dev) &&
	       !pci_pme_capable(pdev, PCI_D3cold);
}

/* What pci_dev_check_d3cold() says, which is private to the PCI core. */
static bool vfio_pm_forbids_d3(struct pci_dev *pdev)
{
	return pdev->no_d3cold || !pdev->d3cold_allowed ||
	       vfio_pm_wakeup_forbids(pdev) ||
	       (vfio_pm_is_bridge(pdev) && !pdev->bridge_d3);
}

/**
 * vfio_pm_no_d3cold_is_stale - is no_d3cold of a device nobody's any more?
 * @pdev: the device
 *
 * No vfio driver sets it. Of a bridge there is no telling whose it is: drivers
 * of other devices set it, i915 and xe for example.
 *
 * Context: process.
 * Return: true if D3cold is forbidden by a driver that is gone.
 */
bool vfio_pm_no_d3cold_is_stale(struct pci_dev *pdev)
{
	if (!pdev->no_d3cold || vfio_pm_is_bridge(pdev))
		return false;
	return !vfio_pm_has_driver(pdev) || vfio_pm_has_vfio_driver(pdev);
}

/* no_d3cold of the port can be our own doing. */
static u32 vfio_pm_find_no_d3cold(const struct vfio_pm_slot *slot,
				  struct pci_dev *pdev)
{
	if (!pdev->no_d3cold || (pdev == slot->port && slot->cold_off))
		return 0;
	return vfio_pm_no_d3cold_is_stale(pdev) ?
		       BIT(VFIO_PM_B_NO_D3COLD) :
		       BIT(VFIO_PM_B_FOREIGN_NO_D3COLD);
}

/* What can be wrong with any device. */
static u32 vfio_pm_find_common(const struct vfio_pm_slot *slot,
			       struct pci_dev *pdev,
			       const struct vfio_pm_rpm *rpm)
{
	u32 mask = vfio_pm_find_no_d3cold(slot, pdev);

	if (rpm->error)
		mask |= BIT(VFIO_PM_B_RUNTIME_PM_ERROR);
	if (rpm->disabled)
		mask |= BIT(VFIO_PM_B_RUNTIME_PM_DISABLED);
	if (rpm->delay_off)
		mask |= BIT(VFIO_PM_B_AUTOSUSPEND_OFF);
	if (rpm->latency_limit)
		mask |= BIT(VFIO_PM_B_LATENCY_LIMIT);
	if (!pdev->d3cold_allowed)
		mask |= BIT(VFIO_PM_B_D3COLD_NOT_ALLOWED);
	/* Wake-up of the port itself is what firmware's target is about. */
	if (pdev != slot->port && vfio_pm_wakeup_forbids(pdev))
		mask |= BIT(VFIO_PM_B_WAKEUP_ENABLED);
	if (pdev->dev_flags & PCI_DEV_FLAGS_NO_D3)
		mask |= BIT(VFIO_PM_B_NO_D3_QUIRK);
	return mask;
}

/* Why pci_bridge_d3_possible(), which is private, has said no to a port. */
static u32 vfio_pm_find_port_refusal(struct pci_dev *pdev)
{
	if (pdev->is_hotplug_bridge)
		return BIT(VFIO_PM_B_HOTPLUG_PORT);
	if (IS_ENABLED(CONFIG_X86) && dmi_get_bios_year() < VFIO_PM_BIOS_YEAR)
		return BIT(VFIO_PM_B_OLD_BIOS);
	return BIT(VFIO_PM_B_PORT_NO_D3);
}

static bool vfio_pm_is_port(struct pci_dev *pdev)
{
	int type;

	if (!pci_is_pcie(pdev))
		return false;
	type = pci_pcie_type(pdev);
	return type == PCI_EXP_TYPE_ROOT_PORT ||
	       type == PCI_EXP_TYPE_UPSTREAM || type == PCI_EXP_TYPE_DOWNSTREAM;
}

static bool vfio_pm_has_port_driver(struct pci_dev *pdev)
{
	char name[sizeof("pcieport") + 1];

	vfio_pm_driver_name(pdev, name, sizeof(name));
	return !strcmp(name, "pcieport");
}

/* Whether pcieport is free to suspend the port, see pcie_portdrv_probe(). */
static bool vfio_pm_port_may_sleep(struct pci_dev *pdev)
{
	return vfio_pm_is_port(pdev) && vfio_pm_has_port_driver(pdev) &&
	       pdev->dev.power.use_autosuspend;
}

/* Whether a device below the bridge keeps it awake. */
static bool vfio_pm_something_forbids_d3(struct vfio_pm_slot *slot,
					 struct pci_dev *bridge)
{
	struct vfio_pm_member *member;
	struct pci_dev *above;

	list_for_each_entry(member, &slot->members, node) {
		if (member->pdev == slot->port ||
		    !vfio_pm_forbids_d3(member->pdev))
			continue;
		above = pci_upstream_bridge(member->pdev);
		while (above && above != slot->port && above != bridge)
			above = pci_upstream_bridge(above);
		if (above == bridge)
			return true;
	}
	return false;
}

/**
 * vfio_pm_bridge_d3_is_stale - has the PCI core missed that a port may sleep?
 * @slot: the slot
 * @pdev: a device of it
 *
 * The core looks again when d3cold_allowed or no_d3cold of a device below
 * changes, but not when its wake-up is switched off.
 *
 * Context: process, slot->lock held.
 * Return: true for a port that nothing below keeps awake, and that the core
 * keeps awake for what once was below.
 */
bool vfio_pm_bridge_d3_is_stale(struct vfio_pm_slot *slot, struct pci_dev *pdev)
{
	lockdep_assert_held(&slot->lock);
	return vfio_pm_port_may_sleep(pdev) && !pdev->bridge_d3 &&
	       !vfio_pm_something_forbids_d3(slot, pdev);
}

static u32 vfio_pm_find_bridge(struct vfio_pm_slot *slot,
			       const struct vfio_pm_member *member,
			       const struct vfio_pm_rpm *rpm)
{
	struct pci_dev *pdev = member->pdev;
	u32 mask = 0;

	if (!vfio_pm_is_port(pdev))
		return BIT(VFIO_PM_B_CONVENTIONAL_BRIDGE);
	if (!vfio_pm_has_port_driver(pdev))
		return driver_find("pcieport", &pci_bus_type) ?
			       BIT(VFIO_PM_B_NO_PORT_DRIVER) :
			       BIT(VFIO_PM_B_PORT_SERVICES_OFF);
	/*
	 * pcieport uses autosuspend for exactly those ports that may sleep, and
	 * unlike power/control no user can change that.
	 */
	if (!rpm->autosuspend)
		return vfio_pm_find_port_refusal(pdev);
	if (!rpm->allowed)
		mask |= BIT(VFIO_PM_B_RUNTIME_PM_FORBIDDEN);
	if (vfio_pm_bridge_d3_is_stale(slot, pdev))
		mask |= BIT(VFIO_PM_B_BRIDGE_D3_STALE);
	if (vfio_pm_is_used(member, rpm))
		mask |= BIT(VFIO_PM_B_KEPT_ACTIVE);
	return mask;
}

/* What firmware, or somebody in its name, has against cutting the power. */
static u32 vfio_pm_find_firmware(struct vfio_pm_slot *slot)
{
	struct pci_dev *port = slot->port;

	if (!slot->has_power)
		return BIT(VFIO_PM_B_NO_POWER_RESOURCE);
	if (acpi_has_method(ACPI_HANDLE(&port->dev), "_EJ0"))
		return BIT(VFIO_PM_B_FIRMWARE_EJECT);
	if (dev_pm_qos_flags(&port->dev, PM_QOS_FLAG_NO_POWER_OFF) ==
	    PM_QOS_FLAGS_ALL)
		return BIT(VFIO_PM_B_NO_POWER_OFF);
	if (vfio_pm_acpi_target(slot) != PCI_D3cold)
		return BIT(VFIO_PM_B_FIRMWARE_TARGET);
	return 0;
}

static bool vfio_pm_is_sibling(const struct pci_dev *a, const struct pci_dev *b)
{
	return a != b && a->bus == b->bus &&
	       PCI_SLOT(a->devfn) == PCI_SLOT(b->devfn);
}

/*
 * Whether a function that depends on this one is awake. The PCI core links the
 * sound, USB and UCSI functions of a graphics card to the card's function 0,
 * which then has a usage count.
 */
static bool vfio_pm_has_active_consumer(struct vfio_pm_slot *slot,
					struct pci_dev *pdev)
{
	struct vfio_pm_member *member;

	if (list_empty(&pdev->dev.links.consumers))
		return false;
	list_for_each_entry(member, &slot->members, node)
		if (vfio_pm_is_sibling(member->pdev, pdev) &&
		    !list_empty(&member->pdev->dev.links.suppliers) &&
		    !pm_runtime_status_suspended(&member->pdev->dev))
			return true;
	return false;
}

/* Whether another function of the device is given to virtual machines. */
static bool vfio_pm_has_vfio_sibling(struct vfio_pm_slot *slot,
				     struct pci_dev *pdev)
{
	struct vfio_pm_member *member;

	list_for_each_entry(member, &slot->members, node)
		if (vfio_pm_is_sibling(member->pdev, pdev) &&
		    vfio_pm_has_vfio_driver(member->pdev))
			return true;
	return false;
}

static u32 vfio_pm_find_vfio(const struct vfio_pm_member *member,
			     const struct vfio_pm_rpm *rpm, bool linked)
{
	u32 mask = 0;

	if (!rpm->allowed)
		mask |= BIT(VFIO_PM_B_RUNTIME_PM_FORBIDDEN);
	if (vfio_pm_is_open(member->pdev))
		mask |= BIT(VFIO_PM_B_IN_USE);
	else if (!linked && vfio_pm_is_used(member, rpm))
		mask |= BIT(VFIO_PM_B_DISABLE_IDLE_D3);
	return mask;
}

static u32 vfio_pm_find_driverless(const struct vfio_pm_member *member,
				   const struct vfio_pm_rpm *rpm, bool linked)
{
	if (!rpm->allowed)
		return BIT(VFIO_PM_B_DRIVERLESS_ACTIVE);
	if (linked || !vfio_pm_is_used(member, rpm))
		return 0;
	return member->pdev == vga_default_device() ?
		       BIT(VFIO_PM_B_FIRMWARE_FRAMEBUFFER) :
		       BIT(VFIO_PM_B_KEPT_ACTIVE);
}

static u32 vfio_pm_find_function(struct vfio_pm_slot *slot,
				 const struct vfio_pm_member *member,
				 const struct vfio_pm_rpm *rpm)
{
	struct pci_dev *pdev = member->pdev;
	bool linked = vfio_pm_has_active_consumer(slot, pdev);
	u32 mask = linked ? BIT(VFIO_PM_B_ACTIVE_SUPPLIER_LINK) : 0;

	if (pci_num_vf(pdev))
		mask |= BIT(VFIO_PM_B_SRIOV_ACTIVE);
	if (vfio_pm_has_vfio_driver(pdev))
		return mask | vfio_pm_find_vfio(member, rpm, linked);
	if (!vfio_pm_has_driver(pdev))
		return mask | vfio_pm_find_driverless(member, rpm, linked);
	/* A host driver that lets it sleep is in nobody's way. */
	if (rpm->asleep)
		return mask;
	return mask | (vfio_pm_has_vfio_sibling(slot, pdev) ?
			       BIT(VFIO_PM_B_OTHER_DRIVER) :
			       BIT(VFIO_PM_B_HOST_DRIVER));
}

/**
 * vfio_pm_blockers_find - what keeps a device awake now?
 * @slot: the slot
 * @member: one of its devices
 *
 * What is in VFIO_PM_USES counts only if it lasts.
 *
 * Context: process, slot->lock held. Wakes nothing; may evaluate the port's
 * _S0W.
 * Return: mask of enum vfio_pm_blocker.
 */
u32 vfio_pm_blockers_find(struct vfio_pm_slot *slot,
			  struct vfio_pm_member *member)
{
	struct pci_dev *pdev = member->pdev;
	struct vfio_pm_rpm rpm;
	u32 mask;

	lockdep_assert_held(&slot->lock);
	vfio_pm_rpm_read(&pdev->dev, &rpm);
	mask = vfio_pm_find_common(slot, pdev, &rpm);
	if (pdev == slot->port)
		mask |= vfio_pm_find_firmware(slot);
	if (vfio_pm_is_bridge(pdev))
		return mask | vfio_pm_find_bridge(slot, member, &rpm);
	return mask | vfio_pm_find_function(slot, member, &rpm);
}
