// SPDX-License-Identifier: GPL-2.0
/* The doctor: is there a kvmfr.ko for this kernel, may it be loaded, is it. */
#include "doctor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor_conf.h"
#include "doctor_file.h"
#include "module.h"

/* What is known of the module before the findings are put together. */
struct subject {
	char release[96]; /* of the kernel */
	char path[256]; /* of the file, relative to the root; "" if none */
	bool loaded;
	bool needs_sizes; /* no ivshmem device is there that gives it memory */
	struct kvmfr_device devices[KVMFR_DEVICES_MAX];
	int count;
	struct doctor_boot boot;
};

static void report_not_built(struct doctor *doctor,
			     const struct subject *subject)
{
	char others[256];
	bool other = doctor_module_elsewhere(doctor, subject->release, others,
					     sizeof(others));
	char *state = doctor_dkms_state(doctor, subject->release);

	doctor_report(
		doctor, other ? "module-other-kernel" : "module-not-built",
		DOCTOR_ERROR,
		other ? doctor_text(
				"There is a kvmfr.ko for %s, but none for %s, which runs; %s.",
				others, subject->release, state ? state : "") :
			doctor_text("There is no kvmfr.ko for kernel %s; %s.",
				    subject->release, state ? state : ""),
		doctor_text("Without it there is no /dev/kvmfr0."),
		doctor_dkms_remedy(doctor, subject->release));
	free(state);
}

/* The first byte of data of the firmware's variable, after four of attributes. */
static bool secure_boot(const struct doctor *doctor)
{
	unsigned char data[5];
	int fd = kvmfr_open(
		doctor->root, O_RDONLY,
		"sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c");
	ssize_t got;

	if (fd < 0)
		return false;
	got = read(fd, data, sizeof(data));
	close(fd);
	return got == sizeof(data) && data[4] == 1;
}

/* Why the kernel refuses modules without a signature that it knows; NULL if it does not. */
static const char *enforced_by(const struct doctor *doctor)
{
	char text[128];

	if (kvmfr_read(doctor->root, text, sizeof(text),
		       "sys/module/module/parameters/sig_enforce") > 0 &&
	    *text == 'Y')
		return "module.sig_enforce";
	if (kvmfr_read(doctor->root, text, sizeof(text),
		       "sys/kernel/security/lockdown") < 0)
		return secure_boot(doctor) ? "Secure Boot" : NULL;
	if (!strstr(text, "[integrity]") && !strstr(text, "[confidentiality]"))
		return NULL;
	return secure_boot(doctor) ? "Secure Boot" : "lockdown";
}

/* Whether one of the kernel's keys is this signer's; true where it does not say. */
static bool key_known(const struct doctor *doctor, const char *signer)
{
	char *keys;
	bool known;

	if (kvmfr_read_all(doctor->root, &keys, 1024 * 1024, "proc/keys") < 0)
		return true;
	known = !strstr(keys, "asymm") || strstr(keys, signer);
	free(keys);
	return known;
}

static void check_signature(struct doctor *doctor,
			    const struct subject *subject)
{
	const char *why = enforced_by(doctor);
	const char *key = doctor_mok_path(doctor);
	char signer[128];

	if (!why || subject->loaded)
		return;
	if (!doctor_module_signer(doctor, subject->path, signer)) {
		doctor_skip(doctor,
			    doctor_text("the signature of /%s", subject->path));
		return;
	}
	if (!*signer)
		doctor_report(doctor, "module-unsigned-secure-boot",
			      DOCTOR_ERROR,
			      doctor_text("/%s is not signed, and %s is on.",
					  subject->path, why),
			      doctor_text("The kernel refuses to load it."),
			      doctor_sign_remedy(doctor, subject->release));
	else if (!key_known(doctor, signer))
		doctor_report(
			doctor, "module-key-unknown", DOCTOR_ERROR,
			doctor_text(
				"/%s is signed by '%s', whose key the kernel does not have, and %s is on.",
				subject->path, signer, why),
			doctor_text("The kernel refuses to load it."),
			doctor_text(
				"mokutil --import /%s\n"
				"# boot again; choose 'Enroll MOK' in the blue menu, and give the password",
				key));
}

static void wanted_sizes(const struct doctor *doctor, char sizes[64])
{
	int64_t mib[KVMFR_DEVICES_MAX];
	int count = doctor_wanted_count(doctor);

	for (int i = 0; i < count; i++)
		mib[i] = doctor_wanted_mib(doctor, i);
	doctor_sizes_format(mib, count, sizes);
}

