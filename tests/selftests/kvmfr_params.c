// SPDX-License-Identifier: GPL-2.0
/*
 * Module parameters: what is refused, with which errno and which words, that
 * nothing is left then, and what is accepted.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "kselftest_harness.h"
#include "kvmfr_test.h"

#define PARAMETERS "/sys/module/kvmfr/parameters/"

#define TAINT_OUT_OF_TREE 4096

/* The first load of a boot logs the taint: that is not our line. */
static int load_once(void)
{
	int ret;

	if (number_read("/proc/sys/kernel/tainted") & TAINT_OUT_OF_TREE)
		return 0;
	ret = kvmfr_load(NULL);
	return ret ? ret : kvmfr_unload();
}

FIXTURE(refused)
{
	int kmsg;
};

/*
 * @error: errno of the load
 * @named: what the administrator must read: the value and the limit
 * @lines: how many lines there may be
 */
FIXTURE_VARIANT(refused)
{
	const char *params;
	int error;
	const char *named[3];
	int lines;
};

/* One line with the bad value, not only the list it is in, and the range. */
#define OUT_OF_RANGE(list, value) { \
	.params = "static_size_mb=" list, \
	.error = EINVAL, \
	.named = { "'" value "'", "1..2047", "static_size_mb=" list ":" }, \
	.lines = 1, \
}

FIXTURE_VARIANT_ADD(refused, zero) OUT_OF_RANGE("0", "0");
FIXTURE_VARIANT_ADD(refused, minus_one) OUT_OF_RANGE("-1", "-1");
FIXTURE_VARIANT_ADD(refused, one_too_many) OUT_OF_RANGE("2048", "2048");
/* These overflowed an int of bytes: 0, and devices of 1 and 576 MiB. */
FIXTURE_VARIANT_ADD(refused, wraps_to_zero) OUT_OF_RANGE("4096", "4096");
FIXTURE_VARIANT_ADD(refused, wraps_to_1_mib) OUT_OF_RANGE("4097", "4097");
FIXTURE_VARIANT_ADD(refused, wraps_to_576_mib)
	OUT_OF_RANGE("1000000", "1000000");
FIXTURE_VARIANT_ADD(refused, int_max) OUT_OF_RANGE("2147483647", "2147483647");
FIXTURE_VARIANT_ADD(refused, int_min)
	OUT_OF_RANGE("-2147483648", "-2147483648");
FIXTURE_VARIANT_ADD(refused, more_than_an_int)
	OUT_OF_RANGE("2147483648", "2147483648");
FIXTURE_VARIANT_ADD(refused, wraps_int_to_16)
	OUT_OF_RANGE("4294967312", "4294967312");
FIXTURE_VARIANT_ADD(refused, more_than_64_bits)
	OUT_OF_RANGE("99999999999999999999", "99999999999999999999");
FIXTURE_VARIANT_ADD(refused, text) OUT_OF_RANGE("abc", "abc");
FIXTURE_VARIANT_ADD(refused, unit) OUT_OF_RANGE("16M", "16M");
FIXTURE_VARIANT_ADD(refused, fraction) OUT_OF_RANGE("1.5", "1.5");
FIXTURE_VARIANT_ADD(refused, empty) OUT_OF_RANGE("", "");
/* One bad value in a list: the device before it must not stay. */
FIXTURE_VARIANT_ADD(refused, last_is_zero) OUT_OF_RANGE("16,0", "0");
FIXTURE_VARIANT_ADD(refused, first_is_zero) OUT_OF_RANGE("0,16", "0");
FIXTURE_VARIANT_ADD(refused, middle_is_negative)
	OUT_OF_RANGE("16,-16,16", "-16");
FIXTURE_VARIANT_ADD(refused, tenth_is_too_large)
	OUT_OF_RANGE("1,1,1,1,1,1,1,1,1,2048", "2048");
FIXTURE_VARIANT_ADD(refused, text_in_list) OUT_OF_RANGE("16,abc", "abc");
FIXTURE_VARIANT_ADD(refused, trailing_comma) OUT_OF_RANGE("16,", "");
FIXTURE_VARIANT_ADD(refused, leading_comma) OUT_OF_RANGE(",16", "");
FIXTURE_VARIANT_ADD(refused, only_commas) OUT_OF_RANGE(",,", "");

FIXTURE_VARIANT_ADD(refused, eleven) {
	.params = "static_size_mb=1,1,1,1,1,1,1,1,1,1,1",
	.error = EINVAL,
	.named = { "static_size_mb=1,1,1,1,1,1,1,1,1,1,1", " 10 ", "device" },
	.lines = 1,
};

/* Refused by the kernel's own parser, whose words are good enough. */
FIXTURE_VARIANT_ADD(refused, no_value) {
	.params = "static_size_mb",
	.error = EINVAL,
	.named = { "invalid", "static_size_mb", "kvmfr: " },
	.lines = 1,
};

