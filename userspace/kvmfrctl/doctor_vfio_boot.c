// SPDX-License-Identifier: GPL-2.0
/* All functions of the GPU are vfio-pci's after the next boot, too. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "doctor_conf.h"
#include "doctor_file.h"
#include "doctor_gpu.h"
#include "doctor_gpu_boot.h"

/* Nobody else has files of these names; lines are added to what is in them. */
#define OPTIONS "/etc/modprobe.d/kvmfr-suite-vfio.conf"
#define RULES "/etc/udev/rules.d/10-kvmfr-suite-vfio.rules"
#define CMDLINE "/proc/cmdline"
/* A line that ends in a backslash goes on in the next one, as modprobe reads it. */
#define JOIN_LINES "sed -i -e ':a' -e '/\\\\$/{N;ba}' "
#define VIRQFD_UNTIL_MAJOR 6 /* vfio_virqfd went into vfio with 6.2 */
#define VIRQFD_UNTIL_MINOR 2

/* Whether vfio-pci is to have it from boot on: the host has its picture elsewhere. */
static bool is_for_boot(const struct doctor_gpus *gpus, int index)
{
	return gpus->function[index].given &&
	       !kvmfr_pci_is_bridge(&gpus->pci[index]) &&
	       !doctor_gpus_boot_display(gpus, index);
}

/* "10de:249d", perhaps with more after it, in a list that has commas. */
static bool ids_have(const char *ids, const struct kvmfr_pci *pci)
{
	char id[16];

	snprintf(id, sizeof(id), "%04x:%04x", (unsigned int)pci->vendor,
		 (unsigned int)pci->device);
	while (*ids) {
		size_t length = strcspn(ids, ",");

		if (length >= strlen(id) && !strncasecmp(ids, id, strlen(id)) &&
		    (length == strlen(id) || ids[strlen(id)] == ':'))
			return true;
		ids += length + (ids[length] == ',');
	}
	return false;
}

/* driverctl keeps what it binds in a file of the device's name. */
static bool driverctl_has(const struct kvmfr_root *root,
			  const struct kvmfr_pci *pci)
{
	char driver[64];

	return kvmfr_read(root, driver, sizeof(driver),
			  "etc/driverctl.d/pci-%s", pci->address) > 0 &&
	       strstr(driver, "vfio");
}

/* A rule of udev's that names the device and vfio-pci. */
static bool udev_has(const struct kvmfr_root *root, const struct kvmfr_pci *pci)
{
	struct kvmfr_names names;
	bool found = false;
	char *text;

	if (kvmfr_list(root, &names, "etc/udev/rules.d"))
		return false;
	for (size_t i = 0; i < names.count && !found; i++) {
		if (kvmfr_read_all(root, &text, 64 * 1024,
				   "etc/udev/rules.d/%s", names.name[i]) < 0)
			continue;
		found = strstr(text, pci->address) &&
			strstr(text, "driver_override") && strstr(text, "vfio");
		free(text);
	}
	kvmfr_names_free(&names);
	return found;
}

/* As a part of the kernel it has its options from the command line alone. */
static bool is_built_in(struct doctor *doctor)
{
	char release[96];

	doctor_release(doctor, release);
	return doctor_module_built_in(doctor, "vfio_pci", release);
}

/* What vfio-pci is told at the next boot, and where; false if that is nothing. */
static bool read_option(struct doctor *doctor, const char *name,
			char value[256], char where[128])
{
	bool found =
		doctor_gpu_boot_option(doctor, "vfio_pci", name, value, where);

	if (!found || !strcmp(where, CMDLINE) || !is_built_in(doctor))
		return found;
	value[0] = '\0';
	return false;
}

static bool is_arranged(struct doctor *doctor, const struct doctor_gpus *gpus,
			int index)
{
	const struct kvmfr_root *root = doctor->root;
	const struct kvmfr_pci *pci = &gpus->pci[index];
	char ids[256], where[128];

	read_option(doctor, "ids", ids, where);
	return ids_have(ids, pci) || driverctl_has(root, pci) ||
	       udev_has(root, pci);
}

/* Whether the host needs a device that looks the same. */
static bool has_twin(const struct doctor_gpus *gpus,
		     const struct kvmfr_pci *pci)
{
	for (int i = 0; i < gpus->count; i++)
		if (!is_for_boot(gpus, i) &&
		    gpus->pci[i].vendor == pci->vendor &&
		    gpus->pci[i].device == pci->device)
			return true;
	return false;
}

/* One rule for each address where ids do not tell the cards apart. */
static void add_rules(struct doctor_script *lines,
		      const struct doctor_gpus *gpus)
{
	doctor_script_add(lines, "mkdir -p /etc/udev/rules.d\n");
	for (int i = 0; i < gpus->count; i++) {
		if (!is_for_boot(gpus, i))
			continue;
		doctor_script_add(
			lines,
			"echo 'ACTION==\"add\", SUBSYSTEM==\"pci\", KERNEL==\"%s\", ATTR{driver_override}=\"vfio-pci\"' >> " RULES
			"\n",
			gpus->pci[i].address);
	}
}

