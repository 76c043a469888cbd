// SPDX-License-Identifier: GPL-2.0
/*
 * An ivshmem function goes away while the kernel itself uses pages of its
 * memory for somebody: the pages outlive the mapping, and must not outlive
 * their struct pages. What they contain then is the device's business.
 */
#include <sys/wait.h>

#include "dmabuf_test.h"
#include "unplug.h"
#include "uring.h"

/* Time enough for an unloading that does not wait to be done. */
#define UNLOAD_MS 1000

/* What pin() gives for the fixture's device: only struct pages can be pinned. */
static ssize_t pin_result(unsigned long size)
{
	return size == WITH_PAGES ? (ssize_t)PAGE : -EFAULT;
}

/* What the page has in it, the first half and then the second. */
TEST_F(unplug, pipe)
{
	void *memory = map_touched(_metadata, self->fd, variant->size);
	unsigned char copy[PAGE] = { 0 }, pattern[PAGE];
	const ssize_t half = PAGE / 2;
	int tube[2];

	bytes_fill(pattern, PAGE, 1);
	memcpy(memory, pattern, PAGE);
	ASSERT_EQ(0, pipe(tube));
	ASSERT_EQ(pin_result(variant->size), pin(tube[1], memory));
	take_out();
	expect_dead_memory(_metadata, memory, variant->size);
	EXPECT_EQ(-EFAULT, pin(tube[1], memory));
	if (variant->size == WITH_PAGES) {
		EXPECT_EQ(half, read(tube[0], copy, half));
		if (variant->way != &unplug_monitor)
			EXPECT_EQ(0, memcmp(copy, pattern, half));
	}
	put_back_in_use();
	if (variant->size == WITH_PAGES) {
		EXPECT_EQ(half, read(tube[0], copy + half, half));
		if (memory_stays(variant->way, &self->function))
			EXPECT_EQ(0, memcmp(copy, pattern, PAGE));
	}
	EXPECT_EQ(0, close(tube[0]));
	EXPECT_EQ(0, close(tube[1]));
	put_back_at_last();
	EXPECT_EQ(0, munmap(memory, variant->size));
}

/*
 * As long as old pages are pinned, the same device has to do without, and another
 * one is refused; once they are not, a function that comes back has pages again.
 */
TEST_F(unplug, pages_return)
{
	void *memory = map_touched(_metadata, self->fd, variant->size);
	bool wanted = variant->size == WITH_PAGES;
	int tube[2];

	ASSERT_EQ(wanted, can_pin(self->minor, variant->size));
	ASSERT_EQ(0, pipe(tube));
	ASSERT_EQ(pin_result(variant->size), pin(tube[1], memory));
	ASSERT_EQ(0, munmap(memory, variant->size));
	take_out();
	put_back_in_use();
	EXPECT_EQ(0, close(tube[0]));
	EXPECT_EQ(0, close(tube[1]));
	put_back_at_last();
	expect_pages_again();
}

/* A child that unloads the module; its status is the errno. */
static pid_t unload_start(const int *tube)
{
	pid_t child = fork();

	if (child)
		return child;
	close(tube[0]);
	close(tube[1]);
	_exit(-kvmfr_unload());
}

/* Whether the module's exit begins. */
static bool unload_begins(void)
{
	long long end = clock_ms() + PAGES_TIMEOUT_MS;
	char state[16];

	do {
		if (text_read("/sys/module/kvmfr/initstate", state,
			      sizeof(state)) > 0 &&
		    !strcmp(state, "going"))
			return true;
		sleep_ms(10);
	} while (clock_ms() < end);
	return false;
}

/*
 * Nothing but a page in a pipe is left, which holds no file open: the module
 * waits for the page, and goes when that is let go.
 */
