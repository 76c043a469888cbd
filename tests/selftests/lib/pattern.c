// SPDX-License-Identifier: GPL-2.0
/* Contents that tell where they belong. */
#include "pattern.h"

uint64_t pattern_word(size_t offset, uint64_t seed)
{
	uint64_t word = offset / sizeof(word) + (seed << 40);

	/* The golden ratio spreads neighbours over all bits. */
	word *= 0x9e3779b97f4a7c15;
	return word ^ word >> 32;
}

void pattern_fill(void *memory, size_t bytes, size_t offset, uint64_t seed)
{
	volatile uint64_t *word = memory;
	size_t i;

	for (i = 0; i < bytes / sizeof(*word); i++)
		word[i] = pattern_word(offset + i * sizeof(*word), seed);
}

size_t pattern_match(const void *memory, size_t bytes, size_t offset,
		     uint64_t seed)
{
	const volatile uint64_t *word = memory;
	size_t i;

	for (i = 0; i < bytes / sizeof(*word); i++)
		if (word[i] != pattern_word(offset + i * sizeof(*word), seed))
			return i * sizeof(*word);
	return bytes;
}
