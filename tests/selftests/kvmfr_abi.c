// SPDX-License-Identifier: GPL-2.0
/*
 * The binary interface: struct layout, ioctl numbers, what is ignored, what is
 * returned, and the same for 32-bit callers.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "kselftest_harness.h"
#include "i386.h"
#include "kvmfr_test.h"

#define DEVICE_SIZE (16 * MIB)
#define PAGE 4096UL

/* The numbers that clients in the field were built with. */
#define ABI_GETSIZE 0x7544UL
#define ABI_CREATE 0x40187542UL
/* The same request of a 32-bit program, where a __u64 is aligned to 4. */
#define ABI_CREATE_I386 0x40147542UL

TEST(struct_layout)
{
	EXPECT_EQ(0, offsetof(struct kvmfr_dmabuf_create, flags));
	EXPECT_EQ(8, offsetof(struct kvmfr_dmabuf_create, offset));
	EXPECT_EQ(16, offsetof(struct kvmfr_dmabuf_create, size));
	EXPECT_EQ(24, sizeof(struct kvmfr_dmabuf_create));
	EXPECT_EQ(1, sizeof(((struct kvmfr_dmabuf_create *)0)->flags));
}

TEST(numbers)
{
	EXPECT_EQ(ABI_GETSIZE, KVMFR_DMABUF_GETSIZE);
	EXPECT_EQ(ABI_CREATE, KVMFR_DMABUF_CREATE);
	EXPECT_EQ(1, KVMFR_DMABUF_FLAG_CLOEXEC);
}

FIXTURE(abi)
{
	int fd;
};

FIXTURE_SETUP(abi)
{
	ASSERT_EQ(0, kvmfr_load("static_size_mb=16"));
	self->fd = kvmfr_open(0, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
}

/* In the parent: when the test's process is gone, nothing may pin the module. */
FIXTURE_TEARDOWN_PARENT(abi)
{
	EXPECT_EQ(0, kvmfr_unload());
}

TEST_F(abi, getsize_ignores_its_argument)
{
	EXPECT_EQ(DEVICE_SIZE, ioctl(self->fd, ABI_GETSIZE, 0UL));
	EXPECT_EQ(DEVICE_SIZE, ioctl(self->fd, ABI_GETSIZE, ~0UL));
	EXPECT_EQ(DEVICE_SIZE, ioctl(self->fd, ABI_GETSIZE, 0xdead0001UL));
}

/* A new file descriptor, the lowest free one, readable and writable. */
TEST_F(abi, create_returns_the_descriptor)
{
	int lowest, buffer;

	lowest = dup(self->fd);
	ASSERT_LE(0, lowest);
	ASSERT_EQ(0, close(lowest));

	buffer = kvmfr_create(self->fd, 0, DEVICE_SIZE, 0);
	EXPECT_EQ(lowest, buffer);
	EXPECT_EQ(O_RDWR, fcntl(buffer, F_GETFL) & O_ACCMODE);
	EXPECT_EQ(DEVICE_SIZE, lseek(buffer, 0, SEEK_END));
	EXPECT_EQ(0, close(buffer));
}

TEST_F(abi, cloexec_only_when_asked)
{
	int flags, buffer;

	for (flags = 0; flags <= 0xff; flags++) {
		buffer = kvmfr_create(self->fd, 0, PAGE, flags);
		ASSERT_LE(0, buffer)
			TH_LOG("flags 0x%x", flags);
		EXPECT_EQ(flags & KVMFR_DMABUF_FLAG_CLOEXEC ? FD_CLOEXEC : 0,
			  fcntl(buffer, F_GETFD))
			TH_LOG("flags 0x%x", flags);
		ASSERT_EQ(0, close(buffer));
	}
}

/* Real clients leave the padding as the stack was. */
TEST_F(abi, padding_is_ignored_and_argument_untouched)
{
	static const unsigned char fills[] = { 0x00, 0x01, 0x5a, 0x80, 0xff };
	struct kvmfr_dmabuf_create create, before;
	unsigned int i;
	int buffer;

	for (i = 0; i < sizeof(fills); i++) {
		memset(&create, fills[i], sizeof(create));
		create.flags = 0;
		create.offset = PAGE;
		create.size = 3 * PAGE;
		memcpy(&before, &create, sizeof(before));

		buffer = ioctl(self->fd, ABI_CREATE, &create);
		ASSERT_LE(0, buffer)
			TH_LOG("padding 0x%x: %s", fills[i], strerror(errno));
		EXPECT_EQ(3 * PAGE, lseek(buffer, 0, SEEK_END));
		EXPECT_EQ(0, memcmp(&before, &create, sizeof(create)));
		ASSERT_EQ(0, close(buffer));
	}
}

/* Exactly 24 bytes are read, from any address. */
TEST_F(abi, argument_may_end_anywhere)
{
	const struct kvmfr_dmabuf_create create = { .size = PAGE };
	char *pages, *end;
	int buffer;

	pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, pages);
	end = pages + PAGE;
	ASSERT_EQ(0, mprotect(end, PAGE, PROT_NONE));

	memcpy(end - sizeof(create), &create, sizeof(create));
	buffer = ioctl(self->fd, ABI_CREATE, end - sizeof(create));
	EXPECT_LE(0, buffer);
	close(buffer);

	memcpy(pages + 1, &create, sizeof(create));
	buffer = ioctl(self->fd, ABI_CREATE, pages + 1);
	EXPECT_LE(0, buffer);
	close(buffer);

	EXPECT_EQ(-1, ioctl(self->fd, ABI_CREATE, end - sizeof(create) + 1));
	EXPECT_EQ(EFAULT, errno);
}

