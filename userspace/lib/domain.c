// SPDX-License-Identifier: GPL-2.0
/* Virtual machines as libvirt writes them: the parts of the XML that matter. */
#include "domain.h"

#include <errno.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain_arg.h"

#define NAMESPACE "http://libvirt.org/schemas/domain/qemu/1.0"

/* Elements of other namespaces are not what they seem. */
static bool is_element(const xmlNode *node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && !node->ns &&
	       !strcmp((const char *)node->name, name);
}

static xmlNode *find_child(const xmlNode *parent, const char *name)
{
	for (xmlNode *node = parent ? parent->children : NULL; node;
	     node = node->next)
		if (is_element(node, name))
			return node;
	return NULL;
}

/* "" if there is no such attribute, or it does not fit. */
static void copy_attribute(const xmlNode *node, const char *name, char *text,
			   size_t size)
{
	xmlChar *value = node ? xmlGetNoNsProp(node, (const xmlChar *)name) :
				NULL;

	*text = '\0';
	if (value && strlen((char *)value) < size)
		strcpy(text, (char *)value);
	xmlFree(value);
}

static bool has_value(const xmlNode *node, const char *name, const char *want)
{
	char text[32];

	copy_attribute(node, name, text, sizeof(text));
	return !strcmp(text, want);
}

static int64_t number(const xmlNode *node, const char *name, int64_t otherwise)
{
	char text[32];
	int64_t value;

	copy_attribute(node, name, text, sizeof(text));
	return kvmfr_parse_s64(text, &value) ? otherwise : value;
}

