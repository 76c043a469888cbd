// SPDX-License-Identifier: GPL-2.0
/*
 * Threads that use a mapping while another one pulls its page tables away, for
 * half a second each. What counts is that no access ever sees a wrong word,
 * that no write is lost, and that everybody gets on.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>

#include "access.h"
#include "kselftest_harness.h"
#include "kvmfr_test.h"
#include "mapping.h"
#include "pattern.h"

#define RW (PROT_READ | PROT_WRITE)
#define BYTES MAPPING_BYTES
#define PAGES (BYTES / PAGE_BYTES)
#define USERS 3
#define RUN_US 500000

FIXTURE(mmap_stress) {
	struct mapping m;
};

FIXTURE_VARIANT(mmap_stress) {
	struct mapping_kind kind;
};

MAPPING_DEVICE_VARIANTS(mmap_stress);
MAPPING_DMABUF_VARIANTS(mmap_stress);

FIXTURE_SETUP(mmap_stress)
{
	ASSERT_EQ(0, mapping_create(&self->m, &variant->kind));
}

FIXTURE_TEARDOWN_PARENT(mmap_stress)
{
	EXPECT_EQ(0, kvmfr_unload());
	EXPECT_EQ(-1, access("/dev/kvmfr0", F_OK));
}

/**
 * struct worker - one thread
 * @step: what it does again and again; false if something was wrong
 * @m: what it works on
 * @stop: set when the time is over
 * @random: state of its random numbers
 * @rounds: steps done
 * @wrong: steps that failed
 */
struct worker {
	bool (*step)(struct worker *worker);
	const struct mapping *m;
	const bool *stop;
	uint64_t random;
	unsigned long rounds;
	unsigned long wrong;
	pthread_t thread;
};

/* xorshift64, so that a run can be repeated. */
static size_t next_random(struct worker *worker, size_t limit)
{
	uint64_t x = worker->random;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	worker->random = x;
	return (x >> 16) % limit;
}

/* A page, a 2 MiB window of addresses or everything. */
static void random_range(struct worker *worker, size_t *start, size_t *bytes)
{
	*start = 0;
	*bytes = BYTES;
	if (next_random(worker, 4) == 0)
		return;
	*start = next_random(worker, PAGES) * PAGE_BYTES;
	*bytes = PAGE_BYTES;
	if (next_random(worker, 4) == 0) {
		*start = next_random(worker, 2) * PMD_BYTES;
		*bytes = PMD_BYTES;
	}
}

