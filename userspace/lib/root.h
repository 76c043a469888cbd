/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Small text files below a root directory: "/", or a tree that was put
 * together for a test or mounted from elsewhere. Nothing outside of it is ever
 * reached, whatever the links in it say.
 *
 * Paths are printf formats, relative to the root, without a leading slash.
 * Functions return 0 or what is said, or a negative errno; they print nothing.
 * Reading power management attributes, "driver" links and classes of PCI
 * devices wakes nothing; "config" and link speeds do and must not be read.
 */
#ifndef KVMFR_ROOT_H
#define KVMFR_ROOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* Long enough for a page of sysfs, which is the most an attribute can have. */
#define KVMFR_TEXT_MAX 4097

/**
 * struct kvmfr_root - where files are looked up
 * @fd: the directory, or -1 for "/"
 */
struct kvmfr_root {
	int fd;
};

/* Names in a directory, sorted by strverscmp(), without "." and "..". */
struct kvmfr_names {
	char **name;
	size_t count;
};

/* A NULL path, "" and "/" are the machine itself. */
int kvmfr_root_open(struct kvmfr_root *root, const char *path);
void kvmfr_root_close(struct kvmfr_root *root);

/* Returns a file descriptor; O_CLOEXEC is always set, and nothing is waited for. */
__attribute__((format(printf, 3, 4))) int
kvmfr_open(const struct kvmfr_root *root, int flags, const char *format, ...);

/* Like stat(), and like lstat() for the last part of the path. */
__attribute__((format(printf, 3, 4))) int
kvmfr_stat(const struct kvmfr_root *root, struct stat *st, const char *format,
	   ...);
__attribute__((format(printf, 3, 4))) int
kvmfr_lstat(const struct kvmfr_root *root, struct stat *st, const char *format,
	    ...);
__attribute__((format(printf, 2, 3))) bool
kvmfr_exists(const struct kvmfr_root *root, const char *format, ...);

/*
 * The whole of a file into @text, with a NUL and without the newline at its
 * end. Returns its length; -EFBIG if it does not fit, -EILSEQ if it has a NUL.
 */
__attribute__((format(printf, 4, 5))) int
kvmfr_read(const struct kvmfr_root *root, char *text, size_t size,
	   const char *format, ...);

/*
 * The whole of a file of any size up to @limit bytes, in memory to be freed;
 * otherwise as kvmfr_read().
 */
__attribute__((format(printf, 4, 5))) int
kvmfr_read_all(const struct kvmfr_root *root, char **text, size_t limit,
	       const char *format, ...);

/* One decimal number, or hexadecimal after 0x; -EINVAL if it is none. */
__attribute__((format(printf, 3, 4))) int
kvmfr_read_s64(const struct kvmfr_root *root, int64_t *value,
	       const char *format, ...);

/* Writes @text with one write(), as sysfs wants it. */
__attribute__((format(printf, 3, 4))) int
kvmfr_write(const struct kvmfr_root *root, const char *text, const char *format,
	    ...);

/* The last part of what a symbolic link points to: a driver's name, a group's. */
__attribute__((format(printf, 4, 5))) int
kvmfr_link(const struct kvmfr_root *root, char *name, size_t size,
	   const char *format, ...);

/* A directory that is not there is -ENOENT; @names is then empty. */
__attribute__((format(printf, 3, 4))) int
kvmfr_list(const struct kvmfr_root *root, struct kvmfr_names *names,
	   const char *format, ...);
void kvmfr_names_free(struct kvmfr_names *names);

/* Strict: the whole of @text is the number; -EINVAL or -ERANGE otherwise. */
int kvmfr_parse_s64(const char *text, int64_t *value);

#endif
