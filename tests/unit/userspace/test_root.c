// SPDX-License-Identifier: GPL-2.0
/* Files below a root directory. */
#include "fixture.h"

#include <signal.h>
#include <sys/wait.h>

static int setup(void **state)
{
	*state = fixture_create();
	return 0;
}

static int teardown(void **state)
{
	fixture_destroy(*state);
	return 0;
}

static void reads_text_without_newline(void **state)
{
	struct fixture *fixture = *state;
	char text[16];

	fixture_file(fixture, "sys/a", "hello\n");
	assert_int_equal(kvmfr_read(&fixture->root, text, sizeof(text),
				    "sys/%s", "a"),
			 5);
	assert_string_equal(text, "hello");
}

static void text_that_does_not_fit_is_efbig(void **state)
{
	struct fixture *fixture = *state;
	char text[6];

	fixture_file(fixture, "a", "123456");
	assert_int_equal(kvmfr_read(&fixture->root, text, sizeof(text), "a"),
			 -EFBIG);
	assert_string_equal(text, "");
	fixture_file(fixture, "a", "12345");
	assert_int_equal(kvmfr_read(&fixture->root, text, sizeof(text), "a"),
			 5);
}

static void a_nul_is_eilseq(void **state)
{
	struct fixture *fixture = *state;
	char text[16];

	fixture_data(fixture, "a", "a\0b", 3);
	assert_int_equal(kvmfr_read(&fixture->root, text, sizeof(text), "a"),
			 -EILSEQ);
}

