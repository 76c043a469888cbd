// SPDX-License-Identifier: GPL-2.0
/*
 * An ivshmem function goes away while its node is open or mapped:
 * removal is prompt, later use fails cleanly, and the function comes back
 * under the same name while the old users still hold what they had.
 */
#include <sys/wait.h>

#include "unplug.h"

/* The old file stays dead when a new device takes its numbers. */
TEST_F(unplug, node_open)
{
	take_out();
	expect_dead_file(_metadata, self->fd, variant->size);
	put_back();
	expect_dead_file(_metadata, self->fd, variant->size);
}

TEST_F(unplug, mapped_untouched)
{
	void *memory = map(self->fd, variant->size, MAP_SHARED);

	ASSERT_NE(MAP_FAILED, memory);
	take_out();
	expect_dead_memory(_metadata, memory, variant->size);
	put_back();
	expect_dead_memory(_metadata, memory, variant->size);
	EXPECT_EQ(0, munmap(memory, variant->size));
}

TEST_F(unplug, mapped_touched)
{
	void *memory = map(self->fd, variant->size, MAP_SHARED);

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, memory_touch(memory, variant->size));
	take_out();
	expect_dead_memory(_metadata, memory, variant->size);
	put_back();
	expect_dead_memory(_metadata, memory, variant->size);
	EXPECT_EQ(0, munmap(memory, variant->size));
}

/* Only the mapping is left when the function goes. */
TEST_F(unplug, mapped_closed)
{
	void *memory = map(self->fd, variant->size, MAP_SHARED);

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, memory_touch(memory, variant->size));
	ASSERT_EQ(0, close(self->fd));
	self->fd = -1;
	take_out();
	expect_dead_memory(_metadata, memory, variant->size);
	put_back();
	expect_dead_memory(_metadata, memory, variant->size);
	EXPECT_EQ(0, munmap(memory, variant->size));
}

/* Revocation finds a mapping that is not where and what mmap() made it. */
TEST_F(unplug, mapped_moved)
{
	const size_t half = variant->size / 2;
	unsigned char *memory = map(self->fd, variant->size, MAP_SHARED);
	unsigned char *moved, value;

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, memory_touch(memory, variant->size));
	moved = mremap(memory + half, half, half, MREMAP_MAYMOVE | MREMAP_FIXED,
		       mmap(NULL, half, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0));
	ASSERT_NE(MAP_FAILED, moved);
	ASSERT_EQ(0, munmap(memory + PAGE, PAGE));
	ASSERT_EQ(0, mprotect(memory + 2 * PAGE, PAGE, PROT_READ));
	ASSERT_EQ(0, memory_touch(moved, half));

	take_out();
	EXPECT_EQ(SIGBUS, memory_load(memory, &value));
	EXPECT_EQ(SIGSEGV, memory_load(memory + PAGE, &value));
	EXPECT_EQ(SIGBUS, memory_load(memory + 2 * PAGE, &value));
	expect_dead_memory(_metadata, moved, half);
	put_back();
	expect_dead_memory(_metadata, moved, half);
	EXPECT_EQ(0, munmap(moved, half));
	EXPECT_EQ(0, munmap(memory, half));
}

TEST_F(unplug, mapped_locked)
{
	void *memory = map(self->fd, variant->size, MAP_SHARED);

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, mlock(memory, variant->size));
	take_out();
	expect_dead_memory(_metadata, memory, variant->size);
	EXPECT_EQ(0, munlock(memory, variant->size));
	put_back();
	expect_dead_memory(_metadata, memory, variant->size);
	EXPECT_EQ(0, munmap(memory, variant->size));
}

/*
 * A private mapping shows the device until a page is written; without struct
 * pages there is no private writable mapping.
 */
TEST_F(unplug, private_touched)
{
	unsigned char *memory, value;

	if (variant->size == WITHOUT_PAGES) {
		EXPECT_EQ(MAP_FAILED,
			  map(self->fd, variant->size, MAP_PRIVATE));
		EXPECT_EQ(EINVAL, errno);
		return;
	}
	memory = map(self->fd, variant->size, MAP_PRIVATE);
	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, memory_load(memory, &value));
	ASSERT_EQ(0, memory_store(memory + PAGE, value));

	take_out();
	EXPECT_EQ(SIGBUS, memory_load(memory, &value));
	EXPECT_EQ(SIGBUS, memory_load(memory + PAGE, &value));
	EXPECT_EQ(SIGBUS, memory_store(memory + 2 * PAGE, 1));
	put_back();
	expect_dead_memory(_metadata, memory, variant->size);
	EXPECT_EQ(0, munmap(memory, variant->size));
}

