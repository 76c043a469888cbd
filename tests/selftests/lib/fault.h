/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Allocations that fail on demand (CONFIG_FAULT_INJECTION, fail-nth): each of those
 * that an action makes, one after the other.
 */
#ifndef KVMFR_TEST_FAULT_H
#define KVMFR_TEST_FAULT_H

#include <stdbool.h>

/* False if this kernel cannot. */
bool fault_prepare(void);
/* None fail on the way through this function of the kernel; NULL: all may. */
bool fault_spare(const char *function);
/*
 * No copy from or to user space fails. Those of a signal would: who cannot return
 * from a handler goes on behind its last instruction, with whatever stands there.
 */
bool fault_spare_copies(void);

/**
 * struct fault_case - something that allocates
 * @action: does it; 0 or -errno. It leaves nothing that it would find when it is
 *          called again, whatever it returns
 * @check: whether everything is as it was before @action; 0 or -errno
 * @data: for both
 * @within: the kernel's function in which allocations fail, or NULL for all
 * @spared: the kernel's function in which they do not, or NULL
 */
struct fault_case {
	int (*action)(void *data);
	int (*check)(void *data);
	void *data;
	const char *within;
	const char *spared;
};

/**
 * struct fault_result - what came of it
 * @tried: allocations that failed
 * @refused: times that the action failed then
 * @error: what went wrong: of @check; of an action that no failure was left for;
 *         -E2BIG if there was no end
 */
struct fault_result {
	unsigned int tried;
	unsigned int refused;
	int error;
};

/* The first allocation fails, then the second, until there are no more. */
struct fault_result fault_each(const struct fault_case *what);

/*
 * The same for what another task does for the action, with slab: the last allocation
 * within that function of the kernel fails, then the one before, to the first.
 */
struct fault_result fault_each_within(const struct fault_case *what);

/* The next allocation of slab in this function of the kernel fails, whosever. */
bool fault_once(const char *function);
/* Whether it has; none fails from here on. */
bool fault_once_happened(void);

#endif /* KVMFR_TEST_FAULT_H */
