// SPDX-License-Identifier: GPL-2.0
/* The doctor: what modprobe.d and the kernel's command line say of kvmfr. */
#include "doctor_conf.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define PARAMETER "static_size_mb="
#define MOST_MIB 2047 /* of the module */
#define DEFAULT_MIB 64 /* enough up to 3440x1440 */

/* Appends what sets the sizes of one line; a file of the system is hidden by a copy. */
static void add_edit(struct doctor *doctor, struct doctor_boot *boot,
		     const struct doctor_line *line)
{
	const char *name = strrchr(line->path, '/') + 1;
	bool local = !strncmp(line->path, "etc/", 4);
	char *full = doctor_text("/%s", line->path);
	char *from = full ? doctor_quote(full) : NULL;
	char *to = doctor_quote(name);
	char *edit = NULL;

	if (from && to)
		edit = doctor_text("%ssed %s'%u,%us/" PARAMETER
				   "[^[:space:]]*/" PARAMETER "\001/' %s%s%s\n",
				   boot->edit ? boot->edit : "",
				   local ? "-i " : "", line->first, line->last,
				   from, local ? "" : " >/etc/modprobe.d/",
				   local ? "" : to);
	free(to);
	free(from);
	free(full);
	if (!edit) {
		doctor->error = -ENOMEM;
		return;
	}
	free(boot->edit);
	boot->edit = edit;
}

/* Digits of any base, and commas; anything else is not to come into a remedy. */
static bool is_list(const char *text)
{
	return strlen(text) < sizeof(((struct doctor_boot *)NULL)->sizes) &&
	       !text[strspn(text, "0123456789abcdefABCDEFxX,")];
}

/* The kernel takes quotes around a value off. */
static char *unquote(char *value)
{
	size_t length = strlen(value);

	if (length < 2 || *value != '"' || value[length - 1] != '"')
		return value;
	value[length - 1] = '\0';
	return value + 1;
}

/* The first value that is no list of sizes. */
static void note_bad(struct doctor *doctor, struct doctor_boot *boot,
		     const char *place, const char *value)
{
	if (boot->bad)
		return;
	boot->bad = doctor_text("%s says " PARAMETER "%s", place, value);
	if (!boot->bad)
		doctor->error = -ENOMEM;
}

/* "options kvmfr static_size_mb=64 numa_node=0" */
static void read_options(struct doctor *doctor, const struct doctor_line *line,
			 void *data)
{
	struct doctor_boot *boot = data;
	char *rest;
	char *word = strtok_r(line->text, " \t", &rest);
	char *value = NULL;
	char place[PATH_MAX];

	if (!word || strcmp(word, "options"))
		return;
	word = strtok_r(NULL, " \t", &rest);
	if (!word || strcmp(word, "kvmfr"))
		return;
	while ((word = strtok_r(NULL, " \t", &rest)))
		if (!strncmp(word, PARAMETER, strlen(PARAMETER)))
			value = unquote(word + strlen(PARAMETER));
	if (!value)
		return;
	add_edit(doctor, boot, line);
	if (!is_list(value)) {
		snprintf(place, sizeof(place), "/%s", line->path);
		note_bad(doctor, boot, place, value);
		return;
	}
	if (*boot->files && strcmp(boot->files, value))
		boot->conflict = true;
	strcpy(boot->files, value);
}

static void read_cmdline(struct doctor *doctor, struct doctor_boot *boot)
{
	char value[256];

	if (!doctor_cmdline(doctor, "kvmfr." PARAMETER, value, sizeof(value)))
		value[0] = '\0';
	boot->bad_cmdline = !is_list(value);
	if (boot->bad_cmdline)
		note_bad(doctor, boot, "the kernel's command line", value);
	else
		strcpy(boot->cmdline, value);
}

void doctor_boot_read(struct doctor *doctor, struct doctor_boot *boot)
{
	memset(boot, 0, sizeof(*boot));
	doctor_modprobe_lines(doctor, read_options, boot);
	boot->loaded = doctor_loads_at_boot(doctor, "kvmfr");
	read_cmdline(doctor, boot);
	strcpy(boot->sizes, *boot->cmdline ? boot->cmdline : boot->files);
}

