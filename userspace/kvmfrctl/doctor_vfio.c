// SPDX-License-Identifier: GPL-2.0
/* All functions of the GPU are vfio-pci's now. */
#include "doctor_gpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void report_display(struct doctor *doctor, const struct kvmfr_pci *pci,
			   const struct doctor_function *function)
{
	if (pci->boot_vga) {
		doctor_report(
			doctor, "gpu-boot-display", DOCTOR_NOTE,
			doctor_text(
				"The GPU %s, given to '%s', is the display that this machine was started with.",
				pci->address,
				function->domain ? function->domain->name :
						   "a virtual machine"),
			doctor_text(
				"The host has no picture any more while a virtual machine has it, so nothing is proposed here that takes it away."),
			doctor_text(
				"# make another GPU the first one in the setup of the BIOS, if there is one\n"));
		return;
	}
	doctor_report(
		doctor, "gpu-not-vfio",
		function->managed ? DOCTOR_WARNING : DOCTOR_ERROR,
		doctor_text("The GPU %s has the driver %s, not vfio-pci.",
			    pci->address,
			    pci->driver[0] ? pci->driver : "(none)"),
		doctor_text(
			function->managed ?
				"libvirt gives it to vfio-pci only while the virtual machine runs; in between the host's driver decides what it draws, and programs that use it can make the start fail." :
				"A virtual machine can only get what vfio-pci has."),
		doctor_gpus_bind_lines(pci));
}

static void report_function(struct doctor *doctor, const struct kvmfr_pci *pci)
{
	doctor_report(
		doctor, "gpu-function-not-vfio", DOCTOR_ERROR,
		doctor_text(
			"%s (class %06x), a function of the GPU, has the driver %s.",
			pci->address, (unsigned int)pci->class, pci->driver),
		doctor_text(
			"Its driver keeps the whole card awake, and the card cannot be given away as long as the host uses a function of it."),
		doctor_gpus_bind_lines(pci));
}

static void check_drivers(struct doctor *doctor, const struct doctor_gpus *gpus)
{
	for (int i = 0; i < gpus->count; i++) {
		const struct kvmfr_pci *pci = &gpus->pci[i];
		const struct kvmfr_pci *display =
			doctor_gpus_boot_display(gpus, i);

		if (!gpus->function[i].given || kvmfr_pci_has_vfio(pci) ||
		    kvmfr_pci_is_bridge(pci))
			continue;
		if (kvmfr_pci_is_display(pci))
			report_display(doctor, pci, &gpus->function[i]);
		else if (pci->driver[0] &&
			 !(display && !kvmfr_pci_has_vfio(display)))
			report_function(doctor, pci);
	}
}

/* A domain that has another function of the same card, or NULL. */
static const struct kvmfr_domain *sibling_domain(const struct doctor_gpus *gpus,
						 int index)
{
	for (int i = 0; i < gpus->count; i++)
		if (kvmfr_pci_same_device(&gpus->pci[i], &gpus->pci[index]) &&
		    gpus->function[i].domain)
			return gpus->function[i].domain;
	return NULL;
}

/* The element that is missing, as libvirt writes it. */
static char *hostdev_lines(const struct kvmfr_domain *domain,
			   const char *address)
{
	unsigned int bus, slot, function, segment;
	char *name, *lines;

	if (sscanf(address, "%x:%x:%x.%x", &segment, &bus, &slot, &function) !=
	    4)
		return NULL;
	name = doctor_quote(domain->name);
	if (!name)
		return NULL;
	lines = doctor_text(
		"# virsh edit %s, and add beside the other <hostdev>:\n"
		"#   <hostdev mode='subsystem' type='pci' managed='yes'>\n"
		"#     <source>\n"
		"#       <address domain='0x%04x' bus='0x%02x' slot='0x%02x' function='0x%x'/>\n"
		"#     </source>\n"
		"#   </hostdev>\n",
		name, segment, bus, slot, function);
	free(name);
	return lines;
}

static void check_complete(struct doctor *doctor,
			   const struct doctor_gpus *gpus)
{
	for (int i = 0; i < gpus->count; i++) {
		const struct kvmfr_domain *domain;

		if (!gpus->function[i].given || gpus->function[i].domain)
			continue;
		domain = sibling_domain(gpus, i);
		if (!domain)
			continue;
		doctor_report(
			doctor, "gpu-function-not-given", DOCTOR_WARNING,
			doctor_text(
				"'%s' has a part of the GPU, but not its function %s.",
				domain->name, gpus->pci[i].address),
			doctor_text(
				"Drivers in the guest miss it (sound, USB-C), and the host can take it and keep the card awake."),
			hostdev_lines(domain, gpus->pci[i].address));
	}
}

/* Somebody who has not begun: how to. */
static void check_chosen(struct doctor *doctor, const struct doctor_gpus *gpus)
{
	const struct kvmfr_pci *spare = NULL;
	bool boot = false;

	for (int i = 0; i < gpus->count; i++) {
		if (!kvmfr_pci_is_display(&gpus->pci[i]))
			continue;
		if (gpus->pci[i].boot_vga)
			boot = true;
		else
			spare = &gpus->pci[i];
	}
	if (!boot || !spare || gpus->any)
		return;
	doctor_report(
		doctor, "gpu-not-chosen", DOCTOR_NOTE,
		doctor_text(
			"No virtual machine has a GPU of this machine; %s could be given to one.",
			spare->address),
		doctor_text(
			"What is to be looked at next depends on which one that is."),
		doctor_text(
			"# in virt-manager: Add Hardware, PCI Host Device, all functions of %.*s\n",
			(int)strlen(spare->address) - 2, spare->address));
}

void doctor_check_vfio(struct doctor *doctor)
{
	struct doctor_gpus gpus;

	if (!doctor_gpus_find(doctor, &gpus))
		return;
	check_chosen(doctor, &gpus);
	if (gpus.any) {
		check_drivers(doctor, &gpus);
		check_complete(doctor, &gpus);
		doctor_check_vfio_boot(doctor, &gpus);
	}
	doctor_gpus_free(&gpus);
}
