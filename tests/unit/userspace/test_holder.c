// SPDX-License-Identifier: GPL-2.0
/* Which processes hold a file: canned ones. */
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "fixture.h"
#include "holder.h"

#define NODE "dev/kvmfr0"

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

__attribute__((format(printf, 4, 5))) static void
process_file(struct fixture *fixture, int pid, const char *name,
	     const char *format, ...)
{
	char path[128];
	char text[4096];
	va_list args;

	snprintf(path, sizeof(path), "proc/%d/%s", pid, name);
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fixture_file(fixture, path, text);
}

static void process_link(struct fixture *fixture, int pid, const char *name,
			 const char *target)
{
	char path[128];

	snprintf(path, sizeof(path), "proc/%d/%s", pid, name);
	fixture_link(fixture, path, target);
}

static void process(struct fixture *fixture, int pid, const char *comm)
{
	process_file(fixture, pid, "comm", "%s\n", comm);
	process_file(fixture, pid, "status", "Name:\t%s\nUid:\t1000\t0\t0\t0\n",
		     comm);
	process_link(fixture, pid, "fd/0", "socket:[4711]");
	process_link(fixture, pid, "fd/1", "/dev/null");
	process_file(
		fixture, pid, "maps",
		"55e0-55f0 r-xp 00000000 00:00 0 \n"
		"7ff0-7ff8 r-xp 00000000 00:00 0                  [vdso]\n");
}

static void node(struct fixture *fixture, const char *path, unsigned int number)
{
	assert_int_equal(mknod(fixture_path(fixture, path), S_IFCHR | 0600,
			       makedev(240, number)),
			 0);
}

static void dmabuf(struct fixture *fixture, int pid, int fd, unsigned int inode,
		   const char *exporter, const char *name)
{
	char path[32];

	snprintf(path, sizeof(path), "fd/%d", fd);
	process_link(fixture, pid, path, "/dmabuf:");
	snprintf(path, sizeof(path), "fdinfo/%d", fd);
	process_file(
		fixture, pid, path,
		"pos:\t0\nflags:\t02000002\nmnt_id:\t15\nino:\t%u\nsize:\t4096\n"
		"count:\t2\nexp_name:\t%s\n%s%s",
		inode, exporter, name ? "name:\t" : "", name ? name : "");
}

static void open_and_mapped_files_are_found(void **state)
{
	struct fixture *fixture = *state;
	struct kvmfr_holder *holders;
	unsigned int blind;
	struct stat st;

	fixture_file(fixture, NODE, "not a device");
	fixture_file(fixture, "dev/null", "");
	assert_int_equal(stat(fixture_path(fixture, NODE), &st), 0);
	process(fixture, 9, "bystander");
	process(fixture, 1200, "qemu\nsystem");
	process_link(fixture, 1200, "fd/12", "/" NODE);
	process(fixture, 300, "client");
	process_file(
		fixture, 300, "maps",
		"7f00-7f10 r--p 00000000 fe:01 1234           /usr/lib/libc.so\n"
		"7f20-7f40 rw-s 00000000 %02x:%02x %lu        /other name\n",
		major(st.st_dev), minor(st.st_dev), (unsigned long)st.st_ino);
	fixture_file(fixture, "proc/uptime", "1 1\n");
	process_link(fixture, 700, "fd/3", "/" NODE); /* gone: no comm */

	assert_int_equal(
		kvmfr_holder_list(&fixture->root, NODE, &holders, &blind), 2);
	assert_int_equal(blind, 0);
	assert_int_equal(holders[0].pid, 300);
	assert_string_equal(holders[0].comm, "client");
	assert_false(holders[0].open);
	assert_true(holders[0].mapped);
	assert_int_equal(holders[1].pid, 1200);
	assert_string_equal(holders[1].comm, "qemu\nsystem");
	assert_int_equal(holders[1].uid, 1000);
	assert_true(holders[1].open);
	assert_false(holders[1].mapped);
	assert_int_equal(holders[1].exports, 0);
	free(holders);
}

/* Users can give themselves thousands of groups, all in one file. */
static void many_groups_hide_nobody(void **state)
{
	struct fixture *fixture = *state;
	struct kvmfr_holder *holders;
	static char text[800000];
	unsigned int blind;
	size_t size;

	fixture_file(fixture, NODE, "not a device");
	process(fixture, 7, "qemu");
	process_link(fixture, 7, "fd/12", "/" NODE);
	size = (size_t)sprintf(text, "Name:\tqemu\nUid:\t1000\t0\nGroups:\t");
	for (int i = 0; i < 65536; i++)
		size += (size_t)sprintf(text + size, "%d ", 4294901760U + i);
	strcpy(text + size, "\n");
	fixture_file(fixture, "proc/7/status", text);
	assert_int_equal(
		kvmfr_holder_list(&fixture->root, NODE, &holders, &blind), 1);
	assert_int_equal(holders[0].pid, 7);
	assert_int_equal(holders[0].uid, 1000);
	free(holders);
}

