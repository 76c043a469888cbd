// SPDX-License-Identifier: GPL-2.0
/* An ivshmem device of 64 GiB in a machine that has one. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "access.h"
#include "ivshmem.h"
#include "kvmfr_test.h"

#define PAGE 4096UL
#define SIZE (65536 * MIB)

/* Bytes of a page that a pipe keeps, -1 if it cannot. */
static ssize_t pin(void *memory)
{
	struct iovec page = { .iov_base = memory, .iov_len = PAGE };
	int tube[2];
	ssize_t bytes;

	if (pipe(tube))
		return 0;
	bytes = vmsplice(tube[1], &page, 1, 0);
	close(tube[0]);
	close(tube[1]);
	return bytes;
}

/* It works to its last byte, and the rest of the machine, too. */
TEST(works_without_pages)
{
	struct ivshmem function;
	unsigned char *memory, value;
	int minor, fd;

	if (ivshmem_find(SIZE, &function))
		SKIP(return, "this VM has no such device");
	ASSERT_EQ(0, kvmfr_load(NULL));
	minor = ivshmem_wait_minor(&function, NODE_TIMEOUT_MS);
	ASSERT_LE(0, minor);
	fd = kvmfr_open(minor, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ((off_t)SIZE, lseek(fd, 0, SEEK_END));
	memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(0, memory_store(memory, 0x11));
	EXPECT_EQ(0, memory_store(memory + SIZE - 1, 0x22));
	EXPECT_EQ(0, memory_load(memory, &value));
	EXPECT_EQ(0x11, value);
	EXPECT_EQ(-1, pin(memory));
	EXPECT_EQ(EFAULT, errno);

	EXPECT_EQ(0, munmap(memory, SIZE));
	EXPECT_EQ(0, close(fd));
	EXPECT_EQ(0, kvmfr_unload());
}

TEST_HARNESS_MAIN
