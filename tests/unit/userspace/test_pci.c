// SPDX-License-Identifier: GPL-2.0
/* PCI devices in a tree that is laid out as sysfs is. */
#include "fixture.h"
#include "pci.h"

#define ROOT_BUS "sys/devices/pci0000:00/"

static int setup(void **state)
{
	*state = fixture_create();
	return 0;
}

static int teardown(void **state)
{
	fixture_destroy(*state);
	return 0;
}

/* @path is the device's directory, below the root bus; the last part its address. */
static void device(struct fixture *fixture, const char *path, const char *class)
{
	const char *last = strrchr(path, '/');
	const char *address = last ? last + 1 : path;
	char target[256], link[256], file[256];

	snprintf(file, sizeof(file), ROOT_BUS "%s/class", path);
	fixture_file(fixture, file, class);
	snprintf(target, sizeof(target), "../../../devices/pci0000:00/%s",
		 path);
	snprintf(link, sizeof(link), "sys/bus/pci/devices/%s", address);
	fixture_link(fixture, link, target);
}

static void attribute(struct fixture *fixture, const char *path,
		      const char *name, const char *text)
{
	char file[256];

	snprintf(file, sizeof(file), ROOT_BUS "%s/%s", path, name);
	fixture_file(fixture, file, text);
}

static void a_device_is_read(void **state)
{
	static const char gpu[] = "0000:00:01.0/0000:01:00.0";
	struct fixture *fixture = *state;
	struct kvmfr_pci *list;

	device(fixture, "0000:00:01.0", "0x060400\n");
	device(fixture, gpu, "0x030000\n");
	attribute(fixture, gpu, "vendor", "0x10de\n");
	attribute(fixture, gpu, "device", "0x249d\n");
	attribute(fixture, gpu, "power/control", "auto\n");
	attribute(fixture, gpu, "power/runtime_status", "suspended\n");
	attribute(fixture, gpu, "power_state", "D3cold\n");
	attribute(fixture, gpu, "d3cold_allowed", "1\n");
	attribute(fixture, gpu, "boot_vga", "0\n");
	attribute(fixture, gpu, "driver_override", "vfio-pci\n");
	attribute(fixture, "0000:00:01.0", "d3cold_allowed", "0\n");
	attribute(fixture, "0000:00:01.0", "driver_override", "(null)\n");
	attribute(fixture, "0000:00:01.0",
		  "firmware_node/power_resources_D3hot/x", "");
	fixture_link(fixture, ROOT_BUS "0000:00:01.0/0000:01:00.0/driver",
		     "../../../../bus/pci/drivers/vfio-pci");
	fixture_link(fixture, ROOT_BUS "0000:00:01.0/0000:01:00.0/iommu_group",
		     "../../../../kernel/iommu_groups/12");

	assert_int_equal(kvmfr_pci_list(&fixture->root, &list), 2);
	assert_string_equal(list[0].address, "0000:00:01.0");
	assert_string_equal(list[0].port, "");
	assert_string_equal(list[0].override, "");
	assert_string_equal(list[0].driver, "");
	assert_string_equal(list[0].group, "");
	assert_string_equal(list[0].control, "");
	assert_int_equal(list[0].d3cold_allowed, 0);
	assert_true(list[0].cuts_power);
	assert_true(kvmfr_pci_is_bridge(&list[0]));
	assert_false(kvmfr_pci_is_display(&list[0]));
	assert_false(kvmfr_pci_has_vfio(&list[0]));

	assert_string_equal(list[1].port, "0000:00:01.0");
	assert_int_equal(list[1].class, 0x030000);
	assert_int_equal(list[1].vendor, 0x10de);
	assert_int_equal(list[1].device, 0x249d);
	assert_string_equal(list[1].driver, "vfio-pci");
	assert_string_equal(list[1].override, "vfio-pci");
	assert_string_equal(list[1].group, "12");
	assert_string_equal(list[1].control, "auto");
	assert_string_equal(list[1].rpm_status, "suspended");
	assert_string_equal(list[1].power_state, "D3cold");
	assert_int_equal(list[1].d3cold_allowed, 1);
	assert_false(list[1].boot_vga);
	assert_false(list[1].cuts_power);
	assert_true(kvmfr_pci_is_display(&list[1]));
	assert_false(kvmfr_pci_is_bridge(&list[1]));
	assert_true(kvmfr_pci_has_vfio(&list[1]));
	assert_ptr_equal(kvmfr_pci_power_port(list, 2, &list[1]), &list[0]);
	assert_null(kvmfr_pci_power_port(list, 2, &list[0]));
	free(list);
}