/* Only one that has gone is left out. */
static void what_cannot_be_described_is_listed(void **state)
{
	struct fixture *fixture = *state;
	struct kvmfr_holder *holders;
	unsigned int blind;

	fixture_file(fixture, NODE, "not a device");
	process(fixture, 7, "qemu");
	process_link(fixture, 7, "fd/12", "/" NODE);
	assert_int_equal(unlink(fixture_path(fixture, "proc/7/status")), 0);
	fixture_path(fixture, "proc/7/status/x");
	assert_int_equal(unlink(fixture_path(fixture, "proc/7/comm")), 0);
	fixture_data(fixture, "proc/7/comm", "a\0b", 3);
	assert_int_equal(
		kvmfr_holder_list(&fixture->root, NODE, &holders, &blind), 1);
	assert_int_equal(holders[0].pid, 7);
	assert_string_equal(holders[0].comm, "");
	free(holders);
}

static void devices_are_known_by_number(void **state)
{
	struct fixture *fixture = *state;
	dev_t numbers[] = { makedev(240, 1), makedev(240, 0) };
	struct kvmfr_holder *holders;
	unsigned int blind;

	node(fixture, NODE, 0);
	node(fixture, "dev/kvmfr1", 1);
	node(fixture, "private/kvmfr0", 0);
	fixture_file(fixture, "dev/null", "");
	fixture_file(fixture, "lib/libc.so", "");
	process(fixture, 50, "qemu");
	process_link(fixture, 50, "fd/3", "/private/kvmfr0");
	/* Here the kernel writes zeros that map_files does not have. */
	process_file(
		fixture, 50, "maps",
		"00400000-00452000 rw-s 00000000 00:05 77      /dev/kvmfr0\n");
	process_link(fixture, 50, "map_files/400000-452000", "/private/kvmfr0");
	for (int pid = 60; pid < 62; pid++) {
		process(fixture, pid, "other");
		process_link(fixture, pid, "fd/3", "/dev/kvmfr1");
		process_file(
			fixture, pid, "maps",
			"500000-501000 r-xp 00000000 00:05 78     /lib/libc.so\n");
		process_link(fixture, pid, "map_files/500000-501000",
			     "/lib/libc.so");
	}

	assert_int_equal(
		kvmfr_holder_list(&fixture->root, NODE, &holders, &blind), 1);
	assert_int_equal(holders[0].pid, 50);
	assert_true(holders[0].open && holders[0].mapped);
	free(holders);
	assert_int_equal(kvmfr_holder_list_numbers(&fixture->root, numbers, 2,
						   &holders, &blind),
			 3);
	assert_true(holders[2].open);
	assert_false(holders[2].mapped);
	free(holders);
	assert_int_equal(kvmfr_holder_list_numbers(&fixture->root, numbers, 1,
						   &holders, &blind),
			 2);
	free(holders);
	assert_int_equal(kvmfr_holder_list_numbers(&fixture->root, numbers, 0,
						   &holders, &blind),
			 0);
	assert_null(holders);
}

static void buffers_are_counted_once(void **state)
{
	struct fixture *fixture = *state;
	struct kvmfr_holder *holders;
	unsigned int blind;

	node(fixture, NODE, 0);
	process(fixture, 10, "client");
	dmabuf(fixture, 10, 5, 900, "kvmfr", NULL);
	dmabuf(fixture, 10, 6, 900, "kvmfr", "the same again");
	dmabuf(fixture, 10, 7, 901, "kvmfr", NULL);
	process_file(fixture, 10, "maps",
		     "1000-2000 rw-s 00000000 00:0b 900    /dmabuf:\n");
	process(fixture, 11, "mapped only");
	process_file(fixture, 11, "maps",
		     "1000-2000 rw-s 00000000 00:0b 901    /dmabuf:a\n"
		     "3000-4000 rw-s 00000000 00:0b 902    /dmabuf:b\n"
		     "5000-6000 rw-s 00000000 00:0b 903    /dmabuf:kvmfr\n");
	process(fixture, 12, "of others");
	dmabuf(fixture, 12, 5, 902, "udmabuf", "x\nexp_name:\tkvmfr\n");
	process_link(fixture, 12, "fd/9", "/dmabuf:"); /* closed meanwhile */
	process(fixture, 13, "strange");
	dmabuf(fixture, 13, 5, 904, "kvmfr_not", NULL);

	assert_int_equal(
		kvmfr_holder_list(&fixture->root, NODE, &holders, &blind), 2);
	assert_int_equal(holders[0].pid, 10);
	assert_int_equal(holders[0].exports, 2);
	assert_int_equal(holders[1].pid, 11);
	assert_int_equal(holders[1].exports, 1);
	assert_false(holders[1].open || holders[1].mapped);
	free(holders);
}

/* A thread of a process that has no descriptors and no memory of its own. */
static void thread_link(struct fixture *fixture, int pid, int tid,
			const char *name, const char *target)
{
	char path[128];

	snprintf(path, sizeof(path), "proc/%d/task/%d/%s", pid, tid, name);
	fixture_link(fixture, path, target);
}

