// SPDX-License-Identifier: GPL-2.0
/* Who sits in front of the machine. */
#include "seat.h"

#include <errno.h>
#include <string.h>

/* The last number is (uid_t)-1, which means "no user" to the kernel. */
static int parse_uid(const char *text, uid_t *uid)
{
	char number[16];
	size_t length = strcspn(text, "\n");
	int64_t value;

	if (length >= sizeof(number))
		return -EINVAL;
	memcpy(number, text, length);
	number[length] = '\0';
	if (kvmfr_parse_s64(number, &value) || value < 0 ||
	    value >= (int64_t)UINT32_MAX)
		return -EINVAL;
	*uid = (uid_t)value;
	return 0;
}

int kvmfr_seat_user(const struct kvmfr_root *root, uid_t *uid)
{
	static const char key[] = "ACTIVE_UID=";
	char text[KVMFR_TEXT_MAX];
	const char *line = text;
	int ret = kvmfr_read(root, text, sizeof(text),
			     KVMFR_SEAT_DIRECTORY "/" KVMFR_SEAT_NAME);

	if (ret < 0)
		return ret;
	while (line && strncmp(line, key, sizeof(key) - 1)) {
		line = strchr(line, '\n');
		if (line)
			line++;
	}
	return line ? parse_uid(line + sizeof(key) - 1, uid) : -ENODATA;
}
