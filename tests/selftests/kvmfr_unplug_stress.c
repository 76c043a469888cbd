// SPDX-License-Identifier: GPL-2.0
/*
 * Several processes use an ivshmem device in every way, all the time, while it
 * comes and goes. Nothing may fail in an unexpected way, and the neighbour's
 * device may not notice.
 */
#include <sched.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "unplug.h"

#define WORKERS 4
#define SECONDS 3
/* More of them, at most, until a mapping was revoked. */
#define MORE_SECONDS 60
#define LOOP_TIMEOUT 120

/**
 * struct score - what the processes of a test tell each other
 * @stop: workers: end
 * @removals: counts up when a removal begins and when it has ended: odd meanwhile
 * @opened: opens that succeeded
 * @touched: mappings whose pages were all written
 * @revoked: mappings that ended in SIGBUS
 * @exported: dma-bufs mapped
 */
struct score {
	int stop;
	unsigned long removals;
	unsigned long opened;
	unsigned long touched;
	unsigned long revoked;
	unsigned long exported;
};

static struct score *score;

/* Of this process: score->removals just before it opened the device. */
static unsigned long removals_at_open;

/* What the suite says on the kernel's command line comes as environment. */
static long long loop_ms(void)
{
	const char *seconds = getenv("loop_seconds");

	return 1000LL * (seconds ? atoi(seconds) : SECONDS);
}

static void count(unsigned long *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static bool stopped(void)
{
	return __atomic_load_n(&score->stop, __ATOMIC_RELAXED);
}

static bool gone(int error)
{
	return error == ENODEV || error == ENXIO || error == ENOENT;
}

static unsigned long removals(void)
{
	return __atomic_load_n(&score->removals, __ATOMIC_SEQ_CST);
}

/* Whether a removal can be why what has been opened is gone. */
static bool removed_since_open(void)
{
	return removals_at_open % 2 || removals() != removals_at_open;
}

/* The workers know of each removal. 0 or -errno. */
static int remove_device(const struct unplug_way *way,
			 const struct ivshmem *function)
{
	int ret;

	__atomic_fetch_add(&score->removals, 1, __ATOMIC_SEQ_CST);
	ret = way->out(function);
	__atomic_fetch_add(&score->removals, 1, __ATOMIC_SEQ_CST);
	return ret;
}

/* The step that failed becomes the worker's exit code. */
enum step {
	STEP_OPEN = 1,
	STEP_SIZE,
	STEP_MMAP,
	STEP_ACCESS,
	STEP_CREATE,
	STEP_BUFFER_MMAP,
	STEP_FORK,
};

/* A call on what has been opened may only fail for one reason. */
static int step_failed(int error, enum step step)
{
	return gone(error) && removed_since_open() ? 0 : step;
}

static int use_memory(unsigned char *memory, size_t size)
{
	int number = memory_touch(memory, size);

	if (!number)
		count(&score->touched);
	else if (number == SIGBUS && removed_since_open())
		count(&score->revoked);
	else
		return STEP_ACCESS;
	return 0;
}

static int use_mapping(int fd, size_t size)
{
	void *memory = map(fd, size, MAP_SHARED);
	int step;

	if (memory == MAP_FAILED)
		return step_failed(errno, STEP_MMAP);
	step = use_memory(memory, size);
	munmap(memory, size);
	return step;
}

static int use_buffer(int fd, size_t size)
{
	int dmabuf = kvmfr_create(fd, size / 2, size / 2, 0);
	void *memory;
	int step = 0;

	if (dmabuf < 0)
		return step_failed(-dmabuf, STEP_CREATE);
	memory = map(dmabuf, size / 2, MAP_SHARED);
	if (memory != MAP_FAILED) {
		count(&score->exported);
		close(dmabuf);
		step = use_memory(memory, size / 2);
		munmap(memory, size / 2);
	} else {
		step = step_failed(errno, STEP_BUFFER_MMAP);
		close(dmabuf);
	}
	return step;
}

/* A child that exits with the mapping it inherited. */
static int use_fork(int fd, size_t size)
{
	unsigned char *memory = map(fd, size, MAP_SHARED);
	int status, step;
	pid_t child;

	if (memory == MAP_FAILED)
		return step_failed(errno, STEP_MMAP);
	step = use_memory(memory, size);
	child = fork();
	if (!child)
		_exit(use_memory(memory, size));
	if (waitpid(child, &status, 0) != child || status)
		step = STEP_FORK;
	munmap(memory, size);
	return step;
}

static int use_device(int fd, size_t size, unsigned int choice)
{
	long seen = kvmfr_size(fd);

	if (seen < 0)
		return step_failed(-seen, STEP_SIZE);
	if (seen != (long)size)
		return STEP_SIZE;
	switch (choice % 4) {
	case 0:
		return use_mapping(fd, size);
	case 1:
		return use_buffer(fd, size);
	case 2:
		return use_fork(fd, 16 * PAGE);
	default:
		return 0;
	}
}

/* Keep an old file open for some rounds, so that dead ones are used too. */
static int work(int minor, size_t size, unsigned int seed)
{
	int fd = -1, step = 0;
	char path[32];

	snprintf(path, sizeof(path), "/dev/kvmfr%d", minor);
	while (!stopped() && !step) {
		unsigned int choice = rand_r(&seed) >> 8;

		if (fd < 0) {
			removals_at_open = removals();
			fd = open(path, O_RDWR | O_CLOEXEC);
			if (fd < 0) {
				if (!gone(errno))
					return STEP_OPEN;
				sched_yield();
				continue;
			}
			count(&score->opened);
		}
		step = use_device(fd, size, choice);
		if (choice % 8 < 5) {
			close(fd);
			fd = -1;
		}
	}
	return step;
}

/* The case that this is for is met in each run, only not soon on a slow machine. */
static bool another_round(int rounds, long long end)
{
	if (rounds < 2 || clock_ms() < end)
		return true;
	return !__atomic_load_n(&score->revoked, __ATOMIC_RELAXED) &&
	       clock_ms() < end + 1000LL * MORE_SECONDS;
}

static void score_new(struct __test_metadata *_metadata)
{
	score = mmap(NULL, sizeof(*score), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, score);
}

static void workers_start(struct __test_metadata *_metadata, pid_t *worker,
			  int minor, size_t size)
{
	int i;

	score_new(_metadata);
	for (i = 0; i < WORKERS; i++) {
		worker[i] = fork();
		ASSERT_LE(0, worker[i]);
		if (!worker[i]) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			_exit(work(minor, size, i + 1));
		}
	}
}

