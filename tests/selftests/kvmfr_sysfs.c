// SPDX-License-Identifier: GPL-2.0
/*
 * Attributes of /sys/class/kvmfr/kvmfrN: values, and that the two counters
 * follow what processes do. The VM has one ivshmem device beside the static
 * ones.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "kselftest_harness.h"
#include "kvmfr_test.h"

#define CLASS "/sys/class/kvmfr"
#define PAGE 4096UL

static const char *const attributes[] = {
	"size", "kind", "huge_bytes", "mappings", "exports",
};

FIXTURE(sysfs)
{
	int fd;
};

FIXTURE_SETUP(sysfs)
{
	ASSERT_EQ(0, kvmfr_load("static_size_mb=16,48"));
	self->fd = kvmfr_open(0, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN_PARENT(sysfs)
{
	EXPECT_EQ(0, kvmfr_attr(0, "mappings"));
	EXPECT_EQ(0, kvmfr_attr(0, "exports"));
	EXPECT_EQ(0, kvmfr_attr(1, "mappings"));
	EXPECT_EQ(0, kvmfr_attr(1, "exports"));
	EXPECT_EQ(0, kvmfr_unload());
}

static void *map_device(int fd, size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

TEST_F(sysfs, size)
{
	EXPECT_EQ(16 * MIB, kvmfr_attr(0, "size"));
	EXPECT_EQ(48 * MIB, kvmfr_attr(1, "size"));
	EXPECT_EQ(4 * MIB, kvmfr_attr(2, "size"));
}

TEST_F(sysfs, kind)
{
	static const char *const kinds[] = { "static", "static", "ivshmem" };
	char path[64], text[64];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		snprintf(path, sizeof(path), CLASS "/kvmfr%u/kind", i);
		ASSERT_LT(0, text_read(path, text, sizeof(text)));
		EXPECT_STREQ(kinds[i], text);
	}
}

/* A fresh VM has all the 2 MiB pages one could want. */
TEST_F(sysfs, huge_bytes)
{
	EXPECT_EQ(16 * MIB, kvmfr_attr(0, "huge_bytes"));
	EXPECT_EQ(48 * MIB, kvmfr_attr(1, "huge_bytes"));
}

/* One line, readable by everybody, writable by nobody, not even root. */
TEST_F(sysfs, one_read_only_line_each)
{
	unsigned int device, i;
	struct stat file;
	char path[64], text[128];
	ssize_t length;
	int fd;

	for (device = 0; device < 3; device++) {
		for (i = 0; i < ARRAY_SIZE(attributes); i++) {
			snprintf(path, sizeof(path), CLASS "/kvmfr%u/%s",
				 device, attributes[i]);
			ASSERT_EQ(0, stat(path, &file));
			EXPECT_EQ(S_IFREG | 0444, file.st_mode)
				TH_LOG("%s", path);
			EXPECT_EQ(-EACCES, text_write(path, "1"));

			fd = open(path, O_RDONLY);
			ASSERT_LE(0, fd);
			length = read(fd, text, sizeof(text) - 1);
			ASSERT_LT(1, length);
			text[length] = '\0';
			EXPECT_EQ(text + length - 1, strchr(text, '\n'));
			close(fd);
		}
	}
}

TEST_F(sysfs, strangers_may_read)
{
	/* However the initramfs was packed. */
	ASSERT_EQ(0, chmod("/", 0755));
	ASSERT_EQ(0, setgid(65534));
	ASSERT_EQ(0, setuid(65534));
	EXPECT_EQ(16 * MIB, kvmfr_attr(0, "size"));
	EXPECT_EQ(0, kvmfr_attr(0, "mappings"));
}

TEST_F(sysfs, mappings_count_areas)
{
	void *first, *second;

	EXPECT_EQ(0, kvmfr_attr(0, "mappings"));
	first = map_device(self->fd, 16 * MIB);
	ASSERT_NE(MAP_FAILED, first);
	EXPECT_EQ(1, kvmfr_attr(0, "mappings"));
	second = map_device(self->fd, 4 * MIB);
	ASSERT_NE(MAP_FAILED, second);
	EXPECT_EQ(2, kvmfr_attr(0, "mappings"));
	ASSERT_EQ(0, munmap(first, 16 * MIB));
	EXPECT_EQ(1, kvmfr_attr(0, "mappings"));

	/* The mapping outlives the descriptor. */
	ASSERT_EQ(0, close(self->fd));
	EXPECT_EQ(1, kvmfr_attr(0, "mappings"));
	ASSERT_EQ(0, munmap(second, 4 * MIB));
	EXPECT_EQ(0, kvmfr_attr(0, "mappings"));
}

/*
 * Whatever splits and merges areas: the count is what /proc/self/maps shows,
 * because no other process has the device mapped.
 */
