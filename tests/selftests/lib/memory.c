// SPDX-License-Identifier: GPL-2.0
/* What the kernel says about memory, and making free memory dirty. */
#include <errno.h>
#include <glob.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kvmfr_test.h"

#define SLABS "/sys/kernel/slab/"

/* "Name:   123 kB" -> 123 if the line is about @field, else -ENOENT. */
static long field_kb(const char *line, const char *field)
{
	size_t length = strlen(field);
	long kb;

	if (strncmp(line, field, length) || line[length] != ':')
		return -ENOENT;
	return sscanf(line + length + 1, "%ld kB", &kb) == 1 ? kb : -EINVAL;
}

long smaps_kb(const void *addr, const char *field)
{
	uintptr_t wanted = (uintptr_t)addr;
	unsigned long start, end;
	bool inside = false;
	long kb = -ENOENT;
	char line[512];
	FILE *smaps;

	smaps = fopen("/proc/self/smaps", "re");
	if (!smaps)
		return -errno;

	while (kb == -ENOENT && fgets(line, sizeof(line), smaps)) {
		/* Only the heading of a mapping looks like "start-end ". */
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = wanted >= start && wanted < end;
		else if (inside)
			kb = field_kb(line, field);
	}

	fclose(smaps);
	return kb;
}

long meminfo_kb(const char *field)
{
	long kb = -ENOENT;
	char line[128];
	FILE *meminfo;

	meminfo = fopen("/proc/meminfo", "re");
	if (!meminfo)
		return -errno;

	while (kb == -ENOENT && fgets(line, sizeof(line), meminfo))
		kb = field_kb(line, field);

	fclose(meminfo);
	return kb;
}

int maps_count(const char *text)
{
	char line[512];
	int count = 0;
	FILE *maps;

	maps = fopen("/proc/self/maps", "re");
	if (!maps)
		return -errno;
	while (fgets(line, sizeof(line), maps))
		if (strstr(line, text))
			count++;
	fclose(maps);
	return count;
}

/*
 * MemFree leaves out the pages on per-cpu lists, tens of MiB since 6.7:
 * /proc/zoneinfo has both ("nr_free_pages N" once per zone, "count: N" once per
 * zone and CPU).
 */
long memory_free_kb(void)
{
	long pages = 0, number;
	char line[256];
	FILE *zoneinfo;
	long ret;

	sync();
	ret = text_write("/proc/sys/vm/drop_caches", "3");
	if (ret < 0)
		return ret;

	zoneinfo = fopen("/proc/zoneinfo", "re");
	if (!zoneinfo)
		return -errno;
	while (fgets(line, sizeof(line), zoneinfo))
		if (sscanf(line, " nr_free_pages %ld", &number) == 1 ||
		    sscanf(line, " count: %ld", &number) == 1)
			pages += number;
	fclose(zoneinfo);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

long kernel_memory(void)
{
	return (meminfo_kb("Slab") + meminfo_kb("VmallocUsed")) * 1024;
}

/* "objects" is "12 N0=12": their number, and the same by node. */
static long slab_objects(const char *cache)
{
	char path[128], text[256];
	long ret;

	snprintf(path, sizeof(path), "%s/shrink", cache);
	ret = text_write(path, "1");
	if (ret < 0)
		return ret;
	snprintf(path, sizeof(path), "%s/objects", cache);
	ret = text_read(path, text, sizeof(text));
	return ret < 0 ? ret : atol(text);
}

long kmalloc_objects(bool charged)
{
	long sum = 0, number = -ENOENT;
	glob_t found = { 0 };
	size_t i;

	glob(SLABS "kmalloc-*", 0, NULL, &found);
	for (i = 0; i < found.gl_pathc; i++) {
		if (!strstr(found.gl_pathv[i], "/kmalloc-cg-") == charged)
			continue;
		number = slab_objects(found.gl_pathv[i]);
		if (number < 0)
			break;
		sum += number;
	}
	globfree(&found);
	return number < 0 ? number : sum;
}

bool kmalloc_padded(void)
{
	return number_read(SLABS "kmalloc-64/slab_size") > 64;
}

int memory_dirty(size_t bytes)
{
	void *memory;

	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return -errno;

	memset(memory, 0xa5, bytes);
	return munmap(memory, bytes) ? -errno : 0;
}
