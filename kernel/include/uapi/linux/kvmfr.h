/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The kvmfr character device: memory shared between a virtual machine and its
 * host, and the ioctls that size it and export parts of it as dma-bufs.
 *
 * This ABI is the one of Looking Glass's module; it never changes.
 * See Documentation/userspace-api/kvmfr.rst.
 */
#ifndef _UAPI_LINUX_KVMFR_H
#define _UAPI_LINUX_KVMFR_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* The new dma-buf file descriptor is closed on execve(). */
#define KVMFR_DMABUF_FLAG_CLOEXEC 0x1

/**
 * struct kvmfr_dmabuf_create - argument of KVMFR_DMABUF_CREATE
 * @flags: KVMFR_DMABUF_FLAG_*; unknown bits are ignored
 * @offset: first byte of the buffer within the device, multiple of the page
 *          size
 * @size: length of the buffer in bytes, multiple of the page size, not zero
 *
 * The seven bytes between @flags and @offset are ignored: clients in the field
 * pass them uninitialised.
 */
struct kvmfr_dmabuf_create {
	__u8 flags;
	__u64 offset;
	__u64 size;
};

/* Size of the device in bytes, as the return value; the argument is ignored. */
#define KVMFR_DMABUF_GETSIZE _IO('u', 0x44)

/* Export a part of the device; returns a new dma-buf file descriptor. */
#define KVMFR_DMABUF_CREATE _IOW('u', 0x42, struct kvmfr_dmabuf_create)

#endif /* _UAPI_LINUX_KVMFR_H */