TEST_F(sysfs, mappings_follow_splits)
{
	const size_t size = 16 * MIB;
	char *memory;

#define EXPECT_COUNTED(minimum) do { \
	EXPECT_EQ(maps_count("/dev/kvmfr0"), kvmfr_attr(0, "mappings")); \
	EXPECT_LE(minimum, kvmfr_attr(0, "mappings")); \
} while (0)

	/* Room for a move, which nobody else's mapping lies in. */
	memory = mmap(NULL, 80 * MIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
		      -1, 0);
	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(memory, mmap(memory, size, PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_FIXED, self->fd, 0));
	memset(memory, 1, size);

	/* A hole in the middle, not at a 2 MiB boundary. */
	ASSERT_EQ(0, munmap(memory + 5 * MIB + PAGE, PAGE));
	EXPECT_COUNTED(2);
	ASSERT_EQ(0, mprotect(memory + 2 * MIB, 2 * MIB, PROT_READ));
	EXPECT_COUNTED(4);
	ASSERT_EQ(0, mprotect(memory + 2 * MIB, 2 * MIB,
			      PROT_READ | PROT_WRITE));
	EXPECT_COUNTED(2);
	ASSERT_EQ(0, mprotect(memory + 3 * PAGE, PAGE, PROT_NONE));
	EXPECT_COUNTED(4);
	/* From the start, from the end, replaced, moved, shrunk. */
	ASSERT_EQ(0, munmap(memory, PAGE));
	EXPECT_COUNTED(4);
	ASSERT_EQ(0, munmap(memory + 15 * MIB, MIB));
	EXPECT_COUNTED(4);
	ASSERT_EQ(memory + 8 * MIB,
		  mmap(memory + 8 * MIB, MIB, PROT_READ,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	EXPECT_COUNTED(5);
	ASSERT_NE(MAP_FAILED, mremap(memory + 10 * MIB, 2 * MIB, MIB,
				     MREMAP_MAYMOVE | MREMAP_FIXED,
				     memory + 64 * MIB));
	EXPECT_COUNTED(6);
	ASSERT_EQ(0, munmap(memory, 80 * MIB));
	EXPECT_COUNTED(0);
#undef EXPECT_COUNTED
}

TEST_F(sysfs, refused_mappings_do_not_count)
{
	EXPECT_EQ(MAP_FAILED, map_device(self->fd, 16 * MIB + PAGE));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->fd,
				   16 * MIB));
	EXPECT_EQ(0, kvmfr_attr(0, "mappings"));
}

/* Run @function in a child that then waits; returns when it has run. */
static pid_t child_holding(void (*function)(int fd), int fd, int *release)
{
	int ready[2], go[2];
	char byte = 0;
	pid_t child;

	if (pipe(ready) || pipe(go))
		return -errno;
	child = fork();
	if (!child) {
		close(go[1]);
		function(fd);
		if (write(ready[1], &byte, 1) == 1)
			read(go[0], &byte, 1);
		_exit(0);
	}
	close(go[0]);
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		return -EIO;
	close(ready[0]);
	*release = go[1];
	return child;
}

static void do_nothing(int fd)
{
	(void)fd;
}

static void map_twice_more(int fd)
{
	map_device(fd, PAGE);
	map_device(fd, 16 * MIB);
}

TEST_F(sysfs, mappings_of_forked_children_count)
{
	int idle_release, busy_release, status;
	pid_t idle, busy;
	void *memory;

	memory = map_device(self->fd, 16 * MIB);
	ASSERT_NE(MAP_FAILED, memory);

	idle = child_holding(do_nothing, self->fd, &idle_release);
	ASSERT_LT(0, idle);
	EXPECT_EQ(2, kvmfr_attr(0, "mappings"));
	busy = child_holding(map_twice_more, self->fd, &busy_release);
	ASSERT_LT(0, busy);
	EXPECT_EQ(5, kvmfr_attr(0, "mappings"));

	close(idle_release);
	ASSERT_EQ(0, kill(busy, SIGKILL));
	ASSERT_EQ(busy, waitpid(busy, &status, 0));
	EXPECT_EQ(0, kill(idle, SIGKILL));
	ASSERT_EQ(idle, waitpid(idle, &status, 0));
	EXPECT_EQ(1, kvmfr_attr(0, "mappings"));

	/* QEMU asks that its children do not get it. */
	ASSERT_EQ(0, madvise(memory, 16 * MIB, MADV_DONTFORK));
	idle = child_holding(do_nothing, self->fd, &idle_release);
	ASSERT_LT(0, idle);
	EXPECT_EQ(1, kvmfr_attr(0, "mappings"));
	EXPECT_EQ(0, kill(idle, SIGKILL));
	ASSERT_EQ(idle, waitpid(idle, &status, 0));
	EXPECT_EQ(1, kvmfr_attr(0, "mappings"));
}

TEST_F(sysfs, exports_count_buffers_not_descriptors)
{
	int first, second, again;

	first = kvmfr_create(self->fd, 0, PAGE, 0);
	ASSERT_LE(0, first);
	EXPECT_EQ(1, kvmfr_attr(0, "exports"));
	second = kvmfr_create(self->fd, 0, 16 * MIB, 0);
	ASSERT_LE(0, second);
	EXPECT_EQ(2, kvmfr_attr(0, "exports"));
	again = dup(second);
	ASSERT_LE(0, again);
	EXPECT_EQ(2, kvmfr_attr(0, "exports"));

	ASSERT_EQ(0, close(second));
	EXPECT_EQ(2, kvmfr_attr(0, "exports"));
	ASSERT_EQ(0, close(again));
	EXPECT_EQ(1, kvmfr_attr(0, "exports"));
	ASSERT_EQ(0, close(first));
	EXPECT_EQ(0, kvmfr_attr(0, "exports"));
}

