// SPDX-License-Identifier: GPL-2.0
/*
 * Every allocation of loading vfio_pci_pm, of reading and writing attributes, and of
 * making a slot and finding what is in it, which a worker does, fails once: afterwards
 * each of them works. A device that there was no memory for is looked after 15 seconds
 * later, or when something happens first.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "fault.h"
#include "ivshmem.h"
#include "kvmfr_test.h"

#define KO "/lib/kvmfr/vfio_pci_pm.ko"
#define NAME "vfio_pci_pm"
/* The port of the simulated laptops, and its card. */
#define SLOT "/sys/class/vfio_pm/0000:00:02.0"
#define PROBE "/sys/bus/pci/drivers_probe"
#define VIRTIO_VENDOR 0x1af4
#define VIRTIO_GPU 0x1050
/* Its other function, which no driver of this machine wants. */
#define INTEL_VENDOR 0x8086
#define INTEL_E1000E 0x10d3
#define LOAD_TIMEOUT 7200
#define FIND_TIMEOUT_S 30
/* Less than the 15 seconds. */
#define EVENT_TIMEOUT_S 10
/* Events are waited for, and then what is found is looked at. */
#define LOOK_US 500000
/* The interpreter counts wrong what it has no memory for, and uses it freed. */
#define AML "acpi_evaluate_object"
/* Loading takes a thousand allocations; these are the ones of our init. */
#define OWN_PART "do_one_initcall"

static void report(struct __test_metadata *_metadata,
		   struct fault_result result)
{
	TH_LOG("%u allocations failed, %u times it was refused", result.tried,
	       result.refused);
	EXPECT_EQ(0, result.error);
	EXPECT_LT(0, result.tried);
	EXPECT_LT(0, result.refused);
}

static int to_vfio(const struct ivshmem *card)
{
	int ret = pci_write(card->address, "driver_override", "vfio-pci");
	long written;

	if (ret)
		return ret;
	written = text_write(PROBE, card->address);
	return written < 0 ? written : 0;
}

/* From whoever has it: where virtio-pci is built in, that is who takes it first. */
static int take_away(const struct ivshmem *card)
{
	return pci_write(card->address, "driver/unbind", card->address);
}

FIXTURE(fault)
{
	struct ivshmem card;
};

FIXTURE_SETUP(fault)
{
	if (!fault_prepare())
		SKIP(return, "this kernel has no fail-nth");
	ASSERT_EQ(1, pci_list(VIRTIO_VENDOR, VIRTIO_GPU, &self->card, 1));
	module_unload(NAME);
	take_away(&self->card);
	ASSERT_EQ(0, to_vfio(&self->card));
}

FIXTURE_TEARDOWN_PARENT(fault)
{
	int ret = module_unload(NAME);

	EXPECT_TRUE(!ret || ret == -ENOENT);
}

static int load(void *data)
{
	(void)data;
	return module_load(KO, "");
}

/* Loaded, perhaps without the slot, or refused; the next time it is whole. */
static int can_be_loaded(void *data)
{
	int ret = module_unload(NAME);

	(void)data;
	if (ret && ret != -ENOENT)
		return ret;
	if (!access("/sys/class/vfio_pm", F_OK))
		return -EBUSY;
	ret = module_load(KO, "");
	if (!ret && access(SLOT, F_OK))
		ret = -ENODEV;
	return ret ? ret : module_unload(NAME);
}

TEST_F_TIMEOUT(fault, load, LOAD_TIMEOUT)
{
	const struct fault_case what = { .action = load,
					 .check = can_be_loaded,
					 .within = OWN_PART,
					 .spared = AML };

	report(_metadata, fault_each(&what));
}

/* All of a directory in one go. */
static int read_all(void *data)
{
	glob_t found = {};
	char text[4096];
	int ret = 0;
	size_t i;

	glob(data, 0, NULL, &found);
	for (i = 0; i < found.gl_pathc; i++) {
		long length = text_read(found.gl_pathv[i], text, sizeof(text));

		if (length == -ENOMEM)
			ret = length;
	}
	globfree(&found);
	return ret;
}

static int write_all(void *data)
{
	static const char *const what[][2] = {
		{ SLOT "/policy", "observe" },
		{ SLOT "/policy", "auto" },
		{ SLOT "/measure", "1" },
		{ SLOT "/meter/sample", "20000000" },
	};
	int ret = 0;
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(what) / sizeof(what[0]); i++) {
		long length = text_write(what[i][0], what[i][1]);

		if (length < 0)
			ret = length;
	}
	return ret;
}

static int policy_is_auto(void *data)
{
	char text[64];

	(void)data;
	if (text_write(SLOT "/policy", "auto") < 0 ||
	    text_read(SLOT "/policy", text, sizeof(text)) < 0)
		return -EIO;
	return strcmp(text, "auto") ? -EINVAL : 0;
}

TEST_F_TIMEOUT(fault, attributes, LOAD_TIMEOUT)
{
	static char directories[][64] = { SLOT "/*", SLOT "/counters/*",
					  SLOT "/meter/*" };
	struct fault_case what = { .action = read_all,
				   .check = policy_is_auto,
				   .spared = AML };
	size_t i;

	ASSERT_EQ(0, module_load(KO, ""));
	for (i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		what.data = directories[i];
		report(_metadata, fault_each(&what));
	}
	what.action = write_all;
	report(_metadata, fault_each(&what));
}

