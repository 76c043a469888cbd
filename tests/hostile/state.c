// SPDX-License-Identifier: GPL-2.0
/* The files and the address space that a program works with. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fuzz.h"

/* Files of programs are below, those of the fuzzer itself are not. */
#define FILES_END 400
/* A range that begins in the last window may be as long as one. */
#define WINDOWS_BYTES ((FUZZ_WINDOWS + 1) * FUZZ_WINDOW)

/*
 * Far below where the kernel puts what has no place of its own: nothing of ours,
 * a ring say, gets into a hole that a program made.
 */
#define WINDOWS_AT ((char *)0x100000000000)

static int files[FUZZ_FILES];
static char *windows;

int result(long result)
{
	return result < 0 ? -errno : 0;
}

static int windows_clear(void)
{
	void *memory = mmap(windows ? windows : WINDOWS_AT, WINDOWS_BYTES,
			    PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
				    (windows ? MAP_FIXED : 0),
			    -1, 0);

	if (memory == MAP_FAILED)
		return -errno;
	windows = memory;
	return 0;
}

int state_init(void)
{
	unsigned int i;

	for (i = 0; i < FUZZ_FILES; i++)
		files[i] = -1;
	return windows_clear();
}

int state_file(uint32_t slot)
{
	return __atomic_load_n(&files[slot % FUZZ_FILES], __ATOMIC_RELAXED);
}

int state_take(uint32_t slot)
{
	return __atomic_exchange_n(&files[slot % FUZZ_FILES], -1,
				   __ATOMIC_RELAXED);
}

int state_keep(uint32_t slot, int fd)
{
	int old;

	if (fd < 0)
		return -errno;
	if (fd >= FILES_END) {
		close(fd);
		return -EMFILE;
	}
	old = __atomic_exchange_n(&files[slot % FUZZ_FILES], fd,
				  __ATOMIC_RELAXED);
	if (old >= 0)
		close(old);
	return 0;
}

char *state_window(uint32_t slot)
{
	return windows + slot % FUZZ_WINDOWS * FUZZ_WINDOW;
}

char *state_place(uint32_t slot, uint32_t where)
{
	uint64_t bytes = state_bytes(where);

	return state_window(slot) + bytes % FUZZ_WINDOW / PAGE * PAGE;
}

uint64_t state_bytes(uint32_t number)
{
	uint64_t many = number >> 5;

	switch (number % 32) {
	case 0:
		return 0;
	case 1 ... 6:
		return PAGE;
	case 7 ... 10:
		return many % 64 * PAGE;
	case 11 ... 14:
		return many % (16 * MIB / PAGE) * PAGE;
	case 15 ... 17:
		return 2 * MIB;
	case 18 ... 20:
		return many % 8 * 2 * MIB;
	case 21 ... 22:
		return 16 * MIB;
	case 23:
		return 16 * MIB - PAGE;
	case 24:
		return 16 * MIB + PAGE;
	case 25:
		return MIB;
	case 26:
		return many;
	case 27:
		return many << 32;
	case 28:
		return -(uint64_t)PAGE * (many % 4 + 1);
	case 29:
		return 1ULL << (many % 64);
	case 30:
		return (1ULL << (many % 64)) - PAGE;
	default:
		return ~0ULL - many % 3;
	}
}

size_t state_length(uint32_t number)
{
	uint64_t bytes = state_bytes(number);

	return bytes > FUZZ_WINDOW ? FUZZ_WINDOW : bytes;
}

int state_own(int fd)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, FUZZ_OWN_FILE);

	close(fd);
	return own;
}

void state_reset(void)
{
	unsigned int i;

	for (i = 0; i < FUZZ_FILES; i++)
		files[i] = -1;
	syscall(SYS_close_range, 3, FILES_END - 1, 0);
	windows_clear();
}
