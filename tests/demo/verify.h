/* SPDX-License-Identifier: GPL-2.0 */
/* Comparing a frame that was read with what was sent. */
#ifndef DEMO_VERIFY_H
#define DEMO_VERIFY_H

#include <stdbool.h>

#include "picture.h"

/**
 * picture_verify() - is a frame the one that was sent?
 * @seen: the frame as it was read
 * @expected: the frame as it should be, of the same size
 * @crc: checksum that the sender computed over its own copy
 * @number: frame number, for the messages
 *
 * Prints what is wrong to standard error.
 *
 * Return: whether both the checksum and every pixel are right.
 */
bool picture_verify(const struct picture *seen, const struct picture *expected,
		    uint32_t crc, uint64_t number);

#endif /* DEMO_VERIFY_H */
