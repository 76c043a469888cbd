/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What can keep a slot out of D3cold; between the blockers*.c files.
 */
#ifndef VFIO_PCI_PM_BLOCKERS_H
#define VFIO_PCI_PM_BLOCKERS_H

#include <linux/bits.h>
#include <linux/types.h>

struct pci_dev;
struct vfio_pm_member;
struct vfio_pm_slot;

/**
 * enum vfio_pm_blocker - what keeps a device, and with it the slot, awake
 * @VFIO_PM_B_OLD_BIOS: a BIOS of before 2015, whose ports the kernel keeps on
 * @VFIO_PM_B_HOTPLUG_PORT: a hotplug port that firmware does not let sleep
 * @VFIO_PM_B_CONVENTIONAL_BRIDGE: a bridge to conventional PCI
 * @VFIO_PM_B_PORT_NO_D3: the kernel keeps the port on, for another reason
 * @VFIO_PM_B_PORT_SERVICES_OFF: the kernel has no driver for ports
 * @VFIO_PM_B_NO_PORT_DRIVER: the port has not got it
 * @VFIO_PM_B_BRIDGE_D3_STALE: the kernel has not seen that a port may sleep again
 * @VFIO_PM_B_NO_POWER_RESOURCE: firmware cannot cut the power
 * @VFIO_PM_B_FIRMWARE_EJECT: _EJ0, so the kernel does not cut the power
 * @VFIO_PM_B_FIRMWARE_TARGET: firmware wants the port no deeper than D3hot
 * @VFIO_PM_B_NO_POWER_OFF: PM QoS forbids to cut the power
 * @VFIO_PM_B_OTHER_DRIVER: part of the passed through device, with a host driver
 * @VFIO_PM_B_HOST_DRIVER: a host driver uses it
 * @VFIO_PM_B_SRIOV_ACTIVE: it has virtual functions
 * @VFIO_PM_B_RUNTIME_PM_FORBIDDEN: power/control is "on"
 * @VFIO_PM_B_RUNTIME_PM_ERROR: runtime PM gave up
 * @VFIO_PM_B_RUNTIME_PM_DISABLED: runtime PM is disabled by the kernel
 * @VFIO_PM_B_AUTOSUSPEND_OFF: a negative autosuspend delay
 * @VFIO_PM_B_LATENCY_LIMIT: PM QoS wants it to answer at once
 * @VFIO_PM_B_D3COLD_NOT_ALLOWED: d3cold_allowed is 0
 * @VFIO_PM_B_NO_D3COLD: a driver that is gone forbade D3cold
 * @VFIO_PM_B_FOREIGN_NO_D3COLD: another driver forbids D3cold
 * @VFIO_PM_B_WAKEUP_ENABLED: it shall wake the machine, which D3cold prevents
 * @VFIO_PM_B_NO_D3_QUIRK: the kernel knows that it does not survive D3
 * @VFIO_PM_B_DRIVERLESS_ACTIVE: left on by the driver it had
 * @VFIO_PM_B_DISABLE_IDLE_D3: vfio-pci keeps it on while it is closed
 * @VFIO_PM_B_FIRMWARE_FRAMEBUFFER: the framebuffer of the firmware holds it
 * @VFIO_PM_B_KEPT_ACTIVE: something else holds it
 * @VFIO_PM_B_ACTIVE_SUPPLIER_LINK: a function that depends on it is awake
 * @VFIO_PM_B_IN_USE: a virtual machine has it
 * @VFIO_PM_B_COUNT: how many there are
 *
 * In the order in which they are worth being named: what nobody can change and
 * what makes others irrelevant comes first.
 */
enum vfio_pm_blocker {
	VFIO_PM_B_OLD_BIOS,
	VFIO_PM_B_HOTPLUG_PORT,
	VFIO_PM_B_CONVENTIONAL_BRIDGE,
	VFIO_PM_B_PORT_NO_D3,
	VFIO_PM_B_PORT_SERVICES_OFF,
	VFIO_PM_B_NO_PORT_DRIVER,
	VFIO_PM_B_BRIDGE_D3_STALE,
	VFIO_PM_B_NO_POWER_RESOURCE,
	VFIO_PM_B_FIRMWARE_EJECT,
	VFIO_PM_B_FIRMWARE_TARGET,
	VFIO_PM_B_NO_POWER_OFF,
	VFIO_PM_B_OTHER_DRIVER,
	VFIO_PM_B_HOST_DRIVER,
	VFIO_PM_B_SRIOV_ACTIVE,
	VFIO_PM_B_RUNTIME_PM_FORBIDDEN,
	VFIO_PM_B_RUNTIME_PM_ERROR,
	VFIO_PM_B_RUNTIME_PM_DISABLED,
	VFIO_PM_B_AUTOSUSPEND_OFF,
	VFIO_PM_B_LATENCY_LIMIT,
	VFIO_PM_B_D3COLD_NOT_ALLOWED,
	VFIO_PM_B_NO_D3COLD,
	VFIO_PM_B_FOREIGN_NO_D3COLD,
	VFIO_PM_B_WAKEUP_ENABLED,
	VFIO_PM_B_NO_D3_QUIRK,
	VFIO_PM_B_DRIVERLESS_ACTIVE,
	VFIO_PM_B_DISABLE_IDLE_D3,
	VFIO_PM_B_FIRMWARE_FRAMEBUFFER,
	VFIO_PM_B_KEPT_ACTIVE,
	VFIO_PM_B_ACTIVE_SUPPLIER_LINK,
	VFIO_PM_B_IN_USE,
	VFIO_PM_B_COUNT,
};

/* Seen as "used" only, which for a moment everything can be. */
#define VFIO_PM_USES                      \
	(BIT(VFIO_PM_B_DISABLE_IDLE_D3) | \
	 BIT(VFIO_PM_B_FIRMWARE_FRAMEBUFFER) | BIT(VFIO_PM_B_KEPT_ACTIVE))

/*
 * Said, but nothing that keeps the slot from D3cold by itself: a virtual
 * machine is what the device is for; and the function at the other end of a
 * link has a reason of its own to be awake, or none that lasts.
 */
#define VFIO_PM_INFORMATIVE \
	(BIT(VFIO_PM_B_ACTIVE_SUPPLIER_LINK) | BIT(VFIO_PM_B_IN_USE))

/* blockers_find.c */
bool vfio_pm_no_d3cold_is_stale(struct pci_dev *pdev);
bool vfio_pm_bridge_d3_is_stale(struct vfio_pm_slot *slot,
				struct pci_dev *pdev);
u32 vfio_pm_blockers_find(struct vfio_pm_slot *slot,
			  struct vfio_pm_member *member);

/* blockers_text.c */
const char *vfio_pm_blocker_sentence(enum vfio_pm_blocker blocker);
int vfio_pm_blocker_line(enum vfio_pm_blocker blocker, const char *address,
			 char *line, size_t size);

#endif /* VFIO_PCI_PM_BLOCKERS_H */