void doctor_boot_free(struct doctor_boot *boot)
{
	free(boot->edit);
	free(boot->bad);
}

/* The edits, with @sizes for every placeholder. */
static char *edits(const struct doctor_boot *boot, const char *sizes)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (const char *c = boot->edit; *c; c++) {
		if (*c == '\001')
			fputs(sizes, out);
		else
			fputc(*c, out);
	}
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

char *doctor_boot_set(const struct doctor_boot *boot, const char *sizes)
{
	char *text;
	char *all;

	if (!boot->edit)
		text = doctor_text("mkdir -p /etc/modprobe.d\n"
				   "echo 'options kvmfr " PARAMETER
				   "%s' >>/etc/modprobe.d/kvmfr.conf\n",
				   sizes);
	else
		text = edits(boot, sizes);
	if (!text || (!boot->bad_cmdline &&
		      (!*boot->cmdline || !strcmp(boot->cmdline, sizes))))
		return text;
	all = doctor_text(
		"%s# take kvmfr." PARAMETER
		"%s from the kernel's command line in the boot loader's configuration, and boot again\n",
		text, boot->bad_cmdline ? "..." : boot->cmdline);
	free(text);
	return all;
}

int doctor_sizes_parse(const char *sizes, int64_t mib[KVMFR_DEVICES_MAX])
{
	int count = 0;

	while (*sizes && count < KVMFR_DEVICES_MAX) {
		size_t length = strcspn(sizes, ",");
		char text[32];

		snprintf(text, sizeof(text), "%.*s", (int)length, sizes);
		if (length >= sizeof(text) ||
		    kvmfr_parse_s64(text, &mib[count]) || mib[count] < 1 ||
		    mib[count] > MOST_MIB)
			mib[count] = -1;
		count++;
		sizes += length + (sizes[length] == ',');
	}
	return count;
}

void doctor_sizes_format(const int64_t *mib, int count, char sizes[64])
{
	size_t used = 0;

	sizes[0] = '\0';
	for (int i = 0; i < count && used < 64; i++)
		used += (size_t)snprintf(sizes + used, 64 - used, "%s%lld",
					 i ? "," : "", (long long)mib[i]);
}

int64_t doctor_power_of_two(int64_t value)
{
	int64_t power = 1;

	while (power < value && power < INT64_MAX / 2)
		power *= 2;
	return power;
}

/* What the modes need; 0 without any. */
static int64_t modes_mib(const struct doctor *doctor)
{
	int64_t most = 0;

	for (size_t i = 0; i < doctor->mode_count; i++) {
		int64_t mib = (int64_t)kvmfr_memsize_mib(
			doctor->modes[i], false, KVMFR_HOST_BOTH);

		if (mib > most)
			most = mib;
	}
	return most;
}

int64_t doctor_wanted_mib(const struct doctor *doctor, int index)
{
	int64_t most = modes_mib(doctor);

	for (size_t i = 0; i < doctor->domain_count && !doctor->mode_count;
	     i++) {
		const struct kvmfr_domain *domain = doctor->domains[i];

		for (size_t j = 0; j < domain->arg_count; j++) {
			const struct kvmfr_domain_arg *arg = &domain->arg[j];
			int64_t size = kvmfr_domain_size(
				kvmfr_domain_option(arg, "size"));

			if (kvmfr_domain_kvmfr(arg) == index &&
			    size > most * KVMFR_MIB &&
			    size <= 1024LL * KVMFR_MIB)
				most = doctor_power_of_two(
					(size + KVMFR_MIB - 1) / KVMFR_MIB);
		}
	}
	return most ? most : DEFAULT_MIB;
}

int doctor_wanted_count(const struct doctor *doctor)
{
	int count = 1;

	for (size_t i = 0; i < doctor->domain_count; i++) {
		const struct kvmfr_domain *domain = doctor->domains[i];

		for (size_t j = 0; j < domain->arg_count; j++)
			if (kvmfr_domain_kvmfr(&domain->arg[j]) >= count)
				count = kvmfr_domain_kvmfr(&domain->arg[j]) + 1;
	}
	return count;
}
