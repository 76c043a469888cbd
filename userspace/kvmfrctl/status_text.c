// SPDX-License-Identifier: GPL-2.0
/* The status as text for people, on one screen of 80 columns. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>

#include "status.h"
#include "status_text.h"

#define INDENT 10

/* Owner and mode, in numbers for another machine's tree. */
static void add_access(struct text *text, const struct status *status,
		       const struct stat *st)
{
	bool here = status->root->fd < 0;
	struct passwd *user = here ? getpwuid(st->st_uid) : NULL;
	struct group *group = here ? getgrgid(st->st_gid) : NULL;

	if (user)
		text_add(text, "%s", user->pw_name);
	else
		text_add(text, "%u", st->st_uid);
	if (group)
		text_add(text, ":%s", group->gr_name);
	else
		text_add(text, ":%u", st->st_gid);
	text_add(text, " %04o", st->st_mode & 07777);
}

static void add_size(struct text *text, const struct kvmfr_device *device)
{
	if (device->size < 0)
		text_add(text, "size not shown by this kvmfr.ko");
	else if (device->size % KVMFR_MIB)
		text_add(text, "%lld KiB", (long long)device->size / 1024);
	else
		text_add(text, "%lld MiB", (long long)device->size / KVMFR_MIB);
	if (*device->kind)
		text_add(text, ", %s", device->kind);
	if (*device->pci)
		text_add(text, " %s", device->pci);
	if (device->huge_bytes >= 0 && device->size > 0)
		text_add(text, ", huge %d %%",
			 (int)((double)device->huge_bytes * 100 /
			       (double)device->size));
}

static void add_counts(struct text *text, const struct kvmfr_device *device)
{
	if (device->mappings >= 0)
		text_add(text, ", %lld mapping%s", (long long)device->mappings,
			 device->mappings == 1 ? "" : "s");
	if (device->exports >= 0)
		text_add(text, ", %lld dma-buf%s", (long long)device->exports,
			 device->exports == 1 ? "" : "s");
}

static bool maps(const struct kvmfr_holder *holder)
{
	return holder->mapped;
}

static bool only_opens(const struct kvmfr_holder *holder)
{
	return holder->open && !holder->mapped;
}

static bool exports(const struct kvmfr_holder *holder)
{
	return holder->exports;
}

/* A line with the processes of which @has is true, if there are any. */
static void print_holders(const struct status_device *device, const char *what,
			  const char *label,
			  bool (*has)(const struct kvmfr_holder *),
			  const struct style *style, FILE *out)
{
	struct text text = { 0 };

	for (size_t i = 0; i < device->holder_count; i++) {
		const struct kvmfr_holder *holder = &device->holders[i];

		if (has(holder))
			text_add(&text, "%s %s (%d)", text.used ? "," : what,
				 holder->comm, (int)holder->pid);
	}
	if (text.used)
		paragraph(style, out, KVMFR_PLAIN, label, INDENT, "%s",
			  text.data);
}

static void print_node(const struct status_device *device,
		       const struct style *style, FILE *out)
{
	static const char regular[] =
		"is a regular file, made before the module was loaded";
	const char *name = device->device.name;

	switch (device->node) {
	case KVMFR_NODE_MISSING:
		paragraph(style, out, KVMFR_RED, "", INDENT,
			  "/dev/%s is missing", name);
		break;
	case KVMFR_NODE_REGULAR:
		paragraph(style, out, KVMFR_RED, "", INDENT, "/dev/%s %s", name,
			  regular);
		break;
	case KVMFR_NODE_OTHER:
		paragraph(style, out, KVMFR_RED, "", INDENT,
			  "/dev/%s is something else than this device", name);
		break;
	case KVMFR_NODE_RIGHT:
		break;
	}
}

static void print_device(const struct status *status,
			 const struct status_device *device,
			 const struct style *style, FILE *out)
{
	struct text text = { 0 };
	char label[INDENT + 16];

	snprintf(label, sizeof(label), "  %s", device->device.name);
	add_size(&text, &device->device);
	add_counts(&text, &device->device);
	if (device->node != KVMFR_NODE_MISSING) {
		text_add(&text, ", ");
		add_access(&text, status, &device->stat);
	}
	paragraph(style, out, KVMFR_PLAIN, label, INDENT, "%s", text.data);
	print_node(device, style, out);
	print_holders(device, "mapped by", "", maps, style, out);
	print_holders(device, "open in", "", only_opens, style, out);
	if (device->holders_errno)
		paragraph(style, out, KVMFR_DIM, "", INDENT,
			  "who has it cannot be seen: %s",
			  strerror(device->holders_errno));
}

static void print_devices(const struct status *status,
			  const struct style *style, FILE *out)
{
	if (!status->device_count) {
		paragraph(style, out, KVMFR_BOLD, "", 0, "Shared memory: %s",
			  status->kvmfr_loaded ?
				  "kvmfr is loaded and has no devices" :
				  "kvmfr is not loaded");
		return;
	}
	paragraph(style, out, KVMFR_BOLD, "", 0, "Shared memory");
	for (int i = 0; i < status->device_count; i++)
		print_device(status, &status->devices[i], style, out);
	/* The same for all of them: it is not known whose a dma-buf is. */
	print_holders(&status->devices[0], "held by", "  dma-bufs", exports,
		      style, out);
	if (status->blind)
		paragraph(style, out, KVMFR_DIM, "  ", 2,
			  "%u process%s not visible without root",
			  status->blind, status->blind == 1 ? "" : "es");
}

static bool needs_help(const struct status *status)
{
	for (int i = 0; i < status->device_count; i++)
		if (status->devices[i].node != KVMFR_NODE_RIGHT)
			return true;
	for (int i = 0; i < status->slot_count; i++)
		if (status->slots[i].blocker_count ||
		    !strcmp(status->slots[i].state, "fault"))
			return true;
	return !status->device_count || !status->slot_count;
}

void status_print(const struct status *status, const struct style *style,
		  FILE *out)
{
	if (!status->kvmfr_loaded && !status->vfio_pm_loaded &&
	    !status->device_count && !status->slot_count) {
		fputs("kvmfr and vfio_pci_pm are not loaded; next: kvmfrctl doctor\n",
		      out);
		return;
	}
	print_devices(status, style, out);
	fputc('\n', out);
	if (!status->slot_count)
		paragraph(style, out, KVMFR_BOLD, "", 0, "GPU slots: %s",
			  status->vfio_pm_loaded ?
				  "vfio_pci_pm is loaded and has found none" :
				  "vfio_pci_pm is not loaded");
	for (int i = 0; i < status->slot_count; i++)
		status_print_slot(&status->slots[i], status->now_s, style, out);
	if (needs_help(status))
		fputs("\nWhat to do about it: kvmfrctl doctor\n", out);
}
