// SPDX-License-Identifier: GPL-2.0
/* Programs: made at random, changed, written and read as text. */
#include <errno.h>
#include <string.h>

#include "fuzz.h"

static const struct fuzz_op *const groups[] = {
	fuzz_file_ops,	  fuzz_memory_ops,  fuzz_pin_ops,
	fuzz_process_ops, fuzz_message_ops, fuzz_signal_ops,
	fuzz_compat_ops,  fuzz_dmabuf_ops,  fuzz_admin_ops,
};

#define NR_GROUPS (sizeof(groups) / sizeof(groups[0]))

const char *fuzz_violation;
bool fuzz_alone;

/* Each group ends with an entry without a name. */
const struct fuzz_op *fuzz_op(uint32_t index)
{
	unsigned int i;

	for (i = 0; i < NR_GROUPS; i++) {
		const struct fuzz_op *op;

		for (op = groups[i]; op->name; op++)
			if (!index--)
				return op;
	}
	return NULL;
}

uint32_t fuzz_op_count(void)
{
	uint32_t count = 0;

	while (fuzz_op(count))
		count++;
	return count;
}

/* xorshift64*; the state is never zero. */
uint32_t fuzz_random(uint64_t *seed)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return *seed * 0x2545f4914f6cdd1dULL >> 32;
}

static uint32_t random_op(uint64_t *seed)
{
	uint32_t total = 0, index, number;

	for (index = 0; fuzz_op(index); index++)
		total += fuzz_op(index)->weight;
	number = fuzz_random(seed) % total;
	for (index = 0; number >= fuzz_op(index)->weight; index++)
		number -= fuzz_op(index)->weight;
	return index;
}

static void random_call(struct fuzz_call *call, uint64_t *seed)
{
	unsigned int i;

	call->op = random_op(seed);
	for (i = 0; i < FUZZ_ARGS; i++)
		call->arg[i] = fuzz_random(seed);
}

/* Random slots of files would be empty: the first calls fill some. */
void program_random(struct fuzz_program *program, uint64_t *seed)
{
	unsigned int i;

	program->nr_threads = 1 + fuzz_random(seed) % FUZZ_THREADS;
	program->nr_calls = 6 + fuzz_random(seed) % (FUZZ_CALLS - 5);
	for (i = 0; i < program->nr_calls; i++) {
		random_call(&program->call[i], seed);
		if (i < 5)
			program->call[i].op = i % 3 ? i % 3 : 0;
	}
}

static void call_insert(struct fuzz_program *program, unsigned int at,
			const struct fuzz_call *call)
{
	struct fuzz_call copy = *call;

	if (program->nr_calls == FUZZ_CALLS)
		return;
	memmove(&program->call[at + 1], &program->call[at],
		(program->nr_calls - at) * sizeof(copy));
	program->call[at] = copy;
	program->nr_calls++;
}

static void call_remove(struct fuzz_program *program, unsigned int at)
{
	if (program->nr_calls == 1)
		return;
	program->nr_calls--;
	memmove(&program->call[at], &program->call[at + 1],
		(program->nr_calls - at) * sizeof(program->call[0]));
}

static void splice(struct fuzz_program *program,
		   const struct fuzz_program *other, unsigned int at,
		   uint64_t *seed)
{
	unsigned int from = fuzz_random(seed) % other->nr_calls;

	while (from < other->nr_calls && program->nr_calls < FUZZ_CALLS)
		call_insert(program, at++, &other->call[from++]);
}

static void change_once(struct fuzz_program *program,
			const struct fuzz_program *other, uint64_t *seed)
{
	unsigned int at = fuzz_random(seed) % program->nr_calls;
	struct fuzz_call *call = &program->call[at], fresh;
	uint32_t *arg = &call->arg[fuzz_random(seed) % FUZZ_ARGS];

	random_call(&fresh, seed);
	switch (fuzz_random(seed) % 9) {
	case 0:
	case 1:
		call_insert(program, at, &fresh);
		break;
	case 2:
		call_remove(program, at);
		break;
	case 3:
		call_insert(program, at, call);
		break;
	case 4:
		splice(program, other, at, seed);
		break;
	case 5:
		program->nr_threads = 1 + fuzz_random(seed) % FUZZ_THREADS;
		break;
	case 6:
		*arg ^= 1U << fuzz_random(seed) % 32;
		break;
	default:
		*arg = fuzz_random(seed);
	}
}

void program_mutate(struct fuzz_program *program,
		    const struct fuzz_program *other, uint64_t *seed)
{
	unsigned int times = 1 + fuzz_random(seed) % 5;

	while (times--)
		change_once(program, other, seed);
}

void program_print(const struct fuzz_program *program, FILE *file)
{
	unsigned int i;

	fprintf(file, "threads %u\n", program->nr_threads);
	for (i = 0; i < program->nr_calls; i++) {
		const struct fuzz_call *call = &program->call[i];

		fprintf(file, "%s %x %x %x %x\n", fuzz_op(call->op)->name,
			call->arg[0], call->arg[1], call->arg[2], call->arg[3]);
	}
}

static int parse_call(const char *text, struct fuzz_call *call)
{
	char name[16];

	if (sscanf(text, "%15s %x %x %x %x", name, &call->arg[0], &call->arg[1],
		   &call->arg[2], &call->arg[3]) != 5)
		return -EINVAL;
	for (call->op = 0; fuzz_op(call->op); call->op++)
		if (!strcmp(fuzz_op(call->op)->name, name))
			return 0;
	return -EINVAL;
}

static int parse_line(const char *text, struct fuzz_program *program)
{
	if (sscanf(text, "threads %u", &program->nr_threads) == 1)
		return program->nr_threads &&
				       program->nr_threads <= FUZZ_THREADS ?
			       0 :
			       -EINVAL;
	if (program->nr_calls == FUZZ_CALLS)
		return -EINVAL;
	return parse_call(text, &program->call[program->nr_calls++]);
}

/* An empty line ends a program, a line with # is a comment. */
int program_parse(struct fuzz_program *program, FILE *file, unsigned int *line)
{
	char text[128];
	int ret;

	program->nr_calls = 0;
	program->nr_threads = 1;
	while (fgets(text, sizeof(text), file)) {
		++*line;
		if (*text == '\n' && program->nr_calls)
			return 0;
		if (*text == '\n' || *text == '#')
			continue;
		ret = parse_line(text, program);
		if (ret)
			return ret;
	}
	return program->nr_calls ? 0 : -ENOENT;
}
