// SPDX-License-Identifier: GPL-2.0
/*
 * Disks that read and write the device's memory themselves: O_DIRECT and
 * io_uring, whose registered buffers stay pinned for as long as they like.
 * Needs an empty disk, /dev/vda, and one with an ext4 file system, /dev/vdb.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "kselftest_harness.h"
#include "kvmfr_test.h"
#include "mapping.h"
#include "pattern.h"
#include "uring.h"

#define RW (PROT_READ | PROT_WRITE)
#define BYTES MAPPING_BYTES
#define OTHER_SEED 5
#define DISK "/dev/vda"
#define EXT4 "/dev/vdb"
#define MOUNT_POINT "/tmp/ext4"
#define NODE MOUNT_POINT "/kvmfr"

FIXTURE(gup_disk) {
	struct mapping m;
	struct uring uring;
	int disk;
	void *buffer;
};

FIXTURE_VARIANT(gup_disk) {
	struct mapping_kind kind;
};

MAPPING_DEVICE_VARIANTS(gup_disk);
MAPPING_DMABUF_VARIANTS(gup_disk);

FIXTURE_SETUP(gup_disk)
{
	if (access(DISK, F_OK))
		SKIP(return, "no scratch disk " DISK);
	ASSERT_EQ(0, mapping_create(&self->m, &variant->kind));
	self->disk = open(DISK, O_RDWR | O_DIRECT);
	ASSERT_LE(0, self->disk);
	ASSERT_EQ(0, uring_open(&self->uring));
	self->buffer = mmap(NULL, BYTES, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			    0);
	ASSERT_NE(MAP_FAILED, self->buffer);
}

FIXTURE_TEARDOWN_PARENT(gup_disk)
{
	EXPECT_EQ(0, kvmfr_unload());
}

static bool holds(const void *memory, const struct mapping *m, uint64_t seed)
{
	return pattern_match(memory, BYTES, m->origin, seed) == BYTES;
}

static bool device_holds(const struct mapping *m, uint64_t seed)
{
	return holds(m->map, m, seed) && holds(m->whole + m->origin, m, seed);
}

/* What is on the disk, read into ordinary memory. */
static bool disk_holds(int disk, void *buffer, const struct mapping *m,
		       uint64_t seed)
{
	memset(buffer, 0, BYTES);
	return pread(disk, buffer, BYTES, 0) == BYTES && holds(buffer, m, seed);
}

static bool disk_fill(int disk, void *buffer, const struct mapping *m,
		      uint64_t seed)
{
	pattern_fill(buffer, BYTES, m->origin, seed);
	return pwrite(disk, buffer, BYTES, 0) == BYTES;
}

/* 6.1 takes only anonymous and tmpfs memory, whoever the driver is. */
static bool registers_no_device(void)
{
	struct utsname name;

	return !uname(&name) && !strncmp(name.release, "6.1.", 4);
}

TEST_F(gup_disk, direct_write)
{
	EXPECT_EQ(BYTES, pwrite(self->disk, self->m.map, BYTES, 0));
	EXPECT_TRUE(disk_holds(self->disk, self->buffer, &self->m,
			       MAPPING_SEED));
	EXPECT_TRUE(mapping_intact(&self->m));
}

TEST_F(gup_disk, direct_read)
{
	ASSERT_TRUE(disk_fill(self->disk, self->buffer, &self->m, OTHER_SEED));
	EXPECT_EQ(BYTES, pread(self->disk, self->m.map, BYTES, 0));
	EXPECT_TRUE(device_holds(&self->m, OTHER_SEED));
}

/* Read a disk into a private mapping: the copy changes, nothing else. */
TEST_F(gup_disk, direct_read_copies)
{
	unsigned char *map;

	/* Of the device: a dma-buf has no private mappings. */
	map = map_skewed(self->m.device, self->m.origin, BYTES,
			 variant->kind.skew, RW, MAP_PRIVATE);
	ASSERT_NE(MAP_FAILED, map);
	EXPECT_TRUE(holds(map, &self->m, MAPPING_SEED));
	ASSERT_TRUE(disk_fill(self->disk, self->buffer, &self->m, OTHER_SEED));
	EXPECT_EQ(BYTES, pread(self->disk, map, BYTES, 0));
	EXPECT_TRUE(holds(map, &self->m, OTHER_SEED));
	EXPECT_TRUE(mapping_intact(&self->m));
}

static int transfer(struct uring *uring, int opcode, int disk, void *memory)
{
	int ret = uring_submit(uring, opcode, disk, memory, BYTES, 0);

	return ret < 0 ? ret : uring_wait(uring);
}

TEST_F(gup_disk, registered_buffer)
{
	struct uring *uring = &self->uring;
	struct mapping *m = &self->m;
	int ret = uring_register(uring, m->map, BYTES);

	if (ret == -EOPNOTSUPP && registers_no_device())
		SKIP(return, "this kernel registers no device memory");
	ASSERT_EQ(0, ret);
	EXPECT_EQ(BYTES, transfer(uring, IORING_OP_WRITE_FIXED, self->disk,
				  m->map));
	EXPECT_TRUE(disk_holds(self->disk, self->buffer, m, MAPPING_SEED));
	ASSERT_TRUE(disk_fill(self->disk, self->buffer, m, OTHER_SEED));
	EXPECT_EQ(BYTES, transfer(uring, IORING_OP_READ_FIXED, self->disk,
				  m->map));
	EXPECT_TRUE(device_holds(m, OTHER_SEED));
}

