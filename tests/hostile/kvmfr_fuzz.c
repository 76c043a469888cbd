// SPDX-License-Identifier: GPL-2.0
/*
 * Workers, one of them root, run random programs for a time:
 *   kvmfr_fuzz SECONDS SEED ZEROING [CORPUS [DISK]]
 * SEED 0 means one that is made up; ZEROING is the module's zero_on_last_close.
 * CORPUS is a file of programs to begin with. Before each program runs it is
 * written to DISK, so that one that takes the machine with it is known; and those
 * that found something, at the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
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

#define NOBODY 65534
#define PROGRAMS_PER_WORKER 500
/* An emulated machine with checkers, and other work on its host. */
#define STUCK_SECONDS 100
#define TEXT_BYTES 4096

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
 * @worker: see there
 */
struct shared {
	struct fuzz_score score;
	int stop;
	struct worker worker[FUZZ_WORKERS];
};

static struct shared *shared;

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

	if (state_init() || signal_init())
		_exit(4);
	victim_guard_forget();
	process_publish(number);
	run_init();
	if (number)
		drop_rights();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0; i < PROGRAMS_PER_WORKER && !shared->stop; i++) {
		corpus_next(&worker->current, !number, &seed);
		corpus_note(number, &worker->current);
		if (run_program(&worker->current, &shared->score))
			corpus_add(&worker->current);
		if (!number) {
			admin_restore();
			message_drain();
		}
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
	if (child < 0)
		ksft_exit_fail_msg("no process for worker %u\n", number);
	return child;
}

static void text_comment(char *text)
{
	char *line, *rest;

	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		ksft_print_msg("%s\n", line);
}

static void program_comment(const struct fuzz_program *program)
{
	char text[TEXT_BYTES] = "";
	FILE *file = fmemopen(text, sizeof(text), "w");

	program_print(program, file);
	fclose(file);
	text_comment(text);
}

/* Where in the kernel each thread of a worker is. */
static void place_comment(pid_t pid)
{
	static const char *const names[] = { "wchan", "syscall", "stack" };
	glob_t found = {};
	char path[64], text[TEXT_BYTES];
	size_t i, j;

	snprintf(path, sizeof(path), "/proc/%d/task/*", pid);
	glob(path, 0, NULL, &found);
	for (i = 0; i < found.gl_pathc; i++)
		for (j = 0; j < sizeof(names) / sizeof(names[0]); j++) {
			snprintf(path, sizeof(path), "%s/%s", found.gl_pathv[i],
				 names[j]);
			if (text_read(path, text, sizeof(text)) > 0)
				text_comment(text);
		}
	globfree(&found);
}

/*
 * What the kernel could not tell the process, because that was made to fail; where
 * the kernel can do that.
 */
static bool may_be_killed(const struct fuzz_program *program)
{
	unsigned int i;

	for (i = 0; i < program->nr_calls; i++) {
		uint32_t op = program->call[i].op;

		if (!strcmp(fuzz_op(op)->name, "fail") &&
		    shared->score.worked[op])
			return true;
	}
	return false;
}

/* A worker ended: it has to have done so by itself. */
static bool worker_ended(unsigned int number, int status)
{
	struct worker *worker = &shared->worker[number];

	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return true;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV &&
	    may_be_killed(&worker->current))
		return true;
	ksft_print_msg("worker %u ended with status 0x%x: %s\n", number, status,
		       worker->violation);
	program_comment(&worker->current);
	return false;
}

