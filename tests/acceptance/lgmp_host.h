/* SPDX-License-Identifier: GPL-2.0 */
/* The host's side of LGMP: queues that clients subscribe to. */
#ifndef ACCEPTANCE_LGMP_HOST_H
#define ACCEPTANCE_LGMP_HOST_H

#include <stdbool.h>

#include "lgmp.h"

/* Milliseconds of a clock that never jumps. */
uint64_t lgmp_clock_ms(void);

/**
 * lgmp_host_start() - begin a session
 * @memory: all of the shared memory; what a host before has left is gone
 * @name: of the host, up to 31 characters
 *
 * Return: the first offset behind what LGMP itself needs.
 */
uint32_t lgmp_host_start(void *memory, const char *name);

/*
 * To be called at least every LGMP_ALIVE_MS: tells clients that the host is
 * alive, and drops the messages they have taken or did not take in time.
 */
void lgmp_host_tick(struct lgmp_header *header);

/* Whether anybody has subscribed since it was asked last. */
bool lgmp_host_subscribed(struct lgmp_header *header, uint32_t id);

/* Room for another message. */
bool lgmp_host_can_post(struct lgmp_header *header, uint32_t id);

/* False when nobody has subscribed, or there is no room. */
bool lgmp_host_post(struct lgmp_header *header, uint32_t id, uint32_t udata,
		    uint32_t offset, uint32_t size);

#endif /* ACCEPTANCE_LGMP_HOST_H */
