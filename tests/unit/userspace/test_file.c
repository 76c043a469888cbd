// SPDX-License-Identifier: GPL-2.0
/* Files that are never seen half written, whoever is killed meanwhile. */
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>

#include "file.h"
#include "fixture.h"

#define SIZE 200000

/* In the place of the C library's, to count them. */
static unsigned int syncs;

int fsync(int fd)
{
	syncs++;
	return (int)syscall(SYS_fsync, fd);
}

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

static unsigned int count_files(struct fixture *fixture)
{
	struct kvmfr_names names;
	unsigned int count;

	assert_int_equal(kvmfr_list(&fixture->root, &names, "d"), 0);
	count = (unsigned int)names.count;
	kvmfr_names_free(&names);
	return count;
}

static void contents_and_mode_are_replaced(void **state)
{
	struct fixture *fixture = *state;
	char *path = fixture_path(fixture, "d/file");
	char text[16];
	struct stat st;

	umask(077);
	assert_int_equal(kvmfr_file_replace(path, "one", 3, 0644), 0);
	assert_int_equal(kvmfr_file_replace(path, "", 0, 0640), 0);
	assert_int_equal(
		kvmfr_read(&fixture->root, text, sizeof(text), "d/file"), 0);
	assert_int_equal(kvmfr_file_replace(path, "two", 3, 0604), 0);
	assert_int_equal(
		kvmfr_read(&fixture->root, text, sizeof(text), "d/file"), 3);
	assert_string_equal(text, "two");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0604);
	assert_int_equal(count_files(fixture), 1);
	umask(022);
}

static void only_what_has_to_last_wakes_disks(void **state)
{
	struct fixture *fixture = *state;
	char *path = fixture_path(fixture, "d/file");
	char text[16];

	syncs = 0;
	assert_int_equal(kvmfr_file_replace(path, "one", 3, 0644), 0);
	assert_int_equal(syncs, 2); /* the file and its directory */
	assert_int_equal(kvmfr_file_publish(path, "three", 5, 0644), 0);
	assert_int_equal(syncs, 2);
	assert_int_equal(
		kvmfr_read(&fixture->root, text, sizeof(text), "d/file"), 5);
	assert_string_equal(text, "three");
	assert_int_equal(count_files(fixture), 1);
}

static void links_are_replaced(void **state)
{
	struct fixture *fixture = *state;
	char text[16];

	fixture_file(fixture, "elsewhere", "keep");
	fixture_link(fixture, "d/file", "../elsewhere");
	assert_int_equal(kvmfr_file_replace(fixture_path(fixture, "d/file"),
					    "new", 3, 0644),
			 0);
	assert_int_equal(
		kvmfr_read(&fixture->root, text, sizeof(text), "elsewhere"), 4);
	assert_string_equal(text, "keep");
}

static void failures_change_nothing(void **state)
{
	struct fixture *fixture = *state;
	char path[PATH_MAX + 8];

	assert_int_equal(kvmfr_file_replace("/tmp/no/such/directory", "x", 1,
					    0644),
			 -ENOENT);
	fixture_file(fixture, "d/directory/file", "");
	assert_int_equal(
		kvmfr_file_replace(fixture_path(fixture, "d/directory"), "x", 1,
				   0644),
		-EISDIR);
	assert_int_equal(count_files(fixture), 1);
	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(kvmfr_file_replace(path, "x", 1, 0644), -ENAMETOOLONG);
}

/* "state = /dev/null" must not take it away from everybody. */
static void what_is_no_file_stays(void **state)
{
	struct fixture *fixture = *state;
	char *path = fixture_path(fixture, "d/fifo");
	struct stat st;

	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(kvmfr_file_replace(path, "x", 1, 0644), -EEXIST);
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	path = fixture_path(fixture, "d/null");
	if (mknod(path, S_IFCHR | 0666, makedev(1, 3)))
		skip();
	assert_int_equal(kvmfr_file_replace(path, "x", 1, 0644), -EEXIST);
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	assert_int_equal(count_files(fixture), 2);
}

static void a_name_alone_is_in_this_directory(void **state)
{
	struct fixture *fixture = *state;
	char text[16];

	assert_int_equal(chdir(fixture->path), 0);
	assert_int_equal(kvmfr_file_replace("file", "here", 4, 0644), 0);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(kvmfr_read(&fixture->root, text, sizeof(text), "file"),
			 4);
}

/* A full disk in the middle of the contents. */
static void a_full_disk_changes_nothing(void **state)
{
	struct fixture *fixture = *state;
	char *path = fixture_path(fixture, "d/file");
	char *data = calloc(1, SIZE);
	pid_t child;
	char text[16];
	int status;

	fixture_file(fixture, "d/file", "old");
	child = fork();
	if (!child) {
		struct rlimit limit = { SIZE / 2, SIZE / 2 };

		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		_exit(kvmfr_file_replace(path, data, SIZE, 0644) == -EFBIG ? 0 :
									     1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(
		kvmfr_read(&fixture->root, text, sizeof(text), "d/file"), 3);
	assert_int_equal(count_files(fixture), 1);
	free(data);
}

/* Replaces the file by one of all the same letter until it is killed. */
static void replace_for_ever(const char *path)
{
	char *data = malloc(SIZE);

	for (char letter = 'a';;
	     letter = letter == 'z' ? 'a' : (char)(letter + 1)) {
		memset(data, letter, SIZE);
		if (kvmfr_file_replace(path, data, SIZE, 0644))
			_exit(1);
	}
}

static void check_whole(struct fixture *fixture)
{
	char *text;

	assert_int_equal(kvmfr_read_all(&fixture->root, &text, SIZE + 1,
					"d/file"),
			 SIZE);
	for (int i = 1; i < SIZE; i++)
		if (text[i] != text[0])
			fail_msg("byte %d is '%c', not '%c'", i, text[i],
				 text[0]);
	free(text);
}

static void readers_never_see_half_a_file(void **state)
{
	struct fixture *fixture = *state;
	char *path = strdup(fixture_path(fixture, "d/file"));
	char *first = malloc(SIZE);
	int status;

	memset(first, '0', SIZE);
	assert_int_equal(kvmfr_file_replace(path, first, SIZE, 0644), 0);
	for (int i = 0; i < 200; i++) {
		struct timespec delay = { 0, i % 20 * 150000 };
		pid_t child = fork();

		assert_true(child >= 0);
		if (!child)
			replace_for_ever(path);
		check_whole(fixture);
		nanosleep(&delay, NULL);
		check_whole(fixture);
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		check_whole(fixture);
	}
	free(first);
	free(path);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(contents_and_mode_are_replaced),
		TEST(only_what_has_to_last_wakes_disks),
		TEST(links_are_replaced),
		TEST(failures_change_nothing),
		TEST(what_is_no_file_stays),
		TEST(a_name_alone_is_in_this_directory),
		TEST(a_full_disk_changes_nothing),
		TEST(readers_never_see_half_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
