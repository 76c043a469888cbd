// SPDX-License-Identifier: GPL-2.0
/*
 * What keeps the module loaded and what does not: files, mappings, buffers,
 * killed processes, and unloading while others are busy.
 */
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

#include "kselftest_harness.h"
#include "kvmfr_test.h"

#define DEVICE_SIZE (16 * MIB)
#define PAGE 4096UL

FIXTURE(lifetime)
{
	int fd;
};

FIXTURE_SETUP(lifetime)
{
	ASSERT_EQ(0, kvmfr_load("static_size_mb=16"));
	self->fd = kvmfr_open(0, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
}

/* Every test leaves the module loaded, with only itself holding it. */
FIXTURE_TEARDOWN_PARENT(lifetime)
{
	EXPECT_EQ(0, kvmfr_unload());
	EXPECT_TRUE(kvmfr_gone());
}

static char *map_shared(int fd, size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

TEST_F(lifetime, open_file_keeps_the_module)
{
	EXPECT_EQ(-EWOULDBLOCK, kvmfr_unload());
	ASSERT_EQ(0, close(self->fd));
	EXPECT_EQ(0, kvmfr_unload());
	EXPECT_TRUE(kvmfr_gone());
	ASSERT_EQ(0, kvmfr_load("static_size_mb=16"));
}

TEST_F(lifetime, mapping_alone_keeps_the_module)
{
	char *memory;

	memory = map_shared(self->fd, DEVICE_SIZE);
	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, close(self->fd));

	EXPECT_EQ(-EWOULDBLOCK, kvmfr_unload());
	memset(memory, 0x11, DEVICE_SIZE);
	EXPECT_EQ(0x11, memory[DEVICE_SIZE - 1]);

	/* The last page of it is enough. */
	ASSERT_EQ(0, munmap(memory, DEVICE_SIZE - PAGE));
	EXPECT_EQ(-EWOULDBLOCK, kvmfr_unload());
	EXPECT_EQ(0x11, memory[DEVICE_SIZE - 1]);
	ASSERT_EQ(0, munmap(memory + DEVICE_SIZE - PAGE, PAGE));
	EXPECT_EQ(0, kvmfr_unload());
	ASSERT_EQ(0, kvmfr_load("static_size_mb=16"));
}

TEST_F(lifetime, buffer_alone_keeps_the_module)
{
	int buffer;

	buffer = kvmfr_create(self->fd, 0, PAGE, 0);
	ASSERT_LE(0, buffer);
	ASSERT_EQ(0, close(self->fd));

	EXPECT_EQ(-EWOULDBLOCK, kvmfr_unload());
	EXPECT_EQ(PAGE, lseek(buffer, 0, SEEK_END));
	ASSERT_EQ(0, close(buffer));
	EXPECT_EQ(0, kvmfr_unload());
	ASSERT_EQ(0, kvmfr_load("static_size_mb=16"));
}

TEST_F(lifetime, buffer_mapping_alone_keeps_the_module)
{
	char *memory;
	int buffer;

	buffer = kvmfr_create(self->fd, MIB, 4 * MIB, 0);
	ASSERT_LE(0, buffer);
	memory = map_shared(buffer, 4 * MIB);
	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, close(buffer));
	ASSERT_EQ(0, close(self->fd));

	EXPECT_EQ(-EWOULDBLOCK, kvmfr_unload());
	memset(memory, 0x22, 4 * MIB);
	EXPECT_EQ(0x22, memory[4 * MIB - 1]);
	ASSERT_EQ(0, munmap(memory, 4 * MIB));
	EXPECT_EQ(0, kvmfr_unload());
	ASSERT_EQ(0, kvmfr_load("static_size_mb=16"));
}

/* A descriptor on its way to another process belongs to nobody else. */
TEST_F(lifetime, descriptor_in_flight_keeps_the_module)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec data = { .iov_base = control, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int ends[2], buffer;

	buffer = kvmfr_create(self->fd, 0, PAGE, 0);
	ASSERT_LE(0, buffer);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &buffer, sizeof(int));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	ASSERT_EQ(1, sendmsg(ends[0], &message, 0));
	ASSERT_EQ(0, close(buffer));
	ASSERT_EQ(0, close(self->fd));

	EXPECT_EQ(-EWOULDBLOCK, kvmfr_unload());
	EXPECT_EQ(1, kvmfr_attr(0, "exports"));
	close(ends[0]);
	close(ends[1]);
	EXPECT_EQ(0, kvmfr_unload());
	ASSERT_EQ(0, kvmfr_load("static_size_mb=16"));
}

