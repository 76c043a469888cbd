// SPDX-License-Identifier: GPL-2.0
/*
 * The words for what keeps a slot out of D3cold; Documentation/blockers.md
 * explains them at length. The codes are ABI.
 */
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/kernel.h>

#include "blockers.h"

#define VFIO_PM_DEV "/sys/bus/pci/devices/%s/"

/**
 * struct vfio_pm_blocker_text - how a blocker is told
 * @code: a word for programs
 * @sentence: what is the matter, about "it", the device
 * @remedy: shell command, with %s up to four times for the device's address;
 *          NULL if there is none
 *
 * What has to be done at boot is a comment to the shell: pasting it by mistake
 * does no harm.
 */
struct vfio_pm_blocker_text {
	const char *code;
	const char *sentence;
	const char *remedy;
};

static const struct vfio_pm_blocker_text vfio_pm_blocker_texts[] = {
	[VFIO_PM_B_OLD_BIOS] = {
		"old_bios",
		"the BIOS is older than 2015, and the kernel keeps the ports of such machines on",
		"# start the kernel with pcie_port_pm=force",
	},
	[VFIO_PM_B_HOTPLUG_PORT] = {
		"hotplug_port",
		"it is a hotplug port, and the firmware does not say that it may sleep",
		"# start the kernel with pcie_port_pm=force",
	},
	[VFIO_PM_B_CONVENTIONAL_BRIDGE] = {
		"conventional_bridge",
		"it is no PCI Express port, and the kernel keeps such bridges on",
		NULL,
	},
	[VFIO_PM_B_PORT_NO_D3] = {
		"port_no_d3",
		"the kernel keeps this port on (pcie_port_pm=off, or a machine known for bad ports)",
		"# start the kernel without pcie_port_pm=off",
	},
	[VFIO_PM_B_PORT_SERVICES_OFF] = {
		"port_services_off",
		"the kernel was started without its driver for ports (pcie_ports=compat)",
		"# start the kernel without pcie_ports=compat",
	},
	[VFIO_PM_B_NO_PORT_DRIVER] = {
		"no_port_driver",
		"the port is not bound to pcieport, its driver",
		"echo %s > /sys/bus/pci/drivers/pcieport/bind",
	},
	[VFIO_PM_B_BRIDGE_D3_STALE] = {
		"bridge_d3_stale",
		"the kernel has not noticed that nothing below the port keeps it on any more",
		"for f in " VFIO_PM_DEV "*/d3cold_allowed; do echo 1 > $f; done",
	},
	[VFIO_PM_B_NO_POWER_RESOURCE] = {
		"no_power_resource",
		"the firmware cannot cut its power (no usable _PR3)",
		NULL,
	},
	[VFIO_PM_B_FIRMWARE_EJECT] = {
		"firmware_eject",
		"the firmware calls it ejectable (_EJ0), and the kernel does not switch the power of such a port",
		NULL,
	},
	[VFIO_PM_B_FIRMWARE_TARGET] = {
		"firmware_target",
		"the firmware does not let it sink to D3cold, because it can wake the machine (_PRW, _S0W)",
		NULL,
	},
	[VFIO_PM_B_NO_POWER_OFF] = {
		"no_power_off",
		"its power must not be cut, says PM QoS (pm_qos_no_power_off)",
		"echo 0 > " VFIO_PM_DEV "power/pm_qos_no_power_off",
	},
	[VFIO_PM_B_RUNTIME_PM_FORBIDDEN] = {
		"runtime_pm_forbidden",
		"its runtime power management is off (power/control says on)",
		"echo auto > " VFIO_PM_DEV "power/control",
	},
	[VFIO_PM_B_RUNTIME_PM_ERROR] = {
		"runtime_pm_error",
		"an earlier change of its power state failed, and the kernel has given up",
		"echo %s > " VFIO_PM_DEV "driver/unbind; "
		"echo %s > /sys/bus/pci/drivers_probe",
	},
	[VFIO_PM_B_RUNTIME_PM_DISABLED] = {
		"runtime_pm_disabled",
		"the kernel has disabled its runtime power management",
		NULL,
	},
	[VFIO_PM_B_AUTOSUSPEND_OFF] = {
		"autosuspend_off",
		"its autosuspend delay is negative, which keeps it on",
		"echo 100 > " VFIO_PM_DEV "power/autosuspend_delay_ms",
	},
	[VFIO_PM_B_LATENCY_LIMIT] = {
		"latency_limit",
		"it has to answer at once, says PM QoS (pm_qos_resume_latency_us)",
		"echo 0 > " VFIO_PM_DEV "power/pm_qos_resume_latency_us",
	},
	[VFIO_PM_B_D3COLD_NOT_ALLOWED] = {
		"d3cold_not_allowed",
		"D3cold is not allowed for it (d3cold_allowed is 0, as for every device without the PM capability)",
		"echo 1 > " VFIO_PM_DEV "d3cold_allowed",
	},
	[VFIO_PM_B_NO_D3COLD] = {
		"no_d3cold",
		"a driver that is gone has forbidden D3cold; this module clears that when it manages the slot",
		NULL,
	},
	[VFIO_PM_B_FOREIGN_NO_D3COLD] = {
		"foreign_no_d3cold",
		"another driver in the kernel forbids D3cold of it",
		NULL,
	},
	[VFIO_PM_B_WAKEUP_ENABLED] = {
		"wakeup_enabled",
		"it shall wake the machine, and could not do that from D3cold",
		/* The kernel looks at wakeup only when the latter is written. */
		"echo disabled > " VFIO_PM_DEV "power/wakeup; "
		"echo 1 > " VFIO_PM_DEV "d3cold_allowed",
	},
	[VFIO_PM_B_NO_D3_QUIRK] = {
		"no_d3_quirk",
		"the kernel knows that it does not survive D3",
		NULL,
	},
	[VFIO_PM_B_DRIVERLESS_ACTIVE] = {
		"driverless_active",
		"it has no driver, and was left on (power/control says on)",
		"echo auto > " VFIO_PM_DEV "power/control",
	},
	[VFIO_PM_B_OTHER_DRIVER] = {
		"other_driver",
		"it has a driver of the host, which keeps it on",
		"echo vfio-pci > " VFIO_PM_DEV "driver_override; "
		"echo %s > " VFIO_PM_DEV "driver/unbind; "
		"echo %s > /sys/bus/pci/drivers_probe",
	},
	[VFIO_PM_B_HOST_DRIVER] = {
		"host_driver",
		"the host uses it",
		"echo auto > " VFIO_PM_DEV "power/control",
	},
	[VFIO_PM_B_SRIOV_ACTIVE] = {
		"sriov_active",
		"it has virtual functions",
		"echo 0 > " VFIO_PM_DEV "sriov_numvfs",
	},
	[VFIO_PM_B_DISABLE_IDLE_D3] = {
		"disable_idle_d3",
		"vfio-pci keeps it on although no virtual machine has it (disable_idle_d3)",
		"modprobe -r vfio-pci && modprobe vfio-pci disable_idle_d3=0",
	},
	[VFIO_PM_B_FIRMWARE_FRAMEBUFFER] = {
		"firmware_framebuffer",
		"the framebuffer of the firmware holds it",
		"echo efi-framebuffer.0 > /sys/bus/platform/drivers/efi-framebuffer/unbind",
	},
	[VFIO_PM_B_KEPT_ACTIVE] = {
		"kept_active",
		"something in the kernel uses it",
		NULL,
	},
	[VFIO_PM_B_ACTIVE_SUPPLIER_LINK] = {
		"active_supplier_link",
		"another function that depends on it is awake",
		NULL,
	},
	[VFIO_PM_B_IN_USE] = {
		"in_use",
		"a virtual machine has it",
		NULL,
	},
};

