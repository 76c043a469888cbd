// SPDX-License-Identifier: GPL-2.0
/* The modules that are called, and what has to be true of them afterwards. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access.h"
#include "fuzz.h"
#include "dmabuf_test.h"
#include "fault.h"
#include "kvmfr_test.h"

#define STATIC_MIB 16UL
#define GUARD_MIB 4UL
#define GUARD_MINOR 1
#define GUARD_WORDS (GUARD_MIB * MIB / sizeof(uint64_t))

static uint64_t *guard;
/* In every word of it, and unlike anything else in the machine. */
static uint64_t secret;

/* Nodes that everybody may use: attackers who have the right to. */
const char *victim_load(bool zeroing)
{
	char params[64];
	size_t i;
	int fd;

	snprintf(params, sizeof(params),
		 "static_size_mb=%lu,%lu zero_on_last_close=%d", STATIC_MIB,
		 GUARD_MIB, zeroing);
	if (kvmfr_load(params) || module_load(KVMFR_IMPORTER_KO, NULL))
		return "the modules cannot be loaded";
	if (admin_init() != FUZZ_FUNCTIONS)
		return "there are not two ivshmem devices";
	if (admin_slots_load())
		return "vfio_pci_pm cannot be loaded";
	/* The core warns about an exporter that has no memory for a vmap. */
	if (fault_prepare() &&
	    !(fault_spare("dma_buf_vmap") && fault_spare_copies()))
		return "nothing can be spared";
	/* An initramfs has what its maker had. */
	chmod("/", 0755);
	admin_open_nodes();
	fd = kvmfr_open(GUARD_MINOR, O_RDWR | O_CLOEXEC);
	guard = mmap(NULL, GUARD_MIB * MIB, PROT_READ | PROT_WRITE, MAP_SHARED,
		     fd, 0);
	if (guard == MAP_FAILED)
		return "the guard cannot be mapped";
	close(fd);
	if (getrandom(&secret, sizeof(secret), 0) != sizeof(secret))
		return "there is no secret";
	for (i = 0; i < GUARD_WORDS; i++)
		guard[i] = secret;
	return NULL;
}

void victim_guard_forget(void)
{
	munmap(guard, GUARD_MIB * MIB);
}

bool victim_guard_whole(void)
{
	size_t i;

	for (i = 0; i < GUARD_WORDS; i++)
		if (guard[i] != secret)
			return false;
	return true;
}

/* Who copies it from an odd place has it turned. */
static bool is_secret(uint64_t word)
{
	unsigned int bytes;

	for (bytes = 0; bytes < sizeof(word); bytes++) {
		if (word == secret)
			return true;
		word = word << 8 | word >> 56;
	}
	return false;
}

int victim_guard_look(const void *memory, size_t bytes)
{
	bool found;
	int number = memory_find(memory, bytes, is_secret, &found);

	if (found) {
		fuzz_violation = "the neighbour's memory can be read";
		return FUZZ_VIOLATION;
	}
	return number ? -EFAULT : 0;
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