static void threads_are_looked_at(void **state)
{
	struct fixture *fixture = *state;
	struct kvmfr_holder *holders;
	unsigned int blind;

	node(fixture, NODE, 0);
	for (int pid = 40; pid < 43; pid++) {
		process_file(fixture, pid, "comm", "threads\n");
		process_file(fixture, pid, "status", "Uid:\t1000\n");
		process_file(fixture, pid, "maps", "%s", "");
		fixture_path(fixture, pid == 40 ? "proc/40/fd/x" :
				      pid == 41 ? "proc/41/fd/x" :
						  "proc/42/fd/x");
	}
	thread_link(fixture, 40, 40, "none", "none");
	thread_link(fixture, 40, 43, "fd/3", "socket:[1]"); /* ended, too */
	thread_link(fixture, 40, 44, "fd/3", "/" NODE);
	process_file(fixture, 40, "task/44/maps", "1000-2000 r--p 0 00:00 0\n");
	thread_link(fixture, 41, 45, "fd/7", "/dmabuf:");
	process_file(fixture, 41, "task/45/fdinfo/7",
		     "pos:\t0\nino:\t900\nexp_name:\tkvmfr\n");
	process_file(fixture, 41, "task/45/maps",
		     "1000-2000 rw-s 00000000 00:0b 900    /dmabuf:\n");
	thread_link(fixture, 42, 42, "fd/3", "socket:[1]");

	assert_int_equal(
		kvmfr_holder_list(&fixture->root, NODE, &holders, &blind), 2);
	assert_int_equal(blind, 0);
	assert_int_equal(holders[0].pid, 40);
	assert_true(holders[0].open);
	assert_int_equal(holders[1].pid, 41);
	assert_int_equal(holders[1].exports, 1);
	free(holders);
}

static void failures_are_told(void **state)
{
	struct fixture *fixture = *state;
	struct kvmfr_holder *holders = (void *)1;
	unsigned int blind = 7;

	assert_int_equal(kvmfr_holder_list(&fixture->root, NODE, &holders,
					   &blind),
			 -ENOENT);
	assert_null(holders);
	assert_int_equal(blind, 0);
	fixture_file(fixture, NODE, "");
	assert_int_equal(kvmfr_holder_list(&fixture->root, NODE, &holders,
					   &blind),
			 -ENOENT);
	assert_null(holders);
}

/* Runs as somebody else in a process of its own; exits with how many are unseen. */
static int blind_as_nobody(const struct kvmfr_root *root)
{
	pid_t child = fork();
	int status;

	if (!child) {
		struct kvmfr_holder *holders;
		unsigned int blind = 99;

		if (setresuid(65534, 65534, 65534))
			_exit(98);
		_exit(kvmfr_holder_list(root, NODE, &holders, &blind) ?
			      97 :
			      (int)blind);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void those_of_others_are_blind(void **state)
{
	struct fixture *fixture = *state;
	static const char *const stats[] = {
		"20 (qemu) S 1 20 20 0 -1 4194560 0",
		"21 (k) S 1 1) S 2 0 0 0 -1 2129984 0", /* a kernel thread */
		"22 (a) 2129984 0 0 0 -1 2129984) S 1 22 22 0 -1 4194560 0",
		"23 nonsense",
		"24 (qemu) S 1 24 24 0 -1 4194560 0",
		"25 (qemu) S 1 25 25 0 -1 4194560 0",
		"26 (qemu) S 1 26 26 0 -1 4194560 0",
		"27 (k) S 2 0 0 0 -1 2129984 0",
		"28 (mine) S 1 28 28 0 -1 4194560 0",
	};
	static const struct {
		int pid;
		const char *name;
		mode_t mode;
	} hidden
		[] = {
			{ 20, "fd", 0 },    { 21, "fd", 0 },
			{ 22, "fd", 0 },    { 23, "fd", 0 },
			{ 24, "fd", 0444 }, /* what there is, but not what it is */
			{ 25, "maps", 0 },  { 26, "fd", 0444 },
			{ 26, "maps", 0 },  { 27, "fd", 0444 },
		};

	if (getuid())
		skip();
	assert_int_equal(chmod(fixture->path, 0755), 0);
	fixture_file(fixture, NODE, "");
	for (size_t i = 0; i < sizeof(stats) / sizeof(*stats); i++) {
		process(fixture, 20 + (int)i, "x");
		process_file(fixture, 20 + (int)i, "stat", "%s\n", stats[i]);
	}
	for (size_t i = 0; i < sizeof(hidden) / sizeof(*hidden); i++) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "%s/proc/%d/%s", fixture->path,
			 hidden[i].pid, hidden[i].name);
		assert_int_equal(chmod(path, hidden[i].mode), 0);
	}
	assert_int_equal(blind_as_nobody(&fixture->root), 6);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(open_and_mapped_files_are_found),
		TEST(many_groups_hide_nobody),
		TEST(what_cannot_be_described_is_listed),
		TEST(devices_are_known_by_number),
		TEST(buffers_are_counted_once),
		TEST(threads_are_looked_at),
		TEST(failures_are_told),
		TEST(those_of_others_are_blind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
