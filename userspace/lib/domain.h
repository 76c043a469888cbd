/* SPDX-License-Identifier: GPL-2.0 */
/* Virtual machines as libvirt writes them: what matters to kvmfr and vfio. */
#ifndef KVMFR_DOMAIN_H
#define KVMFR_DOMAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "root.h"

#define KVMFR_DOMAIN_SIZE_MAX (4 * 1024 * 1024)
/* Arguments -object and -device, and options of one; no machine has as many. */
#define KVMFR_DOMAIN_ARGS_MAX 256

/* One of "qom-type=memory-backend-file" or "share=on", whichever the syntax. */
struct kvmfr_domain_option {
	char *key;
	char *value;
};

/**
 * struct kvmfr_domain_arg - an argument of QEMU's -object or -device
 * @object: it is one of -object, else of -device
 * @type: "memory-backend-file", "ivshmem-plain"
 * @option: all of them but the type, in order
 * @prefix: of the XML element: "qemu:"
 * @line: of the element <qemu:arg>, which ends on that line as well; 0 if not
 */
struct kvmfr_domain_arg {
	bool object;
	char *type;
	struct kvmfr_domain_option *option;
	size_t count;
	char prefix[16];
	long line;
};

/* A PCI device of the host that the virtual machine gets. */
struct kvmfr_domain_hostdev {
	char address[16]; /* "0000:01:00.0" */
	bool managed; /* libvirt binds vfio-pci by itself */
	bool rom_off; /* <rom bar='off'/> */
};

/**
 * struct kvmfr_domain - what a file says
 * @path: of the file, relative to the root
 * @name: of the virtual machine, without control characters
 * @domain_line: of <domain>; here and below 0 if the tag is not on one line, or
 *	not alone of its kind
 * @devices_line: of <devices>
 * @namespace_missing: there are arguments for QEMU, but their prefix does not
 *	stand for libvirt's namespace, so that it ignores them
 * @namespace_prefix: then: it, "qemu"
 * @namespace_other: then: it stands for another one
 * @has_balloon: there is a memory balloon in the file; else libvirt adds one
 * @balloon: its model
 * @balloon_line: of that element
 * @cpu_mode: "host-passthrough", ...
 * @cpu_line: of <cpu>
 * @phys_bits: width of the guest's physical addresses, 0 if as the host's
 */
struct kvmfr_domain {
	char *path;
	char *name;
	long domain_line;
	long devices_line;
	bool namespace_missing;
	char namespace_prefix[16];
	bool namespace_other;
	struct kvmfr_domain_arg *arg;
	size_t arg_count;
	struct kvmfr_domain_hostdev *hostdev;
	size_t hostdev_count;
	bool has_balloon;
	char balloon[32];
	long balloon_line;
	char cpu_mode[24];
	long cpu_line;
	unsigned int phys_bits;
};

/*
 * Reads a file of at most 4 MiB. Document types and entities are refused, and
 * nothing else is loaded.
 *
 * Return: 0 and *@domain, to be freed; -EINVAL if that is not a <domain>, and
 * @error says why; or another errno.
 */
int kvmfr_domain_read(const struct kvmfr_root *root, const char *path,
		      struct kvmfr_domain **domain, char error[256]);
/* The same for text in memory; @path is only copied. */
int kvmfr_domain_parse(const char *text, size_t size, const char *path,
		       struct kvmfr_domain **domain, char error[256]);
void kvmfr_domain_free(struct kvmfr_domain *domain);

/* The value of the last option of that name, or NULL. */
const char *kvmfr_domain_option(const struct kvmfr_domain_arg *arg,
				const char *key);

/* 0 to 9 for an -object that is the file /dev/kvmfr<n>, else -1. */
int kvmfr_domain_kvmfr(const struct kvmfr_domain_arg *arg);

/* The ivshmem-plain -device that has @object as its memory, or NULL. */
const struct kvmfr_domain_arg *
kvmfr_domain_device(const struct kvmfr_domain *domain,
		    const struct kvmfr_domain_arg *object);

/* "64M", "67108864", "0x4000000": bytes as QEMU reads it, or -EINVAL. */
int64_t kvmfr_domain_size(const char *text);

/* "on", "true", ...: as QEMU reads it; false for NULL. */
bool kvmfr_domain_bool(const char *text);

#endif
