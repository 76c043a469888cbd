/* SPDX-License-Identifier: GPL-2.0 */
/* Configuration of the system, as far as several checks of the doctor read it. */
#ifndef KVMFRCTL_DOCTOR_CONF_H
#define KVMFRCTL_DOCTOR_CONF_H

#include "device.h"
#include "doctor.h"

#define DOCTOR_RELOAD "modprobe -r kvmfr && modprobe kvmfr"

/**
 * struct doctor_line - a line of a file, with those that it continues on
 * @path: of the file, relative to the root
 * @text: without blanks around it; never empty, never a comment
 * @first: its number
 * @last: the number of the last line that belongs to it
 */
struct doctor_line {
	const char *path;
	char *text;
	unsigned int first;
	unsigned int last;
};

typedef void (*doctor_line_fn)(struct doctor *doctor,
			       const struct doctor_line *line, void *data);

/* A file that is not there has no lines; what cannot be read is skipped. */
__attribute__((format(printf, 4, 5))) void
doctor_lines(struct doctor *doctor, doctor_line_fn each, void *data,
	     const char *format, ...);

/*
 * The same for all files *@suffix of directories: one hides those of its name
 * in the directories after its own; sorted by name across all of them.
 */
void doctor_lines_of(struct doctor *doctor, const char *const *directories,
		     const char *suffix, doctor_line_fn each, void *data);

/* The word of /proc/cmdline that begins with @key, without it; false if none. */
bool doctor_cmdline(const struct doctor *doctor, const char *key, char *value,
		    size_t size);

/* The same for the configuration of modprobe. */
void doctor_modprobe_lines(struct doctor *doctor, doctor_line_fn each,
			   void *data);

/* Names of modules: '-' and '_' are the same in @word; @module has '_'. */
bool doctor_same_module(const char *word, const char *module);

/* Whether there is a @suffix, and something before it. */
bool doctor_ends_with(const char *name, const char *suffix);

/* Whether a word of the kernel's command line is @key=...,@module,... */
bool doctor_cmdline_lists(struct doctor *doctor, const char *key,
			  const char *module);

/* Whether the system loads @module when it boots. */
bool doctor_loads_at_boot(struct doctor *doctor, const char *module);

/* A command that makes libvirt read its configuration again. */
const char *doctor_restart_libvirt(const struct doctor *doctor);

/* The kernel that runs, "" if that is not known. */
void doctor_release(const struct doctor *doctor, char release[96]);

/**
 * struct doctor_boot - what the next boot does with kvmfr
 * @loaded: it is loaded then
 * @sizes: of its devices in MiB, as static_size_mb has them; "" for none
 * @cmdline: of the kernel's command line, which wins; "" if it has none
 * @files: of modprobe.d; "" if that has none
 * @conflict: modprobe.d has several, not all the same
 * @bad: "/etc/modprobe.d/a.conf says static_size_mb=64MB", which is no list of
 *	sizes and in none of the above; NULL if there is none
 * @bad_cmdline: the kernel's command line has such a value
 * @edit: shell that sets all of modprobe.d to the sizes in its place %s
 */
struct doctor_boot {
	bool loaded;
	char sizes[64];
	char cmdline[64];
	char files[64];
	bool conflict;
	char *bad;
	bool bad_cmdline;
	char *edit;
};

void doctor_boot_read(struct doctor *doctor, struct doctor_boot *boot);
void doctor_boot_free(struct doctor_boot *boot);

/* Shell that makes @sizes what modprobe uses at the next load, to be freed. */
char *doctor_boot_set(const struct doctor_boot *boot, const char *sizes);

/* Numbers of a list "64,128", -1 for what the module does not take; how many. */
int doctor_sizes_parse(const char *sizes, int64_t mib[KVMFR_DEVICES_MAX]);
void doctor_sizes_format(const int64_t *mib, int count, char sizes[64]);

/* What device number @index needs for the virtual machines and modes given, in MiB. */
int64_t doctor_wanted_mib(const struct doctor *doctor, int index);

/* How many devices the virtual machines use: the largest number and one. */
int doctor_wanted_count(const struct doctor *doctor);

/* The next power of two, at least 1. */
int64_t doctor_power_of_two(int64_t value);

#endif
