// SPDX-License-Identifier: GPL-2.0
/* Devices of kvmfr.ko in trees that are right, odd, and foreign. */
#include "fixture.h"

#include <sys/sysmacros.h>

#include "device.h"

#define CLASS "sys/class/kvmfr/"

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

static void add(struct fixture *fixture, const char *name, const char *file,
		const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), CLASS "%s/%s", name, file);
	fixture_file(fixture, path, text);
}

static void add_ours(struct fixture *fixture, const char *name,
		     const char *number)
{
	add(fixture, name, "dev", number);
	add(fixture, name, "kind", "static\n");
	add(fixture, name, "size", "134217728\n");
	add(fixture, name, "huge_bytes", "132120576\n");
	add(fixture, name, "mappings", "2\n");
	add(fixture, name, "exports", "3\n");
}

static void no_module_is_no_device(void **state)
{
	struct fixture *fixture = *state;
	struct kvmfr_device devices[KVMFR_DEVICES_MAX];

	assert_int_equal(kvmfr_device_list(&fixture->root, devices), 0);
	fixture_file(fixture, CLASS "nothing/else", "");
	assert_int_equal(kvmfr_device_list(&fixture->root, devices), 0);
}

static void all_attributes_are_read(void **state)
{
	struct fixture *fixture = *state;
	struct kvmfr_device devices[KVMFR_DEVICES_MAX];

	add_ours(fixture, "kvmfr0", "240:0\n");
	assert_int_equal(kvmfr_device_list(&fixture->root, devices), 1);
	assert_string_equal(devices[0].name, "kvmfr0");
	assert_string_equal(devices[0].kind, "static");
	assert_string_equal(devices[0].pci, "");
	assert_true(devices[0].number == makedev(240, 0));
	assert_int_equal(devices[0].size, 134217728);
	assert_int_equal(devices[0].huge_bytes, 132120576);
	assert_int_equal(devices[0].mappings, 2);
	assert_int_equal(devices[0].exports, 3);
}

static void order_is_that_of_the_minors(void **state)
{
	struct fixture *fixture = *state;
	struct kvmfr_device devices[KVMFR_DEVICES_MAX];

	add_ours(fixture, "kvmfr0", "240:5\n");
	add_ours(fixture, "kvmfr1", "240:2\n");
	add_ours(fixture, "kvmfr9", "240:0\n");
	assert_int_equal(kvmfr_device_list(&fixture->root, devices), 3);
	assert_string_equal(devices[0].name, "kvmfr9");
	assert_string_equal(devices[1].name, "kvmfr1");
	assert_string_equal(devices[2].name, "kvmfr0");
}

static void ivshmem_has_an_address(void **state)
{
	struct fixture *fixture = *state;
	struct kvmfr_device devices[KVMFR_DEVICES_MAX];

	add_ours(fixture, "kvmfr0", "240:0\n");
	add(fixture, "kvmfr0", "kind", "ivshmem\n");
	fixture_link(fixture, CLASS "kvmfr0/device", "../../../0000:00:03.0");
	add_ours(fixture, "kvmfr1", "240:1\n");
	add(fixture, "kvmfr1", "kind", "ivshmem\n");
	fixture_link(fixture, CLASS "kvmfr1/device",
		     "../far/too/long-for-an-address");
	assert_int_equal(kvmfr_device_list(&fixture->root, devices), 2);
	assert_string_equal(devices[0].kind, "ivshmem");
	assert_string_equal(devices[0].pci, "0000:00:03.0");
	assert_string_equal(devices[1].pci, "");
}

static void foreign_module_shows_no_figures(void **state)
{
	struct fixture *fixture = *state;
	struct kvmfr_device devices[KVMFR_DEVICES_MAX];

	add(fixture, "kvmfr0", "dev", "240:0\n");
	assert_int_equal(kvmfr_device_list(&fixture->root, devices), 1);
	assert_string_equal(devices[0].kind, "");
	assert_int_equal(devices[0].size, -1);
	assert_int_equal(devices[0].huge_bytes, -1);
	assert_int_equal(devices[0].mappings, -1);
	assert_int_equal(devices[0].exports, -1);
}

