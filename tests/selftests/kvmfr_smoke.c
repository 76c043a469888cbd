// SPDX-License-Identifier: GPL-2.0
/* The shortest proof of life: load, open, size, unload. */
#include <fcntl.h>

#include "kselftest_harness.h"
#include "kvmfr_test.h"

TEST(load_open_size_unload)
{
	int fd;

	ASSERT_EQ(0, kvmfr_load("static_size_mb=16"));

	fd = kvmfr_open(0, O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_EQ(16 * MIB, kvmfr_size(fd));
	ASSERT_EQ(0, close(fd));

	EXPECT_EQ(0, kvmfr_unload());
	EXPECT_EQ(-1, access("/dev/kvmfr0", F_OK));
}

TEST_HARNESS_MAIN
