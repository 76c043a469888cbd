// SPDX-License-Identifier: GPL-2.0
/* The doctor: files of kvmfr.ko, its packages of DKMS, its signature. */
#include "doctor_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor_conf.h"
#include "module.h"

#define TREE "var/lib/dkms"
#define PACKAGE "kvmfr-suite"
#define LIST_MAX (16 * 1024 * 1024)
#define SIGNATURE "~Module signature appended~\n"

/* "updates/dkms/kvmfr.ko.xz", up to the end of the line or a colon. */
static bool is_file_of(const char *line, size_t length, const char *module)
{
	const char *slash = memrchr(line, '/', length);
	const char *name = slash ? slash + 1 : line;
	char word[64];
	size_t dot;

	length -= (size_t)(name - line);
	for (dot = 0; dot < length && name[dot] != '.'; dot++)
		;
	if (dot >= sizeof(word) || strncmp(name + dot, ".ko", 3))
		return false;
	snprintf(word, sizeof(word), "%.*s", (int)dot, name);
	return doctor_same_module(word, module);
}

/* A path of a list below lib/modules, relative to the root; "" if none. */
static void find_in_list(const struct doctor *doctor, const char *list,
			 const char *module, const char *release, char *path,
			 size_t size)
{
	char *text, *line, *rest;

	*path = '\0';
	if (!*release || strchr(release, '/') ||
	    kvmfr_read_all(doctor->root, &text, LIST_MAX, "lib/modules/%s/%s",
			   release, list) < 0)
		return;
	for (line = strtok_r(text, "\n", &rest); line && !*path;
	     line = strtok_r(NULL, "\n", &rest)) {
		size_t length = strcspn(line, ":");

		if (is_file_of(line, length, module))
			snprintf(path, size, "lib/modules/%s/%.*s", release,
				 (int)length, line);
	}
	free(text);
}

void doctor_module_find(const struct doctor *doctor, const char *module,
			const char *release, char *path, size_t size)
{
	find_in_list(doctor, "modules.dep", module, release, path, size);
}

bool doctor_module_built_in(const struct doctor *doctor, const char *module,
			    const char *release)
{
	char path[256];

	find_in_list(doctor, "modules.builtin", module, release, path,
		     sizeof(path));
	return *path;
}

bool doctor_module_elsewhere(struct doctor *doctor, const char *release,
			     char *others, size_t size)
{
	struct kvmfr_names names;
	char path[256];
	size_t used = 0;

	*others = '\0';
	if (kvmfr_list(doctor->root, &names, "lib/modules"))
		return false;
	for (size_t i = 0; i < names.count && used < size; i++) {
		if (!strcmp(names.name[i], release))
			continue;
		doctor_module_find(doctor, "kvmfr", names.name[i], path,
				   sizeof(path));
		if (*path)
			used += (size_t)snprintf(others + used, size - used,
						 "%s%s", used ? ", " : "",
						 names.name[i]);
	}
	kvmfr_names_free(&names);
	return used;
}

/* Of a file that is not compressed: the last bytes say whether it is signed. */
static bool read_trailer(const struct doctor *doctor, const char *path,
			 char signer[128])
{
	char data[sizeof(SIGNATURE)] = "";
	size_t length = strlen(path);
	ssize_t got = -1;
	int fd;

	if (length < 3 || strcmp(path + length - 3, ".ko"))
		return false;
	fd = kvmfr_open(doctor->root, O_RDONLY, "%s", path);
	if (fd < 0)
		return false;
	if (lseek(fd, -(off_t)strlen(SIGNATURE), SEEK_END) >= 0)
		got = read(fd, data, strlen(SIGNATURE));
	close(fd);
	strcpy(signer, got > 0 && !strcmp(data, SIGNATURE) ? "somebody" : "");
	return true;
}

