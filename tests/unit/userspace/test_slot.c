// SPDX-License-Identifier: GPL-2.0
/* Slots of vfio_pci_pm.ko in trees that are right, odd, and hostile. */
#include "fixture.h"

#include "slot.h"

#define PORT "0000:00:01.0"
#define CLASS "sys/class/vfio_pm/"

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

static void add(struct fixture *fixture, const char *port, const char *file,
		const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), CLASS "%s/%s", port, file);
	fixture_file(fixture, path, text);
}

static void add_slot(struct fixture *fixture, const char *port)
{
	static const char *const files[][2] = {
		{ "state", "decided\n" },
		{ "chosen", "d3cold\n" },
		{ "level", "d3cold\n" },
		{ "reason", "D3cold draws 3000 mW less than D3hot\n" },
		{ "policy", "auto\n" },
		{ "verdict", "no_difference\n" },
		{ "rpm_status", "suspended\n" },
		{ "pci_state", "D3cold\n" },
		{ "acpi_target", "D3cold\n" },
		{ "acpi_sta", "off\n" },
		{ "wake_verified", "yes\n" },
		{ "functions",
		  "0000:01:00.0\t0x030000\tvfio-pci\tsuspended\tD3cold\n"
		  "0000:01:00.1\t0x040300\t-\tactive\tD0\n" },
		{ "blockers",
		  "0000:01:00.1\tforbidden\tit is kept on\techo auto >/sys/x\n"
		  "0000:01:00.0\tno_pm\tit cannot\t-\n" },
		{ "wakers",
		  "12.034\tlspci\t77\tconfig\n123456.000\tqemu\t78\topen\n" },
		{ "meter/source", "battery\n" },
		{ "meter/d3hot_uw", "18000000\n" },
		{ "meter/d3cold_uw", "15000000\n" },
		{ "meter/saving_uw", "-3000000\n" },
		{ "meter/spread_uw", "120000\n" },
		{ "meter/rounds", "6\n" },
		{ "meter/rejected", "1\n" },
		{ "meter/settle_ms", "4000\n" },
	};
	const struct vfio_pm_counter *counter;
	char name[64], value[32];

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		add(fixture, port, files[i][0], files[i][1]);
	for (counter = vfio_pm_counter_table; counter->name; counter++) {
		snprintf(name, sizeof(name), "counters/%s", counter->name);
		snprintf(value, sizeof(value), "%zu\n", 100 + counter->offset);
		add(fixture, port, name, value);
	}
}

static struct vfio_pm_slot *read_one(struct fixture *fixture)
{
	struct vfio_pm_slot *slot;

	assert_int_equal(vfio_pm_slot_read(&fixture->root, PORT, &slot), 0);
	assert_non_null(slot);
	return slot;
}

static void no_module_is_no_slot(void **state)
{
	struct fixture *fixture = *state;
	struct vfio_pm_slot *slots;

	assert_int_equal(vfio_pm_slots_read(&fixture->root, &slots), 0);
	assert_null(slots);
	assert_int_equal(vfio_pm_slot_read(&fixture->root, PORT, &slots),
			 -ENODEV);
	assert_null(slots);
}

static void words_are_those_of_the_files(void **state)
{
	struct fixture *fixture = *state;
	struct vfio_pm_slot *slot;

	add_slot(fixture, PORT);
	slot = read_one(fixture);
	assert_string_equal(slot->port, PORT);
	assert_string_equal(slot->state, "decided");
	assert_string_equal(slot->chosen, "d3cold");
	assert_string_equal(slot->level, "d3cold");
	assert_string_equal(slot->reason,
			    "D3cold draws 3000 mW less than D3hot");
	assert_string_equal(slot->policy, "auto");
	assert_string_equal(slot->verdict, "no_difference");
	assert_string_equal(slot->rpm_status, "suspended");
	assert_string_equal(slot->pci_state, "D3cold");
	assert_string_equal(slot->acpi_target, "D3cold");
	assert_string_equal(slot->acpi_sta, "off");
	assert_string_equal(slot->wake_verified, "yes");
	vfio_pm_slots_free(slot, 1);
}

