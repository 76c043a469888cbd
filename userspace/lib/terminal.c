// SPDX-License-Identifier: GPL-2.0
/* Text for people: colours only on a terminal, nothing that could command it. */
#include "terminal.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "root.h"
#include "utf8.h"

#define WIDTH_LEAST 40
#define WIDTH_USUAL 80
#define WIDTH_MOST 1000

bool kvmfr_terminal_colours(int fd)
{
	const char *term = getenv("TERM");
	const char *refused = getenv("NO_COLOR");

	/* no-color.org: set, and not empty. */
	return isatty(fd) && term && *term && strcmp(term, "dumb") &&
	       !(refused && *refused);
}

const char *kvmfr_terminal_colour(bool colours, enum kvmfr_colour colour)
{
	static const char *const sequences[] = {
		[KVMFR_PLAIN] = "\033[0m",  [KVMFR_BOLD] = "\033[1m",
		[KVMFR_RED] = "\033[31m",   [KVMFR_YELLOW] = "\033[33m",
		[KVMFR_GREEN] = "\033[32m", [KVMFR_DIM] = "\033[2m",
	};

	return colours ? sequences[colour] : "";
}

unsigned int kvmfr_terminal_width(int fd)
{
	const char *columns = getenv("COLUMNS");
	int64_t width = WIDTH_USUAL;
	struct winsize size;

	if (isatty(fd) && !ioctl(fd, TIOCGWINSZ, &size) && size.ws_col)
		width = size.ws_col;
	else if (columns && (kvmfr_parse_s64(columns, &width) || width <= 0))
		width = WIDTH_USUAL;
	if (width < WIDTH_LEAST)
		return WIDTH_LEAST;
	return width > WIDTH_MOST ? WIDTH_MOST : (unsigned int)width;
}

/* Those that command, and those that turn the direction of what follows. */
static bool is_control(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character < 0xa0) ||
	       character == 0x200e || character == 0x200f ||
	       (character >= 0x2028 && character <= 0x202e) ||
	       (character >= 0x2066 && character <= 0x2069);
}

char *kvmfr_terminal_safe(char *safe, size_t size, const char *text)
{
	const char *end = text + strlen(text);
	const char *from = text;
	size_t used = 0;

	while (from < end) {
		uint32_t character = 0;
		size_t length = kvmfr_utf8_decode(from, (size_t)(end - from),
						  &character);
		bool good = length && !is_control(character);
		size_t put = good ? length : 1;

		if (used + put + 1 > size)
			break;
		if (good)
			memcpy(safe + used, from, length);
		else
			safe[used] = '?';
		used += put;
		from += length ? length : 1;
	}
	safe[used] = '\0';
	return safe;
}

char *kvmfr_terminal_watts(char text[16], long long uw)
{
	const char *sign = uw < 0 ? "-" : "";
	unsigned long long size = uw < 0 ? 0ULL - (unsigned long long)uw :
					   (unsigned long long)uw;

	if (uw == INT64_MIN)
		snprintf(text, 16, "-");
	else if (size < 999500) /* what is not rounded up to a watt */
		snprintf(text, 16, "%s%llu mW", size < 500 ? "" : sign,
			 (size + 500) / 1000);
	else if (size < 100000000000)
		snprintf(text, 16, "%s%llu.%llu W", sign,
			 (size + 50000) / 1000000,
			 (size + 50000) / 100000 % 10);
	else
		snprintf(text, 16, "%s%.1e W", sign, (double)size / 1e6);
	return text;
}

char *kvmfr_terminal_duration(char text[32], long long ms)
{
	long long minutes = ms / 60000;
	long long hours = minutes / 60;

	if (ms < 0)
		snprintf(text, 32, "-");
	else if (!minutes)
		snprintf(text, 32, "%lld.%lld s", ms / 1000, ms / 100 % 10);
	else if (!hours)
		snprintf(text, 32, "%lld min", minutes);
	else if (hours < 24)
		snprintf(text, 32, "%lld h %lld min", hours, minutes % 60);
	else
		snprintf(text, 32, "%lld d %lld h", hours / 24, hours % 24);
	return text;
}