/* A mapping of a buffer counts as mapping, and keeps the buffer. */
TEST_F(sysfs, buffer_mappings_count_as_both)
{
	char *memory;
	int buffer;

	buffer = kvmfr_create(self->fd, MIB, 4 * MIB, 0);
	ASSERT_LE(0, buffer);
	EXPECT_EQ(0, kvmfr_attr(0, "mappings"));
	memory = map_device(buffer, 4 * MIB);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(1, kvmfr_attr(0, "mappings"));
	ASSERT_EQ(0, close(buffer));
	EXPECT_EQ(1, kvmfr_attr(0, "exports"));

	ASSERT_EQ(0, munmap(memory + MIB, MIB));
	EXPECT_EQ(2, kvmfr_attr(0, "mappings"));
	EXPECT_EQ(1, kvmfr_attr(0, "exports"));
	ASSERT_EQ(0, munmap(memory, 4 * MIB));
	EXPECT_EQ(0, kvmfr_attr(0, "mappings"));
	EXPECT_EQ(0, kvmfr_attr(0, "exports"));
}

/* munmap() and close() of killed processes happen, too. */
static void hold_everything(int fd)
{
	int buffer = kvmfr_create(fd, 0, 4 * MIB, 0);

	map_device(fd, 16 * MIB);
	map_device(buffer, 4 * MIB);
	kvmfr_create(fd, 0, 16 * MIB, KVMFR_DMABUF_FLAG_CLOEXEC);
}

TEST_F(sysfs, killed_processes_release_everything)
{
	int release, status;
	pid_t child;

	child = child_holding(hold_everything, self->fd, &release);
	ASSERT_LT(0, child);
	EXPECT_EQ(2, kvmfr_attr(0, "mappings"));
	EXPECT_EQ(2, kvmfr_attr(0, "exports"));
	ASSERT_EQ(0, kill(child, SIGKILL));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, kvmfr_attr(0, "mappings"));
	EXPECT_EQ(0, kvmfr_attr(0, "exports"));
}

TEST_F(sysfs, devices_count_for_themselves)
{
	void *memory;
	int fd;

	fd = kvmfr_open(1, O_RDWR);
	ASSERT_LE(0, fd);
	memory = map_device(fd, 48 * MIB);
	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_LE(0, kvmfr_create(fd, 40 * MIB, MIB, 0));
	EXPECT_EQ(1, kvmfr_attr(1, "mappings"));
	EXPECT_EQ(1, kvmfr_attr(1, "exports"));
	EXPECT_EQ(0, kvmfr_attr(0, "mappings"));
	EXPECT_EQ(0, kvmfr_attr(0, "exports"));
	EXPECT_EQ(0, kvmfr_attr(2, "mappings"));

	ASSERT_LE(0, kvmfr_create(self->fd, 0, MIB, 0));
	ASSERT_LE(0, kvmfr_create(self->fd, 0, MIB, 0));
	EXPECT_EQ(2, kvmfr_attr(0, "exports"));
	EXPECT_EQ(1, kvmfr_attr(1, "exports"));
}

/* The ivshmem device counts the same way. */
TEST_F(sysfs, ivshmem_counts)
{
	void *memory;
	int fd;

	fd = kvmfr_open(2, O_RDWR);
	ASSERT_LE(0, fd);
	memory = map_device(fd, 4 * MIB);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(1, kvmfr_attr(2, "mappings"));
	ASSERT_LE(0, kvmfr_create(fd, 0, MIB, 0));
	EXPECT_EQ(1, kvmfr_attr(2, "exports"));
	ASSERT_EQ(0, munmap(memory, 4 * MIB));
	EXPECT_EQ(0, kvmfr_attr(2, "mappings"));
}

/* Counting is exact when many do it at once. */
static void *map_and_unmap(void *data)
{
	int fd = *(int *)data;
	long failed = 0;
	char *memory;
	int i;

	for (i = 0; i < 300; i++) {
		memory = map_device(fd, 4 * MIB);
		if (memory == MAP_FAILED) {
			failed++;
			continue;
		}
		memory[MIB] = 1;
		failed += munmap(memory + MIB, PAGE) != 0;
		failed += munmap(memory, 4 * MIB) != 0;
	}
	return (void *)failed;
}

TEST_F(sysfs, mappings_exact_with_threads)
{
	pthread_t threads[4];
	unsigned int i;
	void *failed;

	for (i = 0; i < ARRAY_SIZE(threads); i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, map_and_unmap,
					    &self->fd));
	for (i = 0; i < ARRAY_SIZE(threads); i++) {
		ASSERT_EQ(0, pthread_join(threads[i], &failed));
		EXPECT_EQ(NULL, failed);
	}
	EXPECT_EQ(0, kvmfr_attr(0, "mappings"));
}

TEST_HARNESS_MAIN
