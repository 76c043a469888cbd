// SPDX-License-Identifier: GPL-2.0
/*
 * Events of devices that come, change and go, as umockdev makes libudev see them;
 * run.sh preloads it. What a program reads after an event is what sysfs has then,
 * not what the event says.
 */
#include "fixture.h"

#include <poll.h>

#include "device.h"
#include "slot.h"
#include "testbed.h"
#include "uevent.h"

static char *no_properties[] = { NULL };
static char *kvmfr_attributes[] = { "dev",  "240:0",	"size", "1048576",
				    "kind", "static\n", NULL };
static char *slot_attributes[] = { "state",   "decided\n", "chosen", "d3cold\n",
				   "level",   "d3cold\n",  "policy", "auto\n",
				   "verdict", "saves\n",   NULL };

struct machine {
	struct testbed *bed;
	struct kvmfr_root root;
	struct kvmfr_uevent *uevent;
};

/* Without udevd the events are the kernel's, with it they are udev's. */
static int start(void **state, bool udevd)
{
	static const char *const subsystems[] = { "kvmfr", "vfio_pm", NULL };
	struct machine *machine = calloc(1, sizeof(*machine));
	struct fixture fixture;
	char *path;

	machine->bed = umockdev_testbed_new();
	path = umockdev_testbed_get_root_dir(machine->bed);
	snprintf(fixture.path, sizeof(fixture.path), "%s", path);
	g_free(path);
	if (udevd)
		fixture_file(&fixture, "run/udev/control", "");
	assert_int_equal(kvmfr_root_open(&machine->root, fixture.path), 0);
	assert_int_equal(kvmfr_uevent_open(&machine->uevent, subsystems), 0);
	*state = machine;
	return 0;
}

static int start_without_udevd(void **state)
{
	return start(state, false);
}

static int start_with_udevd(void **state)
{
	return start(state, true);
}

static int stop(void **state)
{
	struct machine *machine = *state;

	kvmfr_uevent_close(machine->uevent);
	kvmfr_root_close(&machine->root);
	g_object_unref(machine->bed);
	free(machine);
	return 0;
}

/* Whether something came, as the daemons find out: poll, and take it all. */
static bool told(struct machine *machine)
{
	struct pollfd wait = { .fd = kvmfr_uevent_fd(machine->uevent),
			       .events = POLLIN };

	return poll(&wait, 1, 200) == 1 && kvmfr_uevent_drain(machine->uevent);
}

static void silent(struct machine *machine)
{
	assert_false(told(machine));
}

static int devices(struct machine *machine, struct kvmfr_device *first)
{
	struct kvmfr_device list[KVMFR_DEVICES_MAX];
	int count = kvmfr_device_list(&machine->root, list);

	if (count > 0)
		*first = list[0];
	return count;
}

static char *add_kvmfr(struct machine *machine)
{
	return umockdev_testbed_add_devicev(machine->bed, "kvmfr", "kvmfr0",
					    NULL, kvmfr_attributes,
					    no_properties);
}

static char *add_slot(struct machine *machine)
{
	return umockdev_testbed_add_devicev(machine->bed, "vfio_pm",
					    "0000:00:01.0", NULL,
					    slot_attributes, no_properties);
}

/* Its chosen state, "" if it is not there. */
static void assert_chosen(struct machine *machine, const char *chosen)
{
	struct vfio_pm_slot *slots = NULL;
	int count = vfio_pm_slots_read(&machine->root, &slots);

	assert_int_equal(count, *chosen ? 1 : 0);
	if (count)
		assert_string_equal(slots[0].chosen, chosen);
	vfio_pm_slots_free(slots, count);
}

static void a_device_comes_changes_and_goes(void **state)
{
	struct machine *machine = *state;
	struct kvmfr_device device;
	char *path;

	silent(machine);
	assert_int_equal(devices(machine, &device), 0);
	path = add_kvmfr(machine);
	assert_true(told(machine));
	assert_int_equal(devices(machine, &device), 1);
	assert_string_equal(device.name, "kvmfr0");
	assert_int_equal(device.size, 1048576);
	silent(machine);

	umockdev_testbed_set_attribute(machine->bed, path, "size", "2097152");
	silent(machine);
	umockdev_testbed_uevent(machine->bed, path, "change");
	assert_true(told(machine));
	assert_int_equal(devices(machine, &device), 1);
	assert_int_equal(device.size, 2097152);

	umockdev_testbed_uevent(machine->bed, path, "remove");
	umockdev_testbed_remove_device(machine->bed, path);
	assert_true(told(machine));
	assert_int_equal(devices(machine, &device), 0);
	silent(machine);
	g_free(path);
}

static void a_slot_comes_changes_and_goes(void **state)
{
	struct machine *machine = *state;
	char *path = add_slot(machine);

	assert_true(told(machine));
	assert_chosen(machine, "d3cold");
	umockdev_testbed_set_attribute(machine->bed, path, "chosen", "d3hot\n");
	umockdev_testbed_uevent(machine->bed, path, "change");
	assert_true(told(machine));
	assert_chosen(machine, "d3hot");
	umockdev_testbed_uevent(machine->bed, path, "remove");
	umockdev_testbed_remove_device(machine->bed, path);
	assert_true(told(machine));
	assert_chosen(machine, "");
	g_free(path);
}