static void check_options(struct doctor *doctor, const struct subject *subject)
{
	const struct doctor_boot *boot = &subject->boot;
	char sizes[64];

	if (boot->bad) {
		wanted_sizes(doctor, sizes);
		doctor_report(
			doctor, "module-options-invalid", DOCTOR_ERROR,
			doctor_text("%s, which is no list of sizes in MiB.",
				    boot->bad),
			doctor_text("kvmfr is not loaded with that."),
			doctor_boot_set(boot,
					*boot->sizes ? boot->sizes : sizes));
		return;
	}
	if (!*boot->sizes && subject->needs_sizes) {
		wanted_sizes(doctor, sizes);
		doctor_report(
			doctor, "module-options-missing", DOCTOR_ERROR,
			doctor_text(
				"Nothing tells kvmfr which devices to make: there is no static_size_mb below /etc/modprobe.d."),
			doctor_text(
				"It is loaded without an error and makes none."),
			doctor_boot_set(boot, sizes));
	}
	if (boot->conflict && !*boot->cmdline)
		doctor_report(
			doctor, "module-options-conflict", DOCTOR_WARNING,
			doctor_text(
				"There are several values of static_size_mb in modprobe.d; the last one, %s, is used.",
				boot->files),
			doctor_text(
				"A change of one of the others has no effect."),
			doctor_boot_set(boot, boot->files));
	if (*boot->cmdline && *boot->files &&
	    (boot->conflict || strcmp(boot->cmdline, boot->files)))
		doctor_report(
			doctor, "module-options-cmdline", DOCTOR_WARNING,
			doctor_text(
				"The kernel's command line says kvmfr.static_size_mb=%s, modprobe.d says %s.",
				boot->cmdline, boot->files),
			doctor_text(
				"The command line wins, a change of modprobe.d has no effect."),
			doctor_boot_set(boot, boot->cmdline));
}

static void check_boot(struct doctor *doctor, const struct subject *subject)
{
	static const char path[] = "etc/modules-load.d/kvmfr.conf";
	struct doctor_finding *finding;

	if (subject->boot.loaded || !subject->needs_sizes)
		return;
	finding = doctor_report(
		doctor, "module-not-at-boot", DOCTOR_WARNING,
		doctor_text("Nothing loads kvmfr when the machine boots."),
		doctor_text(
			"QEMU is then started before it, and leaves a regular file at /dev/kvmfr0."),
		doctor_text("mkdir -p /etc/modules-load.d\n"
			    "echo kvmfr >>/%s",
			    path));
	if (kvmfr_exists(doctor->root, "etc/modules-load.d") &&
	    !kvmfr_exists(doctor->root, "%s", path))
		doctor_fix_write(doctor, finding, "kvmfr\n", "%s", path);
}

/* Other packages' kvmfr.ko, which is the older one with the same name. */
static void check_foreign(struct doctor *doctor, const struct subject *subject)
{
	char *package = doctor_dkms_foreign(doctor);
	char *word = package ? doctor_quote(package) : NULL;

	if (package)
		doctor_report(
			doctor, "module-foreign-installed", DOCTOR_WARNING,
			doctor_text(
				"The DKMS package %s provides kvmfr.ko as well.",
				package),
			doctor_text(
				"Which of the two is loaded is a matter of luck."),
			word ? doctor_text("dkms remove %s --all", word) :
			       NULL);
	free(word);
	free(package);
	for (int i = 0; i < subject->count; i++) {
		if (subject->devices[i].size >= 0)
			continue;
		doctor_report(
			doctor, "module-foreign", DOCTOR_WARNING,
			doctor_text(
				"The kvmfr that is loaded is not that of kvmfr-suite: %s shows no size.",
				subject->devices[i].name),
			doctor_text(
				"It can crash the machine in known ways, and cannot be checked further."),
			doctor_text(DOCTOR_RELOAD));
		return;
	}
}