/* The disk still writes to the device when the mapping is gone. */
TEST_F(gup_disk, registered_buffer_outlives_the_mapping)
{
	struct uring *uring = &self->uring;
	struct mapping *m = &self->m;
	int ret = uring_register(uring, m->map, BYTES);

	if (ret == -EOPNOTSUPP && registers_no_device())
		SKIP(return, "this kernel registers no device memory");
	ASSERT_EQ(0, ret);
	ASSERT_TRUE(disk_fill(self->disk, self->buffer, m, OTHER_SEED));
	ASSERT_EQ(0, uring_submit(uring, IORING_OP_READ_FIXED, self->disk,
				  m->map, BYTES, 0));
	ASSERT_EQ(0, munmap(m->map, BYTES));
	EXPECT_EQ(BYTES, uring_wait(uring));
	EXPECT_TRUE(holds(m->whole + m->origin, m, OTHER_SEED));
}

/* Pinned pages stay what they are even when the module is gone. */
TEST_F(gup_disk, registered_buffer_outlives_the_module)
{
	struct uring *uring = &self->uring;
	struct mapping *m = &self->m;
	int ret = uring_register(uring, m->map, BYTES);

	if (ret == -EOPNOTSUPP && registers_no_device())
		SKIP(return, "this kernel registers no device memory");
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, munmap(m->map, BYTES));
	ASSERT_EQ(0, munmap(m->whole, MAPPING_DEVICE_BYTES));
	close(m->fd);
	close(m->device);
	ASSERT_EQ(0, kvmfr_unload());

	EXPECT_EQ(0, memory_dirty(64 * MIB));
	EXPECT_EQ(BYTES, transfer(uring, IORING_OP_WRITE_FIXED, self->disk,
				  m->map));
	EXPECT_TRUE(disk_holds(self->disk, self->buffer, m, MAPPING_SEED));
	uring_close(uring);
	EXPECT_EQ(0, kvmfr_load(MAPPING_PARAMS));
}

/*
 * A node may lie on any file system. The core refuses to pin pages for long
 * that a file system would write back, and must not take ours for such.
 */
FIXTURE(gup_node) {
	struct uring uring;
	int node;
	int file;
};

FIXTURE_SETUP(gup_node)
{
	struct stat device;

	if (access(EXT4, F_OK))
		SKIP(return, "no ext4 disk " EXT4);
	ASSERT_EQ(0, kvmfr_load(MAPPING_PARAMS));
	self->node = kvmfr_open(0, O_RDWR);
	ASSERT_LE(0, self->node);
	ASSERT_EQ(0, fstat(self->node, &device));
	close(self->node);

	mkdir(MOUNT_POINT, 0700);
	ASSERT_EQ(0, mount(EXT4, MOUNT_POINT, "ext4", 0, NULL));
	unlink(NODE);
	ASSERT_EQ(0, mknod(NODE, S_IFCHR | 0600, device.st_rdev));
	self->node = open(NODE, O_RDWR);
	ASSERT_LE(0, self->node);
	self->file = open(MOUNT_POINT "/file", O_RDWR | O_DIRECT | O_CREAT |
			  O_TRUNC, 0600);
	ASSERT_LE(0, self->file);
	ASSERT_EQ(0, uring_open(&self->uring));
}

FIXTURE_TEARDOWN_PARENT(gup_node)
{
	EXPECT_EQ(0, umount(MOUNT_POINT));
	EXPECT_EQ(0, kvmfr_unload());
}

TEST_F(gup_node, on_ext4_takes_direct_io)
{
	const size_t bytes = 4 * MIB;
	unsigned char *map;

	map = mmap(NULL, bytes, RW, MAP_SHARED, self->node, MIB);
	ASSERT_NE(MAP_FAILED, map);
	pattern_fill(map, bytes, 0, 1);
	EXPECT_EQ(bytes, pwrite(self->file, map, bytes, 0));
	pattern_fill(map, bytes, 0, 2);
	EXPECT_EQ(bytes, pread(self->file, map, bytes, 0));
	EXPECT_EQ(bytes, pattern_match(map, bytes, 0, 1));
}

TEST_F(gup_node, on_ext4_can_be_registered)
{
	const size_t bytes = 4 * MIB;
	unsigned char *map;
	int ret;

	map = mmap(NULL, bytes, RW, MAP_SHARED, self->node, MIB);
	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(bytes / 1024, smaps_kb(map, "Size"));
	pattern_fill(map, bytes, 0, 1);
	ret = uring_register(&self->uring, map, bytes);
	if (ret == -EOPNOTSUPP && registers_no_device())
		SKIP(return, "this kernel registers no device memory");
	ASSERT_EQ(0, ret);

	ASSERT_EQ(0, uring_submit(&self->uring, IORING_OP_WRITE_FIXED,
				  self->file, map, bytes, 0));
	EXPECT_EQ(bytes, uring_wait(&self->uring));
	pattern_fill(map, bytes, 0, 2);
	EXPECT_EQ(bytes, pread(self->file, map, bytes, 0));
	EXPECT_EQ(bytes, pattern_match(map, bytes, 0, 1));
}

/* Huge, like every other; a file system's own size limits say nothing. */
TEST_F(gup_node, on_ext4_is_huge)
{
	char *map;

	map = mmap(NULL, 4 * MIB, RW, MAP_SHARED | MAP_POPULATE, self->node, 0);
	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(4 * MIB / 1024, smaps_kb(map, "FilePmdMapped"));
}

TEST_HARNESS_MAIN
