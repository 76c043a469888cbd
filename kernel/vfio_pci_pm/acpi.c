// SPDX-License-Identifier: GPL-2.0
/*
 * What firmware says of a slot's power. Linux takes a power resource for off
 * once _OFF has returned; only _STA tells what became of it.
 */
#include <linux/acpi.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "vfio_pci_pm.h"

/* Ports have one or two; firmware that lists more than this is not believed. */
#define VFIO_PM_MAX_RESOURCES 16

/*
 * Anybody can ask for what firmware says by reading an attribute, so an answer
 * is good for a second.
 */
#define VFIO_PM_ANSWER_NS NSEC_PER_SEC

static bool vfio_pm_answer_is_fresh(u64 answer_ns)
{
	return answer_ns && ktime_get_ns() - answer_ns < VFIO_PM_ANSWER_NS;
}

/**
 * vfio_pm_acpi_has_power - can firmware cut the power of a port?
 * @port: the port
 *
 * It takes resources in _PR0 and _PR3; where one is empty or missing Linux
 * speaks of D3cold, but ACPI makes D3hot of it (acpi_device_set_power()).
 *
 * Return: true if D3cold is more than a word.
 */
bool vfio_pm_acpi_has_power(struct pci_dev *port)
{
	struct acpi_device *adev = ACPI_COMPANION(&port->dev);

	/* Unlike pci_pr3_present() this needs no memory, whose lack would say no. */
	return adev && adev->power.states[ACPI_STATE_D3_COLD].flags.valid;
}

/* What one element of _PR3 says. */
static enum vfio_pm_sta vfio_pm_resource_sta(const union acpi_object *element)
{
	unsigned long long sta;

	if (element->type != ACPI_TYPE_LOCAL_REFERENCE ||
	    !element->reference.handle)
		return VFIO_PM_STA_UNKNOWN;
	if (ACPI_FAILURE(acpi_evaluate_integer(element->reference.handle,
					       "_STA", NULL, &sta)))
		return VFIO_PM_STA_UNKNOWN;
	/* The kernel looks at this bit; others have no meaning (ACPI 7.2.4). */
	if (sta & 1)
		return VFIO_PM_STA_ON;
	return sta ? VFIO_PM_STA_UNKNOWN : VFIO_PM_STA_OFF;
}

static enum vfio_pm_sta vfio_pm_package_sta(const union acpi_object *package)
{
	enum vfio_pm_sta sum = VFIO_PM_STA_OFF;
	enum vfio_pm_sta sta;
	u32 i;

	if (!package || package->type != ACPI_TYPE_PACKAGE ||
	    package->package.count > VFIO_PM_MAX_RESOURCES)
		return VFIO_PM_STA_UNKNOWN;
	if (!package->package.count)
		return VFIO_PM_STA_NONE;
	for (i = 0; i < package->package.count; i++) {
		sta = vfio_pm_resource_sta(&package->package.elements[i]);
		if (sta == VFIO_PM_STA_ON)
			return sta;
		if (sta == VFIO_PM_STA_UNKNOWN)
			sum = sta;
	}
	return sum;
}

static enum vfio_pm_sta vfio_pm_evaluate_sta(struct pci_dev *port)
{
	struct acpi_buffer buffer = { ACPI_ALLOCATE_BUFFER, NULL };
	acpi_handle handle = ACPI_HANDLE(&port->dev);
	acpi_status status;
	enum vfio_pm_sta sta;

	if (!handle)
		return VFIO_PM_STA_NONE;
	status = acpi_evaluate_object(handle, "_PR3", NULL, &buffer);
	if (status == AE_NOT_FOUND)
		return VFIO_PM_STA_NONE;
	if (ACPI_FAILURE(status))
		return VFIO_PM_STA_UNKNOWN;
	sta = vfio_pm_package_sta(buffer.pointer);
	kfree(buffer.pointer);
	return sta;
}

/**
 * vfio_pm_acpi_sta - are the slot's power resources off?
 * @slot: the slot
 *
 * Evaluates _STA of everything in the port's _PR3, at most once a second unless
 * the slot has changed its level.
 *
 * Context: sleeps as long as firmware's methods take; slot->lock is held.
 * Return: what they say together.
 */
enum vfio_pm_sta vfio_pm_acpi_sta(struct vfio_pm_slot *slot)
{
	u64 changes;

	lockdep_assert_held(&slot->lock);
	vfio_pm_track_get(slot, &changes);
	if (vfio_pm_answer_is_fresh(slot->sta_ns) &&
	    slot->sta_changes == changes)
		return slot->sta;
	slot->sta_changes = changes;
	slot->sta = vfio_pm_evaluate_sta(slot->port);
	/* From the end: methods that take long leave a pause, too. */
	slot->sta_ns = ktime_get_ns();
	return slot->sta;
}

/**
 * vfio_pm_acpi_target - where would the kernel let the slot's port sink?
 * @slot: the slot
 *
 * What firmware and PM QoS allow when the port is suspended at runtime. That
 * D3cold has been forbidden through the PCI core does not count; neither does
 * it matter here whether the port has power resources at all.
 *
 * Context: may evaluate _S0W, at most once a second; slot->lock is held.
 * Return: the state, PCI_POWER_ERROR if it cannot be found out, PCI_UNKNOWN
 * if firmware does not know the port.
 */
pci_power_t vfio_pm_acpi_target(struct vfio_pm_slot *slot)
{
	static const pci_power_t targets[] = {
		[ACPI_STATE_D0] = PCI_D0,
		[ACPI_STATE_D1] = PCI_D1,
		[ACPI_STATE_D2] = PCI_D2,
		[ACPI_STATE_D3_HOT] = PCI_D3hot,
		[ACPI_STATE_D3_COLD] = PCI_D3cold,
	};
	int state;

	lockdep_assert_held(&slot->lock);
	if (vfio_pm_answer_is_fresh(slot->target_ns))
		return slot->target;
	state = acpi_pm_device_sleep_state(&slot->port->dev, NULL,
					   ACPI_STATE_D3_COLD);
	if (state == -ENODEV)
		slot->target = PCI_UNKNOWN;
	else if (state < 0 || state >= ARRAY_SIZE(targets))
		slot->target = PCI_POWER_ERROR;
	else
		slot->target = targets[state];
	slot->target_ns = ktime_get_ns();
	return slot->target;
}
