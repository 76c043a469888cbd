// SPDX-License-Identifier: GPL-2.0
/* Which graphics cards virtual machines get. */
#include "doctor_gpu.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define NVIDIA 0x10de
#define AMD 0x1002
#define INTEL 0x8086

void doctor_script_start(struct doctor_script *lines)
{
	lines->text = NULL;
	lines->out = open_memstream(&lines->text, &lines->size);
}

void doctor_script_add(struct doctor_script *lines, const char *format, ...)
{
	va_list args;

	if (!lines->out)
		return;
	va_start(args, format);
	vfprintf(lines->out, format, args);
	va_end(args);
}

char *doctor_script_end(struct doctor_script *lines)
{
	if (lines->out && !fclose(lines->out))
		return lines->text;
	free(lines->text);
	return NULL;
}

const char *doctor_gpus_driver(uint32_t vendor, size_t index)
{
	static const struct {
		uint32_t vendor;
		const char *drivers[6];
	} table[] = {
		{ NVIDIA,
		  { "nouveau", "nvidia", "nvidia_drm", "nvidia_modeset" } },
		{ AMD, { "amdgpu", "radeon" } },
		{ INTEL, { "i915", "xe" } },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (table[i].vendor == vendor &&
		    index < sizeof(table[i].drivers) /
				    sizeof(*table[i].drivers))
			return table[i].drivers[index];
	return NULL;
}

static void note_hostdevs(struct doctor_gpus *gpus,
			  const struct kvmfr_domain *domain)
{
	for (size_t i = 0; i < domain->hostdev_count; i++) {
		const struct kvmfr_pci *pci = kvmfr_pci_find(
			gpus->pci, gpus->count, domain->hostdev[i].address);
		struct doctor_function *function;

		if (!pci)
			continue;
		function = &gpus->function[pci - gpus->pci];
		function->domain = domain;
		function->managed |= domain->hostdev[i].managed;
	}
}

/* Whether this function is a reason to think that virtual machines get the card. */
static bool is_reason(const struct doctor_gpus *gpus, int index)
{
	return gpus->function[index].domain ||
	       kvmfr_pci_has_vfio(&gpus->pci[index]) ||
	       strstr(gpus->pci[index].override, "vfio");
}

/* All functions of each card with a display function, if there is a reason. */
static void note_cards(struct doctor_gpus *gpus)
{
	for (int i = 0; i < gpus->count; i++) {
		bool given = false;

		if (!kvmfr_pci_is_display(&gpus->pci[i]))
			continue;
		for (int j = 0; j < gpus->count; j++)
			if (kvmfr_pci_same_device(&gpus->pci[i], &gpus->pci[j]))
				given |= is_reason(gpus, j);
		if (!given)
			continue;
		gpus->any = true;
		for (int j = 0; j < gpus->count; j++)
			if (kvmfr_pci_same_device(&gpus->pci[i], &gpus->pci[j]))
				gpus->function[j].given = true;
	}
}

bool doctor_gpus_find(struct doctor *doctor, struct doctor_gpus *gpus)
{
	memset(gpus, 0, sizeof(*gpus));
	gpus->count = kvmfr_pci_list(doctor->root, &gpus->pci);
	if (gpus->count < 0) {
		doctor_skip(doctor, doctor_text("PCI devices: %s",
						strerror(-gpus->count)));
		gpus->count = 0;
	}
	gpus->function =
		calloc((size_t)gpus->count + 1, sizeof(*gpus->function));
	if (!gpus->function) {
		doctor->error = -ENOMEM;
		doctor_gpus_free(gpus);
		return false;
	}
	for (size_t i = 0; i < doctor->domain_count; i++)
		note_hostdevs(gpus, doctor->domains[i]);
	note_cards(gpus);
	return true;
}

void doctor_gpus_free(struct doctor_gpus *gpus)
{
	free(gpus->pci);
	free(gpus->function);
	memset(gpus, 0, sizeof(*gpus));
}

bool doctor_gpus_port_given(const struct doctor_gpus *gpus, const char *address)
{
	for (int i = 0; i < gpus->count; i++) {
		const struct kvmfr_pci *port;

		if (!gpus->function[i].given)
			continue;
		port = kvmfr_pci_power_port(gpus->pci, gpus->count,
					    &gpus->pci[i]);
		if (port && !strcmp(port->address, address))
			return true;
	}
	return false;
}

const struct kvmfr_pci *doctor_gpus_boot_display(const struct doctor_gpus *gpus,
						 int index)
{
	for (int i = 0; i < gpus->count; i++)
		if (gpus->pci[i].boot_vga &&
		    kvmfr_pci_is_display(&gpus->pci[i]) &&
		    kvmfr_pci_same_device(&gpus->pci[i], &gpus->pci[index]))
			return &gpus->pci[i];
	return NULL;
}

char *doctor_gpus_bind_lines(const struct kvmfr_pci *function)
{
	struct doctor_script lines;
	const char *address = function->address;

	doctor_script_start(&lines);
	doctor_script_add(&lines, "modprobe vfio-pci\n");
	doctor_script_add(
		&lines,
		"echo vfio-pci > /sys/bus/pci/devices/%s/driver_override\n",
		address);
	if (function->driver[0])
		doctor_script_add(
			&lines,
			"echo %s > /sys/bus/pci/devices/%s/driver/unbind\n",
			address, address);
	doctor_script_add(&lines, "echo %s > /sys/bus/pci/drivers_probe\n",
			  address);
	return doctor_script_end(&lines);
}