bool doctor_module_signer(const struct doctor *doctor, const char *path,
			  char signer[128])
{
	struct kvmfr_module_info info;

	if (!doctor_live(doctor))
		return read_trailer(doctor, path, signer);
	if (kvmfr_module_info("kvmfr", &info) || !*info.path)
		return false;
	strcpy(signer, info.signer);
	return true;
}

/* The highest version of the package that DKMS has; false if it has none. */
static bool dkms_version(const struct doctor *doctor, char *version,
			 size_t size)
{
	struct kvmfr_names names;
	bool found = false;

	if (kvmfr_list(doctor->root, &names, TREE "/" PACKAGE))
		return false;
	for (size_t i = 0; i < names.count; i++) {
		if (!kvmfr_exists(doctor->root, TREE "/" PACKAGE "/%s/source",
				  names.name[i]))
			continue;
		snprintf(version, size, "%s", names.name[i]);
		found = true;
	}
	kvmfr_names_free(&names);
	return found;
}

static bool has_headers(const struct doctor *doctor, const char *release)
{
	return kvmfr_exists(doctor->root, "lib/modules/%s/build/Makefile",
			    release);
}

char *doctor_dkms_state(const struct doctor *doctor, const char *release)
{
	const char *headers = has_headers(doctor, release) ?
				      "headers are there" :
				      "headers are missing";
	char version[64];

	if (!dkms_version(doctor, version, sizeof(version)))
		return doctor_text("DKMS does not know " PACKAGE
				   ", the kernel's %s",
				   headers);
	if (kvmfr_exists(doctor->root, TREE "/" PACKAGE "/%s/%s", version,
			 release))
		return doctor_text("DKMS has built " PACKAGE
				   " %s but not installed it",
				   version);
	if (kvmfr_exists(doctor->root, TREE "/" PACKAGE "/%s/build/make.log",
			 version))
		return doctor_text("DKMS could not build " PACKAGE
				   " %s, see /" TREE "/" PACKAGE
				   "/%s/build/make.log; the kernel's %s",
				   version, version, headers);
	return doctor_text("DKMS has " PACKAGE
			   " %s but has not built it, the kernel's %s",
			   version, headers);
}

