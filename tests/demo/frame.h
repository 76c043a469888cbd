/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the two demo programs agree on: how frames lie in the shared memory.
 *
 * Offset 0 of /dev/kvmfr0, in the guest (BAR 2 of the ivshmem device) as on
 * the host, holds one struct demo_header. The two frame slots follow at
 * header.slot_offset[], so that one is written while the other is read.
 *
 * Frame n (from 1) goes to slot n % 2. The sender waits until frame n - 2 is
 * marked taken, draws, stores the checksum and then stores n to slot.frame;
 * the taker waits for that, reads the pixels and stores n to slot.taken. Both
 * stores are releases and both waits acquire, nothing else synchronises.
 *
 * header.session is stored last when a sender starts, so that a taker never
 * reads the header of the sender before.
 */
#ifndef DEMO_FRAME_H
#define DEMO_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#define DEMO_MAGIC 0x6b766d66u
#define DEMO_SLOTS 2

#define DEMO_WIDTH 1280u
#define DEMO_HEIGHT 720u

/* Slots start on huge page boundaries: dma-bufs of them map as huge pages. */
#define DEMO_SLOT_ALIGN (2u << 20)

/**
 * struct demo_slot - one of the two frame buffers
 * @frame: number of the frame in it, 0 for none; written by the sender
 * @taken: number of the last frame read from it; written by the taker
 * @crc: CRC-32 of the height * stride bytes of the frame
 * @reserved: 0
 */
struct demo_slot {
	uint64_t frame;
	uint64_t taken;
	uint32_t crc;
	uint32_t reserved;
};

/**
 * struct demo_header - first bytes of the shared memory
 * @session: number given to the sender on its command line, not 0
 * @magic: DEMO_MAGIC
 * @width: pixels in a row, 4 bytes each: blue, green, red, unused
 * @height: rows
 * @stride: bytes from a row to the next
 * @frames: how many frames the sender is going to send
 * @slot_offset: offset of each slot's pixels in the device, in bytes
 * @slot: state of each slot
 */
struct demo_header {
	uint64_t session;
	uint32_t magic;
	uint32_t width;
	uint32_t height;
	uint32_t stride;
	uint64_t frames;
	uint64_t slot_offset[DEMO_SLOTS];
	struct demo_slot slot[DEMO_SLOTS];
};

/* Milliseconds of a clock that never jumps. */
uint64_t frame_clock_ms(void);

/* Everything stored before is seen by who waits for @number at @place. */
void frame_publish(uint64_t *place, uint64_t number);

/* 0 or -ETIMEDOUT after @timeout_ms. */
int frame_wait(const uint64_t *place, uint64_t number, uint32_t timeout_ms);

/* A decimal number and nothing else. */
bool number_parse(const char *text, uint32_t *number);

#endif /* DEMO_FRAME_H */
