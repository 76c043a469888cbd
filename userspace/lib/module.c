// SPDX-License-Identifier: GPL-2.0
/* Kernel modules by libkmod: what there is for this kernel, loading, unloading. */
#include "module.h"

#include <errno.h>
#include <fcntl.h>
#include <libkmod.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libkmod would print to stderr. */
static void be_quiet(void *data, int priority, const char *file, int line,
		     const char *function, const char *format, va_list args)
{
}

static struct kmod_ctx *create_context(void)
{
	struct kmod_ctx *ctx = kmod_new(NULL, NULL);

	if (ctx)
		kmod_set_log_fn(ctx, be_quiet, NULL);
	return ctx;
}

static void read_info(struct kmod_module *module,
		      struct kvmfr_module_info *info)
{
	const struct {
		const char *key;
		char *value;
		size_t size;
	} wanted[] = {
		{ "version", info->version, sizeof(info->version) },
		{ "vermagic", info->vermagic, sizeof(info->vermagic) },
		{ "signer", info->signer, sizeof(info->signer) },
	};
	struct kmod_list *list = NULL;
	struct kmod_list *entry;

	if (kmod_module_get_info(module, &list) < 0)
		return;
	kmod_list_foreach(entry, list)
	{
		const char *value = kmod_module_info_get_value(entry);

		for (size_t i = 0;
		     value && i < sizeof(wanted) / sizeof(*wanted); i++)
			if (!strcmp(kmod_module_info_get_key(entry),
				    wanted[i].key))
				snprintf(wanted[i].value, wanted[i].size, "%s",
					 value);
	}
	kmod_module_info_free_list(list);
	info->vermagic[strcspn(info->vermagic, " ")] = '\0';
}

static void read_loaded(const char *name, struct kvmfr_module_info *info)
{
	static const struct kvmfr_root machine = { .fd = -1 };

	info->loaded = kvmfr_exists(&machine, "sys/module/%s", name);
	if (info->loaded)
		kvmfr_read(&machine, info->loaded_version,
			   sizeof(info->loaded_version),
			   "sys/module/%s/version", name);
}

int kvmfr_module_info(const char *name, struct kvmfr_module_info *info)
{
	struct kmod_list *list = NULL;
	struct kmod_module *module;
	struct kmod_ctx *ctx;
	const char *path;
	int ret;

	memset(info, 0, sizeof(*info));
	read_loaded(name, info);
	ctx = create_context();
	if (!ctx)
		return -ENOMEM;
	ret = kmod_module_new_from_lookup(ctx, name, &list);
	/* No /lib/modules/<release> at all is no module, too. */
	if (ret == -ENOENT)
		ret = 0;
	if (ret >= 0 && list) {
		module = kmod_module_get_module(list);
		path = kmod_module_get_path(module);
		if (path) {
			snprintf(info->path, sizeof(info->path), "%s", path);
			read_info(module, info);
		}
		kmod_module_unref(module);
	}
	kmod_module_unref_list(list);
	kmod_unref(ctx);
	return ret < 0 ? ret : 0;
}

int kvmfr_module_options(const char *name, char **options)
{
	struct kmod_module *module;
	struct kmod_ctx *ctx = create_context();
	const char *text = NULL;
	int ret;

	*options = NULL;
	if (!ctx)
		return -ENOMEM;
	ret = kmod_module_new_from_name(ctx, name, &module);
	if (ret >= 0) {
		text = kmod_module_get_options(module);
		*options = strdup(text ? text : "");
		ret = *options ? 0 : -ENOMEM;
		kmod_module_unref(module);
	}
	kmod_unref(ctx);
	return ret;
}

/* As modprobe does. */
static int probe(struct kmod_module *module, const char *options)
{
	return kmod_module_probe_insert_module(
		module, KMOD_PROBE_FAIL_ON_LOADED, options, NULL, NULL, NULL);
}

static int insert(struct kmod_module *module, const char *options)
{
	return kmod_module_insert_module(module, 0, options);
}

typedef int (*load_fn)(struct kmod_module *module, const char *options);

/* @list has one module, or several where the name is an alias. */
static int load_each(struct kmod_list *list, load_fn each, const char *options)
{
	struct kmod_list *entry;
	int ret = -ENOENT;

	kmod_list_foreach(entry, list)
	{
		struct kmod_module *module = kmod_module_get_module(entry);

		ret = kmod_module_get_path(module) ? each(module, options) :
						     -ENOENT;
		kmod_module_unref(module);
		if (ret)
			break;
	}
	return ret;
}

static int load(const char *name, load_fn each, const char *options)
{
	static const struct kvmfr_root machine = { .fd = -1 };
	struct kmod_list *list = NULL;
	struct kmod_ctx *ctx;
	int ret;

	if (kvmfr_exists(&machine, "sys/module/%s", name))
		return -EEXIST;
	ctx = create_context();
	if (!ctx)
		return -ENOMEM;
	ret = kmod_module_new_from_lookup(ctx, name, &list);
	if (ret >= 0)
		ret = load_each(list, each, options);
	kmod_module_unref_list(list);
	kmod_unref(ctx);
	return ret;
}

int kvmfr_module_load(const char *name, const char *options)
{
	return load(name, probe, options);
}

int kvmfr_module_insert(const char *name, const char *options)
{
	return load(name, insert, options);
}

int kvmfr_module_unload(const char *name)
{
	struct kmod_module *module;
	struct kmod_ctx *ctx = create_context();
	int ret;

	if (!ctx)
		return -ENOMEM;
	ret = kmod_module_new_from_name(ctx, name, &module);
	if (ret >= 0) {
		ret = kmod_module_remove_module(module, O_NONBLOCK);
		kmod_module_unref(module);
	}
	kmod_unref(ctx);
	return ret;
}
