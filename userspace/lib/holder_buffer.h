/* SPDX-License-Identifier: GPL-2.0 */
/* The dma-bufs that processes have, and which of them kvmfr.ko made. */
#ifndef KVMFR_HOLDER_BUFFER_H
#define KVMFR_HOLDER_BUFFER_H

#include <stdint.h>

#include "holder.h"

/**
 * struct kvmfr_buffer - a dma-buf that a process has
 * @inode: its number
 * @pid: the process
 * @ours: seen that kvmfr.ko made it, which a mapping does not tell
 */
struct kvmfr_buffer {
	uint64_t inode;
	pid_t pid;
	bool ours;
};

/* All that were seen; begins zeroed, and @list is to be freed. */
struct kvmfr_buffers {
	struct kvmfr_buffer *list;
	size_t count;
	size_t room;
};

/* 0 or -ENOMEM. */
int kvmfr_buffers_add(struct kvmfr_buffers *buffers, pid_t pid, uint64_t inode,
		      bool ours);

/*
 * Sets @exports of @holders, sorted by pid: each buffer of kvmfr.ko counts once
 * for each process, however often it has it.
 */
void kvmfr_buffers_tally(struct kvmfr_buffers *buffers,
			 struct kvmfr_holder *holders, size_t count);

#endif