static void workers_stop(struct __test_metadata *_metadata, pid_t *worker)
{
	int i, status;

	__atomic_store_n(&score->stop, 1, __ATOMIC_RELAXED);
	for (i = 0; i < WORKERS; i++) {
		ASSERT_EQ(worker[i], waitpid(worker[i], &status, 0));
		EXPECT_EQ(0, status)
		{
			TH_LOG("worker %d failed at step %d, signal %d", i,
			       WEXITSTATUS(status), WTERMSIG(status));
		}
	}
	TH_LOG("%lu opened, %lu touched, %lu revoked, %lu buffers",
	       score->opened, score->touched, score->revoked, score->exported);
	EXPECT_LT(0, score->opened);
	EXPECT_LT(0, score->touched);
	EXPECT_LT(0, score->exported);
}

/* The function without work is the neighbour, watched all the time. */
TEST_F_TIMEOUT(unplug, everything_at_once, LOOP_TIMEOUT)
{
	long long end = clock_ms() + loop_ms();
	struct ivshmem neighbour;
	unsigned char *watched;
	pid_t worker[WORKERS];
	int minor, fd, rounds;

	ASSERT_EQ(0, ivshmem_find(variant->size == WITH_PAGES ? WITHOUT_PAGES :
								WITH_PAGES,
				  &neighbour));
	minor = ivshmem_minor(&neighbour);
	fd = kvmfr_open(minor, O_RDWR);
	ASSERT_LE(0, fd);
	watched = map(fd, neighbour.size, MAP_SHARED);
	ASSERT_NE(MAP_FAILED, watched);

	workers_start(_metadata, worker, self->minor, variant->size);
	for (rounds = 0; another_round(rounds, end); rounds++) {
		sleep_ms(rounds * 7 % 60);
		ASSERT_EQ(0, remove_device(variant->way, &self->function));
		EXPECT_EQ(0, memory_store(watched, rounds));
		EXPECT_EQ((long)neighbour.size, kvmfr_size(fd));
		sleep_ms(rounds * 5 % 20);
		ASSERT_EQ(0, variant->way->in(&self->function));
		ASSERT_EQ(self->minor, ivshmem_wait_minor(&self->function,
							  NODE_TIMEOUT_MS));
		EXPECT_EQ((unsigned char)rounds, watched[0]);
	}
	workers_stop(_metadata, worker);
	EXPECT_LT(0, score->revoked);
	expect_dead_file(_metadata, self->fd, variant->size);
	expect_working(_metadata, self->minor, variant->size);
	munmap(watched, neighbour.size);
	close(fd);
}

