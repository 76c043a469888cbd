// SPDX-License-Identifier: GPL-2.0
/* Programs that came to new places; what is worth keeping goes to a disk. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "kselftest.h"

#define PROGRAMS 2048
/* Written at the end: those that add most. */
#define KEPT 200
#define DISK_BLOCK 4096

/**
 * struct corpus - of all workers
 * @nr: programs that were added; the last @PROGRAMS of them are here
 * @nr_given: of these, programs that were there from the start
 * @nr_replayed: of those, programs that were run as they are
 * @program: the programs
 */
struct corpus {
	unsigned int nr;
	unsigned int nr_given;
	unsigned int nr_replayed;
	struct fuzz_program program[PROGRAMS];
};

/**
 * struct gain - what a program is worth
 * @index: the program
 * @places: that none before it has reached
 */
struct gain {
	unsigned int index;
	unsigned int places;
};

static struct corpus *corpus;
static int disk = -1;

static void corpus_read(const char *path)
{
	unsigned int line = 0;
	struct fuzz_program program;
	FILE *file = fopen(path, "re");
	int ret = -errno;

	if (!file)
		ksft_exit_fail_msg("%s: %s\n", path, strerror(-ret));
	while (!(ret = program_parse(&program, file, &line)))
		corpus_add(&program);
	fclose(file);
	if (ret != -ENOENT)
		ksft_exit_fail_msg("%s:%u: not a call\n", path, line);
}

void corpus_init(const char *path, const char *disk_path)
{
	corpus = mmap(NULL, sizeof(*corpus), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (corpus == MAP_FAILED)
		ksft_exit_fail_msg("no memory\n");
	if (path)
		corpus_read(path);
	corpus->nr_given = corpus_size();
	if (!disk_path)
		return;
	disk = state_own(open(disk_path, O_RDWR | O_DIRECT | O_CLOEXEC));
	if (disk < 0)
		ksft_exit_fail_msg("%s: %s\n", disk_path, strerror(errno));
}

void corpus_add(const struct fuzz_program *program)
{
	unsigned int at = __atomic_fetch_add(&corpus->nr, 1, __ATOMIC_RELAXED);

	corpus->program[at % PROGRAMS] = *program;
}

unsigned int corpus_size(void)
{
	unsigned int size = __atomic_load_n(&corpus->nr, __ATOMIC_RELAXED);

	return size < PROGRAMS ? size : PROGRAMS;
}

bool corpus_replayed(void)
{
	return corpus->nr_replayed >= corpus->nr_given;
}

void corpus_next(struct fuzz_program *program, bool replay, uint64_t *seed)
{
	unsigned int size = corpus_size();
	struct fuzz_program other;

	if (replay && !corpus_replayed()) {
		*program = corpus->program[corpus->nr_replayed++];
		return;
	}
	if (!size || fuzz_random(seed) % 4 == 0) {
		program_random(program, seed);
		return;
	}
	*program = corpus->program[fuzz_random(seed) % size];
	other = corpus->program[fuzz_random(seed) % size];
	/* One that is being added is empty yet. */
	if (program->nr_calls && other.nr_calls)
		program_mutate(program, &other, seed);
	else
		program_random(program, seed);
}

void corpus_note(unsigned int number, const struct fuzz_program *program)
{
	static char block[DISK_BLOCK] __attribute__((aligned(DISK_BLOCK)));
	FILE *text;

	if (disk < 0)
		return;
	memset(block, 0, sizeof(block));
	text = fmemopen(block, sizeof(block), "w");
	program_print(program, text);
	fclose(text);
	if (pwrite(disk, block, sizeof(block), number * DISK_BLOCK) < 0)
		_exit(2);
}

static int more_first(const void *left, const void *right)
{
	const struct gain *a = left, *b = right;

	if (a->places != b->places)
		return a->places < b->places ? 1 : -1;
	return a->index < b->index ? -1 : 1;
}

/* Run again one after the other, with nobody else: what does each add? */
static unsigned int corpus_measure(struct gain *gains)
{
	static struct fuzz_score score;
	unsigned int i, nr = 0, before = 0;

	for (i = 0; i < corpus_size(); i++) {
		run_program(&corpus->program[i], &score);
		admin_restore();
		message_drain();
		if (score.places == before)
			continue;
		gains[nr++] = (struct gain){ i, score.places - before };
		before = score.places;
	}
	qsort(gains, nr, sizeof(*gains), more_first);
	return nr;
}

void corpus_write(void)
{
	static struct gain gains[PROGRAMS];
	unsigned int i, nr;
	FILE *file;

	if (disk < 0)
		return;
	state_init();
	signal_init();
	if (!run_init())
		return;
	nr = corpus_measure(gains);
	/* stdio does not write whole sectors. */
	fcntl(disk, F_SETFL, 0);
	file = fdopen(dup(disk), "w");
	fseek(file, FUZZ_WORKERS * DISK_BLOCK, SEEK_SET);
	for (i = 0; i < nr && i < KEPT; i++) {
		fprintf(file, "# %u places\n", gains[i].places);
		program_print(&corpus->program[gains[i].index], file);
		fputc('\n', file);
	}
	fputc('\0', file);
	if (fclose(file))
		ksft_exit_fail_msg("programs cannot be written: %s\n",
				   strerror(errno));
	ksft_print_msg("%u of %u programs reach all that they reach\n", nr,
		       corpus_size());
}
