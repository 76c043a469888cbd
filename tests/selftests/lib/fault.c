// SPDX-License-Identifier: GPL-2.0
/* Allocations that fail on demand. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"
#include "kvmfr_test.h"

#define FAIL_NTH "/proc/thread-self/fail-nth"
#define DEBUG "/sys/kernel/debug/"
#define FAULTS_MAX 20000
/* More than any function of the kernel takes of slab. */
#define BYTES_MAX 1000000000L

/* Those that may sleep, of any order and zone, too. */
static const char *const settings[][2] = {
	{ DEBUG "failslab/ignore-gfp-wait", "N" },
	{ DEBUG "fail_page_alloc/ignore-gfp-wait", "N" },
	{ DEBUG "fail_page_alloc/ignore-gfp-highmem", "N" },
	{ DEBUG "fail_page_alloc/min-order", "0" },
};

/* What was made to fail, of any kind, is nothing to report. */
static void silence(void)
{
	glob_t found = {};
	size_t i;

	glob(DEBUG "fail*/verbose", 0, NULL, &found);
	for (i = 0; i < found.gl_pathc; i++)
		text_write(found.gl_pathv[i], "0");
	globfree(&found);
}

/* Where a function of the kernel begins, and what follows it in memory. */
static bool function_find(const char *name, unsigned long *start,
			  unsigned long *end)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	unsigned long address;
	char type, symbol[256];

	*start = 0;
	*end = ULONG_MAX;
	while (file && fscanf(file, "%lx %c %255s%*[^\n]", &address, &type,
			      symbol) == 3)
		if (!strcmp(symbol, name))
			*start = address;
	if (file)
		rewind(file);
	while (file && fscanf(file, "%lx %c %255s%*[^\n]", &address, &type,
			      symbol) == 3)
		if (address > *start && address < *end)
			*end = address;
	if (file)
		fclose(file);
	return *start != 0;
}

/* @kind: "reject" or "require". */
static bool filter_set(const char *attribute, const char *kind,
		       unsigned long start, unsigned long end)
{
	char path[128], text[2][32];

	snprintf(text[0], sizeof(text[0]), "0x%lx", start);
	snprintf(text[1], sizeof(text[1]), "0x%lx", end);
	snprintf(path, sizeof(path), DEBUG "%s/%s-start", attribute, kind);
	if (text_write(path, text[0]) < 0)
		return false;
	snprintf(path, sizeof(path), DEBUG "%s/%s-end", attribute, kind);
	return text_write(path, text[1]) >= 0;
}

/* On the way of which calls failures happen, or do not; @start and @end if NULL. */
static bool function_filter(const char *kind, const char *name,
			    unsigned long start, unsigned long end)
{
	static const char *const attributes[] = { "failslab", "fail_page_alloc",
						  "fail_usercopy" };
	unsigned int i;

	if (name && !function_find(name, &start, &end))
		return false;
	for (i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
		if (!filter_set(attributes[i], kind, start, end))
			return false;
	return true;
}

bool fault_prepare(void)
{
	unsigned int i;

	if (access(FAIL_NTH, W_OK))
		return false;
	silence();
	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (text_write(settings[i][0], settings[i][1]) < 0)
			return false;
	return true;
}

bool fault_spare(const char *function)
{
	return function_filter("reject", function, 0, 0);
}

bool fault_spare_copies(void)
{
	return filter_set("fail_usercopy", "require", 0, 0);
}

/* From here on the allocation fails that wants the last of these bytes, or more. */
static bool fault_after(long bytes)
{
	char text[16];

	snprintf(text, sizeof(text), "%ld", bytes);
	return text_write(DEBUG "failslab/space", text) >= 0 &&
	       text_write(DEBUG "failslab/times", "1") >= 0 &&
	       text_write(DEBUG "failslab/probability", "100") >= 0;
}

/* Whether it has; none fails from here on. */
static bool fault_after_happened(void)
{
	text_write(DEBUG "failslab/probability", "0");
	return !number_read(DEBUG "failslab/times");
}

bool fault_once(const char *function)
{
	return function_filter("require", function, 0, 0) && fault_after(0);
}

bool fault_once_happened(void)
{
	bool happened = fault_after_happened();

	function_filter("require", NULL, 0, ULONG_MAX);
	return happened;
}

/* 0 or -errno; @bytes becomes what was taken before the failure, if it happened. */
static int fault_try_within(const struct fault_case *what, long *bytes,
			    struct fault_result *result)
{
	bool happened;
	int done, ret;
	long left;

	if (!fault_after(*bytes))
		return -EIO;
	done = what->action(what->data);
	happened = fault_after_happened();
	left = number_read(DEBUG "failslab/space");
	ret = what->check(what->data);
	if (ret || left <= 0)
		return ret ? ret : -EIO;
	*bytes -= left;
	if (!happened)
		return done;
	result->tried++;
	result->refused += done < 0;
	return 0;
}

/* Only failing tells where an allocation began: the last one goes first. */
struct fault_result fault_each_within(const struct fault_case *what)
{
	struct fault_result result = {};
	long bytes = BYTES_MAX;

	if (!function_filter("require", what->within, 0, 0) ||
	    !fault_spare(what->spared))
		result.error = -ENOENT;
	while (bytes > 0 && !result.error)
		result.error = fault_try_within(what, &bytes, &result);
	function_filter("require", NULL, 0, ULONG_MAX);
	return result;
}

/* The file is open before: opening it allocates. */
static int fault_arm(int file, unsigned int number)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", number);

	return pwrite(file, text, length, 0) == length ? 0 : -errno;
}

/* Whether it has happened; from here on nothing fails any more. */
static bool fault_disarm(int file)
{
	char text[16] = "";
	bool happened;

	happened = pread(file, text, sizeof(text) - 1, 0) > 0 && !atoi(text);
	fault_arm(file, 0);
	return happened;
}

/* 1 if the failure happened, 0 if the action ended before and worked, -errno. */
static int fault_try(int file, unsigned int number,
		     const struct fault_case *what, struct fault_result *result)
{
	int ret = fault_arm(file, number), done;
	bool happened;

	if (ret)
		return ret;
	done = what->action(what->data);
	happened = fault_disarm(file);
	ret = what->check(what->data);
	if (ret || !happened)
		return ret ? ret : done;
	result->tried++;
	result->refused += done < 0;
	return 1;
}

struct fault_result fault_each(const struct fault_case *what)
{
	int file = open(FAIL_NTH, O_RDWR | O_CLOEXEC), ret = 1;
	struct fault_result result = {};
	unsigned int number;

	if (!function_filter("require", what->within, 0, ULONG_MAX) ||
	    !fault_spare(what->spared))
		ret = -ENOENT;
	for (number = 1; ret == 1 && number <= FAULTS_MAX; number++)
		ret = fault_try(file, number, what, &result);
	result.error = ret == 1 ? -E2BIG : ret;
	close(file);
	return result;
}
