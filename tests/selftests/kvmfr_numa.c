// SPDX-License-Identifier: GPL-2.0
/*
 * numa_node: the memory comes from the node asked for. The VM has two nodes of
 * 512 MiB.
 */
#include <fcntl.h>
#include <sched.h>
#include <linux/mempolicy.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"
#include "kvmfr_test.h"

#define PAGE 4096UL
#define DEVICE_SIZE (64 * MIB)
#define DEVICE_PAGES (DEVICE_SIZE / PAGE)

FIXTURE(numa)
{
	int kmsg;
};

FIXTURE_SETUP(numa)
{
	if (access("/sys/devices/system/node/node1", F_OK))
		SKIP(return, "one node only");
	self->kmsg = kmsg_open();
	ASSERT_LE(0, self->kmsg);
}

FIXTURE_TEARDOWN_PARENT(numa)
{
	int ret = kvmfr_unload();

	EXPECT_TRUE(!ret || ret == -ENOENT);
}

/* How many pages of /dev/kvmfr0 lie on @node; -errno if that is unknown. */
static long pages_on(int node, size_t pages)
{
	int fd = kvmfr_open(0, O_RDWR);
	long count = 0, ret;
	void **addresses;
	char *memory;
	int *nodes;
	size_t i;

	memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_POPULATE, fd, 0);
	addresses = calloc(pages, sizeof(*addresses));
	nodes = calloc(pages, sizeof(*nodes));
	if (memory == MAP_FAILED || !addresses || !nodes)
		return -errno;
	for (i = 0; i < pages; i++) {
		addresses[i] = memory + i * PAGE;
		memory[i * PAGE] = 1;
	}

	/* Without target nodes move_pages(2) only tells where pages are. */
	ret = syscall(SYS_move_pages, 0, pages, addresses, NULL, nodes, 0);
	if (ret)
		return -errno;
	for (i = 0; i < pages; i++)
		count += nodes[i] == node;
	free(addresses);
	free(nodes);
	close(fd);
	munmap(memory, pages * PAGE);
	return count;
}

TEST_F(numa, first_node)
{
	ASSERT_EQ(0, kvmfr_load("static_size_mb=64 numa_node=0"));
	EXPECT_EQ(DEVICE_PAGES, pages_on(0, DEVICE_PAGES));
}

TEST_F(numa, second_node)
{
	ASSERT_EQ(0, kvmfr_load("static_size_mb=64 numa_node=1"));
	EXPECT_EQ(DEVICE_PAGES, pages_on(1, DEVICE_PAGES));
	EXPECT_EQ(DEVICE_SIZE, kvmfr_attr(0, "huge_bytes"));
}

/* Whichever CPU loads the module. */
TEST_F(numa, second_node_from_either_cpu)
{
	cpu_set_t cpus;
	int cpu;

	for (cpu = 0; cpu < 2; cpu++) {
		CPU_ZERO(&cpus);
		CPU_SET(cpu, &cpus);
		ASSERT_EQ(0, sched_setaffinity(0, sizeof(cpus), &cpus));
		ASSERT_EQ(0, kvmfr_load("static_size_mb=64 numa_node=1"));
		EXPECT_EQ(DEVICE_PAGES, pages_on(1, DEVICE_PAGES));
		ASSERT_EQ(0, kvmfr_unload());
	}
}

TEST_F(numa, any_node)
{
	ASSERT_EQ(0, kvmfr_load("static_size_mb=64 numa_node=-1"));
	EXPECT_EQ(DEVICE_PAGES, pages_on(0, DEVICE_PAGES) +
				pages_on(1, DEVICE_PAGES));
}

/* The node is a wish: what does not fit there comes from elsewhere. */
TEST_F(numa, larger_than_the_node)
{
	long on_node;

	ASSERT_EQ(0, kvmfr_load("static_size_mb=600 numa_node=1"));
	on_node = pages_on(1, 600 * MIB / PAGE);
	TH_LOG("%ld of %lu pages on node 1", on_node, 600 * MIB / PAGE);
	EXPECT_LT(300 * MIB / PAGE, on_node);
	EXPECT_GT(600 * MIB / PAGE, on_node);
	EXPECT_FALSE(kmsg_contains(self->kmsg, "oom-killer"));
}

/*
 * A loader that may only use one node: there is memory enough, but not for it.
 * The only way to fail in the middle of the list, and the device made before
 * has to go. No line of the kernel's own, no killing.
 */
TEST_F(numa, loader_bound_to_a_node_too_small)
{
	const unsigned long second = 1UL << 1;
	long before, ret;

	before = memory_free_kb();
	ASSERT_EQ(0, syscall(SYS_set_mempolicy, MPOL_BIND, &second, 64));
	ret = kvmfr_load("static_size_mb=16,600");
	ASSERT_EQ(0, syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0));

	EXPECT_EQ(-ENOMEM, ret);
	EXPECT_TRUE(kvmfr_gone());
	EXPECT_EQ(1, kmsg_count(self->kmsg, "kvmfr: "));
	EXPECT_TRUE(kmsg_contains(self->kmsg, "static_size_mb=16,600"));
	EXPECT_TRUE(kmsg_contains(self->kmsg, "600 MiB"));
	EXPECT_FALSE(kmsg_contains(self->kmsg, "oom-killer"));
	EXPECT_FALSE(kmsg_contains(self->kmsg, "allocation failure"));
	EXPECT_GT(4096, before - memory_free_kb());
}

TEST_F(numa, third_node_is_refused)
{
	EXPECT_EQ(-EINVAL, kvmfr_load("static_size_mb=64 numa_node=2"));
	EXPECT_TRUE(kvmfr_gone());
	/* The line names the value and what there is. */
	EXPECT_TRUE(kmsg_contains(self->kmsg, "numa_node=2 "));
	EXPECT_TRUE(kmsg_contains(self->kmsg, "0-1"));
}

TEST_HARNESS_MAIN
