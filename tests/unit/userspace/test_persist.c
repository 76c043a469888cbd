// SPDX-License-Identifier: GPL-2.0
/* The lines for the next boot: written, and taken back. */
#include "fixture.h"
#include "persist.h"

#define CONF "etc/modprobe.d/kvmfr.conf"
#define BOOT "etc/modules-load.d/kvmfr.conf"
#define HEAD "# Written by kvmfrctl resize --persist; see kvmfrctl-load(8).\n"

static int setup(void **state)
{
	struct fixture *fixture = fixture_create();

	fixture_path(fixture, "etc/x");
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	fixture_destroy(*state);
	return 0;
}

static int persist(struct fixture *fixture, const char *sizes)
{
	struct kvmfr_persist_file files[KVMFR_PERSIST_FILES];
	int ret = kvmfr_persist_plan(&fixture->root, sizes, files);

	if (!ret)
		ret = kvmfr_persist_apply(&fixture->root, files);
	kvmfr_persist_free(files);
	return ret;
}

static int forget(struct fixture *fixture)
{
	struct kvmfr_persist_file files[KVMFR_PERSIST_FILES];
	int ret = kvmfr_persist_plan_undo(&fixture->root, files);

	if (!ret)
		ret = kvmfr_persist_apply_undo(&fixture->root, files);
	kvmfr_persist_free(files);
	return ret;
}

/* The file as it is, newline at the end included. */
static void is_text(struct fixture *fixture, const char *path, const char *want)
{
	char text[1024] = "";
	FILE *file = fopen(fixture_path(fixture, path), "r");

	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(text, want);
}

static size_t count_files(struct fixture *fixture, const char *directory)
{
	struct kvmfr_names names;
	size_t count;

	assert_int_equal(kvmfr_list(&fixture->root, &names, "%s", directory),
			 0);
	count = names.count;
	kvmfr_names_free(&names);
	return count;
}

static void lines_are_edited(void **state)
{
	static const struct {
		const char *before;
		const char *after;
	} cases[] = {
		{ "", HEAD "options kvmfr static_size_mb=64,128\n" },
		{ "# mine", "# mine\noptions kvmfr static_size_mb=64,128\n" },
		{ "#options kvmfr static_size_mb=1\n",
		  "#options kvmfr static_size_mb=1\noptions kvmfr static_size_mb=64,128\n" },
		{ "options kvmfr static_size_mb=32\n",
		  "options kvmfr static_size_mb=64,128\n" },
		{ "options kvmfr numa_node=0\tstatic-size-mb=1 x=2\n\nblacklist y\n",
		  "options kvmfr numa_node=0\tstatic_size_mb=64,128 x=2\n\nblacklist y\n" },
		{ "\toptions  kvmfr static_size_mb=1",
		  "\toptions  kvmfr static_size_mb=64,128" },
		{ "options kvmfr a=1 \\\n\tstatic_size_mb=1\n",
		  "options kvmfr a=1 \\\n\tstatic_size_mb=64,128\n" },
		{ "options kvmfr static_size_mb=1,\\\n2 a=1\n",
		  "options kvmfr static_size_mb=64,128 a=1\n" },
		{ "options \\\nkvmfr static_size_mb=1\n",
		  "options \\\nkvmfr static_size_mb=64,128\n" },
		{ "# a \\\noptions kvmfr static_size_mb=1\n",
		  "# a \\\noptions kvmfr static_size_mb=1\noptions kvmfr static_size_mb=64,128\n" },
		{ "options kvmfr static_size_mb=1\noptions kvmfr static_size_mb=2\n",
		  "options kvmfr static_size_mb=64,128\noptions kvmfr static_size_mb=64,128\n" },
		{ "options kvmfr2 static_size_mb=1\nalias kvmfr static_size_mb=2\n",
		  "options kvmfr2 static_size_mb=1\nalias kvmfr static_size_mb=2\n"
		  "options kvmfr static_size_mb=64,128\n" },
		{ "options kvmfr my_static_size_mb=1 static_size_mbx=2 static_size_mb\n",
		  "options kvmfr my_static_size_mb=1 static_size_mbx=2 static_size_mb\n"
		  "options kvmfr static_size_mb=64,128\n" },
		{ "install x y \\\n",
		  "install x y \\\n\noptions kvmfr static_size_mb=64,128\n" },
		{ "# \377\033[31m\r\n",
		  "# \377\033[31m\r\noptions kvmfr static_size_mb=64,128\n" },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		fixture_file(fixture, CONF, cases[i].before);
		fixture_file(fixture, BOOT, "  kvmfr \n");
		assert_int_equal(persist(fixture, "64,128"), 0);
		is_text(fixture, CONF, cases[i].after);
		is_text(fixture, BOOT, "  kvmfr \n");
		assert_int_equal(forget(fixture), 0);
		is_text(fixture, CONF, cases[i].before);
		assert_int_equal(count_files(fixture, "etc/modprobe.d"), 1);
	}
}