/* True if each is further than at the last look. */
static bool workers_move(const pid_t *pid, unsigned long *seen)
{
	bool move = true;
	unsigned int i;

	for (i = 0; i < FUZZ_WORKERS; i++) {
		struct worker *worker = &shared->worker[i];

		if (worker->done == seen[i]) {
			ksft_print_msg("worker %u stands still:\n", i);
			program_comment(&worker->current);
			place_comment(pid[i]);
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
	unsigned long seen[FUZZ_WORKERS] = {};
	const char *trouble = NULL;
	unsigned int i;

	/* A slow machine may take longer for what it was given alone. */
	while (!trouble && (time(NULL) < end || !corpus_replayed())) {
		for (i = 0; i < FUZZ_WORKERS; i++) {
			int status;

			if (waitpid(pid[i], &status, WNOHANG) != pid[i])
				continue;
			if (!worker_ended(i, status))
				trouble = "a worker died";
			pid[i] = worker_start(i, seed);
		}
		if (time(NULL) >= look) {
			if (!workers_move(pid, seen))
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
	for (i = 0; i < FUZZ_WORKERS; i++) {
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
		place_comment(pid[i]);
		kill(pid[i], SIGKILL);
		all = false;
	}
	return all;
}

static uint64_t seed_choose(const char *text)
{
	uint64_t seed = strtoull(text, NULL, 0);
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return seed ? seed :
		      (uint64_t)now.tv_nsec << 20 | (now.tv_sec & 0xfffff);
}

/* Each has to have worked, unless it cannot on this kernel. */
static bool operations_worked(void)
{
	const struct fuzz_score *score = &shared->score;
	bool all = true;
	uint32_t i;

	for (i = 0; fuzz_op(i); i++) {
		bool worked = score->worked[i];
		bool absent = score->absent[i] &&
			      score->absent[i] == score->called[i];

		ksft_print_msg("%s: %u called, %u worked%s\n", fuzz_op(i)->name,
			       score->called[i], score->worked[i],
			       worked ? "" :
			       absent ? ", not on this kernel" :
					", BUT IT CAN");
		all &= worked || absent;
	}
	return all;
}

static void start(uint64_t seed, bool zeroing)
{
	const char *trouble;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || process_init() || message_init())
		ksft_exit_fail_msg("no memory or no socket\n");
	if (fuzz_op_count() > FUZZ_OPS)
		ksft_exit_fail_msg("more than %u operations\n", FUZZ_OPS);
	trouble = victim_load(zeroing);
	if (trouble)
		ksft_exit_fail_msg("%s\n", trouble);
	signal(SIGPIPE, SIG_IGN);
	/* Nothing of ours may lie in a hole of a window. */
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_MAX, 0);
	ksft_print_msg("seed 0x%llx, %u programs to begin with, %s\n",
		       (unsigned long long)seed, corpus_size(),
		       access("/sys/kernel/debug/kcov", F_OK) ?
			       "this kernel has no KCOV" :
			       "guided by KCOV");
}

static void run(uint64_t seed, time_t seconds)
{
	unsigned long done = 0;
	pid_t pid[FUZZ_WORKERS];
	const char *trouble;
	unsigned int i;

	for (i = 0; i < FUZZ_WORKERS; i++)
		pid[i] = worker_start(i, &seed);
	trouble = supervise(pid, &seed, seconds);
	ksft_test_result(workers_stop(pid), "every worker ends\n");
	for (i = 0; i < FUZZ_WORKERS; i++)
		done += shared->worker[i].done;
	ksft_print_msg("%lu programs; %u places reached\n", done,
		       shared->score.places);
	ksft_test_result(!trouble && done, "programs run: %s\n",
			 trouble ? trouble : "to the end");
}

int main(int argc, char **argv)
{
	static const char synopsis[] =
		"kvmfr_fuzz SECONDS SEED ZEROING [CORPUS [DISK]]";
	bool zeroing;
	uint64_t seed;

	ksft_print_header();
	ksft_set_plan(6);
	if (argc < 4)
		ksft_exit_fail_msg("%s\n", synopsis);
	seed = seed_choose(argv[2]);
	zeroing = atoi(argv[3]);
	corpus_init(argc > 4 ? argv[4] : NULL, argc > 5 ? argv[5] : NULL);
	start(seed, zeroing);
	run(seed, atol(argv[1]));
	ksft_test_result(operations_worked(), "every operation has worked\n");
	message_drain();
	ksft_test_result(victim_is_free(), "nothing is mapped or exported\n");
	ksft_test_result(!zeroing || victim_is_zero(), "%s\n",
			 zeroing ? "without users the memory is zero" :
				   "nobody asked for zeroes");
	ksft_test_result(victim_guard_whole(),
			 "the neighbour's memory is as it was\n");
	corpus_write();
	ksft_finished();
}