/* "10de:249d,10de:228b", to be freed. */
static char *list_ids(const struct doctor_gpus *gpus)
{
	struct doctor_script ids;
	const char *comma = "";

	doctor_script_start(&ids);
	for (int i = 0; i < gpus->count; i++) {
		if (!is_for_boot(gpus, i))
			continue;
		doctor_script_add(&ids, "%s%04x:%04x", comma,
				  (unsigned int)gpus->pci[i].vendor,
				  (unsigned int)gpus->pci[i].device);
		comma = ",";
	}
	return doctor_script_end(&ids);
}

static void add_word(struct doctor_script *lines, struct doctor *doctor,
		     const char *ids)
{
	char *word = doctor_text("vfio-pci.ids=%s", ids);
	char *text = word ? doctor_gpu_boot_add_word(doctor->root, word) : NULL;

	if (text)
		doctor_script_add(lines, "%s", text);
	else
		doctor->error = -ENOMEM;
	free(text);
	free(word);
}

/* Into the list that is there already: of two, modprobe takes the last. */
static void add_ids(struct doctor_script *lines, struct doctor *doctor,
		    const struct doctor_gpus *gpus)
{
	char old[256], where[128];
	bool extend = read_option(doctor, "ids", old, where);
	char *ids = list_ids(gpus);
	char *file = doctor_quote(where);

	if (!ids || !file)
		doctor->error = -ENOMEM;
	else if (extend && !strcmp(where, CMDLINE))
		doctor_script_add(
			lines,
			"# add to vfio-pci.ids= on the kernel's command line: %s\n",
			ids);
	else if (is_built_in(doctor))
		add_word(lines, doctor, ids);
	else if (extend)
		doctor_script_add(
			lines,
			JOIN_LINES
			"-e '/^[[:space:]]*options[[:space:]]*vfio[-_]pci[[:space:]]/s/[[:space:]]ids=\"\\?/&%s,/' %s\n",
			ids, file);
	else
		doctor_script_add(lines,
				  "echo 'options vfio-pci ids=%s' >> " OPTIONS
				  "\n",
				  ids);
	free(file);
	free(ids);
}

/* The drivers of the host's that would be faster. */
static void add_order(struct doctor_script *lines,
		      const struct doctor_gpus *gpus)
{
	for (int i = 0; i < gpus->count; i++) {
		const char *driver;

		if (!is_for_boot(gpus, i) ||
		    !kvmfr_pci_is_display(&gpus->pci[i]))
			continue;
		for (size_t j = 0;
		     (driver = doctor_gpus_driver(gpus->pci[i].vendor, j)); j++)
			doctor_script_add(
				lines,
				"echo 'softdep %s pre: vfio-pci' >> " OPTIONS
				"\n",
				driver);
	}
}

static char *boot_remedy(struct doctor *doctor, const struct doctor_gpus *gpus,
			 enum doctor_initramfs_kind kind)
{
	struct doctor_script lines;
	bool twins = false;

	for (int i = 0; i < gpus->count; i++)
		twins |= is_for_boot(gpus, i) && has_twin(gpus, &gpus->pci[i]);
	doctor_script_start(&lines);
	if (twins) {
		add_rules(&lines, gpus);
	} else {
		add_ids(&lines, doctor, gpus);
		if (is_built_in(doctor))
			return doctor_script_end(&lines);
		add_order(&lines, gpus);
	}
	doctor_script_add(&lines, "%s", doctor_initramfs_update(kind));
	return doctor_script_end(&lines);
}

static void check_boot(struct doctor *doctor, const struct doctor_gpus *gpus,
		       const struct doctor_initramfs *initramfs)
{
	const char *missing = NULL;

	for (int i = 0; i < gpus->count && !missing; i++)
		if (is_for_boot(gpus, i) && !is_arranged(doctor, gpus, i))
			missing = gpus->pci[i].address;
	if (!missing)
		return;
	doctor_report(
		doctor, "vfio-not-at-boot", DOCTOR_WARNING,
		doctor_text("Nothing gives %s to vfio-pci at the next boot.",
			    missing),
		doctor_text(
			"A driver of the host takes it first then, and that one does not always let go."),
		boot_remedy(doctor, gpus, initramfs->kind));
}

static bool needs_virqfd(const struct doctor *doctor)
{
	unsigned int major, minor;
	char release[96];

	doctor_release(doctor, release);
	if (sscanf(release, "%u.%u", &major, &minor) != 2)
		return false;
	return major < VIRQFD_UNTIL_MAJOR ||
	       (major == VIRQFD_UNTIL_MAJOR && minor < VIRQFD_UNTIL_MINOR);
}

