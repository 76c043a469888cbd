// SPDX-License-Identifier: GPL-2.0
/* Which processes hold a file: real ones, with all that they can be up to. */
#include <dirent.h>
#include <linux/capability.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "fixture.h"
#include "holder.h"

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

/* A child that says when it is ready and waits to be killed. */
static pid_t hold(const char *path, int descriptors, bool map)
{
	int ready[2];
	pid_t child;
	char byte;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		int fd = open(path, O_RDWR);

		if (map && mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0) ==
				   MAP_FAILED)
			_exit(1);
		if (!descriptors)
			close(fd);
		while (--descriptors > 0)
			if (dup(fd) < 0)
				_exit(1);
		if (write(ready[1], "r", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return child;
}

static void end(pid_t child)
{
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static const struct kvmfr_holder *find(const struct kvmfr_holder *holders,
				       int count, pid_t pid)
{
	for (int i = 0; i < count; i++)
		if (holders[i].pid == pid)
			return &holders[i];
	return NULL;
}

static void real_processes_are_found(void **state)
{
	struct kvmfr_root root = { .fd = -1 };
	struct rlimit limit = { 20100, 20100 };
	char path[] = "/tmp/held.XXXXXX";
	const struct kvmfr_holder *holder;
	struct kvmfr_holder *holders;
	unsigned int blind;
	pid_t opener, mapper;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 4096), 0);
	close(fd);
	if (setrlimit(RLIMIT_NOFILE, &limit))
		limit.rlim_cur = 1000;
	opener = hold(path, (int)limit.rlim_cur - 100, false);
	mapper = hold(path, 0, true);
	assert_int_equal(kvmfr_holder_list(&root, path + 1, &holders, &blind),
			 2);
	holder = find(holders, 2, opener);
	assert_non_null(holder);
	assert_true(holder->open && !holder->mapped);
	assert_string_equal(holder->comm, "test_holder_pro");
	assert_int_equal(holder->uid, getuid());
	holder = find(holders, 2, mapper);
	assert_non_null(holder);
	assert_true(!holder->open && holder->mapped);
	free(holders);
	end(opener);
	end(mapper);
	assert_int_equal(kvmfr_holder_list(&root, path + 1, &holders, &blind),
			 0);
	unlink(path);
}

/* Mapped by a node of another name, which only map_files can tell. */
static void real_devices_are_found(void **state)
{
	struct kvmfr_root root = { .fd = -1 };
	char *path = fixture_path(*state, "node");
	const struct kvmfr_holder *holder;
	struct kvmfr_holder *holders;
	unsigned int blind;
	pid_t mapper, opener;
	int count;

	if (mknod(path, S_IFCHR | 0600, makedev(1, 5)))
		skip();
	mapper = hold("/dev/zero", 0, true);
	opener = hold("/dev/zero", 1, false);
	count = kvmfr_holder_list(&root, path + 1, &holders, &blind);
	holder = find(holders, count, mapper);
	assert_non_null(holder);
	assert_true(!holder->open && holder->mapped);
	holder = find(holders, count, opener);
	assert_non_null(holder);
	assert_true(holder->open && !holder->mapped);
	free(holders);
	end(mapper);
	end(opener);
}

/* Root, but without the rights to look into a process that has more of them. */
static int blind_without_rights(const struct kvmfr_root *root, const char *path)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct none[2] = {
		{ .effective = 1 << CAP_DAC_READ_SEARCH,
		  .permitted = 1 << CAP_DAC_READ_SEARCH },
	};
	pid_t child = fork();
	int status;

	if (!child) {
		struct kvmfr_holder *holders;
		unsigned int blind = 0;
		int count;

		if (syscall(SYS_capset, &header, none))
			_exit(0);
		count = kvmfr_holder_list(root, path, &holders, &blind);
		_exit(count ? 0 : (int)(blind < 90 ? blind : 90));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void what_may_not_be_seen_is_blind(void **state)
{
	struct kvmfr_root root = { .fd = -1 };
	char *path = fixture_path(*state, "file");
	struct kvmfr_holder *holders;
	unsigned int blind;
	pid_t holder;

	if (getuid())
		skip();
	fixture_file(*state, "file", "held");
	holder = hold(path, 1, false);
	assert_int_equal(kvmfr_holder_list(&root, path + 1, &holders, &blind),
			 1);
	free(holders);
	assert_true(blind_without_rights(&root, path + 1) > (int)blind);
	end(holder);
}

static void *stay(void *unused)
{
	pause();
	return unused;
}

static bool has_descriptors(pid_t pid)
{
	char path[32];
	DIR *directory;
	int count = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	directory = opendir(path);
	assert_non_null(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count > 2;
}

static void a_dead_main_thread_hides_nothing(void **state)
{
	struct kvmfr_root root = { .fd = -1 };
	char *path = fixture_path(*state, "file");
	struct kvmfr_holder *holders;
	unsigned int blind;
	pthread_t thread;
	pid_t child;

	fixture_file(*state, "file", "held");
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		int fd = open(path, O_RDWR);

		if (fd < 0 ||
		    mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) ==
			    MAP_FAILED ||
		    pthread_create(&thread, NULL, stay, NULL))
			_exit(1);
		pthread_exit(NULL);
	}
	for (int i = 0; has_descriptors(child) && i < 500; i++)
		usleep(10000);
	assert_false(has_descriptors(child));
	assert_int_equal(kvmfr_holder_list(&root, path + 1, &holders, &blind),
			 1);
	assert_int_equal(holders[0].pid, child);
	assert_true(holders[0].open && holders[0].mapped);
	free(holders);
	end(child);
}

static void processes_may_vanish(void **state)
{
	struct kvmfr_root root = { .fd = -1 };
	pid_t storm = fork();

	assert_true(storm >= 0);
	if (!storm) {
		for (;;) {
			pid_t child = fork();

			if (!child)
				_exit(open("/dev/zero", O_RDONLY) < 0);
			waitpid(child, NULL, 0);
		}
	}
	for (int i = 0; i < 30; i++) {
		struct kvmfr_holder *holders;
		unsigned int blind;

		assert_true(kvmfr_holder_list(&root, "dev/zero", &holders,
					      &blind) >= 0);
		free(holders);
	}
	end(storm);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(real_processes_are_found),
		TEST(real_devices_are_found),
		TEST(what_may_not_be_seen_is_blind),
		TEST(a_dead_main_thread_hides_nothing),
		TEST(processes_may_vanish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