static void what_is_gone_at_the_look_is_left_out(void **state)
{
	struct machine *machine = *state;
	struct kvmfr_device device;
	char *node = add_kvmfr(machine);
	char *slot = add_slot(machine);

	umockdev_testbed_uevent(machine->bed, slot, "change");
	umockdev_testbed_remove_device(machine->bed, node);
	umockdev_testbed_remove_device(machine->bed, slot);
	assert_true(told(machine));
	assert_int_equal(devices(machine, &device), 0);
	assert_chosen(machine, "");
	silent(machine);
	g_free(node);
	g_free(slot);
}

static void other_subsystems_are_not_told(void **state)
{
	struct machine *machine = *state;
	char *path;

	path = umockdev_testbed_add_devicev(machine->bed, "block", "kvmfr0",
					    NULL, no_properties, no_properties);
	umockdev_testbed_uevent(machine->bed, path, "change");
	silent(machine);
	g_free(path);
	path = umockdev_testbed_add_devicev(machine->bed, "kvmfrx", "kvmfr1",
					    NULL, no_properties, no_properties);
	silent(machine);
	g_free(path);
}

static void strange_properties_are_only_an_event(void **state)
{
	static const char *const values[] = { "",
					      "=",
					      "\x1b[2J\x1b]0;x\a",
					      "\xff\xfe not UTF-8",
					      "%s%n%n",
					      "../../etc/passwd",
					      "' ; reboot #",
					      NULL };
	struct machine *machine = *state;
	struct kvmfr_device device;
	char *path = add_kvmfr(machine);
	char longest[1500];

	memset(longest, 'A', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_true(told(machine));
	for (int i = 0; values[i]; i++) {
		umockdev_testbed_set_property(machine->bed, path, "DEVNAME",
					      values[i]);
		umockdev_testbed_set_property(machine->bed, path, "SIZE",
					      values[i]);
		umockdev_testbed_uevent(machine->bed, path, "change");
		told(machine); /* or libudev has thrown it away */
	}
	umockdev_testbed_set_property(machine->bed, path, "DEVNAME", "kvmfr0");
	umockdev_testbed_set_property(machine->bed, path, "SIZE", longest);
	umockdev_testbed_uevent(machine->bed, path, "change");
	told(machine);
	assert_int_equal(devices(machine, &device), 1);
	assert_string_equal(device.name, "kvmfr0");
	assert_int_equal(device.size, 1048576);

	umockdev_testbed_set_property(machine->bed, path, "SIZE", "1");
	umockdev_testbed_uevent(machine->bed, path, "change");
	assert_true(told(machine));
	g_free(path);
}

static void strange_actions_are_events(void **state)
{
	struct machine *machine = *state;
	char *path = add_kvmfr(machine);

	assert_true(told(machine));
	umockdev_testbed_uevent(machine->bed, path, "offline");
	assert_true(told(machine));
	umockdev_testbed_uevent(machine->bed, path, "dance");
	told(machine); /* or libudev has thrown it away */
	umockdev_testbed_uevent(machine->bed, path, "change");
	assert_true(told(machine));
	g_free(path);
}

static void many_events_are_taken_together(void **state)
{
	struct machine *machine = *state;
	char *path = add_kvmfr(machine);

	/* A socket of this kind holds no more; losing some is tried in a VM. */
	for (int i = 0; i < 8; i++)
		umockdev_testbed_uevent(machine->bed, path, "change");
	assert_true(told(machine));
	silent(machine);
	g_free(path);
}

#define WITH(name, test, how) { name ": " #test, test, how, stop, NULL }

int main(void)
{
	static const struct CMUnitTest tests[] = {
		WITH("kernel", a_device_comes_changes_and_goes,
		     start_without_udevd),
		WITH("udev", a_device_comes_changes_and_goes, start_with_udevd),
		WITH("kernel", a_slot_comes_changes_and_goes,
		     start_without_udevd),
		WITH("udev", a_slot_comes_changes_and_goes, start_with_udevd),
		WITH("kernel", what_is_gone_at_the_look_is_left_out,
		     start_without_udevd),
		WITH("udev", what_is_gone_at_the_look_is_left_out,
		     start_with_udevd),
		WITH("kernel", other_subsystems_are_not_told,
		     start_without_udevd),
		WITH("udev", other_subsystems_are_not_told, start_with_udevd),
		WITH("kernel", strange_properties_are_only_an_event,
		     start_without_udevd),
		WITH("udev", strange_properties_are_only_an_event,
		     start_with_udevd),
		WITH("kernel", strange_actions_are_events, start_without_udevd),
		WITH("udev", strange_actions_are_events, start_with_udevd),
		WITH("kernel", many_events_are_taken_together,
		     start_without_udevd),
		WITH("udev", many_events_are_taken_together, start_with_udevd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
