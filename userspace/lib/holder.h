/* SPDX-License-Identifier: GPL-2.0 */
/* Which processes have a device open, mapped, or a dma-buf of it. */
#ifndef KVMFR_HOLDER_H
#define KVMFR_HOLDER_H

#include <stdbool.h>
#include <sys/types.h>

#include "root.h"

/**
 * struct kvmfr_holder - a process
 * @pid: its number
 * @uid: whose it is
 * @comm: its name, as in /proc/<pid>/comm; may hold any byte but NUL
 * @open: it has a file descriptor of the node
 * @mapped: it has the node's memory mapped
 * @exports: dma-bufs that kvmfr.ko made and it has open or mapped; /proc does
 *	not tell of which device they are, nor who made one that is mapped and
 *	that nobody has open: those are not counted
 */
struct kvmfr_holder {
	pid_t pid;
	uid_t uid;
	char comm[64];
	bool open;
	bool mapped;
	unsigned int exports;
};

/*
 * Processes that hold the file @path, relative to @root (a node, or a regular
 * file that is in its place), or a dma-buf of kvmfr.ko; sorted by pid, to be
 * freed. Processes of others cannot be seen without rights: *@blind is how many
 * hide something, which may be just that. Processes come and go meanwhile; those
 * that went are left out.
 *
 * Return: how many, or a negative errno.
 */
int kvmfr_holder_list(const struct kvmfr_root *root, const char *path,
		      struct kvmfr_holder **holders, unsigned int *blind);

/* The same for any of the character devices @numbers, wherever their nodes are. */
int kvmfr_holder_list_numbers(const struct kvmfr_root *root,
			      const dev_t *numbers, size_t count,
			      struct kvmfr_holder **holders,
			      unsigned int *blind);

#endif