TEST_F(abi, poll_is_always_ready)
{
	struct pollfd ready = {
		.fd = self->fd,
		.events = POLLIN | POLLOUT | POLLPRI,
	};

	EXPECT_EQ(1, poll(&ready, 1, 0));
	EXPECT_EQ(POLLIN | POLLOUT, ready.revents);
}

TEST_F(abi, exporter_name_in_fdinfo)
{
	char path[64], text[1024];
	int buffer;

	buffer = kvmfr_create(self->fd, 0, PAGE, 0);
	ASSERT_LE(0, buffer);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", buffer);
	ASSERT_LT(0, text_read(path, text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "\nexp_name:\tkvmfr"))
		TH_LOG("%s", text);
	EXPECT_NE(NULL, strstr(text, "size:\t4096\n"));
}

/* One line per buffer, "size flags mode count exporter inode [name]". */
static int bufinfo_buffers(const char *exporter, unsigned long wanted)
{
	unsigned long size;
	char line[256], name[64];
	int count = 0;
	FILE *bufinfo;

	bufinfo = fopen("/sys/kernel/debug/dma_buf/bufinfo", "re");
	if (!bufinfo)
		return -errno;
	while (fgets(line, sizeof(line), bufinfo))
		if (sscanf(line, "%lu %*x %*x %*d %63s", &size, name) == 2 &&
		    size == wanted && !strcmp(name, exporter))
			count++;
	fclose(bufinfo);
	return count;
}

TEST_F(abi, exporter_name_in_debugfs)
{
	int before, first, second;

	before = bufinfo_buffers("kvmfr", 5 * PAGE);
	if (before == -ENOENT)
		SKIP(return, "no debugfs dma_buf/bufinfo");
	ASSERT_EQ(0, before);

	first = kvmfr_create(self->fd, 0, 5 * PAGE, 0);
	ASSERT_LE(0, first);
	second = kvmfr_create(self->fd, PAGE, 5 * PAGE, 0);
	ASSERT_LE(0, second);
	EXPECT_EQ(2, bufinfo_buffers("kvmfr", 5 * PAGE));

	close(first);
	close(second);
	EXPECT_EQ(0, bufinfo_buffers("kvmfr", 5 * PAGE));
}

FIXTURE(compat)
{
	int fd;
	char *low;
};

FIXTURE_SETUP(compat)
{
	ASSERT_EQ(0, kvmfr_load("static_size_mb=16"));
	self->fd = kvmfr_open(0, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
	self->low = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	ASSERT_NE(MAP_FAILED, self->low);
}

FIXTURE_TEARDOWN_PARENT(compat)
{
	EXPECT_EQ(0, kvmfr_unload());
}

TEST_F(compat, getsize)
{
	if (!i386_supported())
		SKIP(return, "kernel without 32-bit system calls");

	EXPECT_EQ(DEVICE_SIZE, i386_ioctl(self->fd, ABI_GETSIZE, NULL));
}

TEST_F(compat, create_with_the_short_struct)
{
	struct create_i386 *create = (void *)self->low;
	int buffer;

	if (!i386_supported())
		SKIP(return, "kernel without 32-bit system calls");
	ASSERT_EQ(20, sizeof(*create));

	memset(create, 0xff, sizeof(*create));
	create->flags = KVMFR_DMABUF_FLAG_CLOEXEC;
	create->offset = 2 * PAGE;
	create->size = 7 * PAGE;
	buffer = i386_ioctl(self->fd, ABI_CREATE_I386, create);
	ASSERT_LE(0, buffer);
	EXPECT_EQ(7 * PAGE, lseek(buffer, 0, SEEK_END));
	EXPECT_EQ(FD_CLOEXEC, fcntl(buffer, F_GETFD));
}

/* The buffer really starts at the offset of the short struct. */
TEST_F(compat, create_honours_the_offset)
{
	struct create_i386 *create = (void *)self->low;
	char *device, *shared;
	int buffer;

	if (!i386_supported())
		SKIP(return, "kernel without 32-bit system calls");

	device = mmap(NULL, DEVICE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
		      self->fd, 0);
	ASSERT_NE(MAP_FAILED, device);
	memcpy(device + 9 * PAGE, "ninth", 6);

	*create = (struct create_i386){ .offset = 9 * PAGE, .size = PAGE };
	buffer = i386_ioctl(self->fd, ABI_CREATE_I386, create);
	ASSERT_LE(0, buffer);
	EXPECT_EQ(0, fcntl(buffer, F_GETFD));
	shared = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, buffer, 0);
	ASSERT_NE(MAP_FAILED, shared);
	EXPECT_STREQ("ninth", shared);
}

TEST_F(compat, errors)
{
	struct create_i386 *create = (void *)self->low;

	if (!i386_supported())
		SKIP(return, "kernel without 32-bit system calls");

	*create = (struct create_i386){ .offset = 1, .size = PAGE };
	EXPECT_EQ(-EINVAL, i386_ioctl(self->fd, ABI_CREATE_I386, create));
	*create = (struct create_i386){ .size = 0 };
	EXPECT_EQ(-EINVAL, i386_ioctl(self->fd, ABI_CREATE_I386, create));
	*create = (struct create_i386){ .size = DEVICE_SIZE + PAGE };
	EXPECT_EQ(-EINVAL, i386_ioctl(self->fd, ABI_CREATE_I386, create));
	EXPECT_EQ(-EFAULT, i386_ioctl(self->fd, ABI_CREATE_I386, NULL));
	EXPECT_EQ(-ENOTTY, i386_ioctl(self->fd, 0x7545, NULL));
	EXPECT_EQ(0, kvmfr_attr(0, "exports"));
}

TEST_HARNESS_MAIN
