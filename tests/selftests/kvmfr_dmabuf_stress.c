// SPDX-License-Identifier: GPL-2.0
/*
 * Importers, CPU access and closing at the same time. The kernel's own checks
 * see what goes wrong inside; here no call may fail that has no reason to, and
 * nothing may be left in the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <time.h>
#include <linux/dma-buf.h>

#include "kselftest_harness.h"
#include "dmabuf_test.h"
#include "kvmfr_test.h"

#define PAGE 4096UL
#define DEVICE_SIZE (64 * MIB)
#define BUFFER_OFFSET (2 * MIB - PAGE)
#define BUFFER_SIZE (8 * MIB)
#define BOTH KVMFR_IMPORTER_BIDIRECTIONAL
#define SECONDS 5
#define WORKERS_MAX 6

/**
 * struct worker - one thread and what it works on
 * @round: one round of work, 0 or -errno
 * @device: of kvmfr
 * @buffer: a dma-buf that all share
 * @importer: for this thread alone
 * @seed: of its random numbers
 * @until: CLOCK_MONOTONIC seconds
 * @thread: the thread
 * @rounds: how many went well
 * @error: what ended it early
 */
struct worker {
	int (*round)(struct worker *worker);
	int device;
	int buffer;
	int importer;
	unsigned int seed;
	time_t until;
	pthread_t thread;
	long rounds;
	int error;
};

static time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

static void *worker_run(void *data)
{
	struct worker *worker = data;

	while (!worker->error && now() < worker->until) {
		worker->error = worker->round(worker);
		worker->rounds += !worker->error;
	}
	return NULL;
}

/* A whole life of an attachment to the shared buffer. */
static int round_import(struct worker *worker)
{
	int ret;

	ret = importer_import(worker->importer, worker->buffer);
	if (!ret)
		ret = importer_unmap(worker->importer);
	if (!ret)
		ret = importer_map(worker->importer, BOTH);
	if (!ret)
		ret = importer_unmap(worker->importer);
	if (!ret)
		ret = importer_detach(worker->importer);
	return ret;
}

/* An importer that dies in the middle. */
static int round_import_and_close(struct worker *worker)
{
	int importer, ret;

	importer = importer_open();
	if (importer < 0)
		return importer;
	ret = importer_import(importer, worker->buffer);
	if (!ret)
		ret = importer_vmap(importer);
	close(importer);
	return ret;
}

static int round_sync(struct worker *worker)
{
	int ret;

	ret = dmabuf_sync(worker->buffer, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
	if (!ret)
		ret = dmabuf_sync(worker->buffer,
				  DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);
	return ret;
}

/* A buffer of its own, closed while imported and mapped. */
static int round_create(struct worker *worker)
{
	unsigned char *view;
	int buffer, ret;

	buffer = kvmfr_create(worker->device, BUFFER_OFFSET, BUFFER_SIZE, 0);
	if (buffer < 0)
		return buffer;
	ret = importer_import(worker->importer, buffer);
	view = map_shared(buffer, BUFFER_SIZE);
	close(buffer);
	if (!view)
		return -ENOMEM;
	view[BUFFER_SIZE - 1]++;
	munmap(view, BUFFER_SIZE);
	if (!ret)
		ret = importer_unmap(worker->importer);
	if (!ret)
		ret = importer_detach(worker->importer);
	return ret;
}

static int round_vmap(struct worker *worker)
{
	char byte;
	int ret;

	ret = importer_attach(worker->importer, worker->buffer, 0);
	if (!ret)
		ret = importer_vmap(worker->importer);
	if (!ret)
		ret = importer_vmap_read(worker->importer, BUFFER_SIZE - 1,
					 &byte, 1);
	if (!ret)
		ret = importer_vunmap(worker->importer);
	if (!ret)
		ret = importer_detach(worker->importer);
	return ret;
}

/* Calls in a random order; most fail, and the file is closed in any state. */
static int round_chaos(struct worker *worker)
{
	switch (rand_r(&worker->seed) % 6) {
	case 0:
		importer_attach(worker->importer, worker->buffer, 0);
		break;
	case 1:
		importer_detach(worker->importer);
		break;
	case 2:
		importer_map(worker->importer, BOTH);
		break;
	case 3:
		importer_unmap(worker->importer);
		break;
	case 4:
		importer_vmap(worker->importer);
		break;
	default:
		importer_vunmap(worker->importer);
		break;
	}
	return 0;
}

FIXTURE(stress)
{
	int device;
	int buffer;
};

FIXTURE_SETUP(stress)
{
	ASSERT_EQ(0, dmabuf_modules_load("static_size_mb=64", ""));
	self->device = kvmfr_open(0, O_RDWR);
	ASSERT_LE(0, self->device);
	self->buffer = kvmfr_create(self->device, BUFFER_OFFSET, BUFFER_SIZE, 0);
	ASSERT_LE(0, self->buffer);
	if (edu_count() < 1)
		SKIP(return, "no edu device to import for");
}

FIXTURE_TEARDOWN_PARENT(stress)
{
	EXPECT_EQ(0, kvmfr_attr(0, "exports"));
	EXPECT_EQ(0, kvmfr_attr(0, "mappings"));
	EXPECT_EQ(0, dmabuf_modules_unload());
}

/* Let one worker per element of @rounds run, and see how far they came. */
static void run_workers(struct __test_metadata *_metadata, int device,
			int buffer,
			int (*const rounds[])(struct worker *worker), int nr)
{
	struct worker workers[WORKERS_MAX];
	int i;

	ASSERT_GE(WORKERS_MAX, nr);
	for (i = 0; i < nr; i++) {
		workers[i] = (struct worker){
			.round = rounds[i],
			.device = device,
			.buffer = buffer,
			.importer = importer_open(),
			.seed = i,
			.until = now() + SECONDS,
		};
		ASSERT_LE(0, workers[i].importer);
	}
	for (i = 0; i < nr; i++)
		ASSERT_EQ(0, pthread_create(&workers[i].thread, NULL,
					    worker_run, &workers[i]));
	for (i = 0; i < nr; i++) {
		ASSERT_EQ(0, pthread_join(workers[i].thread, NULL));
		EXPECT_EQ(0, workers[i].error);
		EXPECT_LT(0, workers[i].rounds);
		TH_LOG("worker %d: %ld rounds", i, workers[i].rounds);
		close(workers[i].importer);
	}
	EXPECT_EQ(1, kvmfr_attr(0, "exports"));
}

TEST_F(stress, everything_at_once)
{
	static int (*const rounds[])(struct worker *worker) = {
		round_import, round_import, round_import_and_close,
		round_sync,   round_create, round_vmap,
	};

	run_workers(_metadata, self->device, self->buffer, rounds,
		    ARRAY_SIZE(rounds));
}

TEST_F(stress, in_any_order)
{
	static int (*const rounds[])(struct worker *worker) = {
		round_chaos, round_chaos, round_chaos, round_sync,
	};

	run_workers(_metadata, self->device, self->buffer, rounds,
		    ARRAY_SIZE(rounds));
}

TEST_HARNESS_MAIN