static void lists_are_read(void **state)
{
	struct fixture *fixture = *state;
	struct vfio_pm_slot *slot;

	add_slot(fixture, PORT);
	slot = read_one(fixture);
	assert_int_equal(slot->function_count, 2);
	assert_string_equal(slot->functions[0].address, "0000:01:00.0");
	assert_int_equal(slot->functions[0].class, 0x030000);
	assert_string_equal(slot->functions[0].driver, "vfio-pci");
	assert_string_equal(slot->functions[0].rpm_status, "suspended");
	assert_string_equal(slot->functions[0].pci_state, "D3cold");
	assert_string_equal(slot->functions[1].driver, "");
	assert_int_equal(slot->blocker_count, 2);
	assert_string_equal(slot->blockers[0].address, "0000:01:00.1");
	assert_string_equal(slot->blockers[0].code, "forbidden");
	assert_string_equal(slot->blockers[0].text, "it is kept on");
	assert_string_equal(slot->blockers[0].remedy, "echo auto >/sys/x");
	assert_string_equal(slot->blockers[1].remedy, "");
	assert_int_equal(slot->waker_count, 2);
	assert_true(slot->wakers[0].time_s > 12.0339 &&
		    slot->wakers[0].time_s < 12.0341);
	assert_string_equal(slot->wakers[0].comm, "lspci");
	assert_int_equal(slot->wakers[0].pid, 77);
	assert_string_equal(slot->wakers[0].kind, "config");
	assert_true(slot->wakers[1].time_s == 123456);
	assert_int_equal(slot->wakers_errno, 0);
	vfio_pm_slots_free(slot, 1);
}

static void numbers_are_read(void **state)
{
	const struct vfio_pm_counter *counter;
	struct fixture *fixture = *state;
	struct vfio_pm_slot *slot;
	int64_t value;

	add_slot(fixture, PORT);
	slot = read_one(fixture);
	assert_string_equal(slot->meter.source, "battery");
	assert_true(slot->meter.d0_uw == INT64_MIN);
	assert_int_equal(slot->meter.d3hot_uw, 18000000);
	assert_int_equal(slot->meter.d3cold_uw, 15000000);
	assert_true(slot->meter.saving_uw == -3000000);
	assert_int_equal(slot->meter.spread_uw, 120000);
	assert_int_equal(slot->meter.rounds, 6);
	assert_int_equal(slot->meter.rejected, 1);
	assert_int_equal(slot->meter.settle_ms, 4000);
	for (counter = vfio_pm_counter_table; counter->name; counter++) {
		memcpy(&value, (char *)&slot->counters + counter->offset,
		       sizeof(value));
		assert_int_equal(value, 100 + counter->offset);
		assert_non_null(counter->help);
	}
	assert_int_equal(slot->counters.resume_max_us,
			 100 + offsetof(struct vfio_pm_counters,
					resume_max_us));
	vfio_pm_slots_free(slot, 1);
}

/* No counter of the structure may be missing from the table. */
static void the_table_is_complete(void **state)
{
	size_t count = 0;

	while (vfio_pm_counter_table[count].name)
		count++;
	assert_int_equal(count * sizeof(int64_t),
			 sizeof(struct vfio_pm_counters));
}

static void an_empty_slot_has_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct vfio_pm_slot *slot;

	add(fixture, PORT, "uevent", "");
	slot = read_one(fixture);
	assert_string_equal(slot->state, "");
	assert_string_equal(slot->reason, "");
	assert_int_equal(slot->function_count, 0);
	assert_int_equal(slot->blocker_count, 0);
	assert_int_equal(slot->waker_count, 0);
	assert_int_equal(slot->wakers_errno, ENOENT);
	assert_true(slot->meter.saving_uw == INT64_MIN);
	assert_true(slot->meter.rounds == INT64_MIN);
	assert_true(slot->counters.wakeups == -1);
	vfio_pm_slots_free(slot, 1);
}

