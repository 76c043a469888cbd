/* SPDX-License-Identifier: GPL-2.0 */
/* Kernel modules by libkmod: what there is for this kernel, loading, unloading. */
#ifndef KVMFR_MODULE_H
#define KVMFR_MODULE_H

#include <stdbool.h>

#include "root.h"

/**
 * struct kvmfr_module_info - a module's file for the running kernel
 * @path: "" if there is none
 * @version: of the file
 * @vermagic: its kernel release, the first word
 * @signer: who signed it, "" if nobody
 * @loaded: it is loaded now (or built in), from sysfs
 * @loaded_version: what /sys/module/<name>/version says, "" if not loaded
 */
struct kvmfr_module_info {
	char path[256];
	char version[32];
	char vermagic[96];
	char signer[128];
	bool loaded;
	char loaded_version[32];
};

/* 0, also without a file; a negative errno of libkmod otherwise. */
int kvmfr_module_info(const char *name, struct kvmfr_module_info *info);

/*
 * What modprobe.d and the kernel's command line say for @name, in the order in
 * which it counts, to be freed; "" if nothing.
 */
int kvmfr_module_options(const char *name, char **options);

/*
 * Loads @name as modprobe does, with @options ("static_size_mb=64" or NULL)
 * after those of modprobe.d and the kernel's command line.
 *
 * Return: 0; -EEXIST if it is loaded already; -ENOENT if there is no such
 * module for this kernel; else what the kernel said.
 */
int kvmfr_module_load(const char *name, const char *options);

/*
 * Loads @name with @options alone, whatever modprobe.d says; the modules that it
 * needs have to be there. Returns what kvmfr_module_load() does.
 */
int kvmfr_module_insert(const char *name, const char *options);

/* 0; -ENOENT if not loaded; -EBUSY or -EWOULDBLOCK while it is used. */
int kvmfr_module_unload(const char *name);

#endif