/* Names and attributes do not: nobody uses the memory. */
TEST_F(lifetime, names_and_attributes_do_not_keep_the_module)
{
	int path, attribute;
	char text[64];

	path = open("/dev/kvmfr0", O_PATH);
	ASSERT_LE(0, path);
	attribute = open("/sys/class/kvmfr/kvmfr0/size", O_RDONLY);
	ASSERT_LE(0, attribute);
	ASSERT_EQ(0, close(self->fd));

	ASSERT_EQ(0, kvmfr_unload());
	EXPECT_EQ(-1, read(attribute, text, sizeof(text)));
	EXPECT_EQ(ENODEV, errno);
	snprintf(text, sizeof(text), "/proc/self/fd/%d", path);
	EXPECT_EQ(-1, open(text, O_RDWR));
	EXPECT_EQ(ENXIO, errno);
	close(path);
	close(attribute);
	ASSERT_EQ(0, kvmfr_load("static_size_mb=16"));
}

/*
 * Pages that somebody pinned outlive the module: they are only given back
 * later, contents and all.
 */
TEST_F(lifetime, pinned_pages_outlive_the_module)
{
	char copy[PAGE];
	struct iovec page;
	char *memory;
	int ends[2];

	ASSERT_EQ(0, pipe(ends));
	memory = map_shared(self->fd, DEVICE_SIZE);
	ASSERT_NE(MAP_FAILED, memory);
	memset(memory + 3 * MIB, 0x77, PAGE);
	page = (struct iovec){ .iov_base = memory + 3 * MIB, .iov_len = PAGE };
	ASSERT_EQ(PAGE, vmsplice(ends[1], &page, 1, 0));
	ASSERT_EQ(0, munmap(memory, DEVICE_SIZE));
	ASSERT_EQ(0, close(self->fd));
	ASSERT_EQ(0, kvmfr_unload());

	ASSERT_EQ(0, memory_dirty(256 * MIB));
	ASSERT_EQ(PAGE, read(ends[0], copy, PAGE));
	EXPECT_EQ(0x77, copy[0]);
	EXPECT_EQ(0x77, copy[PAGE - 1]);
	ASSERT_EQ(0, kvmfr_load("static_size_mb=16"));
}

static void hold_everything(int fd)
{
	int buffer = kvmfr_create(fd, 0, 4 * MIB, 0);
	char *device = map_shared(fd, DEVICE_SIZE);
	char *shared = map_shared(buffer, 4 * MIB);

	memset(device, 1, DEVICE_SIZE);
	memset(shared, 2, 4 * MIB);
	if (!mlock(device, DEVICE_SIZE))
		kvmfr_create(fd, 0, DEVICE_SIZE, 0);
}

TEST_F(lifetime, killed_process_releases_everything)
{
	int ready[2], status;
	pid_t child;
	char byte;

	ASSERT_EQ(0, pipe(ready));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		hold_everything(self->fd);
		if (write(ready[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	ASSERT_EQ(0, close(self->fd));
	EXPECT_EQ(-EWOULDBLOCK, kvmfr_unload());
	EXPECT_EQ(2, kvmfr_attr(0, "mappings"));
	EXPECT_EQ(2, kvmfr_attr(0, "exports"));

	ASSERT_EQ(0, kill(child, SIGKILL));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, kvmfr_unload());
	ASSERT_EQ(0, kvmfr_load("static_size_mb=16"));
}

/* The child of a fork alone, after its parent is gone. */
TEST_F(lifetime, inherited_mapping_keeps_the_module)
{
	int status, go[2];
	char *memory, byte;
	pid_t child;

	ASSERT_EQ(0, pipe(go));
	memory = map_shared(self->fd, DEVICE_SIZE);
	ASSERT_NE(MAP_FAILED, memory);
	memory[5 * MIB] = 0x33;
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		close(self->fd);
		if (read(go[0], &byte, 1) == 1)
			_exit(memory[5 * MIB]);
		_exit(1);
	}
	ASSERT_EQ(0, munmap(memory, DEVICE_SIZE));
	ASSERT_EQ(0, close(self->fd));

	EXPECT_EQ(-EWOULDBLOCK, kvmfr_unload());
	ASSERT_EQ(1, write(go[1], "", 1));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0x33, WEXITSTATUS(status));
	EXPECT_EQ(0, kvmfr_unload());
	ASSERT_EQ(0, kvmfr_load("static_size_mb=16"));
}

/* Tests that load for themselves, and may take long on a slow machine. */
FIXTURE(reload)
{
	int unused;
};

FIXTURE_SETUP(reload)
{
	ASSERT_TRUE(kvmfr_gone());
}

FIXTURE_TEARDOWN_PARENT(reload)
{
	int ret = kvmfr_unload();

	EXPECT_TRUE(!ret || ret == -ENOENT);
	EXPECT_TRUE(kvmfr_gone());
}

/* Each time with something to clean up. */
TEST_F_TIMEOUT(reload, 50_times, 120)
{
	int i, fd, buffer;
	char *memory;

	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, kvmfr_load("static_size_mb=16,2"));
		fd = kvmfr_open(0, O_RDWR);
		ASSERT_LE(0, fd);
		memory = map_shared(fd, DEVICE_SIZE);
		ASSERT_NE(MAP_FAILED, memory);
		ASSERT_EQ(0, memory[MIB]);
		memory[MIB] = 1;
		buffer = kvmfr_create(fd, 0, DEVICE_SIZE, 0);
		ASSERT_LE(0, buffer);
		ASSERT_EQ(0, munmap(memory, DEVICE_SIZE));
		ASSERT_EQ(0, close(buffer));
		ASSERT_EQ(0, close(fd));
		ASSERT_EQ(0, kvmfr_unload());
		ASSERT_TRUE(kvmfr_gone());
	}
}

