// SPDX-License-Identifier: GPL-2.0
/* Reads the small configuration files that the checks of the doctor look at. */
#include "doctor_conf.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (1024 * 1024)

#define DIRECTORIES(kind)                                      \
	{ "etc/" kind,	   "run/" kind, "usr/local/lib/" kind, \
	  "usr/lib/" kind, "lib/" kind, NULL }

static char *trim(char *text)
{
	size_t length;

	text += strspn(text, " \t\r");
	length = strlen(text);
	while (length && strchr(" \t\r", text[length - 1]))
		text[--length] = '\0';
	return text;
}

/* Cuts the first line off; a backslash at its end continues it. */
static char *take_line(char **rest, unsigned int *number)
{
	char *line = *rest;
	char *end = line;

	for (;;) {
		end = strchrnul(end, '\n');
		if (!*end) {
			*rest = end;
			break;
		}
		++*number;
		if (end == line || end[-1] != '\\') {
			*rest = end + 1;
			*end = '\0';
			break;
		}
		end[-1] = ' ';
		*end = ' ';
	}
	return line;
}

static void split(struct doctor *doctor, char *text, const char *path,
		  doctor_line_fn each, void *data)
{
	unsigned int number = 1;

	while (*text) {
		struct doctor_line line = { .path = path, .first = number };

		line.text = trim(take_line(&text, &number));
		line.last = *text ? number - 1 : number;
		if (*line.text && *line.text != '#')
			each(doctor, &line, data);
	}
}

static void lines_of_file(struct doctor *doctor, const char *path,
			  doctor_line_fn each, void *data)
{
	char *text;
	int ret = kvmfr_read_all(doctor->root, &text, FILE_MAX, "%s", path);

	if (ret >= 0)
		split(doctor, text, path, each, data);
	else if (ret != -ENOENT && ret != -ENOTDIR)
		doctor_skip(doctor,
			    doctor_text("/%s: %s", path, strerror(-ret)));
	free(text);
}

void doctor_lines(struct doctor *doctor, doctor_line_fn each, void *data,
		  const char *format, ...)
{
	char path[PATH_MAX];
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	if (length >= 0 && length < PATH_MAX)
		lines_of_file(doctor, path, each, data);
}

struct found {
	char *name; /* within path */
	char *path;
};

static int compare_found(const void *a, const void *b)
{
	return strcmp(((const struct found *)a)->name,
		      ((const struct found *)b)->name);
}

struct files {
	struct found *found;
	size_t count;
};

static bool is_hidden(const struct files *files, const char *name)
{
	for (size_t i = 0; i < files->count; i++)
		if (!strcmp(files->found[i].name, name))
			return true;
	return false;
}

