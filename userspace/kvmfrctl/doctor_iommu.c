// SPDX-License-Identifier: GPL-2.0
/*
 * The IOMMU: it is on, can keep interrupts of devices apart, and puts nothing
 * into the GPU's group that the host needs.
 */
#include "doctor_gpu.h"

#include <stdlib.h>
#include <string.h>

#include "doctor_conf.h"
#include "doctor_file.h"
#include "doctor_gpu_boot.h"

#define INTERRUPT_REMAPPING (1 << 3) /* in ecap, VT-d 11.4.3 */

static bool has_names(const struct kvmfr_root *root, const char *path)
{
	struct kvmfr_names names;
	bool any;

	if (kvmfr_list(root, &names, "%s", path))
		return false;
	any = names.count > 0;
	kvmfr_names_free(&names);
	return any;
}

/* What has to be done depends on whose processor it is, and on the firmware. */
static char *iommu_remedy(struct doctor *doctor)
{
	const struct kvmfr_root *root = doctor->root;
	struct doctor_script lines;
	char *cpuinfo = NULL;
	bool intel;

	kvmfr_read_all(root, &cpuinfo, 4 * 1024 * 1024, "proc/cpuinfo");
	intel = cpuinfo && strstr(cpuinfo, "GenuineIntel");
	free(cpuinfo);
	doctor_script_start(&lines);
	if (kvmfr_exists(root, "sys/firmware/acpi") &&
	    !kvmfr_exists(root, "sys/firmware/acpi/tables/%s",
			  intel ? "DMAR" : "IVRS"))
		doctor_script_add(&lines,
				  "# switch %s on in the setup of the BIOS\n",
				  intel ? "VT-d" : "AMD-Vi (IOMMU)");
	for (const char *const *word =
		     (const char *const[]){ "iommu=off", "amd_iommu=off",
					    "intel_iommu=off", NULL };
	     *word; word++) {
		if (doctor_gpu_boot_has_word(doctor, *word))
			doctor_script_add(
				&lines,
				"# take %s off the kernel's command line\n",
				*word);
	}
	if (intel && !doctor_gpu_boot_has_word(doctor, "intel_iommu=on")) {
		char *add = doctor_gpu_boot_add_word(root, "intel_iommu=on");

		doctor_script_add(&lines, "%s", add ? add : "");
		free(add);
	}
	doctor_script_add(&lines, "# then start the machine again\n");
	return doctor_script_end(&lines);
}

static void check_on(struct doctor *doctor)
{
	doctor_report(
		doctor, "iommu-off", DOCTOR_ERROR,
		doctor_text(
			"The IOMMU is off: the kernel has no IOMMU groups."),
		doctor_text(
			"Without it no device can be given to a virtual machine."),
		iommu_remedy(doctor));
}

/* "f00f5a" of Intel's, which has no 0x; false if there is no such file. */
static bool lacks_remapping(const struct kvmfr_root *root, const char *iommu)
{
	char text[32];
	char *end;
	unsigned long long ecap;

	if (kvmfr_read(root, text, sizeof(text),
		       "sys/class/iommu/%s/intel-iommu/ecap", iommu) <= 0)
		return false;
	ecap = strtoull(text, &end, 16);
	return !*end && !(ecap & INTERRUPT_REMAPPING);
}

/* Now, and for the next boot. */
static char *allow_unsafe(const struct doctor *doctor)
{
	char release[96];
	char *boot, *all;

	doctor_release(doctor, release);
	if (doctor_module_built_in(doctor, "vfio_iommu_type1", release))
		boot = doctor_gpu_boot_add_word(
			doctor->root,
			"vfio_iommu_type1.allow_unsafe_interrupts=1");
	else
		boot = doctor_text(
			"echo 'options vfio_iommu_type1 allow_unsafe_interrupts=1' >> /etc/modprobe.d/kvmfr-suite-interrupts.conf\n"
			"modprobe vfio_iommu_type1\n");
	all = boot ? doctor_text(
			     "# if you trust what runs in your virtual machines:\n"
			     "%secho Y > /sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts\n",
			     boot) :
		     NULL;
	free(boot);
	return all;
}

/* vfio refuses to give away devices whose interrupts cannot be checked. */
static void check_interrupts(struct doctor *doctor)
{
	const struct kvmfr_root *root = doctor->root;
	struct kvmfr_names names;
	char allowed[8] = "";
	bool lacks = false;

	if (kvmfr_list(root, &names, "sys/class/iommu"))
		return;
	for (size_t i = 0; i < names.count; i++)
		lacks |= lacks_remapping(root, names.name[i]);
	kvmfr_names_free(&names);
	kvmfr_read(
		root, allowed, sizeof(allowed),
		"sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts");
	if (!lacks || !strcmp(allowed, "Y"))
		return;
	doctor_report(
		doctor, "iommu-unsafe-interrupts", DOCTOR_ERROR,
		doctor_text(
			"The IOMMU cannot remap interrupts, and vfio is not told to do without."),
		doctor_text(
			"vfio refuses every virtual machine a device then. Allowing it lets a malicious guest disturb the host with interrupts."),
		allow_unsafe(doctor));
}

/* The kernel lets bridges, pci-stub and driverless devices be in such a group. */
static bool disturbs(const struct doctor_gpus *gpus, int index)
{
	const struct kvmfr_pci *pci = &gpus->pci[index];

	return !gpus->function[index].given && pci->driver[0] &&
	       !kvmfr_pci_is_bridge(pci) && !kvmfr_pci_has_vfio(pci) &&
	       strcmp(pci->driver, "pci-stub");
}

static bool group_is_given(const struct doctor_gpus *gpus, const char *group)
{
	for (int i = 0; i < gpus->count; i++)
		if (gpus->function[i].given &&
		    !strcmp(gpus->pci[i].group, group))
			return true;
	return false;
}

static void report_shared(struct doctor *doctor, const struct kvmfr_pci *pci)
{
	doctor_report(
		doctor, "group-shared", DOCTOR_ERROR,
		doctor_text(
			"%s (class %06x, driver %s) is in IOMMU group %s, as the GPU is.",
			pci->address, (unsigned int)pci->class, pci->driver,
			pci->group),
		doctor_text(
			"A group is given to a virtual machine as a whole: while the host uses a part of it, the GPU is refused."),
		doctor_text(
			"# put one of the two into another slot, or look for \"ACS\" in the setup of the BIOS.\n"
			"# If the host can do without %s, take it away from %s as long as the machine runs:\n"
			"# echo %s > /sys/bus/pci/devices/%s/driver/unbind\n",
			pci->address, pci->driver, pci->address, pci->address));
}

void doctor_check_iommu(struct doctor *doctor)
{
	struct doctor_gpus gpus;

	if (!doctor_gpus_find(doctor, &gpus))
		return;
	if (gpus.any && !has_names(doctor->root, "sys/kernel/iommu_groups"))
		check_on(doctor);
	else if (gpus.any)
		check_interrupts(doctor);
	for (int i = 0; i < gpus.count; i++)
		if (gpus.pci[i].group[0] && disturbs(&gpus, i) &&
		    group_is_given(&gpus, gpus.pci[i].group))
			report_shared(doctor, &gpus.pci[i]);
	doctor_gpus_free(&gpus);
}