static void what_cannot_be_read_is_unknown(void **state)
{
	struct fixture *fixture = *state;
	struct kvmfr_pci *list;

	device(fixture, "0000:00:02.0", "rubbish\n");
	attribute(fixture, "0000:00:02.0", "vendor", "-1\n");
	attribute(fixture, "0000:00:02.0", "power/control",
		  "a word that is too long\n");
	attribute(fixture, "0000:00:02.0", "d3cold_allowed", "yes\n");
	fixture_file(fixture, "sys/bus/pci/devices/rubbish/class",
		     "0x030000\n");
	assert_int_equal(kvmfr_pci_list(&fixture->root, &list), 1);
	assert_int_equal(list[0].class, 0);
	assert_int_equal(list[0].vendor, 0);
	assert_string_equal(list[0].control, "");
	assert_int_equal(list[0].d3cold_allowed, -1);
	free(list);
}

static void no_pci_is_no_devices(void **state)
{
	struct fixture *fixture = *state;
	struct kvmfr_pci *list;

	assert_int_equal(kvmfr_pci_list(&fixture->root, &list), 0);
	assert_null(list);
}

static void the_port_that_has_power_counts(void **state)
{
	static const char gpu[] =
		"0000:00:01.0/0000:01:00.0/0000:02:00.0/0000:03:00.0";
	struct fixture *fixture = *state;
	struct kvmfr_pci *list;
	int count;

	device(fixture, "0000:00:01.0", "0x060400\n");
	device(fixture, "0000:00:01.0/0000:01:00.0", "0x060400\n");
	device(fixture, "0000:00:01.0/0000:01:00.0/0000:02:00.0", "0x060400\n");
	device(fixture, gpu, "0x030000\n");
	count = kvmfr_pci_list(&fixture->root, &list);
	assert_int_equal(count, 4);
	assert_string_equal(
		kvmfr_pci_power_port(list, count, &list[3])->address,
		"0000:02:00.0");
	list[0].cuts_power = true;
	assert_string_equal(
		kvmfr_pci_power_port(list, count, &list[3])->address,
		"0000:00:01.0");

	/* A circle has an end. */
	list[0].cuts_power = false;
	strcpy(list[0].port, "0000:02:00.0");
	assert_string_equal(
		kvmfr_pci_power_port(list, count, &list[3])->address,
		"0000:02:00.0");
	free(list);
}

static void addresses_are_strict(void **state)
{
	assert_true(kvmfr_pci_address_valid("0000:01:00.0"));
	assert_true(kvmfr_pci_address_valid("10000:e1:00.0"));
	assert_false(kvmfr_pci_address_valid(""));
	assert_false(kvmfr_pci_address_valid("01:00.0"));
	assert_false(kvmfr_pci_address_valid("0000:01:00.0/"));
	assert_false(kvmfr_pci_address_valid("x0000:01:00.0"));
	assert_false(kvmfr_pci_address_valid("0000:01-00.0"));
	assert_false(kvmfr_pci_address_valid("0000:0A:00.0"));
	assert_false(kvmfr_pci_address_valid("000000000:01:00.0"));
}

static void functions_of_one_device(void **state)
{
	struct kvmfr_pci a = { .address = "0000:01:00.0" };
	struct kvmfr_pci b = { .address = "0000:01:00.3" };
	struct kvmfr_pci c = { .address = "0000:01:01.0" };
	struct kvmfr_pci d = { .address = "10000:01:00.0" };

	assert_true(kvmfr_pci_same_device(&a, &b));
	assert_false(kvmfr_pci_same_device(&a, &c));
	assert_false(kvmfr_pci_same_device(&a, &d));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_device_is_read, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_read_is_unknown,
						setup, teardown),
		cmocka_unit_test_setup_teardown(no_pci_is_no_devices, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_port_that_has_power_counts,
						setup, teardown),
		cmocka_unit_test(addresses_are_strict),
		cmocka_unit_test(functions_of_one_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
