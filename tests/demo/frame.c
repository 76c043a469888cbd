// SPDX-License-Identifier: GPL-2.0
/* Handing frames over: the stores and waits described in frame.h. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "frame.h"

uint64_t frame_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ull + now.tv_nsec / 1000000;
}

void frame_publish(uint64_t *place, uint64_t number)
{
	__atomic_store_n(place, number, __ATOMIC_RELEASE);
}

int frame_wait(const uint64_t *place, uint64_t number, uint32_t timeout_ms)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	uint64_t end = frame_clock_ms() + timeout_ms;

	while (__atomic_load_n(place, __ATOMIC_ACQUIRE) != number) {
		if (frame_clock_ms() > end)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
	}
	return 0;
}

bool number_parse(const char *text, uint32_t *number)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || *text < '0' || *text > '9' || value > UINT32_MAX)
		return false;
	*number = value;
	return true;
}
