// SPDX-License-Identifier: GPL-2.0
/* The doctor: libvirt's list of devices for QEMU, AppArmor and SELinux. */
#include "doctor_libvirt.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "doctor_conf.h"

#define QEMU_CONF "etc/libvirt/qemu.conf"
#define ABSTRACTION "etc/apparmor.d/abstractions/libvirt-qemu"
#define DIRECTORY ABSTRACTION ".d"
#define OURS DIRECTORY "/kvmfr"
#define LOCAL_DIRECTORY "etc/apparmor.d/local/abstractions"
#define LOCAL LOCAL_DIRECTORY "/libvirt-qemu"
#define RULE "/dev/kvmfr* rw,"

/* What libvirt allows where the list is not set. */
static const char *const defaults[] = {
	"/dev/null",	"/dev/full", "/dev/zero", "/dev/random",
	"/dev/urandom", "/dev/ptmx", "/dev/kvm",  "/dev/userfaultfd",
};

static void put_nodes(FILE *out, const struct qemu_conf *conf, int nodes,
		      const char *before, const char *after)
{
	for (int i = 0; i < nodes; i++)
		if (!conf->listed[i])
			fprintf(out, "%s\"/dev/kvmfr%d\",%s", before, i, after);
}

/* What is in a list, and beside it, stays. */
static char *complete_list(const struct doctor *doctor,
			   const struct qemu_conf *conf, int nodes)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (!conf->has_acl) {
		fputs("cat >>/" QEMU_CONF " <<'EOF'\ncgroup_device_acl = [\n",
		      out);
		for (size_t i = 0; i < sizeof(defaults) / sizeof(*defaults);
		     i++)
			fprintf(out, "    \"%s\",\n", defaults[i]);
		put_nodes(out, conf, nodes, "    ", "\n");
		fputs("]\nEOF\n", out);
	} else if (conf->open) {
		fprintf(out, "sed -i '%us|\\[|[", conf->open);
		put_nodes(out, conf, nodes, " ", "");
		fputs("|' /" QEMU_CONF "\n", out);
	} else {
		fprintf(out,
			"# make a list of what is in line %u of /" QEMU_CONF
			", and come back",
			conf->first);
	}
	if (!conf->has_acl || conf->open)
		fputs(doctor_restart_libvirt(doctor), out);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

static void check_list(struct doctor *doctor, const struct qemu_conf *conf,
		       int nodes)
{
	for (int i = 0; i < nodes; i++) {
		if (conf->listed[i])
			continue;
		doctor_report(
			doctor, "cgroup-device-acl", DOCTOR_ERROR,
			conf->has_acl ?
				doctor_text(
					"cgroup_device_acl in /" QEMU_CONF
					" (line %u) does not list /dev/kvmfr%d.",
					conf->first, i) :
				doctor_text(
					"/" QEMU_CONF
					" does not set cgroup_device_acl, whose default does not list /dev/kvmfr%d.",
					i),
			doctor_text(
				"QEMU is refused the device: 'Permission denied', with other versions 'Operation not permitted' or 'No such file or directory'."),
			complete_list(doctor, conf, nodes));
		return;
	}
}

struct profile {
	int nodes;
	bool allowed[KVMFR_DEVICES_MAX];
	bool includes_directory;
	bool includes_local;
};

/* Files of a directory that AppArmor does not include. */
static bool is_ignored(const char *path)
{
	static const char *const patterns[] = {
		"*/.*",	    "*/README", "*~",	     "*.dpkg-*", "*.pacsave",
		"*.pacnew", "*.rpmnew", "*.rpmsave", "*.orig",	 "*.rej",
	};

	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++)
		if (!fnmatch(patterns[i], path, 0))
			return true;
	return false;
}

/* "/dev/kvmfr* rw," */
static void read_profile(struct doctor *doctor, const struct doctor_line *line,
			 void *data)
{
	struct profile *profile = data;
	char *rest;
	char *pattern = strtok_r(line->text, " \t", &rest);
	char *rights;
	char path[32];

	if (is_ignored(line->path))
		return;
	if (strstr(rest ? rest : "", "<abstractions/libvirt-qemu.d>"))
		profile->includes_directory = true;
	if (strstr(rest ? rest : "", "local/abstractions/libvirt-qemu"))
		profile->includes_local = true;
	if (pattern && !strcmp(pattern, "file"))
		pattern = strtok_r(NULL, " \t", &rest);
	rights = strtok_r(NULL, " \t,", &rest);
	if (!pattern || !rights || !strchr(rights, 'r') || !strchr(rights, 'w'))
		return;
	if (*pattern == '"' && strlen(pattern) > 1) {
		pattern++;
		pattern[strlen(pattern) - 1] = '\0';
	}
	for (int i = 0; i < profile->nodes; i++) {
		snprintf(path, sizeof(path), "/dev/kvmfr%d", i);
		if (!fnmatch(pattern, path, 0))
			profile->allowed[i] = true;
	}
}

