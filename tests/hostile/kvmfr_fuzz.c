// SPDX-License-Identifier: GPL-2.0
/*
 * Workers, one of them root, run random programs for a time:
 *   kvmfr_fuzz SECONDS SEED [CORPUS [DISK]]
 * SEED 0 means one that is made up; an odd one loads the module with
 * zero_on_last_close=1. CORPUS is a file of programs to begin with.
 * Before each program runs it is written to DISK, so that one that takes the
 * machine with it is known; and those that found something, at the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"
#include "kselftest.h"
#include "kvmfr_test.h"

#define WORKERS 3
#define NOBODY 65534
#define CORPUS 2048
#define PROGRAMS_PER_WORKER 500
/* An emulated machine with checkers, and other work on its host. */
#define STUCK_SECONDS 100
#define DISK_BLOCK 4096
#define FIRST_OWN_FILE 500

/**
 * struct worker - what others know of one
 * @current: what it runs
 * @done: programs it has run
 * @violation: it saw what must never be
 */
struct worker {
	struct fuzz_program current;
	unsigned long done;
	char violation[80];
};

/**
 * struct shared - of all processes
 * @score: what was reached
 * @stop: time is up
 * @nr_replayed: programs of the file that were run as they are
 * @nr_corpus: programs in @corpus
 * @corpus: those that came to new places
 * @worker: see there
 */
struct shared {
	struct fuzz_score score;
	int stop;
	unsigned int nr_replayed;
	unsigned int nr_corpus;
	struct fuzz_program corpus[CORPUS];
	struct worker worker[WORKERS];
};

static struct shared *shared;
static bool traced;
static int disk = -1;

static void corpus_add(const struct fuzz_program *program)
{
	unsigned int at =
		__atomic_fetch_add(&shared->nr_corpus, 1, __ATOMIC_RELAXED);

	shared->corpus[at % CORPUS] = *program;
}

static unsigned int corpus_size(void)
{
	unsigned int size =
		__atomic_load_n(&shared->nr_corpus, __ATOMIC_RELAXED);

	return size < CORPUS ? size : CORPUS;
}

/* Where state_reset() does not close it. */
static void disk_open(const char *path)
{
	int fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);

	disk = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_OWN_FILE);
	if (disk < 0)
		ksft_exit_fail_msg("%s: %s\n", path, strerror(errno));
	close(fd);
}

/* The block of a worker, as text. */
static void disk_note(unsigned int number, const struct fuzz_program *program)
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

/* Those of the file first, by root; then mostly one of all, changed. */
static void program_next(struct fuzz_program *program, unsigned int number,
			 uint64_t *seed)
{
	unsigned int size = corpus_size();
	struct fuzz_program other;

	if (!number && shared->nr_replayed < size) {
		*program = shared->corpus[shared->nr_replayed++];
		return;
	}
	if (!size || fuzz_random(seed) % 4 == 0) {
		program_random(program, seed);
		return;
	}
	*program = shared->corpus[fuzz_random(seed) % size];
	other = shared->corpus[fuzz_random(seed) % size];
	/* One that is being added is empty yet. */
	if (program->nr_calls && other.nr_calls)
		program_mutate(program, &other, seed);
	else
		program_random(program, seed);
}

static void drop_rights(void)
{
	if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY))
		_exit(3);
	/* Files in /proc would be root's, fail-nth among them. */
	prctl(PR_SET_DUMPABLE, 1);
}

static void work(unsigned int number, uint64_t seed)
{
	struct worker *worker = &shared->worker[number];
	unsigned int i;

	if (state_init())
		_exit(4);
	run_init();
	if (number)
		drop_rights();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0; i < PROGRAMS_PER_WORKER && !shared->stop; i++) {
		program_next(&worker->current, number, &seed);
		disk_note(number, &worker->current);
		if (run_program(&worker->current, &shared->score))
			corpus_add(&worker->current);
		if (!number)
			admin_restore();
		if (fuzz_violation) {
			snprintf(worker->violation, sizeof(worker->violation),
				 "%s", fuzz_violation);
			_exit(5);
		}
		worker->done++;
	}
	_exit(0);
}

static pid_t worker_start(unsigned int number, uint64_t *seed)
{
	uint64_t own = ((uint64_t)fuzz_random(seed) << 32 | fuzz_random(seed)) |
		       1;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (!child)
		work(number, own);
	return child;
}

static void program_comment(const struct fuzz_program *program)
{
	char text[DISK_BLOCK] = "", *line, *rest;
	FILE *file = fmemopen(text, sizeof(text), "w");

	program_print(program, file);
	fclose(file);
	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		ksft_print_msg("%s\n", line);
}

/* A worker ended: it has to have done so by itself. */
static bool worker_ended(unsigned int number, int status)
{
	struct worker *worker = &shared->worker[number];

	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return true;
	ksft_print_msg("worker %u ended with status 0x%x: %s\n", number, status,
		       worker->violation);
	program_comment(&worker->current);
	return false;
}

/* True if each is further than at the last look. */
static bool workers_move(unsigned long *seen)
{
	bool move = true;
	unsigned int i;

	for (i = 0; i < WORKERS; i++) {
		struct worker *worker = &shared->worker[i];

		if (worker->done == seen[i]) {
			ksft_print_msg("worker %u stands still:\n", i);
			program_comment(&worker->current);
			move = false;
		}
		seen[i] = worker->done;
	}
	return move;
}

