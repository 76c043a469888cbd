// SPDX-License-Identifier: GPL-2.0
/* The modules that are called, and what has to be true of them afterwards. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "dmabuf_test.h"
#include "kvmfr_test.h"

#define STATIC_MIB 16UL
#define GUARD_MIB 4UL
#define GUARD_MINOR 1
#define GUARD_BYTE 0xa5

static unsigned char *guard;

/* Nodes that everybody may use: attackers who have the right to. */
const char *victim_load(bool zeroing)
{
	char params[64];
	int fd;

	snprintf(params, sizeof(params),
		 "static_size_mb=%lu,%lu zero_on_last_close=%d", STATIC_MIB,
		 GUARD_MIB, zeroing);
	if (kvmfr_load(params) || module_load(KVMFR_IMPORTER_KO, NULL))
		return "the modules cannot be loaded";
	if (admin_init() != FUZZ_FUNCTIONS)
		return "there are not two ivshmem devices";
	/* An initramfs has what its maker had. */
	chmod("/", 0755);
	admin_open_nodes();
	fd = kvmfr_open(GUARD_MINOR, O_RDWR | O_CLOEXEC);
	guard = mmap(NULL, GUARD_MIB * MIB, PROT_READ | PROT_WRITE, MAP_SHARED,
		     fd, 0);
	if (guard == MAP_FAILED)
		return "the guard cannot be mapped";
	close(fd);
	memset(guard, GUARD_BYTE, GUARD_MIB * MIB);
	return NULL;
}

bool victim_guard_whole(void)
{
	size_t i;

	for (i = 0; i < GUARD_MIB * MIB; i++)
		if (guard[i] != GUARD_BYTE)
			return false;
	return true;
}

static bool in_use(void)
{
	unsigned int minor;

	for (minor = 0; minor < 4; minor++)
		if (minor != GUARD_MINOR &&
		    (kvmfr_attr(minor, "mappings") > 0 ||
		     kvmfr_attr(minor, "exports") > 0))
			return true;
	return false;
}

/* What is pinned by a ring or a socket goes a moment after its process. */
bool victim_is_free(void)
{
	int tries = 100;

	while (in_use() && tries--)
		usleep(100000);
	return !in_use();
}

bool victim_is_zero(void)
{
	unsigned char *memory;
	int fd, tries = 100;
	bool zero;

	while ((fd = kvmfr_open(0, O_RDONLY | O_NONBLOCK)) < 0 && tries--)
		usleep(100000);
	memory = mmap(NULL, STATIC_MIB * MIB, PROT_READ, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return false;
	close(fd);
	zero = bytes_zero(memory, STATIC_MIB * MIB);
	munmap(memory, STATIC_MIB * MIB);
	return zero;
}