static void garbage_is_not_known(void **state)
{
	struct fixture *fixture = *state;
	struct kvmfr_device devices[KVMFR_DEVICES_MAX];

	add_ours(fixture, "kvmfr0", "240:0\n");
	add(fixture, "kvmfr0", "size", "-5\n");
	add(fixture, "kvmfr0", "huge_bytes", "9223372036854775808\n");
	add(fixture, "kvmfr0", "mappings", "two\n");
	add(fixture, "kvmfr0", "exports", "\xff\xfe");
	add(fixture, "kvmfr0", "kind",
	    "a word that is longer than any of them");
	assert_int_equal(kvmfr_device_list(&fixture->root, devices), 1);
	assert_string_equal(devices[0].kind, "");
	assert_int_equal(devices[0].size, -1);
	assert_int_equal(devices[0].huge_bytes, -1);
	assert_int_equal(devices[0].mappings, -1);
	assert_int_equal(devices[0].exports, -1);
}

static void what_is_no_device_is_left_out(void **state)
{
	static const char *const numbers[] = {
		"",
		"240",
		"240:",
		":0",
		"240:0:0",
		"-1:0",
		"240:-1",
		"65536:0",
		"240:65536",
		"x:y",
		"24000000000000000000000000000000000:0",
	};
	struct fixture *fixture = *state;
	struct kvmfr_device devices[KVMFR_DEVICES_MAX];

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		add_ours(fixture, "kvmfr0", numbers[i]);
		assert_int_equal(kvmfr_device_list(&fixture->root, devices), 0);
	}
	add_ours(fixture, "kvmfr10", "240:10\n");
	add_ours(fixture, "kvmfrx", "240:1\n");
	add_ours(fixture, "other0", "240:1\n");
	/* As one that is gone after its name was read. */
	fixture_link(fixture, CLASS "kvmfr5",
		     "../../devices/virtual/kvmfr/kvmfr5");
	assert_int_equal(kvmfr_device_list(&fixture->root, devices), 0);
}

static void a_class_that_is_a_file_is_an_error(void **state)
{
	struct fixture *fixture = *state;
	struct kvmfr_device devices[KVMFR_DEVICES_MAX];

	fixture_file(fixture, "sys/class/kvmfr", "");
	assert_int_equal(kvmfr_device_list(&fixture->root, devices), -ENOTDIR);
}

static void node_is_what_is_there(void **state)
{
	struct kvmfr_device device = { .name = "kvmfr0",
				       .number = makedev(240, 0) };
	struct fixture *fixture = *state;
	struct stat st;

	assert_int_equal(kvmfr_device_node(&fixture->root, &device, &st),
			 KVMFR_NODE_MISSING);
	fixture_file(fixture, "dev/kvmfr0", "four");
	assert_int_equal(kvmfr_device_node(&fixture->root, &device, &st),
			 KVMFR_NODE_REGULAR);
	assert_int_equal(st.st_size, 4);
	strcpy(device.name, "kvmfr1");
	fixture_link(fixture, "dev/kvmfr1", "kvmfr0");
	assert_int_equal(kvmfr_device_node(&fixture->root, &device, &st),
			 KVMFR_NODE_OTHER);
}

static void node_has_the_right_number(void **state)
{
	struct kvmfr_device device = { .name = "null",
				       .number = makedev(1, 3) };
	struct kvmfr_root root = { .fd = -1 };
	struct stat st;

	assert_int_equal(kvmfr_device_node(&root, &device, &st),
			 KVMFR_NODE_RIGHT);
	assert_true(S_ISCHR(st.st_mode));
	device.number = makedev(240, 0);
	assert_int_equal(kvmfr_device_node(&root, &device, &st),
			 KVMFR_NODE_OTHER);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(no_module_is_no_device, setup,
						teardown),
		cmocka_unit_test_setup_teardown(all_attributes_are_read, setup,
						teardown),
		cmocka_unit_test_setup_teardown(order_is_that_of_the_minors,
						setup, teardown),
		cmocka_unit_test_setup_teardown(ivshmem_has_an_address, setup,
						teardown),
		cmocka_unit_test_setup_teardown(foreign_module_shows_no_figures,
						setup, teardown),
		cmocka_unit_test_setup_teardown(garbage_is_not_known, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_is_no_device_is_left_out,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_class_that_is_a_file_is_an_error, setup, teardown),
		cmocka_unit_test_setup_teardown(node_is_what_is_there, setup,
						teardown),
		cmocka_unit_test(node_has_the_right_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
