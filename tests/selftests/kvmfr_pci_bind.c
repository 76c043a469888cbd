// SPDX-License-Identifier: GPL-2.0
/*
 * The PCI driver's side: more functions than there are minors, binding and
 * unbinding, and functions that are no ivshmem.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "ivshmem.h"
#include "kvmfr_test.h"

/* The suite has this many functions of 2 MiB, two more than minors. */
#define FUNCTIONS 12
#define MINORS 10
#define SIZE (2 * MIB)
#define DRIVER "/sys/bus/pci/drivers/kvmfr"

#define QEMU_VENDOR 0x1234
#define EDU_DEVICE 0x11e8
#define INTEL_VENDOR 0x8086
#define E1000E_DEVICE 0x10d3

FIXTURE(bind)
{
	struct ivshmem function[FUNCTIONS + 1];
	int kmsg;
};

FIXTURE_SETUP(bind)
{
	kvmfr_unload();
	ASSERT_EQ(FUNCTIONS, ivshmem_list(self->function, FUNCTIONS + 1));
	self->kmsg = kmsg_open();
	ASSERT_LE(0, self->kmsg);
}

FIXTURE_TEARDOWN(bind)
{
	close(self->kmsg);
	EXPECT_EQ(0, kvmfr_unload());
}

static int bound(const struct ivshmem *function)
{
	int i, count = 0;

	for (i = 0; i < FUNCTIONS; i++)
		count += ivshmem_minor(&function[i]) >= 0;
	return count;
}

static int node_works(int minor)
{
	int fd = kvmfr_open(minor, O_RDWR | O_CLOEXEC);
	int *memory;

	if (fd < 0 || kvmfr_size(fd) != (long)SIZE)
		return -EIO;
	memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (memory == MAP_FAILED)
		return -errno;
	*memory = minor;
	return munmap(memory, SIZE);
}

/* Ten get a minor, the log names the two that do not. */
TEST_F(bind, minors_exhausted)
{
	int i, named = 0;

	ASSERT_EQ(0, kvmfr_load(NULL));
	EXPECT_EQ(MINORS, bound(self->function));
	for (i = 0; i < MINORS; i++)
		EXPECT_EQ(0, node_works(i));
	for (i = 0; i < FUNCTIONS; i++)
		if (ivshmem_minor(&self->function[i]) < 0)
			named += kmsg_contains(self->kmsg,
					       self->function[i].address);
	EXPECT_EQ(FUNCTIONS - MINORS, named);
}

TEST_F(bind, static_devices_count)
{
	ASSERT_EQ(0, kvmfr_load("static_size_mb=2,2,2"));
	EXPECT_EQ(MINORS - 3, bound(self->function));
}

TEST_F(bind, static_devices_take_all)
{
	ASSERT_EQ(0, kvmfr_load("static_size_mb=1,1,1,1,1,1,1,1,1,1"));
	EXPECT_EQ(0, bound(self->function));
	EXPECT_EQ(MIB, kvmfr_attr(9, "size"));
}

/* A minor that becomes free goes to the next function that is bound. */
TEST_F(bind, freed_minor_is_used)
{
	struct ivshmem *without = NULL, *holder = NULL;
	int i;

	ASSERT_EQ(0, kvmfr_load(NULL));
	for (i = 0; i < FUNCTIONS; i++) {
		int minor = ivshmem_minor(&self->function[i]);

		if (minor < 0)
			without = &self->function[i];
		else if (minor == 4)
			holder = &self->function[i];
	}
	ASSERT_NE(NULL, without);
	ASSERT_NE(NULL, holder);
	EXPECT_EQ(-ENOSPC, pci_bind(without->address));
	ASSERT_EQ(0, pci_unbind(holder->address));
	EXPECT_EQ(-ENODEV, ivshmem_minor(holder));
	ASSERT_EQ(0, pci_bind(without->address));
	EXPECT_EQ(4, ivshmem_wait_minor(without, 1000));
	EXPECT_EQ(0, node_works(4));
	EXPECT_EQ(-ENOSPC, pci_bind(holder->address));
	ASSERT_EQ(0, pci_unbind(without->address));
	EXPECT_EQ(0, pci_bind(holder->address));
}

