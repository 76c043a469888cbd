// SPDX-License-Identifier: GPL-2.0
/* The kernel log since a moment, read from /dev/kmsg. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kvmfr_test.h"

#define KMSG_FDS 256
#define KMSG_RECORD 8192

/*
 * Sequence number of the last record before kmsg_open(), by descriptor. The
 * file position alone would make every question eat the records of the next.
 */
static long long kmsg_before[KMSG_FDS];

/*
 * Read one record "level,sequence,time,flags;text\n KEY=value\n"; its text
 * goes to @text (at least KMSG_RECORD bytes). Return its sequence number, or
 * -1 at the end of the log.
 */
static long long kmsg_record(int kmsg, char *text)
{
	long long sequence;
	ssize_t length;
	char *start;

	/* EPIPE: records were overwritten meanwhile, the next read goes on. */
	do {
		length = read(kmsg, text, KMSG_RECORD - 1);
	} while (length < 0 && (errno == EPIPE || errno == EINTR));
	if (length <= 0)
		return -1;

	text[length] = '\0';
	start = strchr(text, ';');
	if (!start || sscanf(text, "%*u,%lld,", &sequence) != 1)
		return -1;

	/* Newlines inside the text are escaped: the first one ends it. */
	start++;
	start[strcspn(start, "\n")] = '\0';
	memmove(text, start, strlen(start) + 1);
	return sequence;
}

int kmsg_open(void)
{
	long long sequence, last = -1;
	char text[KMSG_RECORD];
	int kmsg;

	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (kmsg < 0)
		return -errno;
	if (kmsg >= KMSG_FDS) {
		close(kmsg);
		return -EMFILE;
	}

	while ((sequence = kmsg_record(kmsg, text)) >= 0)
		last = sequence;
	kmsg_before[kmsg] = last;
	return kmsg;
}

int kmsg_count(int kmsg, const char *text)
{
	char record[KMSG_RECORD];
	long long sequence;
	int count = 0;

	if (lseek(kmsg, 0, SEEK_SET) < 0)
		return -errno;

	while ((sequence = kmsg_record(kmsg, record)) >= 0)
		if (sequence > kmsg_before[kmsg] && strstr(record, text))
			count++;
	return count;
}

bool kmsg_contains(int kmsg, const char *text)
{
	return kmsg_count(kmsg, text) > 0;
}
