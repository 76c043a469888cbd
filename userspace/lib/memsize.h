/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How much shared memory Looking Glass needs for a picture.
 * Source: doc/install_libvirt.rst of Looking Glass, B7 and after B7.
 */
#ifndef KVMFR_MEMSIZE_H
#define KVMFR_MEMSIZE_H

#include <stdbool.h>
#include <stdint.h>

/* The program in the virtual machine that sends the picture. */
enum kvmfr_host {
	KVMFR_HOST_B7, /* looking-glass-host up to B7 */
	KVMFR_HOST_IDD, /* the display driver that came after B7 */
	KVMFR_HOST_BOTH, /* either: the larger of both */
};

struct kvmfr_mode {
	unsigned int width; /* pixels, 1 to 32768 */
	unsigned int height;
};

#define KVMFR_MODE_MAX 32768

/* What is really used, in bytes; 0 for a mode out of range. */
uint64_t kvmfr_memsize_used(struct kvmfr_mode mode, bool hdr,
			    enum kvmfr_host host);

/* That, rounded up to a power of two of MiB, at least 1. */
uint64_t kvmfr_memsize_mib(struct kvmfr_mode mode, bool hdr,
			   enum kvmfr_host host);

/* "3840x2160": 0, -EINVAL, or -ERANGE. */
int kvmfr_mode_parse(const char *text, struct kvmfr_mode *mode);

#endif