static void numbers_are_strict(void **state)
{
	static const struct {
		const char *text;
		int ret;
		int64_t value;
	} cases[] = {
		{ "0\n", 0, 0 },
		{ "-1", 0, -1 },
		{ "0x10", 0, 16 },
		{ "9223372036854775807", 0, INT64_MAX },
		{ "9223372036854775808", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "-", -EINVAL, 0 },
		{ "0x", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1 ", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ "1e3", -EINVAL, 0 },
		{ "--1", -EINVAL, 0 },
		{ "abc", -EINVAL, 0 },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t value = 0;

		fixture_file(fixture, "number", cases[i].text);
		assert_int_equal(kvmfr_read_s64(&fixture->root, &value,
						"number"),
				 cases[i].ret);
		assert_int_equal(value, cases[i].value);
	}
}

static void links_stay_inside(void **state)
{
	struct fixture *fixture = *state;
	char text[64];

	fixture_file(fixture, "etc/real", "inside");
	fixture_link(fixture, "etc/absolute", "/etc/real");
	fixture_link(fixture, "etc/upwards", "../../../../etc/real");
	assert_int_equal(kvmfr_read(&fixture->root, text, sizeof(text),
				    "etc/absolute"),
			 6);
	assert_int_equal(kvmfr_read(&fixture->root, text, sizeof(text),
				    "etc/upwards"),
			 6);
	fixture_link(fixture, "etc/host", "/proc/version");
	assert_int_equal(kvmfr_read(&fixture->root, text, sizeof(text),
				    "etc/host"),
			 -ENOENT);
}

static void link_gives_the_last_part(void **state)
{
	struct fixture *fixture = *state;
	char name[16];

	fixture_link(fixture, "sys/driver", "../../bus/pci/drivers/vfio-pci");
	assert_int_equal(kvmfr_link(&fixture->root, name, sizeof(name),
				    "sys/driver"),
			 0);
	assert_string_equal(name, "vfio-pci");
	assert_int_equal(kvmfr_link(&fixture->root, name, 8, "sys/driver"),
			 -ENAMETOOLONG);
	assert_int_equal(kvmfr_link(&fixture->root, name, sizeof(name),
				    "sys/no"),
			 -ENOENT);
	fixture_file(fixture, "sys/file", "");
	assert_int_equal(kvmfr_link(&fixture->root, name, sizeof(name),
				    "sys/file"),
			 -EINVAL);
}

static void names_are_sorted_as_numbers(void **state)
{
	struct fixture *fixture = *state;
	struct kvmfr_names names;

	fixture_file(fixture, "class/kvmfr10", "");
	fixture_file(fixture, "class/kvmfr2", "");
	assert_int_equal(kvmfr_list(&fixture->root, &names, "class"), 0);
	assert_int_equal(names.count, 2);
	assert_string_equal(names.name[0], "kvmfr2");
	assert_string_equal(names.name[1], "kvmfr10");
	kvmfr_names_free(&names);
	assert_int_equal(kvmfr_list(&fixture->root, &names, "nothing"),
			 -ENOENT);
	assert_int_equal(names.count, 0);
}

static void writing_needs_a_file(void **state)
{
	struct fixture *fixture = *state;
	char text[16];

	assert_int_equal(kvmfr_write(&fixture->root, "1", "control"), -ENOENT);
	fixture_file(fixture, "control", "");
	assert_int_equal(kvmfr_write(&fixture->root, "auto", "control"), 0);
	assert_int_equal(
		kvmfr_read(&fixture->root, text, sizeof(text), "control"), 4);
	assert_string_equal(text, "auto");
}

/* Nobody is at the other end: not to wait for, not to write for. */
static void nothing_waits_for_a_fifo(void **state)
{
	struct fixture *fixture = *state;
	char text[16];
	int fd;

	assert_int_equal(mkfifo(fixture_path(fixture, "fifo"), 0600), 0);
	alarm(10);
	assert_int_equal(kvmfr_read(&fixture->root, text, sizeof(text), "fifo"),
			 0);
	assert_int_equal(kvmfr_write(&fixture->root, "1", "fifo"), -ENXIO);
	fd = kvmfr_open(&fixture->root, O_RDONLY, "fifo");
	assert_true(fd >= 0);
	close(fd);
	fd = kvmfr_open(&fixture->root, O_PATH, "fifo");
	assert_true(fd >= 0);
	close(fd);
	alarm(0);
}

/* The kernel gives up ".." below a root while anything is renamed anywhere. */
static void renames_meanwhile_do_not_matter(void **state)
{
	struct fixture *fixture = *state;
	char name[2][PATH_MAX];
	char text[16];
	int failed = 0;
	pid_t child;

	fixture_file(fixture, "a", "text");
	fixture_file(fixture, "b/c", "");
	fixture_file(fixture, "d", "");
	strcpy(name[0], fixture_path(fixture, "d"));
	strcpy(name[1], fixture_path(fixture, "e"));
	child = fork();
	assert_true(child >= 0);
	for (int i = 0; !child; i = !i)
		if (rename(name[i], name[!i]))
			_exit(1);
	for (int i = 0; i < 100000; i++)
		failed += kvmfr_read(&fixture->root, text, sizeof(text),
				     "b/../b/../b/../a") != 4;
	assert_int_equal(waitpid(child, NULL, WNOHANG), 0);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_int_equal(failed, 0);
}

static void whole_files_have_a_limit(void **state)
{
	struct fixture *fixture = *state;
	char *text;

	fixture_file(fixture, "a", "0123456789");
	assert_int_equal(kvmfr_read_all(&fixture->root, &text, 10, "a"), 10);
	assert_string_equal(text, "0123456789");
	free(text);
	assert_int_equal(kvmfr_read_all(&fixture->root, &text, 9, "a"), -EFBIG);
	assert_null(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reads_text_without_newline,
						setup, teardown),
		cmocka_unit_test_setup_teardown(text_that_does_not_fit_is_efbig,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_nul_is_eilseq, setup,
						teardown),
		cmocka_unit_test_setup_teardown(numbers_are_strict, setup,
						teardown),
		cmocka_unit_test_setup_teardown(links_stay_inside, setup,
						teardown),
		cmocka_unit_test_setup_teardown(link_gives_the_last_part, setup,
						teardown),
		cmocka_unit_test_setup_teardown(names_are_sorted_as_numbers,
						setup, teardown),
		cmocka_unit_test_setup_teardown(writing_needs_a_file, setup,
						teardown),
		cmocka_unit_test_setup_teardown(nothing_waits_for_a_fifo, setup,
						teardown),
		cmocka_unit_test_setup_teardown(renames_meanwhile_do_not_matter,
						setup, teardown),
		cmocka_unit_test_setup_teardown(whole_files_have_a_limit, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