static void read_profiles(struct doctor *doctor, struct profile *profile)
{
	static const char *const directories[] = { DIRECTORY, NULL };

	doctor_lines(doctor, read_profile, profile, ABSTRACTION);
	if (profile->includes_directory)
		doctor_lines_of(doctor, directories, "", read_profile, profile);
	if (profile->includes_local)
		doctor_lines(doctor, read_profile, profile, LOCAL);
}

/* Debian has both, and says that the local file is going to end. */
static char *allow(const struct profile *profile)
{
	const char *directory = NULL;
	const char *file = ABSTRACTION;

	if (profile->includes_directory) {
		directory = DIRECTORY;
		file = OURS;
	} else if (profile->includes_local) {
		directory = LOCAL_DIRECTORY;
		file = LOCAL;
	}
	return doctor_text(
		"%s%s%secho '" RULE "' >>/%s\n"
		"# virtual machines that are started from now on may use it",
		directory ? "mkdir -p /" : "", directory ? directory : "",
		directory ? "\n" : "", file);
}

/* Only a new file: AppArmor would include what --fix saves of an old one. */
static void fix_ours(struct doctor *doctor, struct doctor_finding *finding)
{
	struct stat st;

	if (kvmfr_exists(doctor->root, DIRECTORY) &&
	    kvmfr_lstat(doctor->root, &st, OURS) == -ENOENT)
		doctor_fix_write(doctor, finding, RULE "\n", OURS);
}

/* The contents that --fix gives the file: all it has, and one line. */
static void fix_local(struct doctor *doctor, struct doctor_finding *finding)
{
	char *old, *text;
	int ret = kvmfr_read_all(doctor->root, &old, 1024 * 1024, LOCAL);

	if (ret < 0 &&
	    !(ret == -ENOENT && kvmfr_exists(doctor->root, LOCAL_DIRECTORY)))
		return;
	text = doctor_text("%s%s" RULE "\n", old ? old : "",
			   old && *old ? "\n" : "");
	if (text)
		doctor_fix_write(doctor, finding, text, LOCAL);
	free(text);
	free(old);
}

static void check_apparmor(struct doctor *doctor, int nodes)
{
	struct profile profile = { .nodes = nodes };
	struct doctor_finding *finding;
	char enabled[8] = "";

	kvmfr_read(doctor->root, enabled, sizeof(enabled),
		   "sys/module/apparmor/parameters/enabled");
	if (*enabled == 'N' || !kvmfr_exists(doctor->root, ABSTRACTION))
		return;
	read_profiles(doctor, &profile);
	for (int i = 0; i < nodes; i++) {
		if (profile.allowed[i])
			continue;
		finding = doctor_report(
			doctor, "apparmor-kvmfr", DOCTOR_ERROR,
			doctor_text(
				"AppArmor does not let QEMU use /dev/kvmfr%d.",
				i),
			doctor_text(
				"The virtual machine does not start: 'Permission denied'."),
			allow(&profile));
		if (profile.includes_directory)
			fix_ours(doctor, finding);
		else if (profile.includes_local)
			fix_local(doctor, finding);
		return;
	}
}

/* The label of the node, "" if it has none. */
static void read_label(const struct doctor *doctor, const char *name,
		       char label[128])
{
	int fd = kvmfr_open(doctor->root, O_PATH, "dev/%s", name);
	ssize_t length = -1;
	char link[64];

	if (fd >= 0) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		length = getxattr(link, "security.selinux", label, 127);
		close(fd);
	}
	label[length > 0 ? length : 0] = '\0';
}

static void check_selinux(struct doctor *doctor,
			  const struct kvmfr_device *devices, int count)
{
	int64_t enforce = 0;
	char label[128];

	if (kvmfr_read_s64(doctor->root, &enforce, "sys/fs/selinux/enforce") ||
	    enforce != 1)
		return;
	for (int i = 0; i < count; i++) {
		read_label(doctor, devices[i].name, label);
		if (!strstr(label, ":device_t:"))
			continue;
		doctor_report(
			doctor, "selinux-label", DOCTOR_ERROR,
			doctor_text("/dev/%s has the SELinux label %s.",
				    devices[i].name, label),
			doctor_text(
				"SELinux lets no virtual machine use a device of that type."),
			doctor_text(
				"semanage fcontext -a -t svirt_tmpfs_t '/dev/kvmfr[0-9]'\n"
				"restorecon -v /dev/kvmfr*"));
		return;
	}
}

void doctor_check_libvirt(struct doctor *doctor,
			  const struct kvmfr_device *devices, int count)
{
	int wanted = doctor_wanted_count(doctor);
	int nodes = count > wanted ? count : wanted;
	struct qemu_conf conf;
	int ret = qemu_conf_read(doctor, &conf);

	if (ret == -ENOENT || ret == -ENOTDIR)
		return;
	if (ret) {
		doctor_skip(doctor,
			    doctor_text("/" QEMU_CONF ": %s", strerror(-ret)));
		return;
	}
	check_list(doctor, &conf, nodes);
	if (!conf.unguarded) {
		check_apparmor(doctor, nodes);
		check_selinux(doctor, devices, count);
	}
}