/* The mapper's only act after the removal is to exit. */
TEST_F(unplug, mapper_exits)
{
	int ready[2], go[2], status;
	char byte;
	pid_t child;

	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pipe(go));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		void *memory = map(self->fd, variant->size, MAP_SHARED);

		close(go[1]);
		if (memory == MAP_FAILED ||
		    memory_touch(memory, variant->size) ||
		    write(ready[1], "r", 1) != 1)
			_exit(1);
		_exit(read(go[0], &byte, 1) == 0 ? 0 : 2);
	}
	close(ready[1]);
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	take_out();
	close(go[1]);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	put_back();
	close(ready[0]);
	close(go[0]);
}

/* A child that inherited the mapping, and its parent. */
TEST_F(unplug, forked)
{
	void *memory = map(self->fd, variant->size, MAP_SHARED);
	int go[2], status;
	unsigned char value;
	pid_t child;
	char byte;

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, memory_touch(memory, variant->size));
	ASSERT_EQ(0, pipe(go));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		close(go[1]);
		if (read(go[0], &byte, 1) != 0)
			_exit(1);
		_exit(memory_load(memory, &value) == SIGBUS &&
		      kvmfr_size(self->fd) == -ENODEV ? 0 : 2);
	}
	close(go[0]);
	take_out();
	expect_dead_memory(_metadata, memory, variant->size);
	close(go[1]);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	put_back();
	expect_dead_memory(_metadata, memory, variant->size);
	EXPECT_EQ(0, munmap(memory, variant->size));
}

/* Use the device until it says that it is gone; the number of good rounds. */
static int use_until_gone(int fd, size_t size)
{
	int rounds, dmabuf;
	void *memory;

	for (rounds = 0;; rounds++) {
		long seen = kvmfr_size(fd);

		if (seen == -ENODEV)
			return rounds;
		dmabuf = kvmfr_create(fd, 0, size, 0);
		if (dmabuf >= 0)
			close(dmabuf);
		memory = map(fd, size, MAP_SHARED);
		if (memory != MAP_FAILED) {
			memory_touch(memory, PAGE);
			munmap(memory, size);
		}
		if (seen != (long)size ||
		    (dmabuf < 0 && dmabuf != -ENODEV) ||
		    (memory == MAP_FAILED && errno != ENODEV))
			return -1;
	}
}

TEST_F(unplug, busy_ioctls)
{
	pid_t child[2];
	int i, status;

	for (i = 0; i < 2; i++) {
		child[i] = fork();
		ASSERT_LE(0, child[i]);
		if (!child[i])
			_exit(use_until_gone(self->fd, variant->size) > 0 ? 0 :
									    1);
	}
	sleep_ms(100);
	take_out();
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(child[i], waitpid(child[i], &status, 0));
		EXPECT_EQ(0, status);
	}
	put_back();
	expect_dead_file(_metadata, self->fd, variant->size);
}

/* Three devices in a row under one name, users of all of them alive. */
TEST_F(unplug, replugged_twice)
{
	void *memory[3];
	int i, j, fd[3];

	for (i = 0; i < 3; i++) {
		fd[i] = kvmfr_open(self->minor, O_RDWR | O_CLOEXEC);
		ASSERT_LE(0, fd[i]);
		memory[i] = map(fd[i], variant->size, MAP_SHARED);
		ASSERT_NE(MAP_FAILED, memory[i]);
		ASSERT_EQ(0, memory_touch(memory[i], variant->size));
		for (j = 0; j < i; j++)
			expect_dead_memory(_metadata, memory[j], variant->size);
		take_out();
		put_back();
	}
	for (i = 0; i < 3; i++) {
		expect_dead_file(_metadata, fd[i], variant->size);
		EXPECT_EQ(0, close(fd[i]));
		EXPECT_EQ(0, munmap(memory[i], variant->size));
	}
}

TEST_HARNESS_MAIN