static int add_hostdev(struct kvmfr_domain *domain, const xmlNode *node)
{
	const xmlNode *address =
		find_child(find_child(node, "source"), "address");
	struct kvmfr_domain_hostdev *grown;
	int64_t bus = number(address, "bus", -1);
	int64_t slot = number(address, "slot", -1);
	int64_t function = number(address, "function", 0);
	int64_t segment = number(address, "domain", 0);

	/* Only PCI has these, in this range. */
	if (!has_value(node, "type", "pci") || bus < 0 || bus > 0xff ||
	    slot < 0 || slot > 0x1f || function < 0 || function > 7 ||
	    segment < 0 || segment > 0xffff)
		return 0;
	grown = reallocarray(domain->hostdev, domain->hostdev_count + 1,
			     sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	domain->hostdev = grown;
	grown += domain->hostdev_count++;
	snprintf(grown->address, sizeof(grown->address), "%04x:%02x:%02x.%x",
		 (unsigned int)segment & 0xffff, (unsigned int)bus & 0xff,
		 (unsigned int)slot & 0x1f, (unsigned int)function & 7);
	grown->managed = has_value(node, "managed", "yes");
	grown->rom_off = has_value(find_child(node, "rom"), "bar", "off") ||
			 has_value(find_child(node, "rom"), "enabled", "no");
	return 0;
}

static int read_devices(struct kvmfr_domain *domain, const xmlNode *devices)
{
	int ret = 0;

	if (!devices)
		return 0;
	domain->devices_line = xmlGetLineNo(devices);
	for (const xmlNode *node = devices->children; node && !ret;
	     node = node->next) {
		if (is_element(node, "hostdev")) {
			ret = add_hostdev(domain, node);
		} else if (is_element(node, "memballoon")) {
			copy_attribute(node, "model", domain->balloon,
				       sizeof(domain->balloon));
			domain->balloon_line = xmlGetLineNo(node);
			domain->has_balloon = true;
		}
	}
	return ret;
}

static void read_cpu(struct kvmfr_domain *domain, const xmlNode *cpu)
{
	const xmlNode *width = find_child(cpu, "maxphysaddr");
	int64_t bits;

	if (!cpu)
		return;
	domain->cpu_line = xmlGetLineNo(cpu);
	copy_attribute(cpu, "mode", domain->cpu_mode, sizeof(domain->cpu_mode));
	bits = number(width,
		      has_value(width, "mode", "emulate") ? "bits" : "limit",
		      0);
	if (bits > 0 && bits <= 64)
		domain->phys_bits = (unsigned int)bits;
}

/*
 * <qemu:commandline> of libvirt's namespace. Without a declaration the prefix
 * is part of the name, and *@lost.
 */
static bool is_qemu(const xmlNode *node, const char *name, bool *lost)
{
	const char *full = (const char *)node->name;
	const char *colon = strchr(full, ':');

	if (node->type != XML_ELEMENT_NODE ||
	    strcmp(colon ? colon + 1 : full, name))
		return false;
	*lost = !node->ns || strcmp((const char *)node->ns->href, NAMESPACE);
	return !*lost || colon || (node->ns && node->ns->prefix);
}

/* With its colon; "" if there is none, or it does not fit. */
static void copy_prefix(const xmlNode *node, char prefix[16])
{
	const char *full = (const char *)node->name;
	const char *colon = strchr(full, ':');
	int length = -1;

	if (colon)
		length = snprintf(prefix, 16, "%.*s", (int)(colon - full + 1),
				  full);
	else if (node->ns && node->ns->prefix)
		length = snprintf(prefix, 16,
				  "%s:", (const char *)node->ns->prefix);
	if (length < 0 || length >= 16)
		*prefix = '\0';
}

/* Arguments that libvirt does not see; the first ones are described. */
static void describe_lost(struct kvmfr_domain *domain, const xmlNode *node)
{
	if (domain->namespace_missing)
		return;
	domain->namespace_missing = true;
	domain->namespace_other = node->ns != NULL;
	copy_prefix(node, domain->namespace_prefix);
	domain->namespace_prefix[strcspn(domain->namespace_prefix, ":")] = '\0';
}

static int add_arg(struct kvmfr_domain *domain, const xmlNode *node,
		   bool object, const char *text)
{
	struct kvmfr_domain_arg *grown;

	if (domain->arg_count == KVMFR_DOMAIN_ARGS_MAX)
		return -E2BIG;
	grown = reallocarray(domain->arg, domain->arg_count + 1,
			     sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	domain->arg = grown;
	grown += domain->arg_count++;
	memset(grown, 0, sizeof(*grown));
	grown->object = object;
	copy_prefix(node, grown->prefix);
	grown->line = xmlGetLineNo(node);
	return kvmfr_domain_arg_read(grown, text);
}

/* QEMU takes "-object" and "--object"; what follows is the object. */
static int read_arguments(struct kvmfr_domain *domain, const xmlNode *list)
{
	enum { OTHER, OBJECT, DEVICE } next = OTHER;
	bool lost;
	int ret = 0;

	for (const xmlNode *node = list->children; node && !ret;
	     node = node->next) {
		xmlChar *value;
		const char *text;

		if (!is_qemu(node, "arg", &lost))
			continue;
		value = xmlGetNoNsProp(node, (const xmlChar *)"value");
		text = value ? (const char *)value : "";
		if (next != OTHER)
			ret = add_arg(domain, node, next == OBJECT, text);
		if (next != OTHER)
			next = OTHER;
		else if (!strcmp(text, "-object") || !strcmp(text, "--object"))
			next = OBJECT;
		else if (!strcmp(text, "-device") || !strcmp(text, "--device"))
			next = DEVICE;
		xmlFree(value);
	}
	return ret;
}

static int read_domain(struct kvmfr_domain *domain, const xmlNode *top)
{
	xmlNode *name = find_child(top, "name");
	xmlChar *text = name ? xmlNodeGetContent(name) : NULL;
	int ret;

	domain->domain_line = xmlGetLineNo(top);
	domain->name = strdup(text ? (char *)text : "");
	xmlFree(text);
	if (!domain->name)
		return -ENOMEM;
	/* Libvirt has no such names, and others put them on one line. */
	for (char *c = domain->name; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	read_cpu(domain, find_child(top, "cpu"));
	ret = read_devices(domain, find_child(top, "devices"));
	for (const xmlNode *node = top->children; node && !ret;
	     node = node->next) {
		bool lost;

		if (!is_qemu(node, "commandline", &lost))
			continue;
		if (lost)
			describe_lost(domain, node);
		ret = read_arguments(domain, node);
	}
	return ret;
}

/* A line of the text; the next one begins after it. */
struct line {
	const char *text;
	size_t length;
	long number;
};

/* Forward to line @number, which may be the one we are on; false at the end. */
static bool seek_line(struct line *line, long number, const char *end)
{
	while (line->number < number) {
		const char *next = line->text + line->length;
		const char *newline;

		if (line->number)
			next++;
		if (next >= end)
			return false;
		newline = memchr(next, '\n', (size_t)(end - next));
		line->text = next;
		line->length = (size_t)((newline ? newline : end) - next);
		line->number++;
	}
	return line->number == number;
}

/*
 * The parser counts the lines of a tag at its end. One that shares its line
 * with another, or has several, is not to be edited line by line.
 */
static void check_lines(struct kvmfr_domain *domain, const char *text,
			size_t size)
{
	struct line line = { .text = text };

	for (size_t i = 0; i < domain->arg_count; i++) {
		struct kvmfr_domain_arg *arg = &domain->arg[i];
		const char *found = NULL;
		const char *end;

		if (seek_line(&line, arg->line, text + size))
			found = memmem(line.text, line.length, "arg ", 4);
		end = line.text + line.length;
		if (!found ||
		    memmem(found + 4, (size_t)(end - found - 4), "arg ", 4) ||
		    !memmem(found, (size_t)(end - found), "/>", 2))
			arg->line = 0;
	}
}

/* @number if one whole tag <@name is on that line, else 0. */
static long check_tag(const char *text, size_t size, long number,
		      const char *name)
{
	struct line line = { .text = text };
	const char *end, *found = NULL;
	int count = 0;

	if (!number || !seek_line(&line, number, text + size))
		return 0;
	end = line.text + line.length;
	for (const char *at = line.text;
	     (at = memmem(at, (size_t)(end - at), name, strlen(name)));
	     at += strlen(name)) {
		count++;
		found = at;
	}
	if (count != 1 || !memchr(found, '>', (size_t)(end - found)))
		return 0;
	return number;
}

static void check_tags(struct kvmfr_domain *domain, const char *text,
		       size_t size)
{
	struct {
		long *line;
		const char *name;
	} tags[] = {
		{ &domain->domain_line, "<domain" },
		{ &domain->devices_line, "<devices>" },
		{ &domain->balloon_line, "<memballoon" },
		{ &domain->cpu_line, "<cpu" },
	};

	for (size_t i = 0; i < sizeof(tags) / sizeof(*tags); i++)
		*tags[i].line =
			check_tag(text, size, *tags[i].line, tags[i].name);
}

/* Libvirt writes no document type, and one can be a bomb. */
static bool has_type(const char *text, size_t size)
{
	return memmem(text, size, "<!DOCTYPE", 9) ||
	       memmem(text, size, "<!ENTITY", 8);
}

/* What the parser said, in one line. */
static void describe_error(char error[256])
{
	const xmlError *last = xmlGetLastError();

	if (!last || !last->message) {
		snprintf(error, 256, "it is not XML");
		return;
	}
	snprintf(error, 256, "line %d: %s", last->line, last->message);
	error[strcspn(error, "\n")] = '\0';
}

static int parse(struct kvmfr_domain *domain, const char *text, size_t size,
		 char error[256])
{
	xmlNode *top;
	xmlDoc *doc;
	int ret;

	if (has_type(text, size)) {
		snprintf(error, 256, "it has a document type or entities");
		return -EINVAL;
	}
	xmlResetLastError();
	doc = xmlReadMemory(text, (int)size, NULL, NULL,
			    XML_PARSE_NONET | XML_PARSE_NOERROR |
				    XML_PARSE_NOWARNING | XML_PARSE_BIG_LINES);
	if (!doc) {
		describe_error(error);
		return -EINVAL;
	}
	top = xmlDocGetRootElement(doc);
	if (doc->intSubset || !top || !is_element(top, "domain")) {
		snprintf(error, 256, "it is not a <domain>");
		ret = -EINVAL;
	} else {
		ret = read_domain(domain, top);
		if (ret == -E2BIG) {
			snprintf(error, 256,
				 "it has too many arguments, or too long ones");
			ret = -EINVAL;
		}
		check_lines(domain, text, size);
		check_tags(domain, text, size);
	}
	xmlFreeDoc(doc);
	return ret;
}

int kvmfr_domain_parse(const char *text, size_t size, const char *path,
		       struct kvmfr_domain **domain, char error[256])
{
	int ret;

	*error = '\0';
	*domain = NULL;
	if (size > KVMFR_DOMAIN_SIZE_MAX)
		return -EFBIG;
	*domain = calloc(1, sizeof(**domain));
	if (!*domain)
		return -ENOMEM;
	(*domain)->path = strdup(path);
	ret = (*domain)->path ? parse(*domain, text, size, error) : -ENOMEM;
	if (ret) {
		kvmfr_domain_free(*domain);
		*domain = NULL;
	}
	return ret;
}

int kvmfr_domain_read(const struct kvmfr_root *root, const char *path,
		      struct kvmfr_domain **domain, char error[256])
{
	char *text;
	int ret =
		kvmfr_read_all(root, &text, KVMFR_DOMAIN_SIZE_MAX, "%s", path);

	*error = '\0';
	*domain = NULL;
	if (ret == -EILSEQ)
		snprintf(error, 256, "it has a NUL");
	if (ret < 0)
		return ret == -EILSEQ ? -EINVAL : ret;
	ret = kvmfr_domain_parse(text, (size_t)ret, path, domain, error);
	free(text);
	return ret;
}

void kvmfr_domain_free(struct kvmfr_domain *domain)
{
	if (!domain)
		return;
	while (domain->arg_count)
		kvmfr_domain_arg_clear(&domain->arg[--domain->arg_count]);
	free(domain->arg);
	free(domain->hostdev);
	free(domain->name);
	free(domain->path);
	free(domain);
}