TEST_F(unplug, pipe_outlives_module)
{
	unsigned char *memory = map_touched(_metadata, self->fd, variant->size);
	unsigned char copy[PAGE];
	int tube[2], status;
	pid_t child;

	bytes_fill(memory, PAGE, 1);
	ASSERT_EQ(0, pipe(tube));
	ASSERT_EQ(pin_result(variant->size), pin(tube[1], memory));
	ASSERT_EQ(0, munmap(memory, variant->size));
	ASSERT_EQ(0, close(self->fd));
	self->fd = -1;
	child = unload_start(tube);
	ASSERT_LE(0, child);
	if (variant->size == WITH_PAGES) {
		EXPECT_TRUE(unload_begins());
		sleep_ms(UNLOAD_MS);
		EXPECT_EQ(0, waitpid(child, &status, WNOHANG));
		EXPECT_EQ((ssize_t)PAGE, read(tube[0], copy, PAGE));
		EXPECT_TRUE(bytes_are(copy, PAGE, 1));
	}
	close(tube[0]);
	close(tube[1]);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_TRUE(kvmfr_gone());
	ASSERT_EQ(0, kvmfr_load(NULL));
	expect_working(_metadata, self->minor, variant->size);
}

/* The first page of the device with this number, and what lies behind it. */
static void expect_zero_and_pattern(struct __test_metadata *_metadata, int minor)
{
	int fd = kvmfr_open(minor, O_RDWR | O_CLOEXEC);
	unsigned char *memory = map(fd, 2 * PAGE, MAP_SHARED);

	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_TRUE(bytes_zero(memory, PAGE));
	EXPECT_TRUE(bytes_are(memory + PAGE, PAGE, 2));
	munmap(memory, 2 * PAGE);
	close(fd);
}

/*
 * A pin for as long as the ring lives, and a write through it, of zeroes: they are
 * in the memory, and reach nothing beside it.
 */
TEST_F(unplug, registered_buffer)
{
	unsigned char *memory = map_touched(_metadata, self->fd, variant->size);
	struct uring uring;
	int ret, zero;

	ret = uring_open(&uring);
	if (ret == -ENOSYS || ret == -EPERM)
		SKIP(munmap(memory, variant->size); return,
		     "this kernel has no io_uring");
	ASSERT_EQ(0, ret);
	bytes_fill(memory, PAGE, 1);
	bytes_fill(memory + PAGE, PAGE, 2);
	ret = uring_register(&uring, memory, PAGE);
	if (ret == -EOPNOTSUPP)
		SKIP(uring_close(&uring); munmap(memory, variant->size); return,
		     "this kernel registers no memory of devices");
	EXPECT_EQ(variant->size == WITH_PAGES ? 0 : -EFAULT, ret);
	take_out();
	expect_dead_memory(_metadata, memory, variant->size);
	put_back_in_use();
	if (!ret) {
		zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
		ASSERT_LE(0, zero);
		ASSERT_EQ(0, uring_submit(&uring, IORING_OP_READ_FIXED, zero,
					  memory, PAGE, 0));
		EXPECT_EQ(PAGE, uring_wait(&uring));
		close(zero);
	}
	uring_close(&uring);
	EXPECT_EQ(0, munmap(memory, variant->size));
	put_back_at_last();
	if (!ret && memory_stays(variant->way, &self->function))
		expect_zero_and_pattern(_metadata, self->minor);
}

/* System calls that are given dead memory return an error, no signal. */
TEST_F(unplug, system_calls)
{
	void *memory = map_touched(_metadata, self->fd, variant->size);
	struct iovec remote = { .iov_base = memory, .iov_len = PAGE };
	unsigned char copy[PAGE] = { 0 };
	struct iovec local = { .iov_base = copy, .iov_len = PAGE };
	int tube[2];

	ASSERT_EQ(0, pipe(tube));
	take_out();
	EXPECT_EQ(-1, write(tube[1], memory, PAGE));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, process_vm_readv(getpid(), &local, 1, &remote, 1, 0));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, process_vm_writev(getpid(), &local, 1, &remote, 1, 0));
	EXPECT_EQ(EFAULT, errno);
	ASSERT_EQ((ssize_t)PAGE, write(tube[1], copy, PAGE));
	EXPECT_EQ(-1, read(tube[0], memory, PAGE));
	EXPECT_EQ(EFAULT, errno);
	put_back();
	EXPECT_EQ(0, close(tube[0]));
	EXPECT_EQ(0, close(tube[1]));
	EXPECT_EQ(0, munmap(memory, variant->size));
}

TEST_HARNESS_MAIN