static void lines_without_sense_are_left_out(void **state)
{
	struct fixture *fixture = *state;
	struct vfio_pm_slot *slot;

	add(fixture, PORT, "functions",
	    "\n0000:01:00.0\n0000:01:00.0\t0x030000\tvfio-pci\tsuspended\n"
	    "0000:01:00.0\t0x030000\tvfio-pci\tsuspended\tD3cold\tmore\n"
	    "0000:01:00.0\tred\tvfio-pci\tsuspended\tD3cold\n"
	    "0000:01:00.0\t0x1000000\tvfio-pci\tsuspended\tD3cold\n"
	    "0000:01:00.0\t-1\tvfio-pci\tsuspended\tD3cold\n"
	    "../../../etc\t0x030000\tvfio-pci\tsuspended\tD3cold\n"
	    "10000:0000:01:00.0\t0x030000\tvfio-pci\tsuspended\tD3cold\n"
	    "10000:01:00.7\t0x030000\ta-driver-with-a-name-of-more-than-31\tactive\tD0");
	add(fixture, PORT, "blockers",
	    "0000:01:00.0\tcode\ttext\n0000:01:00.0\t\ttext\t-\nwhat\tcode\ttext\t-\n"
	    "0000:01:00.0\tcode\ttext\tremedy\tmore\n\t\t\t\n0000:01:00.0\tno_pr3\t\t-\n");
	add(fixture, PORT, "wakers",
	    "\n1.000\n1.000\tname\n1.000\tname\t1\n-1.000\tname\t1\tconfig\n"
	    "1\tname\t1\tconfig\n1.0000\tname\t1\tconfig\n1.-10\tname\t1\tconfig\n"
	    "x.000\tname\t1\tconfig\n.000\tname\t1\tconfig\n1.000\tname\t-1\tconfig\n"
	    "1.000\tname\t2147483648\tconfig\n1.000\tname\tone\tconfig\n");
	slot = read_one(fixture);
	assert_int_equal(slot->function_count, 1);
	assert_string_equal(slot->functions[0].address, "10000:01:00.7");
	assert_string_equal(slot->functions[0].driver,
			    "a-driver-with-a-name-of-more-th");
	assert_int_equal(slot->blocker_count, 1);
	assert_string_equal(slot->blockers[0].code, "no_pr3");
	assert_string_equal(slot->blockers[0].text, "");
	assert_int_equal(slot->waker_count, 0);
	vfio_pm_slots_free(slot, 1);
}

static void numbers_without_sense_are_not_measured(void **state)
{
	struct fixture *fixture = *state;
	struct vfio_pm_slot *slot;

	add(fixture, PORT, "state", "a word that no version of the module has");
	add(fixture, PORT, "meter/d3hot_uw", "15 W\n");
	add(fixture, PORT, "meter/d3cold_uw", "99999999999999999999\n");
	add(fixture, PORT, "counters/wakeups", "-7\n");
	add(fixture, PORT, "counters/opens", "\n");
	add(fixture, PORT, "counters/kicks", "3\n");
	slot = read_one(fixture);
	assert_string_equal(slot->state, "");
	assert_true(slot->meter.d3hot_uw == INT64_MIN);
	assert_true(slot->meter.d3cold_uw == INT64_MIN);
	assert_int_equal(slot->counters.wakeups, -1);
	assert_int_equal(slot->counters.opens, -1);
	assert_int_equal(slot->counters.kicks, 3);
	vfio_pm_slots_free(slot, 1);
}

/* A task can call itself anything of 15 bytes but NUL. */
static void names_of_tasks_can_hold_anything(void **state)
{
	struct fixture *fixture = *state;
	struct vfio_pm_slot *slot;

	add(fixture, PORT, "wakers",
	    "1.000\t\xff\xfe\x1b[2J\t1\tconfig\n2.000\ta\tb\t7\t2\topen\n"
	    "3.000\tline\nbreak\t3\tother\n4.000\t\t4\tother\n");
	slot = read_one(fixture);
	assert_int_equal(slot->waker_count, 3);
	assert_string_equal(slot->wakers[0].comm, "\xff\xfe\x1b[2J");
	assert_string_equal(slot->wakers[1].comm, "a\tb\t7");
	assert_int_equal(slot->wakers[1].pid, 2);
	assert_string_equal(slot->wakers[2].comm, "");
	assert_int_equal(slot->wakers[2].pid, 4);
	vfio_pm_slots_free(slot, 1);
}

