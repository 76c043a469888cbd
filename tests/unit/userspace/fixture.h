/* SPDX-License-Identifier: GPL-2.0 */
/* A directory that is a machine's "/" for a test, put together file by file. */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "root.h"

struct fixture {
	char path[PATH_MAX / 4];
	struct kvmfr_root root;
};

static inline struct fixture *fixture_create(void)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	strcpy(fixture->path, "/tmp/fixture.XXXXXX");
	assert_non_null(mkdtemp(fixture->path));
	assert_int_equal(kvmfr_root_open(&fixture->root, fixture->path), 0);
	return fixture;
}

static inline void fixture_destroy(struct fixture *fixture)
{
	char command[PATH_MAX];

	kvmfr_root_close(&fixture->root);
	snprintf(command, sizeof(command), "rm -rf %s", fixture->path);
	assert_int_equal(system(command), 0);
	free(fixture);
}

/* The path below the fixture, with the directories that it needs. */
static inline char *fixture_path(struct fixture *fixture, const char *path)
{
	static char full[PATH_MAX];
	char *slash;

	snprintf(full, sizeof(full), "%s/%s", fixture->path, path);
	for (slash = strchr(full + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(full, 0755))
			assert_int_equal(errno, EEXIST);
		*slash = '/';
	}
	return full;
}

static inline void fixture_data(struct fixture *fixture, const char *path,
				const void *data, size_t size)
{
	FILE *file = fopen(fixture_path(fixture, path), "w");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static inline void fixture_file(struct fixture *fixture, const char *path,
				const char *text)
{
	fixture_data(fixture, path, text, strlen(text));
}

static inline void fixture_link(struct fixture *fixture, const char *path,
				const char *target)
{
	assert_int_equal(symlink(target, fixture_path(fixture, path)), 0);
}

#endif