/*
 * The node is published last: whoever opens it, however early, finds a device
 * with memory, until a removal begins. Workers hammer on the name, with no pause
 * between the rounds.
 */
static void race_probe(struct __test_metadata *_metadata,
		       const struct unplug_way *way, unsigned long size)
{
	long long end = clock_ms() + loop_ms();
	struct ivshmem function;
	pid_t worker[WORKERS];
	int minor, rounds;

	kvmfr_unload();
	ASSERT_EQ(0, kvmfr_load(NULL));
	ASSERT_EQ(0, ivshmem_find(size, &function));
	minor = ivshmem_wait_minor(&function, 1000);
	ASSERT_LE(0, minor);
	workers_start(_metadata, worker, minor, size);
	for (rounds = 0; rounds < 2 || clock_ms() < end; rounds++) {
		ASSERT_EQ(0, remove_device(way, &function));
		ASSERT_EQ(0, way->in(&function));
		ASSERT_EQ(minor,
			  ivshmem_wait_minor(&function, NODE_TIMEOUT_MS));
	}
	workers_stop(_metadata, worker);
	expect_working(_metadata, minor, size);
	EXPECT_EQ(0, kvmfr_unload());
}

TEST(open_races_bind_pages)
{
	race_probe(_metadata, &unplug_driver, WITH_PAGES);
}

TEST(open_races_bind_pfn)
{
	race_probe(_metadata, &unplug_driver, WITHOUT_PAGES);
}

TEST(open_races_rescan_pages)
{
	race_probe(_metadata, &unplug_sysfs, WITH_PAGES);
}

TEST(open_races_rescan_pfn)
{
	race_probe(_metadata, &unplug_sysfs, WITHOUT_PAGES);
}

static int remove_and_rescan(const char *address)
{
	int ret = 0;

	while (!stopped() && !ret) {
		ret = pci_write(address, "remove", "1");
		if (!ret)
			ret = pci_rescan();
	}
	return ret;
}

/* The driver goes as a whole while functions come and go below it. */
TEST(unload_races_rescan)
{
	long long end = clock_ms() + loop_ms();
	struct ivshmem function;
	int rounds, status;
	pid_t child;

	kvmfr_unload();
	ASSERT_EQ(0, ivshmem_find(WITH_PAGES, &function));
	score_new(_metadata);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(remove_and_rescan(function.address) ? 1 : 0);
	}
	for (rounds = 0; rounds < 2 || clock_ms() < end; rounds++) {
		ASSERT_EQ(0, kvmfr_load("static_size_mb=2"));
		ASSERT_EQ(0, kvmfr_unload());
	}
	ASSERT_EQ(0, kvmfr_load(NULL));
	__atomic_store_n(&score->stop, 1, __ATOMIC_RELAXED);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	TH_LOG("%d rounds", rounds);
	EXPECT_LE(0, ivshmem_wait_minor(&function, 1000));
	EXPECT_EQ(0, kvmfr_unload());
}

TEST_HARNESS_MAIN