static void wakers_are_root_s(void **state)
{
	struct fixture *fixture = *state;
	struct vfio_pm_slot *slot;
	char path[PATH_MAX];

	add_slot(fixture, PORT);
	strcpy(path, fixture_path(fixture, CLASS PORT "/wakers"));
	assert_int_equal(chmod(path, 0), 0);
	assert_int_equal(chmod(fixture->path, 0755), 0);
	/* Root may read anything. */
	if (!getuid())
		assert_int_equal(seteuid(65534), 0);
	slot = read_one(fixture);
	assert_int_equal(slot->waker_count, 0);
	assert_int_equal(slot->wakers_errno, EACCES);
	assert_string_equal(slot->state, "decided");
	vfio_pm_slots_free(slot, 1);
	if (!getuid())
		assert_int_equal(seteuid(0), 0);
}

static void slots_are_sorted_and_the_vanished_left_out(void **state)
{
	struct fixture *fixture = *state;
	struct vfio_pm_slot *slots;

	add_slot(fixture, "0000:00:1c.4");
	add_slot(fixture, PORT);
	fixture_link(fixture, CLASS "0000:00:02.0",
		     "../../devices/pci0000:00/gone");
	fixture_file(fixture, CLASS "0000:00:03.0", "a file");
	fixture_file(fixture, CLASS "README", "a file");
	fixture_file(fixture, CLASS "not-an-address/state", "decided");
	assert_int_equal(vfio_pm_slots_read(&fixture->root, &slots), 2);
	assert_string_equal(slots[0].port, PORT);
	assert_string_equal(slots[1].port, "0000:00:1c.4");
	vfio_pm_slots_free(slots, 2);
}

static void the_name_of_a_slot_is_no_path(void **state)
{
	static const char *const names[] = {
		"",
		".",
		"..",
		"../vfio_pm/" PORT,
		PORT "/",
		"0000:00:01.0.0.0.0.0",
		"0000:00:02.0",
		"0000.00:01:0",
	};
	struct fixture *fixture = *state;
	struct vfio_pm_slot *slot;

	add_slot(fixture, PORT);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		assert_int_equal(vfio_pm_slot_read(&fixture->root, names[i],
						   &slot),
				 -ENODEV);
		assert_null(slot);
	}
}

static void a_class_that_is_a_file_is_an_error(void **state)
{
	struct fixture *fixture = *state;
	struct vfio_pm_slot *slots;

	fixture_file(fixture, "sys/class/vfio_pm", "");
	assert_int_equal(vfio_pm_slots_read(&fixture->root, &slots), -ENOTDIR);
	assert_null(slots);
}

/* The longest that sysfs can give. */
static void a_page_is_read_whole(void **state)
{
	static char page[4096], line[] = "0000:01:00.0\tcode\ttext\t-\n";
	struct fixture *fixture = *state;
	struct vfio_pm_slot *slot;
	size_t length = sizeof(line) - 1;
	size_t count = sizeof(page) / length;
	char path[] = CLASS PORT "/blockers";

	for (size_t i = 0; i < count; i++)
		memcpy(page + i * length, line, length);
	memset(page + count * length, '\n', sizeof(page) - count * length);
	fixture_data(fixture, path, page, sizeof(page));
	slot = read_one(fixture);
	assert_int_equal(slot->blocker_count, count);
	vfio_pm_slots_free(slot, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(no_module_is_no_slot, setup,
						teardown),
		cmocka_unit_test_setup_teardown(words_are_those_of_the_files,
						setup, teardown),
		cmocka_unit_test_setup_teardown(lists_are_read, setup,
						teardown),
		cmocka_unit_test_setup_teardown(numbers_are_read, setup,
						teardown),
		cmocka_unit_test(the_table_is_complete),
		cmocka_unit_test_setup_teardown(an_empty_slot_has_nothing,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			lines_without_sense_are_left_out, setup, teardown),
		cmocka_unit_test_setup_teardown(
			numbers_without_sense_are_not_measured, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			names_of_tasks_can_hold_anything, setup, teardown),
		cmocka_unit_test_setup_teardown(wakers_are_root_s, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			slots_are_sorted_and_the_vanished_left_out, setup,
			teardown),
		cmocka_unit_test_setup_teardown(the_name_of_a_slot_is_no_path,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_class_that_is_a_file_is_an_error, setup, teardown),
		cmocka_unit_test_setup_teardown(a_page_is_read_whole, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
