/* SPDX-License-Identifier: GPL-2.0 */
/* The sizes of devices that the user names, or the module has. */
#ifndef KVMFRCTL_SIZES_H
#define KVMFRCTL_SIZES_H

#include <stdbool.h>
#include <stddef.h>

#define SIZES_MAX 10
#define SIZES_MOST_MIB 2047
#define SIZES_TEXT 64

/**
 * struct sizes - sizes in MiB
 * @text: as the module's parameter, "64,128"
 */
struct sizes {
	size_t count;
	unsigned int mib[SIZES_MAX];
	char text[SIZES_TEXT];
};

/*
 * Adds "64" or "64,128". Returns an exit status; whatever is not COMMAND_OK has
 * been explained.
 */
int sizes_add(struct sizes *sizes, const char *text);

/* Says so if QEMU cannot use one of them. */
void sizes_warn(const struct sizes *sizes);

/* The same from what the module or modprobe.d has, which need not be good. */
bool sizes_read(struct sizes *sizes, const char *text);

#endif