/* Others open, map and export for as long as @stop is not set. */
struct intruder {
	pthread_t thread;
	bool stop;
	int failed, used;
};

static void use_once(struct intruder *intruder, int fd)
{
	int buffer = kvmfr_create(fd, 0, 4 * MIB, KVMFR_DMABUF_FLAG_CLOEXEC);
	char *memory = map_shared(fd, DEVICE_SIZE);

	if (memory == MAP_FAILED || buffer < 0 ||
	    kvmfr_size(fd) != (long)DEVICE_SIZE) {
		intruder->failed++;
	} else {
		memory[2 * MIB] = 1;
		munmap(memory, DEVICE_SIZE);
		intruder->used++;
	}
	close(buffer);
}

static void *intrude(void *data)
{
	struct intruder *intruder = data;
	int fd;

	while (!__atomic_load_n(&intruder->stop, __ATOMIC_RELAXED)) {
		kvmfr_attr(0, "mappings");
		fd = open("/dev/kvmfr0", O_RDWR | O_CLOEXEC);
		if (fd >= 0) {
			use_once(intruder, fd);
			close(fd);
		} else if (errno != ENOENT && errno != ENXIO &&
			   errno != ENODEV) {
			intruder->failed++;
		}
	}
	return NULL;
}

/* Whoever gets in has a whole device; whoever does not gets an error. */
TEST_F_TIMEOUT(reload, races_with_users, 120)
{
	const struct timespec pause = { .tv_nsec = 3000000 };
	struct intruder intruders[2] = { 0 };
	int i, ret, unloaded = 0;

	ASSERT_EQ(0, kvmfr_load("static_size_mb=16"));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&intruders[i].thread, NULL, intrude,
					    &intruders[i]));
	for (i = 0; i < 200; i++) {
		ret = kvmfr_unload();
		EXPECT_TRUE(!ret || ret == -EWOULDBLOCK);
		if (!ret) {
			unloaded++;
			ASSERT_EQ(0, kvmfr_load("static_size_mb=16"));
		}
		nanosleep(&pause, NULL);
	}
	for (i = 0; i < 2; i++) {
		__atomic_store_n(&intruders[i].stop, true, __ATOMIC_RELAXED);
		ASSERT_EQ(0, pthread_join(intruders[i].thread, NULL));
		EXPECT_EQ(0, intruders[i].failed);
		EXPECT_LT(0, intruders[i].used);
	}
	TH_LOG("%d unloads, %d and %d uses", unloaded, intruders[0].used,
	       intruders[1].used);
	EXPECT_EQ(0, kvmfr_unload());
	EXPECT_TRUE(kvmfr_gone());
}

/*
 * QEMU leaves a regular file when it starts before the module. The module
 * cannot help it, but must load, work in sysfs, and leave the file alone.
 */
TEST_F(reload, regular_file_in_place_of_the_node)
{
	struct stat before, after;
	char text[16];
	int fd;

	ASSERT_TRUE(kvmfr_gone());
	fd = open("/dev/kvmfr0", O_CREAT | O_EXCL | O_RDWR, 0600);
	ASSERT_LE(0, fd);
	ASSERT_EQ(5, write(fd, "QEMU\n", 5));
	ASSERT_EQ(0, fstat(fd, &before));
	ASSERT_EQ(0, close(fd));

	ASSERT_EQ(0, kvmfr_load("static_size_mb=16,8"));
	EXPECT_EQ(DEVICE_SIZE, kvmfr_attr(0, "size"));
	/* The other device is not affected. */
	fd = kvmfr_open(1, O_RDWR);
	EXPECT_EQ(8 * MIB, kvmfr_size(fd));
	close(fd);
	EXPECT_EQ(0, kvmfr_unload());

	ASSERT_EQ(0, stat("/dev/kvmfr0", &after));
	EXPECT_TRUE(S_ISREG(after.st_mode));
	EXPECT_EQ(before.st_ino, after.st_ino);
	EXPECT_EQ(4, text_read("/dev/kvmfr0", text, sizeof(text)));
	EXPECT_STREQ("QEMU", text);

	/* With the file out of the way the next load has its node. */
	ASSERT_EQ(0, unlink("/dev/kvmfr0"));
	ASSERT_EQ(0, kvmfr_load("static_size_mb=16"));
	fd = kvmfr_open(0, O_RDWR);
	EXPECT_EQ(DEVICE_SIZE, kvmfr_size(fd));
	close(fd);
	EXPECT_EQ(0, kvmfr_unload());
	EXPECT_TRUE(kvmfr_gone());
}

TEST_HARNESS_MAIN
