/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A user with access to a device who does everything that can go wrong, which may
 * not fill the kernel log.
 */
#ifndef KVMFR_TEST_NUISANCE_H
#define KVMFR_TEST_NUISANCE_H

#include <stddef.h>
#include <linux/types.h>

#define BAD_RANGES 23
/* Seconds for a test: an emulated machine with a checker may need them. */
#define NUISANCE_TIMEOUT 120

struct bad_range {
	__u64 offset;
	__u64 size;
};

/* Every pair that does not lie in a device of @size bytes in whole pages. */
void bad_ranges(size_t size, struct bad_range range[BAD_RANGES]);

/**
 * struct nuisance - what the user has open
 * @device: a device, which may be gone
 * @size: bytes that it has or had
 * @memory: a mapping of it, or MAP_FAILED
 * @dmabuf: a part of it
 * @importer: test importers, or -1; one may be attached to @dmabuf already
 */
struct nuisance {
	int device;
	size_t size;
	void *memory;
	int dmabuf;
	int importer[2];
};

/* Lines in the kernel log after many rounds by an unprivileged user, or -errno. */
int nuisance_lines(const struct nuisance *user);

#endif /* KVMFR_TEST_NUISANCE_H */
