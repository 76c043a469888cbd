// SPDX-License-Identifier: GPL-2.0
/*
 * Kernel memory that users of a device make the kernel take is charged to their
 * memory cgroup, so that its limit holds.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "dmabuf_test.h"
#include "kvmfr_test.h"

#define PAGE 4096UL
#define SIZE (128 * MIB)
#define CGROUPS "/tmp/cgroups"
#define GROUP CGROUPS "/users"

/* 0 or -errno; the group is made once and stays. */
static int group_make(void)
{
	long ret;

	if (!access(GROUP, F_OK))
		return 0;
	if (mkdir(CGROUPS, 0700) || mount("none", CGROUPS, "cgroup2", 0, NULL))
		return -errno;
	ret = text_write(CGROUPS "/cgroup.subtree_control", "+memory");
	if (ret < 0)
		return ret;
	return mkdir(GROUP, 0700) ? -errno : 0;
}

/* Bytes that the group is charged. */
static long charged(void)
{
	return number_read(GROUP "/memory.current");
}

FIXTURE(memcg)
{
	int device;
};

/* Loading is root's; what comes after that is the group's. */
FIXTURE_SETUP(memcg)
{
	ASSERT_EQ(0, dmabuf_modules_load("static_size_mb=128",
					 "max_seg_size=4096"));
	self->device = kvmfr_open(0, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->device);
	ASSERT_EQ(0, group_make());
	ASSERT_LT(0, text_write(GROUP "/cgroup.procs", "0"));
	ASSERT_LT(0, charged());
}

FIXTURE_TEARDOWN_PARENT(memcg)
{
	EXPECT_EQ(0, dmabuf_modules_unload());
}

/**
 * struct cost - kernel memory in use
 * @taken: all of it, bytes
 * @paid: what the group is charged, bytes
 * @paid_objects: objects of kmalloc that somebody is charged
 * @free_objects: those that nobody is charged
 */
struct cost {
	long taken;
	long paid;
	long paid_objects;
	long free_objects;
};

static struct cost cost_now(void)
{
	return (struct cost){
		.paid_objects = kmalloc_objects(true),
		.free_objects = kmalloc_objects(false),
		.taken = kernel_memory(),
		.paid = charged(),
	};
}

static struct cost cost_since(const struct cost *start)
{
	struct cost cost = cost_now();

	cost.taken -= start->taken;
	cost.paid -= start->paid;
	cost.paid_objects -= start->paid_objects;
	cost.free_objects -= start->free_objects;
	return cost;
}

/*
 * The kernel itself charges file, inode and dentry, which are not of kmalloc, but
 * not its struct of a dma-buf, which is: that one is all that nobody is charged, as
 * ours is charged. The old module took 256 KiB more for each that nobody was
 * charged. The slab that a processor has at hand counts as full: noise.
 */
TEST_F(memcg, exports_are_charged)
{
	enum { NR = 4000, NOISE = NR / 4 };
	const struct rlimit many = { NR + 64, NR + 64 };
	static int dmabufs[NR];
	struct cost start, cost;
	int i;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &many));
	start = cost_now();
	ASSERT_LT(0, start.paid_objects);
	ASSERT_LT(0, start.free_objects);
	for (i = 0; i < NR; i++) {
		dmabufs[i] = kvmfr_create(self->device, 0, SIZE, 0);
		ASSERT_LE(0, dmabufs[i]);
	}
	cost = cost_since(&start);
	TH_LOG("bytes per export: %ld, charged %ld; for %d exports %ld objects charged, %ld not",
	       cost.taken / NR, cost.paid / NR, NR, cost.paid_objects,
	       cost.free_objects);
	EXPECT_LT(NR - NOISE, cost.paid_objects);
	EXPECT_GT(NR + NOISE, cost.free_objects);
	EXPECT_LT(0, cost.paid);
	EXPECT_GT(NR * (long)PAGE, cost.taken - cost.paid);
	while (i--)
		close(dmabufs[i]);
}

/*
 * An entry of at least 32 bytes for each page, because the importer wants no more
 * than a page in one.
 */
TEST_F(memcg, import_tables_are_charged)
{
	enum { NR = 16 };
	const long tables = NR * (SIZE / PAGE) * 32;
	int importers[NR], dmabuf, i;
	long before;

	dmabuf = kvmfr_create(self->device, 0, SIZE, 0);
	ASSERT_LE(0, dmabuf);
	before = charged();
	for (i = 0; i < NR; i++) {
		importers[i] = importer_open();
		ASSERT_LE(0, importers[i]);
		ASSERT_EQ(0, importer_attach(importers[i], dmabuf, 0));
	}
	TH_LOG("%ld bytes of tables, %ld charged", tables, charged() - before);
	EXPECT_LE(tables, charged() - before);

	/* Given back with the attachments. */
	for (i = 0; i < NR; i++)
		close(importers[i]);
	EXPECT_GT(tables / NR, charged() - before);
	close(dmabuf);
}

TEST_HARNESS_MAIN