/* More than there can be. */
FIXTURE_VARIANT_ADD(refused, more_than_memory) {
	.params = "static_size_mb=2047,2047,2047,2047",
	.error = ENOMEM,
	.named = { "8188 MiB", "static_size_mb", "memory" },
	.lines = 1,
};

FIXTURE_VARIANT_ADD(refused, most_possible) {
	.params = "static_size_mb=2047,2047,2047,2047,2047,2047,2047,2047,2047,2047",
	.error = ENOMEM,
	.named = { "20470 MiB", "static_size_mb", "memory" },
	.lines = 1,
};

#define NOT_A_NODE(value) { \
	.params = "static_size_mb=16 numa_node=" value, \
	.error = EINVAL, \
	.named = { "numa_node=" value " ", "node", "-1" }, \
	.lines = 1, \
}

/* The VM has node 0 only. */
FIXTURE_VARIANT_ADD(refused, node_absent) NOT_A_NODE("1");
FIXTURE_VARIANT_ADD(refused, node_below_any) NOT_A_NODE("-2");
FIXTURE_VARIANT_ADD(refused, node_beyond_all) NOT_A_NODE("1024");
FIXTURE_VARIANT_ADD(refused, node_huge) NOT_A_NODE("2147483647");
FIXTURE_VARIANT_ADD(refused, node_negative) NOT_A_NODE("-2147483648");

FIXTURE_VARIANT_ADD(refused, node_text) {
	.params = "static_size_mb=16 numa_node=all",
	.error = EINVAL,
	.named = { "all", "numa_node", "kvmfr: " },
	.lines = 1,
};

FIXTURE_VARIANT_ADD(refused, zero_text) {
	.params = "static_size_mb=16 zero_on_last_close=maybe",
	.error = EINVAL,
	.named = { "maybe", "zero_on_last_close", "kvmfr: " },
	.lines = 1,
};

FIXTURE_SETUP(refused)
{
	ASSERT_EQ(0, load_once());
	self->kmsg = kmsg_open();
	ASSERT_LE(0, self->kmsg);
}

/* What loaded against expectation must not spoil the next test. */
FIXTURE_TEARDOWN_PARENT(refused)
{
	EXPECT_EQ(-ENOENT, kvmfr_unload());
}

/* The first of the texts that is not in the log, or NULL. */
static const char *first_unsaid(int kmsg, const char *const texts[3])
{
	int i;

	for (i = 0; i < 3; i++)
		if (!kmsg_contains(kmsg, texts[i]))
			return texts[i];
	return NULL;
}

TEST_F(refused, errno_line_and_nothing_left)
{
	EXPECT_EQ(-variant->error, kvmfr_load(variant->params));
	EXPECT_TRUE(kvmfr_gone());

	EXPECT_EQ(variant->lines, kmsg_count(self->kmsg, "kvmfr"));
	EXPECT_EQ(NULL, first_unsaid(self->kmsg, variant->named))
		TH_LOG("'%s'", first_unsaid(self->kmsg, variant->named));
	EXPECT_FALSE(kmsg_contains(self->kmsg, "oom"));

	/* After that the right value works. */
	ASSERT_EQ(0, kvmfr_load("static_size_mb=1"));
	EXPECT_EQ(MIB, kvmfr_attr(0, "size"));
	EXPECT_EQ(0, kvmfr_unload());
}

FIXTURE(accepted)
{
	int kmsg;
};

FIXTURE_SETUP(accepted)
{
	ASSERT_EQ(0, load_once());
	self->kmsg = kmsg_open();
	ASSERT_LE(0, self->kmsg);
}

FIXTURE_TEARDOWN_PARENT(accepted)
{
	EXPECT_EQ(0, kvmfr_unload());
	EXPECT_TRUE(kvmfr_gone());
}

static bool parameter_is(const char *name, const char *wanted)
{
	char path[128], text[256];

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	return text_read(path, text, sizeof(text)) >= 0 &&
	       !strcmp(text, wanted);
}

TEST_F(accepted, absent_means_no_devices)
{
	ASSERT_EQ(0, kvmfr_load(NULL));
	EXPECT_EQ(0, access("/sys/class/kvmfr", F_OK));
	EXPECT_EQ(-1, access("/sys/class/kvmfr/kvmfr0", F_OK));
	EXPECT_EQ(-1, access("/dev/kvmfr0", F_OK));
	EXPECT_EQ(0, access("/sys/bus/pci/drivers/kvmfr", F_OK));
	EXPECT_TRUE(parameter_is("static_size_mb", ""));
	EXPECT_TRUE(parameter_is("numa_node", "-1"));
	EXPECT_TRUE(parameter_is("zero_on_last_close", "N"));
}

