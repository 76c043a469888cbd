// SPDX-License-Identifier: GPL-2.0
/* What follows -object and -device on QEMU's command line, in both syntaxes. */
#include "domain_arg.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The kernel starts no program with an argument of twice as much. */
#define TEXT_MAX (64 * 1024)

/* The key that holds the type, in either syntax. */
static bool is_type(const struct kvmfr_domain_arg *arg, const char *key)
{
	return !strcmp(key, arg->object ? "qom-type" : "driver");
}

static int add_option(struct kvmfr_domain_arg *arg, const char *key,
		      const char *value)
{
	struct kvmfr_domain_option *grown;

	if (is_type(arg, key)) {
		free(arg->type);
		arg->type = strdup(value);
		return arg->type ? 0 : -ENOMEM;
	}
	if (arg->count == KVMFR_DOMAIN_ARGS_MAX)
		return -E2BIG;
	grown = reallocarray(arg->option, arg->count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	arg->option = grown;
	grown += arg->count++;
	grown->key = strdup(key);
	grown->value = strdup(value);
	return grown->key && grown->value ? 0 : -ENOMEM;
}

static int read_json(struct kvmfr_domain_arg *arg, const char *text)
{
	struct json_object *top = json_tokener_parse(text);
	int ret = 0;

	if (json_object_is_type(top, json_type_object)) {
		json_object_object_foreach(top, key, value)
		{
			const char *word = json_object_get_string(value);

			if (json_object_is_type(value, json_type_boolean))
				word = json_object_get_boolean(value) ? "on" :
									"off";
			if (!ret)
				ret = add_option(arg, key, word ? word : "");
		}
	}
	json_object_put(top);
	return ret;
}

/* Up to the next comma, where ",," is one; moves *@text behind it. */
static char *take_part(char **text)
{
	char *part = *text;
	char *end = part;

	while (**text) {
		if (**text == ',' && (*text)[1] != ',') {
			(*text)++;
			break;
		}
		*text += **text == ',';
		*end++ = *(*text)++;
	}
	*end = '\0';
	return part;
}

/* "name" alone is the type if it comes first, else the same as "name=on". */
static int read_part(struct kvmfr_domain_arg *arg, char *part, bool first)
{
	char *equals = strchr(part, '=');

	if (equals) {
		*equals = '\0';
		return add_option(arg, part, equals + 1);
	}
	if (first)
		return add_option(arg, arg->object ? "qom-type" : "driver",
				  part);
	return add_option(arg, part, "on");
}

static int read_commas(struct kvmfr_domain_arg *arg, const char *text)
{
	char *copy = strdup(text);
	char *rest = copy;
	bool first = true;
	int ret = copy ? 0 : -ENOMEM;

	while (!ret && *rest) {
		ret = read_part(arg, take_part(&rest), first);
		first = false;
	}
	free(copy);
	return ret;
}

int kvmfr_domain_arg_read(struct kvmfr_domain_arg *arg, const char *text)
{
	int ret;

	if (strlen(text) > TEXT_MAX)
		return -E2BIG;
	ret = *text == '{' ? read_json(arg, text) : read_commas(arg, text);
	if (ret || arg->type)
		return ret;
	arg->type = strdup("");
	return arg->type ? 0 : -ENOMEM;
}

void kvmfr_domain_arg_clear(struct kvmfr_domain_arg *arg)
{
	while (arg->count) {
		arg->count--;
		free(arg->option[arg->count].key);
		free(arg->option[arg->count].value);
	}
	free(arg->option);
	free(arg->type);
}

const char *kvmfr_domain_option(const struct kvmfr_domain_arg *arg,
				const char *key)
{
	for (size_t i = arg->count; i; i--)
		if (!strcmp(arg->option[i - 1].key, key))
			return arg->option[i - 1].value;
	return NULL;
}

int kvmfr_domain_kvmfr(const struct kvmfr_domain_arg *arg)
{
	static const char node[] = "/dev/kvmfr";
	const char *path = kvmfr_domain_option(arg, "mem-path");

	if (!arg->object || strcmp(arg->type, "memory-backend-file") || !path ||
	    strncmp(path, node, sizeof(node) - 1))
		return -1;
	path += sizeof(node) - 1;
	return *path >= '0' && *path <= '9' && !path[1] ? *path - '0' : -1;
}

const struct kvmfr_domain_arg *
kvmfr_domain_device(const struct kvmfr_domain *domain,
		    const struct kvmfr_domain_arg *object)
{
	const char *id = kvmfr_domain_option(object, "id");

	for (size_t i = 0; i < domain->arg_count && id; i++) {
		const struct kvmfr_domain_arg *arg = &domain->arg[i];
		const char *memory = kvmfr_domain_option(arg, "memdev");

		if (!arg->object && !strcmp(arg->type, "ivshmem-plain") &&
		    memory && !strcmp(memory, id))
			return arg;
	}
	return NULL;
}

int64_t kvmfr_domain_size(const char *text)
{
	static const char suffixes[] = "BKMGT";
	const char *suffix = suffixes;
	unsigned long long value;
	char *end;

	/* No sign and no blank, which strtoull() would take. */
	if (!text || *text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	value = strtoull(text, &end, strncasecmp(text, "0x", 2) ? 10 : 16);
	if (*end) {
		suffix = strchr(suffixes, *end & ~0x20);
		if (!suffix || !*suffix || end[1])
			return -EINVAL;
	}
	if (errno ||
	    value > (unsigned long long)INT64_MAX >> 10 * (suffix - suffixes))
		return -EINVAL;
	return (int64_t)(value << 10 * (suffix - suffixes));
}

bool kvmfr_domain_bool(const char *text)
{
	static const char *const words[] = { "on", "yes", "true", "y" };

	for (size_t i = 0; text && i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(text, words[i]))
			return true;
	return false;
}
