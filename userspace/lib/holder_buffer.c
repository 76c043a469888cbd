// SPDX-License-Identifier: GPL-2.0
/* The dma-bufs that processes have, and which of them kvmfr.ko made. */
#include "holder_buffer.h"

#include <errno.h>
#include <stdlib.h>

int kvmfr_buffers_add(struct kvmfr_buffers *buffers, pid_t pid, uint64_t inode,
		      bool ours)
{
	if (buffers->count == buffers->room) {
		size_t room = buffers->room ? buffers->room * 2 : 64;
		struct kvmfr_buffer *grown =
			reallocarray(buffers->list, room, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		buffers->list = grown;
		buffers->room = room;
	}
	buffers->list[buffers->count++] = (struct kvmfr_buffer){
		.inode = inode,
		.pid = pid,
		.ours = ours,
	};
	return 0;
}

/* Those of one buffer together, the one of whom it is known that it is ours first. */
static int compare_inodes(const void *a, const void *b)
{
	const struct kvmfr_buffer *one = a, *other = b;

	if (one->inode != other->inode)
		return one->inode < other->inode ? -1 : 1;
	return other->ours - one->ours;
}

static int compare_owners(const void *a, const void *b)
{
	const struct kvmfr_buffer *one = a, *other = b;

	if (one->pid != other->pid)
		return one->pid < other->pid ? -1 : 1;
	return one->inode < other->inode ? -1 : one->inode > other->inode;
}

static int compare_holders(const void *a, const void *b)
{
	const struct kvmfr_holder *one = a, *other = b;

	return one->pid < other->pid ? -1 : one->pid > other->pid;
}

void kvmfr_buffers_tally(struct kvmfr_buffers *buffers,
			 struct kvmfr_holder *holders, size_t count)
{
	struct kvmfr_buffer *list = buffers->list;

	if (!buffers->count || !count)
		return;
	qsort(list, buffers->count, sizeof(*list), compare_inodes);
	for (size_t i = 1; i < buffers->count; i++)
		if (list[i].inode == list[i - 1].inode)
			list[i].ours = list[i - 1].ours;
	qsort(list, buffers->count, sizeof(*list), compare_owners);
	for (size_t i = 0; i < buffers->count; i++) {
		struct kvmfr_holder key = { .pid = list[i].pid };
		struct kvmfr_holder *holder;

		if (!list[i].ours ||
		    (i && !compare_owners(&list[i], &list[i - 1])))
			continue;
		holder = bsearch(&key, holders, count, sizeof(key),
				 compare_holders);
		if (holder)
			holder->exports++;
	}
}
