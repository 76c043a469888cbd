/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Helpers shared by the kvmfr selftests. None of them prints or exits; errors
 * are negative errno. They run as root inside the test VM.
 */
#ifndef KVMFR_TEST_H
#define KVMFR_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/kvmfr.h>

#define KVMFR_KO "/lib/kvmfr/kvmfr.ko"
#define KVMFR_IMPORTER_KO "/lib/kvmfr/kvmfr_test_importer.ko"
#define MIB (1024UL * 1024UL)

/* Modules: finit_module(2) and delete_module(2, O_NONBLOCK). 0 or -errno. */
int module_load(const char *path, const char *params);
int module_unload(const char *name);
int kvmfr_load(const char *params);
int kvmfr_unload(void);

/* Whether nothing of the module is left: module, major, class, nodes. */
bool kvmfr_gone(void);

/* Open /dev/kvmfr<minor>; the node of a fresh device is waited for (1 s). */
int kvmfr_open(unsigned int minor, int flags);
/* KVMFR_DMABUF_GETSIZE. Bytes or -errno. */
long kvmfr_size(int fd);
/* KVMFR_DMABUF_CREATE with the padding filled with 0xff. fd or -errno. */
int kvmfr_create(int fd, __u64 offset, __u64 size, __u8 flags);

/* One field of one mapping in /proc/self/smaps, kB; -ENOENT if not there. */
long smaps_kb(const void *addr, const char *field);
/* One field of /proc/meminfo, kB; -ENOENT if not there. */
long meminfo_kb(const char *field);

/* Free memory including what the per-cpu lists keep, kB; page cache, dentries
 * and inodes are dropped first.
 */
long memory_free_kb(void);
/* Kernel memory that holds objects and tables, in bytes. */
long kernel_memory(void);
/* Objects in use in all kmalloc caches, those that a memory cgroup is charged
 * for, or the others. The caches are shrunk first, so that a few hundred are wrong
 * at most.
 */
long kmalloc_objects(bool charged);
/* Whether a checker of the kernel makes objects larger than what is in them. */
bool kmalloc_padded(void);
/* Mappings of this process whose line in /proc/self/maps contains @text. */
int maps_count(const char *text);

/* A small text file, without its last newline. Length or -errno. */
long text_read(const char *path, char *text, size_t size);
long text_write(const char *path, const char *text);
/* A file with one decimal number; -errno if it cannot be read. */
long number_read(const char *path);
/* sysfs attribute of a kvmfr device: number_read(/sys/class/kvmfr/kvmfr<n>/<name>). */
long kvmfr_attr(unsigned int minor, const char *name);

/* The kernel log from here on: open, do things, then look for a text. */
int kmsg_open(void);
bool kmsg_contains(int kmsg, const char *text);
/* Records so far that contain @text; reads what is there, never waits. Both can
 * be asked again, for another text too.
 */
int kmsg_count(int kmsg, const char *text);

/* Run one command of QEMU's monitor (HMP on /dev/vport0p1). 0 or -errno. */
int monitor_command(const char *command, char *reply, size_t size);

/* Dirty @bytes of anonymous memory and give it back, so that pages without
 * __GFP_ZERO are seen. 0 or -errno.
 */
int memory_dirty(size_t bytes);

#endif /* KVMFR_TEST_H */