TEST_F(accepted, ten_devices_in_order)
{
	unsigned int i;
	char path[32];
	int fd;

	ASSERT_EQ(0, kvmfr_load("static_size_mb=1,2,4,8,16,32,1,2,4,8"));
	EXPECT_TRUE(parameter_is("static_size_mb", "1,2,4,8,16,32,1,2,4,8"));
	for (i = 0; i < 10; i++) {
		fd = kvmfr_open(i, O_RDWR);
		ASSERT_LE(0, fd);
		EXPECT_EQ(MIB << (i % 6), kvmfr_size(fd));
		close(fd);
		snprintf(path, sizeof(path), "/sys/class/kvmfr/kvmfr%u", i);
		EXPECT_EQ(0, access(path, F_OK));
	}
	EXPECT_EQ(-1, access("/dev/kvmfr10", F_OK));
}

TEST_F(accepted, hexadecimal)
{
	ASSERT_EQ(0, kvmfr_load("static_size_mb=0x10"));
	EXPECT_EQ(16 * MIB, kvmfr_attr(0, "size"));
}

TEST_F(accepted, parameters_are_for_reading)
{
	struct stat file;

	ASSERT_EQ(0, kvmfr_load("static_size_mb=16,32 numa_node=0 zero_on_last_close=1"));
	EXPECT_TRUE(parameter_is("static_size_mb", "16,32"));
	EXPECT_TRUE(parameter_is("numa_node", "0"));
	ASSERT_EQ(0, stat(PARAMETERS "static_size_mb", &file));
	EXPECT_EQ(S_IFREG | 0444, file.st_mode);
	ASSERT_EQ(0, stat(PARAMETERS "numa_node", &file));
	EXPECT_EQ(S_IFREG | 0444, file.st_mode);
	EXPECT_EQ(-EACCES, text_write(PARAMETERS "static_size_mb", "8"));
	EXPECT_EQ(-EACCES, text_write(PARAMETERS "numa_node", "-1"));
	EXPECT_TRUE(parameter_is("zero_on_last_close", "Y"));
	ASSERT_EQ(0, stat(PARAMETERS "zero_on_last_close", &file));
	EXPECT_EQ(S_IFREG | 0444, file.st_mode);
	EXPECT_EQ(-EACCES, text_write(PARAMETERS "zero_on_last_close", "0"));
}

/* Quiet when all is well, so that the other lines are read. */
TEST_F(accepted, powers_of_two_say_nothing)
{
	ASSERT_EQ(0, kvmfr_load("static_size_mb=1,2,64,128"));
	EXPECT_EQ(0, kmsg_count(self->kmsg, "kvmfr"));
}

/* QEMU aborts when the size is not a power of two: one line per such value. */
TEST_F(accepted, others_get_a_hint)
{
	ASSERT_EQ(0, kvmfr_load("static_size_mb=17,16,48"));
	EXPECT_EQ(17 * MIB, kvmfr_attr(0, "size"));
	EXPECT_EQ(16 * MIB, kvmfr_attr(1, "size"));
	EXPECT_EQ(48 * MIB, kvmfr_attr(2, "size"));
	EXPECT_EQ(2, kmsg_count(self->kmsg, "power of two"));
	EXPECT_EQ(2, kmsg_count(self->kmsg, "kvmfr"));
	EXPECT_TRUE(kmsg_contains(self->kmsg, "17"));
	EXPECT_TRUE(kmsg_contains(self->kmsg, "48"));
	EXPECT_TRUE(kmsg_contains(self->kmsg, "QEMU"));
}

/* Odd numbers of MiB end in half a huge page: all of it is usable. */
TEST_F(accepted, odd_size_to_the_last_byte)
{
	char *memory;
	int fd;

	ASSERT_EQ(0, kvmfr_load("static_size_mb=3"));
	fd = kvmfr_open(0, O_RDWR);
	ASSERT_LE(0, fd);
	memory = mmap(NULL, 3 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, memory);
	memset(memory, 1, 3 * MIB);
	EXPECT_EQ(1, memory[3 * MIB - 1]);
	EXPECT_EQ(2 * MIB, kvmfr_attr(0, "huge_bytes"));
}

/* The largest size: its number of bytes still fits the ioctl's int. */
TEST_F_TIMEOUT(accepted, largest, 600)
{
	const size_t size = 2047 * MIB;
	int fd, buffer;
	char *memory;

	if (meminfo_kb("MemAvailable") < 2300 * 1024)
		SKIP(return, "less than 2300 MiB of memory available");

	ASSERT_EQ(0, kvmfr_load("static_size_mb=2047"));
	fd = kvmfr_open(0, O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_EQ(size, kvmfr_size(fd));
	EXPECT_EQ(size, lseek(fd, 0, SEEK_END));
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, memory);
	memory[0] = 1;
	memory[size - 1] = 2;

	buffer = kvmfr_create(fd, 0, size, 0);
	ASSERT_LE(0, buffer);
	EXPECT_EQ(size, lseek(buffer, 0, SEEK_END));
	ASSERT_EQ(0, munmap(memory, size));
	memory = mmap(NULL, size, PROT_READ, MAP_SHARED, buffer, 0);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(1, memory[0]);
	EXPECT_EQ(2, memory[size - 1]);
}

TEST_HARNESS_MAIN