static void absent_files_are_made_and_removed(void **state)
{
	struct fixture *fixture = *state;
	struct stat st;

	assert_int_equal(persist(fixture, "64"), 0);
	is_text(fixture, CONF, HEAD "options kvmfr static_size_mb=64\n");
	is_text(fixture, BOOT, HEAD "kvmfr\n");
	assert_int_equal(stat(fixture_path(fixture, CONF), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	/* Once more: what is kept is what was there first. */
	assert_int_equal(persist(fixture, "128"), 0);
	is_text(fixture, CONF, HEAD "options kvmfr static_size_mb=128\n");
	assert_int_equal(forget(fixture), 0);
	assert_int_equal(count_files(fixture, "etc/modprobe.d"), 0);
	assert_int_equal(count_files(fixture, "etc/modules-load.d"), 0);
	assert_int_equal(forget(fixture), -ENOENT);
}

static void what_would_be_hidden_is_taken_over(void **state)
{
	struct fixture *fixture = *state;

	fixture_file(fixture, "usr/lib/modprobe.d/kvmfr.conf",
		     "options kvmfr numa_node=1\n");
	fixture_file(fixture, "usr/lib/modules-load.d/kvmfr.conf",
		     "# none\nothers\n");
	assert_int_equal(persist(fixture, "64"), 0);
	is_text(fixture, CONF,
		"options kvmfr numa_node=1\noptions kvmfr static_size_mb=64\n");
	is_text(fixture, BOOT, "# none\nothers\nkvmfr\n");
	assert_int_equal(forget(fixture), 0);
	assert_false(kvmfr_exists(&fixture->root, CONF));
}

static void mode_and_own_changes_stay(void **state)
{
	struct fixture *fixture = *state;
	struct kvmfr_persist_file files[KVMFR_PERSIST_FILES];
	struct stat st;

	fixture_file(fixture, CONF, "options kvmfr static_size_mb=16\n");
	assert_int_equal(chmod(fixture_path(fixture, CONF), 0600), 0);
	assert_int_equal(persist(fixture, "64"), 0);
	assert_int_equal(stat(fixture_path(fixture, CONF), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	fixture_file(fixture, CONF,
		     "options kvmfr static_size_mb=64\n# mine\n");
	assert_int_equal(kvmfr_persist_plan_undo(&fixture->root, files),
			 -ESTALE);
	assert_string_equal(files[0].path, CONF);
	is_text(fixture, CONF, "options kvmfr static_size_mb=64\n# mine\n");
	/* The user has chosen another size by hand: that is still ours. */
	fixture_file(fixture, CONF, "options kvmfr static_size_mb=96\n");
	assert_int_equal(forget(fixture), 0);
	is_text(fixture, CONF, "options kvmfr static_size_mb=16\n");
	assert_int_equal(stat(fixture_path(fixture, CONF), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void the_second_file_is_named_too(void **state)
{
	struct fixture *fixture = *state;
	struct kvmfr_persist_file files[KVMFR_PERSIST_FILES];

	assert_int_equal(persist(fixture, "64"), 0);
	assert_int_equal(unlink(fixture_path(fixture, BOOT)), 0);
	fixture_file(fixture, BOOT, "other\n");
	assert_int_equal(kvmfr_persist_plan_undo(&fixture->root, files),
			 -ESTALE);
	assert_string_equal(files[0].path, BOOT);
}

static void nothing_to_change_writes_nothing(void **state)
{
	struct fixture *fixture = *state;

	fixture_file(fixture, CONF, "options kvmfr static_size_mb=64\n");
	fixture_file(fixture, BOOT, "kvmfr\n");
	assert_int_equal(persist(fixture, "64"), 0);
	assert_int_equal(count_files(fixture, "etc/modprobe.d"), 1);
	assert_int_equal(count_files(fixture, "etc/modules-load.d"), 1);
}

static int refused(struct fixture *fixture, const char *path)
{
	struct kvmfr_persist_file files[KVMFR_PERSIST_FILES];
	int ret = kvmfr_persist_plan(&fixture->root, "64", files);

	assert_string_equal(files[0].path, path);
	assert_int_equal(kvmfr_persist_plan_undo(&fixture->root, files), ret);
	assert_string_equal(files[0].path, path);
	return ret;
}

/* A link to /dev/null is how people mask a file: its mode is not the file's. */
static void only_files_are_replaced(void **state)
{
	struct fixture *fixture = *state;
	struct stat st;

	fixture_file(fixture, "etc/null", "");
	assert_int_equal(chmod(fixture_path(fixture, "etc/null"), 0666), 0);
	fixture_link(fixture, CONF, "/etc/null");
	assert_int_equal(refused(fixture, CONF), -EEXIST);
	assert_int_equal(persist(fixture, "64"), -EEXIST);
	assert_int_equal(lstat(fixture_path(fixture, CONF), &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(unlink(fixture_path(fixture, CONF)), 0);
	fixture_link(fixture, CONF, "nowhere");
	assert_int_equal(refused(fixture, CONF), -EEXIST);
	assert_int_equal(unlink(fixture_path(fixture, CONF)), 0);
	assert_int_equal(mkfifo(fixture_path(fixture, BOOT), 0666), 0);
	assert_int_equal(refused(fixture, BOOT), -EEXIST);
	assert_int_equal(persist(fixture, "64"), -EEXIST);
	assert_int_equal(count_files(fixture, "etc/modprobe.d"), 0);
	assert_int_equal(count_files(fixture, "etc/modules-load.d"), 1);
}

static void nobody_else_may_write(void **state)
{
	struct fixture *fixture = *state;
	struct stat st;

	fixture_file(fixture, CONF, "# mine\n");
	assert_int_equal(chmod(fixture_path(fixture, CONF), 0666), 0);
	assert_int_equal(persist(fixture, "64"), 0);
	assert_int_equal(stat(fixture_path(fixture, CONF), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(stat(fixture_path(fixture, CONF ".kvmfrctl-old"), &st),
			 0);
	assert_int_equal(st.st_mode & 07777, 0644);
}

/* The second file cannot be written: the first one is as it was. */
static void all_or_none(void **state)
{
	struct fixture *fixture = *state;

	fixture_file(fixture, CONF, "options kvmfr static_size_mb=16\n");
	fixture_file(fixture, "etc/modules-load.d", "a file");
	assert_int_equal(persist(fixture, "64"), -ENOTDIR);
	is_text(fixture, CONF, "options kvmfr static_size_mb=16\n");
	assert_int_equal(unlink(fixture_path(fixture, "etc/modules-load.d")),
			 0);
	fixture_link(fixture, "etc/modules-load.d", "nowhere");
	assert_int_equal(persist(fixture, "64"), -ENOENT);
	is_text(fixture, CONF, "options kvmfr static_size_mb=16\n");
	assert_int_equal(unlink(fixture_path(fixture, "etc/modules-load.d")),
			 0);
	assert_int_equal(forget(fixture), 0);
	is_text(fixture, CONF, "options kvmfr static_size_mb=16\n");
	assert_int_equal(count_files(fixture, "etc/modprobe.d"), 1);
}

static void directories_that_are_links_stay_below_the_root(void **state)
{
	struct fixture *fixture = *state;

	fixture_path(fixture, "elsewhere/x");
	fixture_link(fixture, "etc/modprobe.d", "/elsewhere");
	assert_int_equal(persist(fixture, "64"), 0);
	is_text(fixture, "elsewhere/kvmfr.conf",
		HEAD "options kvmfr static_size_mb=64\n");
}

static void the_last_size_counts(void **state)
{
	static const struct {
		const char *options;
		const char *sizes;
	} cases[] = {
		{ "", "" },
		{ "a=1", "" },
		{ "static_size_mb=64", "64" },
		{ "static_size_mb=1 a=2 static-size-mb=2,3  ", "2,3" },
		{ "xstatic_size_mb=1 static_size_mb", "" },
		{ "static_size_mb=", "" },
	};
	char sizes[8];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		kvmfr_persist_last_size(cases[i].options, sizes, sizeof(sizes));
		assert_string_equal(sizes, cases[i].sizes);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(lines_are_edited),
		TEST(absent_files_are_made_and_removed),
		TEST(what_would_be_hidden_is_taken_over),
		TEST(mode_and_own_changes_stay),
		TEST(the_second_file_is_named_too),
		TEST(nothing_to_change_writes_nothing),
		TEST(only_files_are_replaced),
		TEST(nobody_else_may_write),
		TEST(all_or_none),
		TEST(directories_that_are_links_stay_below_the_root),
		TEST(the_last_size_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
