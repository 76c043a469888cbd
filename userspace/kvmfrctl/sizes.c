// SPDX-License-Identifier: GPL-2.0
/* The sizes of devices that the user names, or the module has. */
#include "sizes.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "terminal.h"

static bool read_one(const char *text, size_t length, unsigned int *mib)
{
	char number[16];
	int64_t value;

	if (length >= sizeof(number))
		return false;
	snprintf(number, sizeof(number), "%.*s", (int)length, text);
	if (kvmfr_parse_s64(number, &value) || value < 1 ||
	    value > SIZES_MOST_MIB)
		return false;
	*mib = (unsigned int)value;
	return true;
}

static void append(struct sizes *sizes, unsigned int mib)
{
	size_t length = strlen(sizes->text);

	snprintf(sizes->text + length, sizeof(sizes->text) - length, "%s%u",
		 sizes->count ? "," : "", mib);
	sizes->mib[sizes->count++] = mib;
}

int sizes_add(struct sizes *sizes, const char *text)
{
	char safe[64];

	for (;;) {
		size_t length = strcspn(text, ",");
		unsigned int mib;

		if (!read_one(text, length, &mib)) {
			command_fail(
				"'%s' is not a size of 1 to %d MiB",
				kvmfr_terminal_safe(safe,
						    length + 1 < sizeof(safe) ?
							    length + 1 :
							    sizeof(safe),
						    text),
				SIZES_MOST_MIB);
			return COMMAND_USAGE;
		}
		if (sizes->count == SIZES_MAX) {
			command_fail(
				"more than %d sizes, and kvmfr makes at most that many devices",
				SIZES_MAX);
			return COMMAND_USAGE;
		}
		append(sizes, mib);
		if (!text[length])
			return COMMAND_OK;
		text += length + 1;
	}
}

void sizes_warn(const struct sizes *sizes)
{
	for (size_t i = 0; i < sizes->count; i++) {
		unsigned int up = 1;

		while (up < sizes->mib[i])
			up *= 2;
		if (up != sizes->mib[i])
			fprintf(stderr,
				"kvmfrctl: %u MiB is not a power of two: QEMU will not take /dev/kvmfr%zu; use %u\n",
				sizes->mib[i], i,
				up > SIZES_MOST_MIB ? up / 2 : up);
	}
}

bool sizes_read(struct sizes *sizes, const char *text)
{
	memset(sizes, 0, sizeof(*sizes));
	while (*text) {
		size_t length = strcspn(text, ",");
		unsigned int mib;

		if (!read_one(text, length, &mib) || sizes->count == SIZES_MAX)
			return false;
		append(sizes, mib);
		text += length + (text[length] == ',');
	}
	return true;
}