/* A word of /etc/os-release that says which package manager there is. */
static bool is_like(const struct doctor *doctor, const char *name)
{
	char text[KVMFR_TEXT_MAX];
	char *rest;
	bool like = false;

	if (kvmfr_read(doctor->root, text, sizeof(text), "etc/os-release") < 0)
		return false;
	for (char *line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		if (!strncmp(line, "ID=", 3) || !strncmp(line, "ID_LIKE=", 8))
			like = like || strstr(line, name);
	return like;
}

/* A line that installs the headers, with its newline. */
static char *headers_remedy(const struct doctor *doctor, const char *release)
{
	char base[64];

	if (has_headers(doctor, release))
		return strdup("");
	if (is_like(doctor, "debian") || is_like(doctor, "ubuntu"))
		return doctor_text("apt-get install -y linux-headers-%s\n",
				   release);
	if (is_like(doctor, "fedora") || is_like(doctor, "rhel"))
		return doctor_text("dnf install -y kernel-devel-%s\n", release);
	if (is_like(doctor, "arch") &&
	    kvmfr_read(doctor->root, base, sizeof(base),
		       "lib/modules/%s/pkgbase", release) > 0)
		return doctor_text(
			"pacman -S --needed --noconfirm %s-headers\n", base);
	return doctor_text("# install the headers of kernel %s\n", release);
}

/* A directory of sources that DKMS has not been told of. */
static bool find_source(const struct doctor *doctor, char *version, size_t size)
{
	static const char prefix[] = PACKAGE "-";
	struct kvmfr_names names;
	bool found = false;

	if (kvmfr_list(doctor->root, &names, "usr/src"))
		return false;
	for (size_t i = 0; i < names.count; i++) {
		if (strncmp(names.name[i], prefix, strlen(prefix)) ||
		    !kvmfr_exists(doctor->root, "usr/src/%s/dkms.conf",
				  names.name[i]))
			continue;
		snprintf(version, size, "%s", names.name[i] + strlen(prefix));
		found = true;
	}
	kvmfr_names_free(&names);
	return found;
}

char *doctor_dkms_remedy(const struct doctor *doctor, const char *release)
{
	char *headers = headers_remedy(doctor, release);
	bool known;
	char version[64];
	char *text;

	if (!headers)
		return NULL;
	known = dkms_version(doctor, version, sizeof(version));
	if (known || find_source(doctor, version, sizeof(version)))
		text = doctor_text("%s%s%s%sdkms install -m " PACKAGE
				   " -v %s -k %s",
				   headers,
				   known ? "" : "dkms add -m " PACKAGE " -v ",
				   known ? "" : version, known ? "" : "\n",
				   version, release);
	else
		text = doctor_text("%s# in the sources of " PACKAGE
				   ": make dkms-install",
				   headers);
	free(headers);
	return text;
}

const char *doctor_mok_path(const struct doctor *doctor)
{
	static const char ubuntu[] = "var/lib/shim-signed/mok/MOK.der";

	return kvmfr_exists(doctor->root, ubuntu) ? ubuntu : TREE "/mok.pub";
}

char *doctor_sign_remedy(const struct doctor *doctor, const char *release)
{
	const char *key = doctor_mok_path(doctor);
	char version[64];

	if (!dkms_version(doctor, version, sizeof(version)))
		return doctor_text(
			"# sign it with a key of your own, or install it by DKMS, which signs: make dkms-install\n"
			"mokutil --import /%s\n"
			"# boot again; choose 'Enroll MOK' in the blue menu, and give the password",
			key);
	return doctor_text(
		"%sdkms build --force -m " PACKAGE " -v %s -k %s\n"
		"dkms install --force -m " PACKAGE " -v %s -k %s\n"
		"mokutil --import /%s\n"
		"# boot again; choose 'Enroll MOK' in the blue menu, and give the password",
		kvmfr_exists(doctor->root, "%s", key) ? "" :
							"dkms generate_mok\n",
		version, release, version, release, key);
}

/* BUILT_MODULE_NAME[0]="kvmfr" */
static bool builds_kvmfr(const struct doctor *doctor, const char *package,
			 const char *version)
{
	char text[KVMFR_TEXT_MAX];
	bool builds = false;
	char *rest;

	if (kvmfr_read(doctor->root, text, sizeof(text),
		       TREE "/%s/%s/source/dkms.conf", package, version) < 0)
		return !strcmp(package, "kvmfr");
	for (char *line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		const char *value = strchr(line, '=');

		if (!value || strncmp(line, "BUILT_MODULE_NAME", 17))
			continue;
		value += 1 + strspn(value + 1, "\"'");
		builds = builds || (!strncmp(value, "kvmfr", 5) &&
				    !value[5 + strspn(value + 5, "\"' \t")]);
	}
	return builds;
}

static char *foreign_version(const struct doctor *doctor, const char *package)
{
	struct kvmfr_names names;
	char *found = NULL;

	if (!strcmp(package, PACKAGE) ||
	    kvmfr_list(doctor->root, &names, TREE "/%s", package))
		return NULL;
	for (size_t i = 0; i < names.count && !found; i++)
		if (strncmp(names.name[i], "kernel-", 7) &&
		    builds_kvmfr(doctor, package, names.name[i]))
			found = doctor_text("%s/%s", package, names.name[i]);
	kvmfr_names_free(&names);
	return found;
}

char *doctor_dkms_foreign(const struct doctor *doctor)
{
	struct kvmfr_names names;
	char *found = NULL;

	if (kvmfr_list(doctor->root, &names, TREE))
		return NULL;
	for (size_t i = 0; i < names.count && !found; i++)
		found = foreign_version(doctor, names.name[i]);
	kvmfr_names_free(&names);
	return found;
}
