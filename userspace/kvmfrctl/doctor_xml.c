// SPDX-License-Identifier: GPL-2.0
/* The doctor: shell that edits a virtual machine's XML, line by line. */
#include "doctor_xml.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define ETC "etc/libvirt/qemu/"
#define PLAIN \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:=+-"

/* Neither the shell, nor sed, nor XML, nor QEMU sees anything in it. */
static bool is_plain(const char *text)
{
	return text[strspn(text, PLAIN)] == '\0';
}

/*
 * Libvirt reads its own files when it starts: they are left alone, and it is
 * given a copy, which it refuses if it makes no sense.
 */
char *doctor_xml_edit(const struct kvmfr_domain *domain, const char *script,
		      ...)
{
	const char *name = strrchr(domain->path, '/');
	char *full = doctor_text("/%s", domain->path);
	char *copy = doctor_text("/run/%s", name ? name + 1 : domain->path);
	char *from = full ? doctor_quote(full) : NULL;
	char *to = copy ? doctor_quote(copy) : NULL;
	char *text = NULL;
	char *all = NULL;
	va_list args;

	va_start(args, script);
	if (vasprintf(&text, script, args) < 0)
		text = NULL;
	va_end(args);
	if (!text || !from || !to)
		all = NULL;
	else if (!strncmp(domain->path, ETC, strlen(ETC)))
		all = doctor_text("sed %s %s >%s &&\nvirsh define %s", text,
				  from, to, to);
	else
		all = doctor_text("sed -i %s %s", text, from);
	free(text);
	free(to);
	free(from);
	free(copy);
	free(full);
	return all;
}

char *doctor_xml_words(const struct kvmfr_domain *domain, const char *format,
		       ...)
{
	char *words, *all;
	va_list args;

	va_start(args, format);
	if (vasprintf(&words, format, args) < 0)
		words = NULL;
	va_end(args);
	all = words ? doctor_text("# virsh edit %s: %s", domain->name, words) :
		      NULL;
	free(words);
	for (char *c = all; c && *c; c++)
		if (*c == '\n')
			*c = '?';
	return all;
}

static bool is_set(const char *key, const struct kvmfr_domain_option *options,
		   size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(options[i].key, key))
			return true;
	return false;
}

/* "memory-backend-file,id=...,size=..."; NULL if that needs quotes of any kind. */
static char *describe(const struct kvmfr_domain_arg *arg,
		      const struct kvmfr_domain_option *options, size_t count)
{
	bool plain = is_plain(arg->type);
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fputs(arg->type, out);
	for (size_t i = 0; i < arg->count; i++) {
		plain = plain && is_plain(arg->option[i].key) &&
			is_plain(arg->option[i].value);
		if (!is_set(arg->option[i].key, options, count))
			fprintf(out, ",%s=%s", arg->option[i].key,
				arg->option[i].value);
	}
	for (size_t i = 0; i < count; i++) {
		plain = plain && is_plain(options[i].value);
		fprintf(out, ",%s=%s", options[i].key, options[i].value);
	}
	if (fclose(out) || !plain) {
		free(text);
		return NULL;
	}
	return text;
}

char *doctor_xml_set(const struct kvmfr_domain *domain,
		     const struct kvmfr_domain_arg *arg,
		     const struct kvmfr_domain_option *options, size_t count)
{
	char *value = arg->line ? describe(arg, options, count) : NULL;
	char *text = NULL;
	char *all = NULL;
	size_t size = 0;
	FILE *out;

	if (value) {
		all = doctor_xml_edit(
			domain, "'%lds|<%sarg .*/>|<%sarg value=\"%s\"/>|'",
			arg->line, arg->prefix, arg->prefix, value);
		free(value);
		return all;
	}
	out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	for (size_t i = 0; i < count; i++)
		fprintf(out, "%s %s=%s", i ? "," : "", options[i].key,
			options[i].value);
	if (!fclose(out))
		all = doctor_xml_words(domain, "in the argument of %s, set%s",
				       arg->type, text);
	free(text);
	return all;
}

char *doctor_xml_add_device(const struct kvmfr_domain *domain,
			    const struct kvmfr_domain_arg *arg, const char *id)
{
	const char *prefix = arg->prefix;

	if (!arg->line || !is_plain(id))
		return doctor_xml_words(
			domain,
			"add the arguments -device and ivshmem-plain,id=shmem-%s,memdev=%s",
			id, id);
	return doctor_xml_edit(
		domain,
		"'%lds|<%sarg .*/>|&\\n    <%sarg value=\"-device\"/>\\n"
		"    <%sarg value=\"ivshmem-plain,id=shmem-%s,memdev=%s\"/>|'",
		arg->line, prefix, prefix, prefix, id, id);
}