static void *work(void *argument)
{
	struct worker *worker = argument;

	while (!__atomic_load_n(worker->stop, __ATOMIC_RELAXED)) {
		if (!worker->step(worker))
			worker->wrong++;
		__atomic_fetch_add(&worker->rounds, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* A word of a page is all it takes to fault it in. */
static bool step_read(struct worker *worker)
{
	const struct mapping *m = worker->m;
	size_t at = next_random(worker, BYTES / 8) * 8;

	return pattern_match(m->map + at, 8, m->origin + at, MAPPING_SEED) == 8;
}

/* The word that all writers count in. */
static uint64_t *counter(const unsigned char *map, size_t page)
{
	return (uint64_t *)(map + page * PAGE_BYTES);
}

static bool step_add(struct worker *worker)
{
	size_t page = next_random(worker, PAGES);

	__atomic_fetch_add(counter(worker->m->map, page), 1, __ATOMIC_SEQ_CST);
	return true;
}

static bool step_dontneed(struct worker *worker)
{
	size_t start, bytes;

	random_range(worker, &start, &bytes);
	return !madvise(worker->m->map + start, bytes, MADV_DONTNEED);
}

/* Never without PROT_READ: somebody is reading. */
static bool step_protect(struct worker *worker)
{
	size_t start, bytes;

	random_range(worker, &start, &bytes);
	return !mprotect(worker->m->map + start, bytes,
			 next_random(worker, 2) ? RW : PROT_READ);
}

/* Another mapping of the same memory comes, is used and goes. */
static bool step_map(struct worker *worker)
{
	const struct mapping *m = worker->m;
	size_t at = next_random(worker, PAGES) * PAGE_BYTES;
	unsigned char *map;
	bool right;

	map = mmap(NULL, BYTES, RW, MAP_SHARED, m->fd, m->offset);
	if (map == MAP_FAILED)
		return false;
	right = pattern_match(map + at, PAGE_BYTES, m->origin + at,
			      MAPPING_SEED) == PAGE_BYTES;
	if (next_random(worker, 2) && munmap(map + at, PAGE_BYTES))
		right = false;
	return !munmap(map, BYTES) && right;
}

static bool step_fork(struct worker *worker)
{
	int status = -1;
	pid_t child;

	child = fork();
	if (!child)
		_exit(!step_read(worker));
	waitpid(child, &status, 0);
	return !status;
}

/* On a busy machine half a second may be too short to get anywhere. */
static void wait_for_rounds(const struct worker *workers, size_t count)
{
	size_t i, tries = 0;

	for (i = 0; i < count && tries < 40; tries++) {
		usleep(RUN_US);
		while (i < count &&
		       __atomic_load_n(&workers[i].rounds, __ATOMIC_RELAXED))
			i++;
	}
}

/* The last worker disturbs the others. Returns how much those did. */
static unsigned long run(struct __test_metadata *_metadata,
			 const struct mapping *m,
			 bool (*use)(struct worker *worker),
			 bool (*disturb)(struct worker *worker))
{
	struct worker workers[USERS + 1] = { 0 };
	unsigned long rounds = 0;
	bool stop = false;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(workers); i++) {
		workers[i].step = i < USERS ? use : disturb;
		workers[i].m = m;
		workers[i].stop = &stop;
		workers[i].random = i + 1;
		ASSERT_EQ(0, pthread_create(&workers[i].thread, NULL, work,
					    &workers[i]));
	}
	wait_for_rounds(workers, ARRAY_SIZE(workers));
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < ARRAY_SIZE(workers); i++) {
		ASSERT_EQ(0, pthread_join(workers[i].thread, NULL));
		EXPECT_EQ(0, workers[i].wrong);
		EXPECT_LT(0, workers[i].rounds);
		if (i < USERS)
			rounds += workers[i].rounds;
	}
	return rounds;
}

TEST_F(mmap_stress, read_against_dontneed)
{
	run(_metadata, &self->m, step_read, step_dontneed);
	EXPECT_TRUE(mapping_intact(&self->m));
}

TEST_F(mmap_stress, read_against_mprotect)
{
	run(_metadata, &self->m, step_read, step_protect);
	EXPECT_TRUE(mapping_intact(&self->m));
}

TEST_F(mmap_stress, read_against_mmap)
{
	run(_metadata, &self->m, step_read, step_map);
	EXPECT_TRUE(mapping_intact(&self->m));
}

TEST_F(mmap_stress, dontneed_against_itself)
{
	run(_metadata, &self->m, step_dontneed, step_read);
	EXPECT_TRUE(mapping_intact(&self->m));
}

/* An addition that reached another page, or none, is missing in the sum. */
static void check_sum(struct __test_metadata *_metadata,
		      const struct mapping *m,
		      bool (*disturb)(struct worker *worker))
{
	uint64_t sum = 0;
	size_t page;

	for (page = 0; page < PAGES; page++)
		*counter(m->map, page) = 0;
	sum -= run(_metadata, m, step_add, disturb);
	for (page = 0; page < PAGES; page++)
		sum += *counter(m->whole + m->origin, page);
	EXPECT_EQ(0, (int64_t)sum);
}

TEST_F(mmap_stress, write_against_dontneed)
{
	check_sum(_metadata, &self->m, step_dontneed);
}

/* The pattern is not there any more, so the child's own check is left out. */
static bool step_fork_add(struct worker *worker)
{
	pid_t child = fork();

	if (!child) {
		__atomic_fetch_add(counter(worker->m->map, 0), 0,
				   __ATOMIC_SEQ_CST);
		_exit(0);
	}
	return waitpid(child, NULL, 0) == child;
}

TEST_F(mmap_stress, write_against_fork)
{
	check_sum(_metadata, &self->m, step_fork_add);
}

TEST_F(mmap_stress, read_against_fork)
{
	run(_metadata, &self->m, step_read, step_fork);
	EXPECT_TRUE(mapping_intact(&self->m));
}

TEST_HARNESS_MAIN