/* A driver of the host's for a given GPU that the initramfs loads, or NULL. */
static const char *early_driver(const struct doctor_gpus *gpus,
				const struct doctor_initramfs *initramfs)
{
	const char *driver;

	for (int i = 0; i < gpus->count; i++) {
		if (!is_for_boot(gpus, i) ||
		    !kvmfr_pci_is_display(&gpus->pci[i]))
			continue;
		for (size_t j = 0;
		     (driver = doctor_gpus_driver(gpus->pci[i].vendor, j)); j++)
			if (doctor_initramfs_place(initramfs, driver) >= 0)
				return driver;
	}
	return NULL;
}

/* Where it is in the list; dracut loads what the command line says before all. */
static int vfio_place(struct doctor *doctor,
		      const struct doctor_initramfs *initramfs)
{
	int place = doctor_initramfs_place(initramfs, "vfio_pci");

	if (place > 0 && initramfs->kind == DOCTOR_INITRAMFS_DRACUT &&
	    doctor_cmdline_lists(doctor, "rd.driver.pre", "vfio_pci"))
		return 0;
	return place;
}

static char *initramfs_remedy(const struct doctor *doctor,
			      const struct doctor_initramfs *initramfs)
{
	char *add = doctor_initramfs_add_vfio(initramfs, needs_virqfd(doctor));
	char *all =
		add ? doctor_text("%s%s", add,
				  doctor_initramfs_update(initramfs->kind)) :
		      NULL;

	free(add);
	return all;
}

static void check_initramfs(struct doctor *doctor,
			    const struct doctor_gpus *gpus,
			    const struct doctor_initramfs *initramfs)
{
	int place = vfio_place(doctor, initramfs);
	const char *early = early_driver(gpus, initramfs);
	bool any = false;

	for (int i = 0; i < gpus->count; i++)
		any |= is_for_boot(gpus, i);
	if (!any || is_built_in(doctor))
		return;
	if (early &&
	    (place < 0 || doctor_initramfs_place(initramfs, early) < place)) {
		doctor_report(
			doctor, "initramfs-order", DOCTOR_ERROR,
			doctor_text("The initramfs loads %s before vfio_pci.",
				    early),
			doctor_text(
				"The driver of the host takes the GPU before vfio-pci is there."),
			initramfs_remedy(doctor, initramfs));
	} else if (place < 0 && initramfs->kind) {
		doctor_report(
			doctor, "initramfs-no-vfio", DOCTOR_WARNING,
			doctor_text("The initramfs does not load vfio_pci."),
			doctor_text(
				"A driver in the initramfs, for the picture while booting, can take the GPU first."),
			initramfs_remedy(doctor, initramfs));
	}
}

static bool is_yes(const char *value)
{
	return *value && strchr("yY1tT", *value);
}

/* @where is the file that says so, or NULL; @now: it has been read already. */
static char *idle_remedy(struct doctor *doctor, const char *where, bool now)
{
	char *file = doctor_quote(where ? where : "");
	struct doctor_script lines;

	doctor_script_start(&lines);
	if (where && !strcmp(where, CMDLINE))
		doctor_script_add(
			&lines,
			"# take vfio_pci.disable_idle_d3 off the kernel's command line\n");
	else if (where)
		doctor_script_add(
			&lines,
			JOIN_LINES
			"-e 's/[[:space:]]disable_idle_d3[^[:space:]]*//g' %s\n",
			file ? file : "");
	if (now && is_built_in(doctor))
		doctor_script_add(&lines, "# boot again\n");
	else if (now)
		doctor_script_add(
			&lines, "# while no virtual machine runs:\n"
				"modprobe -r vfio-pci && modprobe vfio-pci\n");
	free(file);
	return doctor_script_end(&lines);
}

/* The parameter is read once, at the latest when a device is bound. */
static void check_idle(struct doctor *doctor)
{
	char value[256], where[128], now[8] = "";
	bool configured =
		read_option(doctor, "disable_idle_d3", value, where) &&
		is_yes(value);

	kvmfr_read(doctor->root, now, sizeof(now),
		   "sys/module/vfio_pci/parameters/disable_idle_d3");
	if (!configured && !is_yes(now))
		return;
	doctor_report(
		doctor, "disable-idle-d3", DOCTOR_ERROR,
		doctor_text("vfio-pci has the option disable_idle_d3%s%s.",
			    configured ? ", from " : "",
			    configured ? where : ""),
		doctor_text(
			"It keeps the GPU on while no virtual machine has it: the option is given as a remedy for cards that do not wake, which vfio_pci_pm tests."),
		idle_remedy(doctor, configured ? where : NULL, is_yes(now)));
}

void doctor_check_vfio_boot(struct doctor *doctor,
			    const struct doctor_gpus *gpus)
{
	struct doctor_initramfs initramfs;
	int ret = doctor_initramfs_read(doctor->root, &initramfs);

	if (ret) {
		doctor->error = ret;
		return;
	}
	check_boot(doctor, gpus, &initramfs);
	check_initramfs(doctor, gpus, &initramfs);
	check_idle(doctor);
	doctor_initramfs_free(&initramfs);
}
