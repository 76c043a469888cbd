// SPDX-License-Identifier: GPL-2.0
/* The host's side of LGMP. */
#include "lgmp_host.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

/*
 * How long a client may take for one message: longer than a test waits for its
 * first picture, while llvmpipe compiles shaders in an emulated machine.
 */
#define MAX_TIME_MS 600000

static const struct {
	uint32_t id;
	uint32_t messages;
} queues[] = {
	{ KVMFR_QUEUE_POINTER, 20 },
	{ KVMFR_QUEUE_FRAME, 2 },
};

#define QUEUES (sizeof(queues) / sizeof(queues[0]))

uint64_t lgmp_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ull + now.tv_nsec / 1000000;
}

static struct lgmp_queue *find_queue(struct lgmp_header *header, uint32_t id)
{
	for (uint32_t i = 0; i < header->queues; i++)
		if (header->queue[i].id == id)
			return &header->queue[i];
	return NULL;
}

static struct lgmp_message *message_at(struct lgmp_header *header,
				       const struct lgmp_queue *queue,
				       uint32_t position)
{
	return (struct lgmp_message *)((char *)header + queue->messages) +
	       position;
}

static void lock_queue(struct lgmp_queue *queue)
{
	while (atomic_exchange_explicit(&queue->lock, 1, memory_order_acquire))
		;
}

static void unlock_queue(struct lgmp_queue *queue)
{
	atomic_store_explicit(&queue->lock, 0, memory_order_release);
}

static void write_session(struct lgmp_header *header, const char *name)
{
	struct kvmfr_session *session = (struct kvmfr_session *)header->udata;

	memcpy(session->magic, KVMFR_MAGIC, sizeof(session->magic));
	session->version = KVMFR_VERSION;
	snprintf(session->host, sizeof(session->host), "%s", name);
	header->udata_size = sizeof(*session);
}

uint32_t lgmp_host_start(void *memory, const char *name)
{
	struct lgmp_header *header = memory;
	uint32_t before = header->session;
	uint32_t end = sizeof(*header) + sizeof(struct kvmfr_session);

	/* No client takes this for a session while it is being made. */
	header->magic = 0;
	atomic_thread_fence(memory_order_seq_cst);
	memset(header, 0, sizeof(*header));
	header->version = LGMP_VERSION;
	do {
		if (getrandom(&header->session, sizeof(header->session), 0) < 0)
			header->session = before + 1;
	} while (header->session == before);
	write_session(header, name);

	for (size_t i = 0; i < QUEUES; i++) {
		struct lgmp_queue *queue = &header->queue[i];

		queue->id = queues[i].id;
		queue->length = queues[i].messages + 1;
		queue->max_time = MAX_TIME_MS;
		queue->messages = end;
		atomic_store(&queue->to_host_free, LGMP_TO_HOST);
		memset(message_at(header, queue, 0), 0,
		       queue->length * sizeof(struct lgmp_message));
		end += queue->length * sizeof(struct lgmp_message);
	}
	header->queues = QUEUES;
	atomic_store(&header->timestamp, lgmp_clock_ms());
	atomic_thread_fence(memory_order_seq_cst);
	header->magic = LGMP_MAGIC;
	return end;
}

static uint32_t good_subscribers(struct lgmp_queue *queue)
{
	uint64_t subscribers = atomic_load(&queue->subscribers);

	return (uint32_t)(subscribers >> 32) & ~(uint32_t)subscribers;
}

/* A client that is late is no subscriber any more until it comes back. */
static void mark_bad(struct lgmp_queue *queue, struct lgmp_message *message,
		     uint64_t now)
{
	uint32_t late = atomic_load(&message->pending);

	atomic_fetch_or(&queue->subscribers, (uint64_t)late);
	for (int i = 0; i < LGMP_SUBSCRIBERS; i++)
		if (late & (1u << i))
			queue->timeout[i] = now + queue->max_time;
	atomic_store(&message->pending, 0);
}

static void sweep_queue(struct lgmp_header *header, struct lgmp_queue *queue,
			uint64_t now)
{
	lock_queue(queue);
	while (atomic_load(&queue->count)) {
		struct lgmp_message *message =
			message_at(header, queue, queue->start);

		if (atomic_load(&message->pending) & good_subscribers(queue)) {
			if (now <= atomic_load(&queue->message_timeout))
				break;
			mark_bad(queue, message, now);
		}
		queue->start = (queue->start + 1) % queue->length;
		atomic_fetch_sub(&queue->count, 1);
		atomic_store(&queue->message_timeout, now + queue->max_time);
	}
	unlock_queue(queue);
}

void lgmp_host_tick(struct lgmp_header *header)
{
	uint64_t now = lgmp_clock_ms();

	atomic_store(&header->timestamp, now);
	for (uint32_t i = 0; i < header->queues; i++)
		sweep_queue(header, &header->queue[i], now);
}

bool lgmp_host_subscribed(struct lgmp_header *header, uint32_t id)
{
	return atomic_exchange(&find_queue(header, id)->new_subscribers, 0);
}

bool lgmp_host_can_post(struct lgmp_header *header, uint32_t id)
{
	struct lgmp_queue *queue = find_queue(header, id);

	return good_subscribers(queue) &&
	       atomic_load(&queue->count) < queue->length - 1;
}

bool lgmp_host_post(struct lgmp_header *header, uint32_t id, uint32_t udata,
		    uint32_t offset, uint32_t size)
{
	struct lgmp_queue *queue = find_queue(header, id);
	uint32_t position = atomic_load(&queue->position);
	struct lgmp_message *message = message_at(header, queue, position);
	uint32_t pending;
	bool room;

	lock_queue(queue);
	pending = good_subscribers(queue);
	room = atomic_load(&queue->count) < queue->length - 1;
	if (pending && room) {
		message->udata = udata;
		message->size = size;
		message->offset = offset;
		atomic_store(&message->pending, pending);
		if (!atomic_fetch_add(&queue->count, 1))
			atomic_store(&queue->message_timeout,
				     lgmp_clock_ms() + queue->max_time);
		atomic_store(&queue->position, (position + 1) % queue->length);
	}
	unlock_queue(queue);
	return pending && room;
}
