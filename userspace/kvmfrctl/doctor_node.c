// SPDX-License-Identifier: GPL-2.0
/* The doctor: what is at /dev/kvmfr<n>. */
#include "doctor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "device.h"
#include "doctor_conf.h"
#include "holder.h"
#include "terminal.h"

/* "# first end qemu-system-x86 (pid 12)\n", or "" if nobody holds it. */
static char *describe_holders(const struct doctor *doctor, const char *name)
{
	struct kvmfr_holder *holders = NULL;
	unsigned int blind = 0;
	char *path = doctor_text("dev/%s", name);
	char *text = NULL;
	size_t size = 0;
	int count;
	FILE *out = open_memstream(&text, &size);

	if (!path || !out)
		goto out;
	count = kvmfr_holder_list(doctor->root, path, &holders, &blind);
	for (int i = 0; i < count; i++) {
		char safe[sizeof(holders[i].comm)];

		/* On one line: what comes after a newline would be run. */
		if (holders[i].open || holders[i].mapped)
			fprintf(out,
				"# first end %s (pid %d), which has it open\n",
				kvmfr_terminal_safe(safe, sizeof(safe),
						    holders[i].comm),
				(int)holders[i].pid);
	}
	if (count > 0)
		free(holders);
out:
	free(path);
	if (out && fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

/*
 * @before are commands before the module is loaded again, which makes the node;
 * it cannot be unloaded while its memory is mapped.
 */
static char *make_again(const struct kvmfr_device *device, const char *before)
{
	return doctor_text(
		"%s%s" DOCTOR_RELOAD,
		device->mappings > 0 || device->exports > 0 ?
			"# first shut down the virtual machines and clients that use it\n" :
			"",
		before);
}

static void report_missing(struct doctor *doctor,
			   const struct kvmfr_device *device)
{
	const char *name = device->name;

	doctor_report(
		doctor, "node-missing", DOCTOR_ERROR,
		doctor_text("There is a device %s, but no /dev/%s.", name,
			    name),
		doctor_text(
			"QEMU would create a regular file of that name, and the picture would never arrive."),
		make_again(device, ""));
}

/* With a module that is not loaded the node comes later, and loading is advised. */
static void report_regular(struct doctor *doctor, const char *name,
			   const struct stat *st, bool loaded)
{
	char *holders = describe_holders(doctor, name);

	doctor_report(
		doctor, "node-regular-file", DOCTOR_ERROR,
		doctor_text(
			"/dev/%s is a regular file of %lld bytes, not a device.",
			name, (long long)st->st_size),
		doctor_text(
			"QEMU makes one if it is started before kvmfr is loaded; it hides the device from everybody."),
		holders ? doctor_text("%srm -f /dev/%s%s", holders, name,
				      loaded ? "\n" DOCTOR_RELOAD : "") :
			  NULL);
	free(holders);
}

static const char *kind(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFLNK:
		return "a symbolic link";
	case S_IFDIR:
		return "a directory";
	case S_IFCHR:
		return "the node of another device";
	case S_IFBLK:
		return "a block device";
	}
	return "a socket or a pipe";
}

static void report_other(struct doctor *doctor,
			 const struct kvmfr_device *device,
			 const struct stat *st)
{
	const char *name = device->name;
	char *before = doctor_text(
		"%s /dev/%s\n", S_ISDIR(st->st_mode) ? "rmdir" : "rm -f", name);

	doctor_report(
		doctor, "node-other", DOCTOR_ERROR,
		doctor_text("/dev/%s is %s.", name, kind(st->st_mode)),
		doctor_text(
			"QEMU and the client open something else than the memory they share."),
		before ? make_again(device, before) : NULL);
	free(before);
}

static void check_device(struct doctor *doctor,
			 const struct kvmfr_device *device)
{
	struct stat st = { 0 };

	switch (kvmfr_device_node(doctor->root, device, &st)) {
	case KVMFR_NODE_MISSING:
		report_missing(doctor, device);
		break;
	case KVMFR_NODE_REGULAR:
		report_regular(doctor, device->name, &st, true);
		break;
	case KVMFR_NODE_OTHER:
		report_other(doctor, device, &st);
		break;
	case KVMFR_NODE_RIGHT:
		break;
	}
}

/* Files that wait for the module, or for a device that it does not have. */
static void check_strays(struct doctor *doctor,
			 const struct kvmfr_device *devices, int count)
{
	for (int i = 0; i < KVMFR_DEVICES_MAX; i++) {
		char name[32];
		struct stat st;
		bool known = false;

		snprintf(name, sizeof(name), "kvmfr%d", i);
		for (int j = 0; j < count; j++)
			known = known || !strcmp(devices[j].name, name);
		if (!known && !kvmfr_lstat(doctor->root, &st, "dev/%s", name) &&
		    S_ISREG(st.st_mode))
			report_regular(doctor, name, &st, false);
	}
}

void doctor_check_node(struct doctor *doctor)
{
	struct kvmfr_device devices[KVMFR_DEVICES_MAX];
	int count = kvmfr_device_list(doctor->root, devices);

	if (count < 0) {
		doctor_skip(doctor,
			    doctor_text("devices below /sys/class/kvmfr: %s",
					strerror(-count)));
		return;
	}
	for (int i = 0; i < count; i++)
		check_device(doctor, &devices[i]);
	check_strays(doctor, devices, count);
}