/* What no driver has keeps the slot awake, and is told of. */
static bool is_known(const struct ivshmem *function)
{
	char text[4096];

	return text_read(SLOT "/blockers", text, sizeof(text)) > 0 &&
	       strstr(text, function->address);
}

static bool has_slot(const struct ivshmem *function)
{
	(void)function;
	return !access(SLOT, F_OK);
}

static bool becomes(bool (*known)(const struct ivshmem *),
		    const struct ivshmem *function, bool wanted, int seconds)
{
	int i;

	for (i = 0; i < seconds * 10 && known(function) != wanted; i++)
		usleep(100 * 1000);
	return known(function) == wanted;
}

/* Found again, while the first allocation within that function fails. */
static void find_again(struct __test_metadata *_metadata,
		       const struct ivshmem *function,
		       bool (*known)(const struct ivshmem *),
		       const char *within)
{
	ASSERT_EQ(0, module_load(KO, ""));
	ASSERT_TRUE(becomes(known, function, true, FIND_TIMEOUT_S));
	ASSERT_EQ(0, pci_write(function->address, "remove", "1"));
	ASSERT_TRUE(becomes(known, function, false, FIND_TIMEOUT_S));
	ASSERT_TRUE(fault_once(within));
	EXPECT_EQ(0, pci_rescan());
	EXPECT_TRUE(becomes(known, function, true, FIND_TIMEOUT_S));
	EXPECT_TRUE(fault_once_happened());
}

TEST_F_TIMEOUT(fault, new_slot, LOAD_TIMEOUT)
{
	find_again(_metadata, &self->card, has_slot, "vfio_pm_slot_create");
}

TEST_F_TIMEOUT(fault, new_function, LOAD_TIMEOUT)
{
	struct ivshmem other;

	ASSERT_EQ(1, pci_list(INTEL_VENDOR, INTEL_E1000E, &other, 1));
	find_again(_metadata, &other, is_known, "vfio_pm_member_see");
}

/* A member, whoever has it. */
static bool is_member(const struct ivshmem *function)
{
	char text[4096];

	return text_read(SLOT "/functions", text, sizeof(text)) > 0 &&
	       strstr(text, function->address);
}

/* All of it, and what firmware says of its power. */
static int slot_works(void)
{
	char text[4096];

	if (access(SLOT "/port/vendor", F_OK) ||
	    number_read(SLOT "/counters/opens") ||
	    text_read(SLOT "/meter/source", text, sizeof(text)) < 0 ||
	    text_read(SLOT "/blockers", text, sizeof(text)) < 0)
		return -EIO;
	if (strstr(text, "no_power_resource"))
		return -ENXIO;
	return policy_is_auto(NULL);
}

/* The lock of a scan is had by who looks for slots, too. */
static int find(void *data)
{
	int ret = pci_rescan();

	usleep(LOOK_US);
	if (!ret)
		ret = pci_rescan();
	if (!ret && !is_member(data))
		ret = -ENODEV;
	return ret;
}

/* A driver that is bound is something that happens. */
static int is_found_at_last(void *data)
{
	const struct ivshmem *function = data;
	int ret = 0;

	if (!is_member(function))
		ret = to_vfio(function);
	if (!ret && !becomes(is_member, function, true, EVENT_TIMEOUT_S))
		ret = -ETIMEDOUT;
	if (!ret)
		ret = slot_works();
	if (!ret)
		ret = pci_write(function->address, "remove", "1");
	if (!ret && !becomes(is_member, function, false, EVENT_TIMEOUT_S))
		ret = -EBUSY;
	return ret;
}

/* @params: of the module, whose slot comes and goes with that function, or stays. */
static void find_each(struct __test_metadata *_metadata, const char *params,
		      struct ivshmem *function, const char *within)
{
	const struct fault_case what = { .action = find,
					 .check = is_found_at_last,
					 .data = function,
					 .within = within,
					 .spared = AML };

	ASSERT_EQ(0, module_load(KO, params));
	ASSERT_EQ(0, is_found_at_last(function));
	report(_metadata, fault_each_within(&what));
	EXPECT_EQ(0, pci_rescan());
}

TEST_F_TIMEOUT(fault, each_of_a_slot, LOAD_TIMEOUT)
{
	struct ivshmem other;
	char params[64];

	ASSERT_EQ(1, pci_list(INTEL_VENDOR, INTEL_E1000E, &other, 1));
	snprintf(params, sizeof(params), "devices=%s", other.address);
	find_each(_metadata, params, &other, "vfio_pm_slot_create");
}

TEST_F_TIMEOUT(fault, each_of_a_function, LOAD_TIMEOUT)
{
	struct ivshmem other;

	ASSERT_EQ(1, pci_list(INTEL_VENDOR, INTEL_E1000E, &other, 1));
	find_each(_metadata, "", &other, "vfio_pm_member_see");
}

TEST_HARNESS_MAIN
