// SPDX-License-Identifier: GPL-2.0
/* Characters of UTF-8, see RFC 3629. */
#include "utf8.h"

size_t kvmfr_utf8_decode(const char *text, size_t left, uint32_t *character)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *byte = (const unsigned char *)text;
	size_t length;

	if (byte[0] < 0x80)
		length = 1;
	else if (byte[0] >= 0xc0 && byte[0] < 0xe0)
		length = 2;
	else if (byte[0] >= 0xe0 && byte[0] < 0xf0)
		length = 3;
	else if (byte[0] >= 0xf0 && byte[0] < 0xf8)
		length = 4;
	else
		return 0;
	if (length > left)
		return 0;
	*character = length == 1 ? byte[0] : byte[0] & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		if ((byte[i] & 0xc0) != 0x80)
			return 0;
		*character = *character << 6 | (byte[i] & 0x3f);
	}
	if (*character < least[length] || *character > 0x10ffff ||
	    (*character >= 0xd800 && *character < 0xe000))
		return 0;
	return length;
}
