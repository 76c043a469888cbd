// SPDX-License-Identifier: GPL-2.0
/* What the initramfs is told to load, by whichever program it is made. */
#include "doctor_gpu_boot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor_conf.h"

#define FILE_MAX (64 * 1024)
#define ANEW "\001" /* in the list, where it begins anew */

/* Names of modules in @text, which ends at one of @stop; comments are none. */
static void add_names(FILE *out, const char *text, const char *stop)
{
	bool within = false;

	for (; *text && !strchr(stop, *text); text++) {
		bool blank;

		if (*text == '#' && !within) {
			text += strcspn(text, "\n");
			if (!*text)
				break;
		}
		blank = strchr(" \t\r\n", *text) != NULL;
		if (blank && within)
			fputc(' ', out);
		if (!blank)
			fputc(*text == '-' ? '_' : *text, out);
		within = !blank;
	}
	if (within)
		fputc(' ', out);
}

/* /etc/initramfs-tools/modules has a module a line, with its options. */
static void read_tools(const struct kvmfr_root *root, FILE *out)
{
	char *text, *line, *rest;

	if (kvmfr_read_all(root, &text, FILE_MAX,
			   "etc/initramfs-tools/modules") < 0)
		return;
	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		line += strspn(line, " \t");
		line[strcspn(line, " \t\r")] = '\0';
		add_names(out, line, "#");
	}
	free(text);
}

/*
 * MODULES=(a b), or force_drivers+=" a b ": @name is up to the bracket. Without
 * a '+' the list begins anew, which is true then.
 */
static bool read_assignments(const struct kvmfr_root *root, const char *path,
			     const char *const *names, FILE *out)
{
	char *text, *line, *next;
	bool anew = false;

	if (kvmfr_read_all(root, &text, FILE_MAX, "%s", path) < 0)
		return false;
	for (line = text; line; line = next) {
		next = strchr(line, '\n');
		for (const char *const *name = names; *name; name++) {
			if (strncmp(line, *name, strlen(*name)))
				continue;
			if (!strchr(*name, '+')) {
				fputs(ANEW " ", out);
				anew = true;
			}
			add_names(out, line + strlen(*name), ")\"'");
		}
		if (next)
			next++;
	}
	free(text);
	return anew;
}

static void read_files(const struct kvmfr_root *root, const char *path,
		       const char *const *assignments,
		       struct doctor_initramfs *initramfs, FILE *out)
{
	struct kvmfr_names names;
	char file[sizeof(initramfs->file)];

	if (read_assignments(root, path, assignments, out))
		snprintf(initramfs->file, sizeof(file), "/%s", path);
	if (kvmfr_list(root, &names, "%s.d", path))
		return;
	for (size_t i = 0; i < names.count; i++) {
		if (!doctor_ends_with(names.name[i], ".conf") ||
		    snprintf(file, sizeof(file), "/%s.d/%s", path,
			     names.name[i]) >= (int)sizeof(file))
			continue;
		if (read_assignments(root, file + 1, assignments, out))
			strcpy(initramfs->file, file);
	}
	kvmfr_names_free(&names);
}

/* By what is installed; settings may be left of what was there before. */
static enum doctor_initramfs_kind find_kind(const struct kvmfr_root *root)
{
	static const struct {
		const char *path;
		enum doctor_initramfs_kind kind;
	} table[] = {
		{ "usr/bin/mkinitcpio", DOCTOR_INITRAMFS_MKINITCPIO },
		{ "usr/sbin/mkinitramfs", DOCTOR_INITRAMFS_TOOLS },
		{ "usr/bin/dracut", DOCTOR_INITRAMFS_DRACUT },
		{ "etc/mkinitcpio.conf", DOCTOR_INITRAMFS_MKINITCPIO },
		{ "etc/initramfs-tools/modules", DOCTOR_INITRAMFS_TOOLS },
		{ "etc/dracut.conf", DOCTOR_INITRAMFS_DRACUT },
		{ "etc/dracut.conf.d", DOCTOR_INITRAMFS_DRACUT },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (kvmfr_exists(root, "%s", table[i].path))
			return table[i].kind;
	return DOCTOR_INITRAMFS_NONE;
}

/* Only what comes after the list has begun anew for the last time. */
static void cut(char *modules)
{
	const char *last = strrchr(modules, *ANEW);

	if (last)
		memmove(modules, last + 1, strlen(last));
}

int doctor_initramfs_read(const struct kvmfr_root *root,
			  struct doctor_initramfs *initramfs)
{
	static const char *const mkinitcpio[] = { "MODULES=(", "MODULES=\"",
						  "MODULES='", "MODULES+=(",
						  NULL };
	static const char *const dracut[] = { "force_drivers+=\"",
					      "force_drivers+='",
					      "add_drivers+=\"",
					      "add_drivers+='", NULL };
	size_t size;
	FILE *out;