/* Workers start again and again until the time is up. 0 or the first trouble. */
static const char *supervise(pid_t *pid, uint64_t *seed, time_t seconds)
{
	time_t end = time(NULL) + seconds, look = time(NULL) + STUCK_SECONDS;
	unsigned long seen[WORKERS] = {};
	const char *trouble = NULL;
	unsigned int i;

	while (!trouble && time(NULL) < end) {
		for (i = 0; i < WORKERS; i++) {
			int status;

			if (waitpid(pid[i], &status, WNOHANG) != pid[i])
				continue;
			if (!worker_ended(i, status))
				trouble = "a worker died";
			pid[i] = worker_start(i, seed);
		}
		if (time(NULL) >= look) {
			if (!workers_move(seen))
				trouble = "a worker stands still";
			look = time(NULL) + STUCK_SECONDS;
		}
		usleep(100000);
	}
	return trouble;
}

static bool workers_stop(const pid_t *pid)
{
	time_t end = time(NULL) + STUCK_SECONDS;
	unsigned int i;
	bool all = true;

	shared->stop = 1;
	for (i = 0; i < WORKERS; i++) {
		int status;
		pid_t ended;

		while (!(ended = waitpid(pid[i], &status, WNOHANG)) &&
		       time(NULL) < end)
			usleep(100000);
		if (ended == pid[i]) {
			all &= worker_ended(i, status);
			continue;
		}
		ksft_print_msg("worker %u does not end:\n", i);
		program_comment(&shared->worker[i].current);
		kill(pid[i], SIGKILL);
		all = false;
	}
	return all;
}

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

/* Those of them that reach something, without those that reach no more. */
static void corpus_write(void)
{
	static struct fuzz_score score;
	unsigned int i, kept = 0, size = corpus_size();
	FILE *file;

	if (disk < 0 || !traced)
		return;
	/* stdio does not write whole sectors. */
	fcntl(disk, F_SETFL, 0);
	file = fdopen(dup(disk), "w");
	fseek(file, WORKERS * DISK_BLOCK, SEEK_SET);
	state_init();
	run_init();
	for (i = 0; i < size; i++) {
		bool more = run_program(&shared->corpus[i], &score);

		admin_restore();
		if (!more)
			continue;
		program_print(&shared->corpus[i], file);
		fputc('\n', file);
		kept++;
	}
	fputc('\0', file);
	if (fclose(file))
		ksft_exit_fail_msg("programs cannot be written: %s\n",
				   strerror(errno));
	ksft_print_msg("%u of %u programs reach all that they reach\n", kept,
		       size);
}

static uint64_t seed_choose(const char *text)
{
	uint64_t seed = strtoull(text, NULL, 0);
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return seed ? seed :
		      (uint64_t)now.tv_nsec << 20 | (now.tv_sec & 0xfffff);
}

/* Operations that never work here say so; the ABI's own have to. */
static bool operations_report(void)
{
	const char *const needed =
		" open create map close getsize access import ";
	bool good = true;
	uint32_t i;

	for (i = 0; fuzz_op(i); i++) {
		char name[20];

		ksft_print_msg("%s: %u called, %u worked\n", fuzz_op(i)->name,
			       shared->score.called[i],
			       shared->score.worked[i]);
		snprintf(name, sizeof(name), " %s ", fuzz_op(i)->name);
		good &= shared->score.worked[i] || !strstr(needed, name);
	}
	return good;
}

int main(int argc, char **argv)
{
	unsigned long done = 0;
	pid_t pid[WORKERS];
	const char *trouble;
	bool zeroing;
	unsigned int i;
	uint64_t seed;

	ksft_print_header();
	ksft_set_plan(6);
	if (argc < 3)
		ksft_exit_fail_msg("kvmfr_fuzz SECONDS SEED [CORPUS [DISK]]\n");
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		ksft_exit_fail_msg("no memory\n");
	seed = seed_choose(argv[2]);
	if (argc > 3)
		corpus_read(argv[3]);
	if (argc > 4)
		disk_open(argv[4]);
	zeroing = seed % 2;
	trouble = victim_load(zeroing);
	if (trouble)
		ksft_exit_fail_msg("%s\n", trouble);
	signal(SIGPIPE, SIG_IGN);
	/* Nothing of ours may lie in a hole of a window. */
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_MAX, 0);
	traced = !access("/sys/kernel/debug/kcov", F_OK);
	ksft_print_msg("seed 0x%llx, %u programs to begin with, %s\n",
		       (unsigned long long)seed, corpus_size(),
		       traced ? "guided by KCOV" : "this kernel has no KCOV");
	for (i = 0; i < WORKERS; i++)
		pid[i] = worker_start(i, &seed);
	trouble = supervise(pid, &seed, atol(argv[1]));
	ksft_test_result(workers_stop(pid), "every worker ends\n");
	for (i = 0; i < WORKERS; i++)
		done += shared->worker[i].done;
	ksft_print_msg("%lu programs; %u places reached\n", done,
		       shared->score.places);
	ksft_test_result(!trouble && done, "programs run: %s\n",
			 trouble ? trouble : "to the end");
	ksft_test_result(operations_report(), "the ABI was used\n");
	ksft_test_result(victim_is_free(), "nothing is mapped or exported\n");
	ksft_test_result(!zeroing || victim_is_zero(), "%s\n",
			 zeroing ? "without users the memory is zero" :
				   "nobody asked for zeroes");
	ksft_test_result(victim_guard_whole(),
			 "the neighbour's memory is as it was\n");
	corpus_write();
	ksft_finished();
}
