// SPDX-License-Identifier: GPL-2.0
/*
 * Every allocation of loading vfio_pci_pm, of giving a function to vfio-pci and
 * of reading and writing attributes fails once: afterwards each of them works.
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
#define VFIO "/sys/bus/pci/drivers/vfio-pci"
#define VIRTIO_VENDOR 0x1af4
#define VIRTIO_GPU 0x1050
#define LOAD_TIMEOUT 7200
/* Loading takes a thousand allocations; these are the ones of our init. */
#define OWN_PART "do_one_initcall"

static void report_each(struct __test_metadata *_metadata,
			const struct fault_case *what)
{
	struct fault_result result = fault_each(what);

	TH_LOG("%u allocations failed, %u times it was refused", result.tried,
	       result.refused);
	EXPECT_EQ(0, result.error);
	EXPECT_LT(0, result.tried);
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

static int from_vfio(const struct ivshmem *card)
{
	long written = text_write(VFIO "/unbind", card->address);

	return written < 0 ? written : 0;
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
	from_vfio(&self->card);
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
	const struct fault_case what = { load, can_be_loaded, NULL, OWN_PART };

	report_each(_metadata, &what);
}

static int give_to_vfio(void *data)
{
	return to_vfio(data);
}

static int can_be_given(void *data)
{
	int ret;

	from_vfio(data);
	ret = to_vfio(data);
	if (!ret && access(SLOT, F_OK))
		ret = -ENODEV;
	return ret ? ret : from_vfio(data);
}

TEST_F_TIMEOUT(fault, bind, LOAD_TIMEOUT)
{
	const struct fault_case what = { give_to_vfio, can_be_given, &self->card,
					 NULL };

	ASSERT_EQ(0, module_load(KO, ""));
	ASSERT_EQ(0, from_vfio(&self->card));
	report_each(_metadata, &what);
}

/* All of them in one go, and a policy written. */
static int read_all(void *data)
{
	glob_t found = {};
	char text[4096];
	int ret = 0;
	size_t i;

	(void)data;
	glob(SLOT "/*", 0, NULL, &found);
	for (i = 0; i < found.gl_pathc; i++) {
		long length = text_read(found.gl_pathv[i], text, sizeof(text));

		if (length == -ENOMEM)
			ret = length;
	}
	globfree(&found);
	if (text_write(SLOT "/policy", "observe") < 0 ||
	    text_write(SLOT "/policy", "auto") < 0)
		ret = -ENOMEM;
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
	const struct fault_case what = { read_all, policy_is_auto, NULL, NULL };

	ASSERT_EQ(0, module_load(KO, ""));
	report_each(_metadata, &what);
}

TEST_HARNESS_MAIN
