/* SPDX-License-Identifier: GPL-2.0 */
/* Files that are never seen half written. */
#ifndef KVMFR_FILE_H
#define KVMFR_FILE_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Replaces the file @path with @size bytes of @data. Whatever happens, death of
 * the process and of the machine included, it has either its old contents or
 * all of the new ones. A symbolic link is replaced, not followed. Missing
 * directories are -ENOENT, and what is neither a file nor a link is -EEXIST or
 * -EISDIR.
 *
 * Return: 0 or a negative errno, then nothing has changed.
 */
int kvmfr_file_replace(const char *path, const void *data, size_t size,
		       mode_t mode);

/*
 * The same for what is written again and again, and is out of date after the
 * death of the machine: that may lose both contents. Disks can stay asleep.
 */
int kvmfr_file_publish(const char *path, const void *data, size_t size,
		       mode_t mode);

#endif
