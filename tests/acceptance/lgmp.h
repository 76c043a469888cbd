/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How Looking Glass's host and client share memory: LGMP protocol 6, and in it
 * KVMFR version 20, as the client of release B7 reads them on x86-64. Little
 * endian; offsets are bytes from the start of the shared memory.
 */
#ifndef ACCEPTANCE_LGMP_H
#define ACCEPTANCE_LGMP_H

#include <assert.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define LGMP_MAGIC 0x504d474cu
#define LGMP_VERSION 6u
#define LGMP_QUEUES 5
#define LGMP_SUBSCRIBERS 32
#define LGMP_TO_HOST 10 /* messages that a client may have on its way */

/* The host is taken for dead when it has not moved its clock for so long. */
#define LGMP_ALIVE_MS 1000

/**
 * struct lgmp_message - one entry of a queue's ring
 * @udata: whatever the two sides agree on
 * @size: bytes of the payload
 * @offset: where that is
 * @pending: a bit for each subscriber that has not taken it yet
 */
struct lgmp_message {
	uint32_t udata;
	uint32_t size;
	uint32_t offset;
	atomic_uint pending;
};

/**
 * struct lgmp_queue - messages from the host to all subscribers
 * @id: number of the queue, the client asks for it
 * @length: entries of the ring, one of which is always free
 * @new_subscribers: counted up by clients, taken by the host
 * @max_time: ms a subscriber may take for a message before it is a bad one
 * @position: entry that the next message goes to
 * @messages: where the ring is
 * @timeout: ms, when a bad subscriber may be forgotten
 * @client: who has the bit
 * @lock: 1 while somebody changes what is below
 * @subscribers: bits; the upper half those who are there, the lower the bad ones
 * @start: entry of the oldest message
 * @message_timeout: ms, when the oldest message is too old
 * @count: messages in the ring
 */
struct lgmp_queue {
	uint32_t id;
	uint32_t length;
	atomic_uint new_subscribers;
	uint32_t max_time;
	atomic_uint position;
	uint32_t messages;
	uint64_t timeout[LGMP_SUBSCRIBERS];
	uint32_t client[LGMP_SUBSCRIBERS];
	atomic_uint lock;
	atomic_ullong subscribers;
	uint32_t start;
	atomic_ullong message_timeout;
	atomic_uint count;
	atomic_uint to_host_lock;
	atomic_uint to_host_free;
	uint32_t to_host_write;
	uint32_t to_host_serial;
	atomic_uint to_host_read;
	struct {
		uint32_t size;
		uint8_t data[64];
	} to_host[LGMP_TO_HOST];
};

/**
 * struct lgmp_header - what is at offset 0
 * @session: another number for each start of the host
 * @timestamp: ms, moved on by the host all the time
 * @udata_size: bytes of @udata
 */
struct lgmp_header {
	uint32_t magic;
	uint32_t version;
	uint32_t session;
	atomic_ullong timestamp;
	uint32_t queues;
	struct lgmp_queue queue[LGMP_QUEUES];
	uint32_t udata_size;
	uint8_t udata[];
};

static_assert(sizeof(struct lgmp_message) == 16, "layout");
static_assert(sizeof(struct lgmp_queue) == 1144, "layout");
static_assert(offsetof(struct lgmp_queue, lock) == 408, "layout");
static_assert(offsetof(struct lgmp_queue, message_timeout) == 432, "layout");
static_assert(offsetof(struct lgmp_queue, to_host) == 464, "layout");
static_assert(offsetof(struct lgmp_header, timestamp) == 16, "layout");
static_assert(offsetof(struct lgmp_header, udata) == 5756, "layout");

#define KVMFR_MAGIC "KVMFR---"
#define KVMFR_VERSION 20u
#define KVMFR_QUEUE_POINTER 1
#define KVMFR_QUEUE_FRAME 2
#define KVMFR_POINTER_POSITION \
	1u /* udata of a message of the pointer's queue */

/* The udata of the header. */
struct kvmfr_session {
	char magic[8];
	uint32_t version;
	char host[32];
	uint32_t features;
};

enum kvmfr_frame_type {
	KVMFR_BGRA = 1,
	KVMFR_RGBA = 2,
	KVMFR_RGBA10 = 3,
	KVMFR_RGBA16F = 4,
};

/**
 * struct kvmfr_frame - payload of a message of the frames' queue
 * @format_version: another number when anything but the picture is different
 * @serial: another number for each frame
 * @type: of enum kvmfr_frame_type
 * @stride: pixels from a row to the next
 * @pitch: bytes from a row to the next
 * @offset: from here to a 32-bit count of the bytes written so far, which the
 *	    pixels follow
 * @damages: rectangles that have changed; 0 for all
 */
struct kvmfr_frame {
	uint32_t format_version;
	uint32_t serial;
	uint32_t type;
	uint32_t screen_width;
	uint32_t screen_height;
	uint32_t data_width;
	uint32_t data_height;
	uint32_t frame_width;
	uint32_t frame_height;
	uint32_t rotation;
	uint32_t stride;
	uint32_t pitch;
	uint32_t offset;
	uint32_t damages;
	uint32_t damage[64][4];
	uint32_t flags;
};

static_assert(sizeof(struct kvmfr_session) == 48, "layout");
static_assert(sizeof(struct kvmfr_frame) == 1084, "layout");

struct kvmfr_cursor {
	int16_t x;
	int16_t y;
	uint32_t type;
	int8_t hot_x;
	int8_t hot_y;
	uint32_t width;
	uint32_t height;
	uint32_t pitch;
};

static_assert(sizeof(struct kvmfr_cursor) == 24, "layout");

#endif /* ACCEPTANCE_LGMP_H */
