// SPDX-License-Identifier: GPL-2.0
/* Running a program, by several threads, and seeing where in the kernel it was. */
#include <errno.h>
#include <fcntl.h>
#include <linux/kcov.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

#define KCOV "/sys/kernel/debug/kcov"
#define KCOV_PLACES 32768
#define STACK_BYTES (256 * 1024)

/**
 * struct runner - one thread of a program
 * @program: the program
 * @index: which calls
 * @kcov: file, or -1
 * @trace: number of places and the places
 * @attributes: a stack of its own, which lies in no hole of a window
 * @score: for counts
 */
struct runner {
	const struct fuzz_program *program;
	unsigned int index;
	int kcov;
	uint64_t *trace;
	pthread_attr_t attributes;
	struct fuzz_score *score;
};

static struct runner runners[FUZZ_THREADS];

static bool trace_open(struct runner *runner)
{
	int fd = open(KCOV, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return false;
	runner->kcov = state_own(fd);
	if (runner->kcov < 0 ||
	    ioctl(runner->kcov, KCOV_INIT_TRACE, KCOV_PLACES))
		return false;
	runner->trace = mmap(NULL, KCOV_PLACES * sizeof(uint64_t),
			     PROT_READ | PROT_WRITE, MAP_SHARED, runner->kcov,
			     0);
	return runner->trace != MAP_FAILED;
}

bool run_init(void)
{
	static char stacks[FUZZ_THREADS][STACK_BYTES]
		__attribute__((aligned(PAGE)));
	bool traced = true;
	unsigned int i;

	for (i = 0; i < FUZZ_THREADS; i++) {
		runners[i].kcov = -1;
		pthread_attr_init(&runners[i].attributes);
		pthread_attr_setstack(&runners[i].attributes, stacks[i],
				      STACK_BYTES);
		traced = traced && trace_open(&runners[i]);
	}
	return traced;
}

static void count(unsigned int *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static void run_call(const struct fuzz_call *call, struct fuzz_score *score)
{
	int ret;

	count(&score->called[call->op]);
	ret = fuzz_op(call->op)->run(call->arg);
	if (!ret)
		count(&score->worked[call->op]);
	else if (ret == -ENOSYS)
		count(&score->absent[call->op]);
}

static void *run_thread(void *data)
{
	struct runner *runner = data;
	bool traced = runner->kcov >= 0 &&
		      !ioctl(runner->kcov, KCOV_ENABLE, KCOV_TRACE_PC);
	unsigned int i;

	if (traced)
		__atomic_store_n(&runner->trace[0], 0, __ATOMIC_RELAXED);
	for (i = runner->index; i < runner->program->nr_calls;
	     i += runner->program->nr_threads)
		run_call(&runner->program->call[i], runner->score);
	if (traced)
		ioctl(runner->kcov, KCOV_DISABLE, 0);
	return NULL;
}

/* Steps from place to place, as a hash; KCOV_PLACES of them at most are seen. */
static bool cover(const struct runner *runner, struct fuzz_score *score)
{
	uint64_t i, last = 0;
	bool found = false;

	for (i = 1; runner->kcov >= 0 && i <= runner->trace[0]; i++) {
		uint64_t step = runner->trace[i] ^ last << 1;
		unsigned char *seen;

		last = runner->trace[i];
		seen = &score->cover[step * 0x9e3779b97f4a7c15ULL >>
				     (64 - FUZZ_COVER_BITS)];
		if (__atomic_exchange_n(seen, 1, __ATOMIC_RELAXED))
			continue;
		count(&score->places);
		found = true;
	}
	return found;
}

bool run_program(const struct fuzz_program *program, struct fuzz_score *score)
{
	pthread_t threads[FUZZ_THREADS];
	bool found = false;
	unsigned int i, started;

	fuzz_alone = program->nr_threads == 1;
	for (started = 0; started < program->nr_threads; started++) {
		struct runner *runner = &runners[started];

		runner->program = program;
		runner->index = started;
		runner->score = score;
		if (pthread_create(&threads[started], &runner->attributes,
				   run_thread, runner))
			break;
	}
	for (i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	state_reset();
	for (i = 0; i < started; i++)
		found |= cover(&runners[i], score);
	return found;
}
