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

char *doctor_xml_edit(const struct kvmfr_domain *domain, const char *script,
		      ...)
{
	const char *quote = is_plain(domain->path) ? "" : "'";
	bool define = !strncmp(domain->path, ETC, strlen(ETC));
	char *text = NULL;
	char *all = NULL;
	va_list args;

	if (strchr(domain->path, '\''))
		return doctor_text(
			"# give the file a name without quotes, and come back");
	va_start(args, script);
	if (vasprintf(&text, script, args) < 0)
		text = NULL;
	va_end(args);
	if (text && define)
		all = doctor_text("sed -i %s %s/%s%s\nvirsh define %s/%s%s",
				  text, quote, domain->path, quote, quote,
				  domain->path, quote);
	else if (text)
		all = doctor_text("sed -i %s %s/%s%s", text, quote,
				  domain->path, quote);
	free(text);
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
	for (size_t i = 0; i < count; i++)
		fprintf(out, ",%s=%s", options[i].key, options[i].value);
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
	size_t size = 0;
	FILE *out;

	if (value) {
		text = doctor_xml_edit(
			domain, "'%lds|<%sarg .*/>|<%sarg value=\"%s\"/>|'",
			arg->line, arg->prefix, arg->prefix, value);
		free(value);
		return text;
	}
	out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	fprintf(out, "# virsh edit %s: in the argument of %s, set",
		domain->name, arg->type);
	for (size_t i = 0; i < count; i++)
		fprintf(out, "%s %s=%s", i ? "," : "", options[i].key,
			options[i].value);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

char *doctor_xml_add_device(const struct kvmfr_domain *domain,
			    const struct kvmfr_domain_arg *arg,
			    const char *text)
{
	if (!arg->line || strchr(text, '\'') || strchr(text, '|'))
		return doctor_text(
			"# virsh edit %s: add the arguments -device and %s",
			domain->name, text);
	return doctor_xml_edit(
		domain,
		"'%lds|<%sarg .*/>|&\\n    <%sarg value=\"-device\"/>\\n"
		"    <%sarg value=\"%s\"/>|'",
		arg->line, arg->prefix, arg->prefix, arg->prefix, text);
}