static_assert(ARRAY_SIZE(vfio_pm_blocker_texts) == VFIO_PM_B_COUNT);

/**
 * vfio_pm_blocker_sentence - what is the matter
 * @blocker: what it is
 *
 * Return: a sentence about the device, without its name and a full stop.
 */
const char *vfio_pm_blocker_sentence(enum vfio_pm_blocker blocker)
{
	return vfio_pm_blocker_texts[blocker].sentence;
}

/**
 * vfio_pm_blocker_line - what is the matter, and what can be done
 * @blocker: what it is
 * @address: of the device
 * @line: set to the line of the attribute "blockers"
 * @size: bytes at @line
 *
 * Return: bytes in @line without the final zero, -ENOSPC if it does not fit.
 */
int vfio_pm_blocker_line(enum vfio_pm_blocker blocker, const char *address,
			 char *line, size_t size)
{
	const struct vfio_pm_blocker_text *text =
		&vfio_pm_blocker_texts[blocker];
	size_t used;

	used = snprintf(line, size, "%s\t%s\t%s\t", address, text->code,
			text->sentence);
	if (used >= size)
		return -ENOSPC;
	used += snprintf(line + used, size - used,
			 text->remedy ? text->remedy : "-", address, address,
			 address, address);
	if (used + 1 >= size)
		return -ENOSPC;
	line[used++] = '\n';
	line[used] = '\0';
	return used;
}