	initramfs->kind = find_kind(root);
	initramfs->modules = NULL;
	initramfs->file[0] = '\0';
	out = open_memstream(&initramfs->modules, &size);
	if (!out)
		return -ENOMEM;
	fputc(' ', out);
	switch (initramfs->kind) {
	case DOCTOR_INITRAMFS_TOOLS:
		read_tools(root, out);
		break;
	case DOCTOR_INITRAMFS_DRACUT:
		read_files(root, "etc/dracut.conf", dracut, initramfs, out);
		break;
	case DOCTOR_INITRAMFS_MKINITCPIO:
		read_files(root, "etc/mkinitcpio.conf", mkinitcpio, initramfs,
			   out);
		break;
	case DOCTOR_INITRAMFS_NONE:
		break;
	}
	if (!fclose(out)) {
		cut(initramfs->modules);
		return 0;
	}
	free(initramfs->modules);
	initramfs->modules = NULL;
	return -ENOMEM;
}

void doctor_initramfs_free(struct doctor_initramfs *initramfs)
{
	free(initramfs->modules);
	initramfs->modules = NULL;
}

int doctor_initramfs_place(const struct doctor_initramfs *initramfs,
			   const char *module)
{
	char word[64];
	const char *found;

	snprintf(word, sizeof(word), " %s ", module);
	found = strstr(initramfs->modules, word);
	return found ? (int)(found - initramfs->modules) : -1;
}

/* Into the last list that begins anew; else one before all that are added to. */
static char *add_mkinitcpio(const struct doctor_initramfs *initramfs,
			    const char *modules)
{
	char *file = doctor_quote(initramfs->file);
	char *lines = NULL;

	if (!*initramfs->file)
		lines = doctor_text(
			"sed -i '1i MODULES=(%s)' /etc/mkinitcpio.conf\n",
			modules);
	else if (file)
		lines = doctor_text("sed -i \"s/^MODULES=[(\\\"']/&%s /\" %s\n",
				    modules, file);
	free(file);
	return lines;
}

char *doctor_initramfs_add_vfio(const struct doctor_initramfs *initramfs,
				bool virqfd)
{
	const char *modules =
		virqfd ? "vfio_pci vfio vfio_iommu_type1 vfio_virqfd" :
			 "vfio_pci vfio vfio_iommu_type1";

	switch (initramfs->kind) {
	case DOCTOR_INITRAMFS_TOOLS:
		return doctor_text(
			"sed -i '1i vfio_pci\\nvfio\\nvfio_iommu_type1%s' /etc/initramfs-tools/modules\n",
			virqfd ? "\\nvfio_virqfd" : "");
	case DOCTOR_INITRAMFS_DRACUT:
		return doctor_text(
			"mkdir -p /etc/dracut.conf.d\n"
			"echo 'force_drivers+=\" %s \"' >> /etc/dracut.conf.d/00-kvmfr-suite-vfio.conf\n",
			modules);
	case DOCTOR_INITRAMFS_MKINITCPIO:
		return add_mkinitcpio(initramfs, modules);
	case DOCTOR_INITRAMFS_NONE:
		break;
	}
	return doctor_text("%s", "");
}

const char *doctor_initramfs_update(enum doctor_initramfs_kind kind)
{
	switch (kind) {
	case DOCTOR_INITRAMFS_TOOLS:
		return "update-initramfs -u\n";
	case DOCTOR_INITRAMFS_DRACUT:
		return "dracut --force --regenerate-all\n";
	case DOCTOR_INITRAMFS_MKINITCPIO:
		return "mkinitcpio -P\n";
	case DOCTOR_INITRAMFS_NONE:
		break;
	}
	return "";
}