/* The memory is the host's: it outlives the driver. */
TEST_F(bind, contents_survive)
{
	const struct ivshmem *function = &self->function[0];
	int minor, fd, *memory, round;

	ASSERT_EQ(0, kvmfr_load(NULL));
	for (round = 0; round < 5; round++) {
		minor = ivshmem_wait_minor(function, 1000);
		fd = kvmfr_open(minor, O_RDWR);
		ASSERT_LE(0, fd);
		memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			      fd, 0);
		ASSERT_NE(MAP_FAILED, memory);
		if (round)
			EXPECT_EQ(round - 1, memory[SIZE / sizeof(int) - 1]);
		memory[SIZE / sizeof(int) - 1] = round;
		munmap(memory, SIZE);
		close(fd);
		ASSERT_EQ(0, pci_unbind(function->address));
		if (round % 2) {
			ASSERT_EQ(0, kvmfr_unload());
			ASSERT_EQ(0, kvmfr_load(NULL));
		} else {
			ASSERT_EQ(0, pci_bind(function->address));
		}
	}
}

TEST_F(bind, unbound_twice)
{
	const struct ivshmem *function = &self->function[0];

	ASSERT_EQ(0, kvmfr_load(NULL));
	ASSERT_EQ(0, pci_unbind(function->address));
	EXPECT_EQ(-ENODEV, pci_unbind(function->address));
	ASSERT_EQ(0, pci_bind(function->address));
	EXPECT_NE(0, pci_bind(function->address));
	EXPECT_LE(0, ivshmem_wait_minor(function, 1000));
}

FIXTURE(stranger)
{
	struct ivshmem function;
	int kmsg;
};

FIXTURE_VARIANT(stranger)
{
	unsigned int vendor;
	unsigned int device;
};

/* Has BAR 0 only. */
FIXTURE_VARIANT_ADD(stranger, edu)
{
	.vendor = QEMU_VENDOR, .device = EDU_DEVICE,
};

/* BAR 2 is I/O ports. */
FIXTURE_VARIANT_ADD(stranger, e1000e)
{
	.vendor = INTEL_VENDOR, .device = E1000E_DEVICE,
};

FIXTURE_SETUP(stranger)
{
	kvmfr_unload();
	ASSERT_EQ(1, pci_list(variant->vendor, variant->device,
			      &self->function, 1));
	ASSERT_EQ(0, kvmfr_load(NULL));
	self->kmsg = kmsg_open();
	ASSERT_LE(0, self->kmsg);
}

FIXTURE_TEARDOWN(stranger)
{
	pci_write(self->function.address, "driver_override", "\n");
	close(self->kmsg);
	EXPECT_EQ(0, kvmfr_unload());
}

static bool has_driver(const struct ivshmem *function)
{
	char path[64];

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/driver",
		 function->address);
	return !access(path, F_OK);
}

TEST_F(stranger, driver_override)
{
	const char *address = self->function.address;
	int round;

	ASSERT_EQ(0, pci_write(address, "driver_override", "kvmfr"));
	for (round = 1; round <= 3; round++) {
		EXPECT_EQ(-ENODEV, pci_bind(address));
		EXPECT_FALSE(has_driver(&self->function));
		EXPECT_LE(round, kmsg_count(self->kmsg, address));
	}
}

/* By its ID, the way an administrator would try. */
TEST_F(stranger, new_id)
{
	char id[32];

	snprintf(id, sizeof(id), "%04x %04x", variant->vendor, variant->device);
	ASSERT_LT(0, text_write(DRIVER "/new_id", id));
	EXPECT_FALSE(has_driver(&self->function));
	EXPECT_TRUE(kmsg_contains(self->kmsg, self->function.address));
	EXPECT_LT(0, text_write(DRIVER "/remove_id", id));
}

TEST_HARNESS_MAIN
