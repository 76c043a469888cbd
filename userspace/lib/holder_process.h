/* SPDX-License-Identifier: GPL-2.0 */
/* Between holder.c, which goes through all processes, and what one of them has. */
#ifndef KVMFR_HOLDER_PROCESS_H
#define KVMFR_HOLDER_PROCESS_H

#include "holder.h"
#include "holder_buffer.h"

#define KVMFR_MISSES 1024 /* a power of two */

/* What makes a file that file. */
struct kvmfr_identity {
	mode_t mode;
	dev_t device;
	dev_t number;
	ino_t inode;
};

/**
 * struct kvmfr_scan - one pass over all processes
 * @targets: files that are looked for
 * @holders: what was found; @room for that many
 * @buffers: all dma-bufs that were seen
 * @misses: files known not to be wanted. Nearly all that is mapped is the same
 *	libraries, and this saves looking at them for every process.
 * @blind: processes that hide something
 */
struct kvmfr_scan {
	const struct kvmfr_root *root;
	const struct kvmfr_identity *targets;
	size_t target_count;
	struct kvmfr_holder *holders;
	size_t count;
	size_t room;
	struct kvmfr_buffers buffers;
	struct {
		dev_t device;
		ino_t inode;
	} misses[KVMFR_MISSES];
	unsigned int blind;
};

/*
 * Sets @open and @mapped of @holder for the process of which /proc has the
 * directory @pid. 0, also if it has gone or hides something, or a negative errno.
 */
int kvmfr_scan_process(struct kvmfr_scan *scan, const char *pid,
		       struct kvmfr_holder *holder);

#endif