static int add_file(struct files *files, const char *directory,
		    const char *name)
{
	struct found *grown =
		reallocarray(files->found, files->count + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	files->found = grown;
	grown += files->count;
	grown->path = doctor_text("%s/%s", directory, name);
	if (!grown->path)
		return -ENOMEM;
	grown->name = grown->path + strlen(directory) + 1;
	files->count++;
	return 0;
}

bool doctor_ends_with(const char *name, const char *suffix)
{
	size_t length = strlen(name);

	return length > strlen(suffix) &&
	       !strcmp(name + length - strlen(suffix), suffix);
}

static void find_files(struct doctor *doctor, const char *directory,
		       const char *suffix, struct files *files)
{
	struct kvmfr_names names;
	int ret = kvmfr_list(doctor->root, &names, "%s", directory);

	if (ret && ret != -ENOENT)
		doctor_skip(doctor,
			    doctor_text("/%s: %s", directory, strerror(-ret)));
	if (ret)
		return;
	for (size_t i = 0; i < names.count; i++)
		if (doctor_ends_with(names.name[i], suffix) &&
		    !is_hidden(files, names.name[i]) &&
		    add_file(files, directory, names.name[i]))
			doctor->error = -ENOMEM;
	kvmfr_names_free(&names);
}

void doctor_lines_of(struct doctor *doctor, const char *const *directories,
		     const char *suffix, doctor_line_fn each, void *data)
{
	struct files files = { 0 };

	for (; *directories; directories++)
		find_files(doctor, *directories, suffix, &files);
	if (files.count)
		qsort(files.found, files.count, sizeof(*files.found),
		      compare_found);
	for (size_t i = 0; i < files.count; i++) {
		lines_of_file(doctor, files.found[i].path, each, data);
		free(files.found[i].path);
	}
	free(files.found);
}

void doctor_modprobe_lines(struct doctor *doctor, doctor_line_fn each,
			   void *data)
{
	static const char *const directories[] = DIRECTORIES("modprobe.d");

	doctor_lines_of(doctor, directories, ".conf", each, data);
}

bool doctor_same_module(const char *word, const char *module)
{
	for (; *word && *module; word++, module++)
		if ((*word == '-' ? '_' : *word) != *module)
			return false;
	return !*word && !*module;
}

struct load {
	const char *key;
	const char *module;
	bool found;
};

static void find_word(struct load *load, char *text, const char *separators)
{
	char *rest;

	for (char *word = strtok_r(text, separators, &rest); word;
	     word = strtok_r(NULL, separators, &rest))
		load->found = load->found ||
			      doctor_same_module(word, load->module);
}

/* A module, in /etc/modules with options. */
static void load_line(struct doctor *doctor, const struct doctor_line *line,
		      void *data)
{
	line->text[strcspn(line->text, " \t")] = '\0';
	find_word(data, line->text, "");
}

/* modules="kvmfr other" */
static void load_openrc(struct doctor *doctor, const struct doctor_line *line,
			void *data)
{
	if (!strncmp(line->text, "modules", 7))
		find_word(data, line->text, " \t\"'=");
}

/* modules-load=kvmfr,other: the same '-' and '_' are in the key. */
static void load_cmdline(struct doctor *doctor, const struct doctor_line *line,
			 void *data)
{
	struct load *load = data;
	char *rest;

	for (char *word = strtok_r(line->text, " \t", &rest); word;
	     word = strtok_r(NULL, " \t", &rest)) {
		char *value = strchr(word, '=');

		if (!value)
			continue;
		*value = '\0';
		if (doctor_same_module(word, load->key))
			find_word(load, value + 1, ",");
	}
}

bool doctor_cmdline_lists(struct doctor *doctor, const char *key,
			  const char *module)
{
	struct load load = { .key = key, .module = module };

	doctor_lines(doctor, load_cmdline, &load, "proc/cmdline");
	return load.found;
}

bool doctor_loads_at_boot(struct doctor *doctor, const char *module)
{
	static const char *const directories[] = DIRECTORIES("modules-load.d");
	struct load load = { .module = module };

	doctor_lines_of(doctor, directories, ".conf", load_line, &load);
	doctor_lines(doctor, load_line, &load, "etc/modules");
	doctor_lines(doctor, load_openrc, &load, "etc/conf.d/modules");
	return load.found ||
	       doctor_cmdline_lists(doctor, "modules_load", module);
}

bool doctor_cmdline(const struct doctor *doctor, const char *key, char *value,
		    size_t size)
{
	char text[KVMFR_TEXT_MAX];
	bool found = false;
	char *rest;

	if (kvmfr_read(doctor->root, text, sizeof(text), "proc/cmdline") < 0)
		return false;
	for (char *word = strtok_r(text, " \n", &rest); word;
	     word = strtok_r(NULL, " \n", &rest)) {
		if (strncmp(word, key, strlen(key)))
			continue;
		snprintf(value, size, "%s", word + strlen(key));
		found = true;
	}
	return found;
}

/* The first directory that has it decides; a link to /dev/null masks it. */
static bool has_unit(const struct doctor *doctor, const char *unit)
{
	static const char *const directories[] = DIRECTORIES("systemd/system");
	char target[256];
	struct stat st;

	for (size_t i = 0; directories[i]; i++)
		if (!kvmfr_lstat(doctor->root, &st, "%s/%s", directories[i],
				 unit))
			return kvmfr_link(doctor->root, target, sizeof(target),
					  "%s/%s", directories[i], unit) ||
			       strcmp(target, "null");
	return false;
}

/* systemctl fails if one of the units is not there. */
const char *doctor_restart_libvirt(const struct doctor *doctor)
{
	bool systemd = kvmfr_exists(doctor->root, "usr/lib/systemd/systemd");
	bool libvirtd = systemd && has_unit(doctor, "libvirtd.service");
	bool virtqemud = systemd && has_unit(doctor, "virtqemud.service");

	if (libvirtd && virtqemud)
		return "systemctl try-restart libvirtd.service virtqemud.service";
	if (libvirtd)
		return "systemctl try-restart libvirtd.service";
	if (virtqemud)
		return "systemctl try-restart virtqemud.service";
	if (kvmfr_exists(doctor->root, "etc/init.d/libvirtd"))
		return "/etc/init.d/libvirtd restart";
	return "# restart libvirt";
}

void doctor_release(const struct doctor *doctor, char release[96])
{
	kvmfr_read(doctor->root, release, 96, "proc/sys/kernel/osrelease");
}