static void check_loaded(struct doctor *doctor, const struct subject *subject)
{
	if (!subject->loaded)
		doctor_report(
			doctor, "module-not-loaded", DOCTOR_ERROR,
			doctor_text("kvmfr is not loaded."),
			doctor_text(
				"Without it there is no /dev/kvmfr0, and QEMU makes a regular file of that name."),
			doctor_text("modprobe kvmfr"));
	else if (!subject->count)
		doctor_report(
			doctor, "module-no-devices", DOCTOR_ERROR,
			doctor_text(
				"kvmfr is loaded, but has no device: it was loaded without static_size_mb."),
			doctor_text("There is no /dev/kvmfr0."),
			doctor_text(DOCTOR_RELOAD));
}

/* What the size of one device has to become, in all places that say it. */
static char *resize(const struct subject *subject, int index, int64_t mib)
{
	int64_t sizes[KVMFR_DEVICES_MAX];
	char text[64];
	char *set, *all = NULL;

	for (int i = 0; i < subject->count; i++)
		sizes[i] = doctor_power_of_two(subject->devices[i].size /
					       KVMFR_MIB);
	sizes[index] = mib;
	doctor_sizes_format(sizes, subject->count, text);
	set = doctor_boot_set(&subject->boot, text);
	if (set)
		all = doctor_text("%s" DOCTOR_RELOAD, set);
	free(set);
	return all;
}

static void check_sizes(struct doctor *doctor, const struct subject *subject)
{
	for (int i = 0; i < subject->count; i++) {
		const struct kvmfr_device *device = &subject->devices[i];
		int64_t mib = device->size / KVMFR_MIB;
		int64_t wanted =
			doctor->mode_count ? doctor_wanted_mib(doctor, i) : 0;

		if (device->size < 0 || strcmp(device->kind, "static"))
			continue;
		if (mib < wanted)
			doctor_report(
				doctor, "memory-too-small", DOCTOR_ERROR,
				doctor_text(
					"%s has %lld MiB, the picture needs %lld MiB.",
					device->name, (long long)mib,
					(long long)wanted),
				doctor_text(
					"Modes that do not fit are not offered, or the picture stays black."),
				resize(subject, i, wanted));
		else if (mib != doctor_power_of_two(mib))
			doctor_report(
				doctor, "module-size-not-power-of-two",
				DOCTOR_ERROR,
				doctor_text(
					"%s has %lld MiB, which is no power of two.",
					device->name, (long long)mib),
				doctor_text(
					"QEMU refuses to make a PCI device of it."),
				resize(subject, i, doctor_power_of_two(mib)));
	}
}

/* In a virtual machine the memory comes with a PCI device, and no option is needed. */
static bool has_ivshmem(const struct doctor *doctor)
{
	struct kvmfr_names names;
	bool found = false;

	if (kvmfr_list(doctor->root, &names, "sys/bus/pci/devices"))
		return false;
	for (size_t i = 0; i < names.count && !found; i++) {
		int64_t vendor = 0, device = 0;

		kvmfr_read_s64(doctor->root, &vendor,
			       "sys/bus/pci/devices/%s/vendor", names.name[i]);
		kvmfr_read_s64(doctor->root, &device,
			       "sys/bus/pci/devices/%s/device", names.name[i]);
		found = vendor == 0x1af4 && device == 0x1110;
	}
	kvmfr_names_free(&names);
	return found;
}

static void look(struct doctor *doctor, struct subject *subject)
{
	doctor_release(doctor, subject->release);
	doctor_module_find(doctor, "kvmfr", subject->release, subject->path,
			   sizeof(subject->path));
	subject->loaded = kvmfr_exists(doctor->root, "sys/module/kvmfr");
	subject->needs_sizes = !has_ivshmem(doctor);
	subject->count = kvmfr_device_list(doctor->root, subject->devices);
	if (subject->count < 0)
		subject->count = 0;
	doctor_boot_read(doctor, &subject->boot);
}

void doctor_check_module(struct doctor *doctor)
{
	struct subject subject = { 0 };

	look(doctor, &subject);
	if (!*subject.release)
		doctor_skip(
			doctor,
			doctor_text("which kernel runs: /proc is not there"));
	check_foreign(doctor, &subject);
	if (*subject.release && !*subject.path)
		report_not_built(doctor, &subject);
	else if (*subject.path)
		check_signature(doctor, &subject);
	check_options(doctor, &subject);
	check_boot(doctor, &subject);
	/* A system that does not run has nothing loaded. */
	if (*subject.release)
		check_loaded(doctor, &subject);
	check_sizes(doctor, &subject);
	doctor_boot_free(&subject.boot);
}
