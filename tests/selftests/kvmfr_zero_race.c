// SPDX-License-Identifier: GPL-2.0
/* zero_on_last_close: openers race with the last close and with the zeroing. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "dmabuf_test.h"
#include "kvmfr_test.h"

#define PAGE_BYTES 4096UL
#define RACE_SIZE (16 * MIB)
#define RACE_PARAMS "static_size_mb=16 zero_on_last_close=1"
#define RACE_ROUNDS 150
#define READERS 3

/**
 * struct user - a thread that has the device open for a while
 * @thread: the thread
 * @delay: before it opens, in us
 * @enter: when it began to open
 * @left: when it had closed
 * @tag: the word that it found in all pages, or 1 for different ones
 */
struct user {
	pthread_t thread;
	unsigned int delay;
	long long enter;
	long long left;
	uint64_t tag;
};

static long long clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static uint64_t tag_of(const unsigned char *map)
{
	uint64_t tag = *(volatile uint64_t *)map;
	size_t at;

	for (at = 0; at < RACE_SIZE; at += PAGE_BYTES)
		if (*(volatile uint64_t *)(map + at) != tag)
			return 1;
	return tag;
}

/* Twice: nothing may change while it is open. */
static void *user_reads(void *data)
{
	struct user *user = data;
	unsigned char *map;
	int fd;

	usleep(user->delay);
	user->tag = 1;
	user->enter = clock_ns();
	fd = open("/dev/kvmfr0", O_RDWR);
	map = map_shared(fd, RACE_SIZE);
	if (map) {
		user->tag = tag_of(map);
		if (tag_of(map) != user->tag)
			user->tag = 1;
		munmap(map, RACE_SIZE);
	}
	close(fd);
	user->left = clock_ns();
	return NULL;
}

/* Whether somebody who had the old contents was still there. */
static bool joined(const struct user *users, int self)
{
	int i;

	for (i = 0; i <= READERS; i++)
		if (i != self && users[i].tag == users[self].tag &&
		    users[i].left > users[self].enter)
			return true;
	return false;
}

TEST(openers_race_with_the_last_close)
{
	/* The last one is who wrote. */
	struct user users[READERS + 1], *writer = &users[READERS];
	int round, i, fd, late = 0, early = 0;
	unsigned char *map;
	size_t at;

	ASSERT_EQ(0, dmabuf_modules_load(RACE_PARAMS, NULL));
	for (round = 0; round < RACE_ROUNDS; round++) {
		fd = kvmfr_open(0, O_RDWR);
		map = map_shared(fd, RACE_SIZE);
		ASSERT_NE(NULL, map);
		ASSERT_EQ(0, tag_of(map));
		writer->tag = round + 2;
		for (at = 0; at < RACE_SIZE; at += PAGE_BYTES)
			*(uint64_t *)(map + at) = writer->tag;
		for (i = 0; i < READERS; i++) {
			users[i].delay = rand() % 3000;
			ASSERT_EQ(0, pthread_create(&users[i].thread, NULL,
						    user_reads, &users[i]));
		}
		usleep(rand() % 3000);
		munmap(map, RACE_SIZE);
		close(fd);
		writer->left = clock_ns();
		for (i = 0; i < READERS; i++)
			pthread_join(users[i].thread, NULL);
		for (i = 0; i < READERS; i++) {
			late += !users[i].tag;
			early += users[i].tag == writer->tag;
			if (users[i].tag)
				ASSERT_EQ(writer->tag, users[i].tag);
			ASSERT_TRUE(!users[i].tag || joined(users, i));
		}
	}
	TH_LOG("%d joined, %d came too late", early, late);
	EXPECT_LT(0, late);
	EXPECT_LT(0, early);
	EXPECT_EQ(0, kvmfr_unload());
}

static void alarm_came(int number)
{
	(void)number;
}

/* Of a device that takes a while to be zeroed, which begins now. */
static void dirty_and_leave(struct __test_metadata *_metadata, size_t size)
{
	int fd = kvmfr_open(0, O_RDWR);
	void *map;

	ASSERT_LE(0, fd);
	map = map_shared(fd, size);
	ASSERT_NE(NULL, map);
	memset(map, 0xa5, size);
	ASSERT_EQ(0, munmap(map, size));
	ASSERT_EQ(0, close(fd));
}

/* Signals all the while keep neither it from its end nor others out. */
TEST(interrupted_while_it_is_zeroed)
{
	const struct sigaction handler = { .sa_handler = alarm_came };
	const size_t size = 512 * MIB;
	int fd, interrupted = 0;
	void *map;

	ASSERT_EQ(0, dmabuf_modules_load("static_size_mb=512 zero_on_last_close=1",
					 NULL));
	sigaction(SIGALRM, &handler, NULL);
	dirty_and_leave(_metadata, size);
	ualarm(1000, 1000);
	while ((fd = kvmfr_open(0, O_RDWR)) == -EINTR)
		interrupted++;
	ualarm(0, 0);
	EXPECT_LT(0, interrupted);
	ASSERT_LE(0, fd);
	map = map_shared(fd, size);
	ASSERT_NE(NULL, map);
	EXPECT_TRUE(bytes_zero(map, size));
	ASSERT_EQ(0, munmap(map, size));
	close(fd);
	EXPECT_EQ(0, kvmfr_unload());
}

TEST_HARNESS_MAIN
