// SPDX-License-Identifier: GPL-2.0
/* What the initramfs is told to load, by whichever program it is made. */
#include "doctor_gpu_boot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (64 * 1024)

/* Names of modules in @text, which ends at one of @stop. */
static void add_names(FILE *out, const char *text, const char *stop)
{
	bool within = false;

	for (; *text && !strchr(stop, *text); text++) {
		bool blank = strchr(" \t\r\n", *text) != NULL;

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

/* MODULES=(a b), or force_drivers+=" a b ": @name is up to the bracket. */
static void read_assignments(const struct kvmfr_root *root, const char *path,
			     const char *const *names, FILE *out)
{
	char *text, *line, *next;

	if (kvmfr_read_all(root, &text, FILE_MAX, "%s", path) < 0)
		return;
	for (line = text; line; line = next) {
		next = strchr(line, '\n');
		for (const char *const *name = names; *name; name++) {
			if (!strncmp(line, *name, strlen(*name)))
				add_names(out, line + strlen(*name), ")\"'");
		}
		if (next)
			next++;
	}
	free(text);
}

static void read_directory(const struct kvmfr_root *root, const char *directory,
			   const char *const *assignments, FILE *out)
{
	struct kvmfr_names names;
	char path[512];

	if (kvmfr_list(root, &names, "%s", directory))
		return;
	for (size_t i = 0; i < names.count; i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names.name[i]);
		read_assignments(root, path, assignments, out);
	}
	kvmfr_names_free(&names);
}

static enum doctor_initramfs_kind find_kind(const struct kvmfr_root *root)
{
	if (kvmfr_exists(root, "etc/mkinitcpio.conf"))
		return DOCTOR_INITRAMFS_MKINITCPIO;
	if (kvmfr_exists(root, "etc/initramfs-tools/modules"))
		return DOCTOR_INITRAMFS_TOOLS;
	if (kvmfr_exists(root, "etc/dracut.conf") ||
	    kvmfr_exists(root, "etc/dracut.conf.d"))
		return DOCTOR_INITRAMFS_DRACUT;
	return DOCTOR_INITRAMFS_NONE;
}

int doctor_initramfs_read(const struct kvmfr_root *root,
			  struct doctor_initramfs *initramfs)
{
	static const char *const mkinitcpio[] = { "MODULES=(", "MODULES=\"",
						  "MODULES+=(", NULL };
	static const char *const dracut[] = { "force_drivers+=\"",
					      "force_drivers+='",
					      "add_drivers+=\"",
					      "add_drivers+='", NULL };
	size_t size;
	FILE *out;

	initramfs->kind = find_kind(root);
	initramfs->modules = NULL;
	out = open_memstream(&initramfs->modules, &size);
	if (!out)
		return -ENOMEM;
	fputc(' ', out);
	switch (initramfs->kind) {
	case DOCTOR_INITRAMFS_TOOLS:
		read_tools(root, out);
		break;
	case DOCTOR_INITRAMFS_DRACUT:
		read_assignments(root, "etc/dracut.conf", dracut, out);
		read_directory(root, "etc/dracut.conf.d", dracut, out);
		break;
	case DOCTOR_INITRAMFS_MKINITCPIO:
		read_assignments(root, "etc/mkinitcpio.conf", mkinitcpio, out);
		read_directory(root, "etc/mkinitcpio.conf.d", mkinitcpio, out);
		break;
	case DOCTOR_INITRAMFS_NONE:
		break;
	}
	if (!fclose(out))
		return 0;
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

const char *doctor_initramfs_add_vfio(enum doctor_initramfs_kind kind,
				      bool virqfd)
{
	switch (kind) {
	case DOCTOR_INITRAMFS_TOOLS:
		return virqfd ?
			       "sed -i '1i vfio_pci\\nvfio\\nvfio_iommu_type1\\nvfio_virqfd' /etc/initramfs-tools/modules\n" :
			       "sed -i '1i vfio_pci\\nvfio\\nvfio_iommu_type1' /etc/initramfs-tools/modules\n";
	case DOCTOR_INITRAMFS_DRACUT:
		return virqfd ?
			       "echo 'force_drivers+=\" vfio_pci vfio vfio_iommu_type1 vfio_virqfd \"' >> /etc/dracut.conf.d/00-kvmfr-suite-vfio.conf\n" :
			       "echo 'force_drivers+=\" vfio_pci vfio vfio_iommu_type1 \"' >> /etc/dracut.conf.d/00-kvmfr-suite-vfio.conf\n";
	case DOCTOR_INITRAMFS_MKINITCPIO:
		return virqfd ?
			       "sed -i 's/^MODULES=[(\"]/&vfio_pci vfio vfio_iommu_type1 vfio_virqfd /' /etc/mkinitcpio.conf\n" :
			       "sed -i 's/^MODULES=[(\"]/&vfio_pci vfio vfio_iommu_type1 /' /etc/mkinitcpio.conf\n";
	case DOCTOR_INITRAMFS_NONE:
		break;
	}
	return "";
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
