// SPDX-License-Identifier: GPL-2.0
/* What batteries of all kinds tell. */
#include "fixture.h"

#include "battery.h"

#define CLASS "sys/class/power_supply/"

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

static void add_battery(struct fixture *fixture, const char *name)
{
	add(fixture, name, "type", "Battery\n");
	add(fixture, name, "present", "1\n");
	add(fixture, name, "status", "Discharging\n");
}

static void add_giving(struct fixture *fixture, const char *name,
		       const char *power_uw)
{
	add_battery(fixture, name);
	add(fixture, name, "power_now", power_uw);
}

static void expect(struct fixture *fixture, int ret, int64_t expected_uw)
{
	int64_t power_uw;

	assert_int_equal(kvmfr_battery_read(&fixture->root, &power_uw), ret);
	if (!ret)
		assert_int_equal(power_uw, expected_uw);
}

static void no_battery_is_enodev(void **state)
{
	struct fixture *fixture = *state;

	expect(fixture, -ENODEV, 0);
	add(fixture, "AC", "type", "Mains\n");
	add_giving(fixture, "mouse", "1000\n");
	add(fixture, "mouse", "scope", "Device\n");
	add_battery(fixture, "BAT1");
	add(fixture, "BAT1", "present", "0\n");
	expect(fixture, -ENODEV, 0);
}

static void power_is_summed(void **state)
{
	struct fixture *fixture = *state;

	add_giving(fixture, "BAT0", "15200000\n");
	expect(fixture, 0, 15200000);
	add_giving(fixture, "BAT1", "-800000\n");
	expect(fixture, 0, 16000000);
}

static void current_times_voltage_is_power(void **state)
{
	struct fixture *fixture = *state;

	add_battery(fixture, "BAT0");
	add(fixture, "BAT0", "current_now", "-1250000\n");
	add(fixture, "BAT0", "voltage_now", "12000000\n");
	expect(fixture, 0, 15000000);
	add(fixture, "BAT0", "current_now", "100000000\n");
	add(fixture, "BAT0", "voltage_now", "1000000000\n");
	expect(fixture, -ENODATA, 0);
}

static void charging_is_eagain(void **state)
{
	struct fixture *fixture = *state;

	add_giving(fixture, "BAT0", "15200000\n");
	add_giving(fixture, "BAT1", "15200000\n");
	add(fixture, "BAT1", "status", "Charging\n");
	expect(fixture, -EAGAIN, 0);
	add(fixture, "BAT1", "power_now", "0\n");
	expect(fixture, -EAGAIN, 0);
	/* It gives something, but says that it does not. */
	add(fixture, "BAT1", "status", "Not charging\n");
	add(fixture, "BAT1", "power_now", "15200000\n");
	expect(fixture, -EAGAIN, 0);
}

static void waiting_gives_nothing(void **state)
{
	struct fixture *fixture = *state;

	add_giving(fixture, "BAT0", "15200000\n");
	add_giving(fixture, "BAT1", "0\n");
	add(fixture, "BAT1", "status", "Not charging\n");
	expect(fixture, 0, 15200000);
	add(fixture, "BAT1", "status", "Full\n");
	expect(fixture, 0, 15200000);
	add(fixture, "BAT0", "status", "Full\n");
	add(fixture, "BAT0", "power_now", "0\n");
	expect(fixture, -EAGAIN, 0);
}

static void nonsense_is_enodata(void **state)
{
	static const char *const texts[] = { "", "15 W", "9223372036854775807",
					     "-9223372036854775808",
					     "1000000001" };
	struct fixture *fixture = *state;

	add_battery(fixture, "BAT0");
	expect(fixture, -ENODATA, 0);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		add(fixture, "BAT0", "power_now", texts[i]);
		expect(fixture, -ENODATA, 0);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(no_battery_is_enodev, setup,
						teardown),
		cmocka_unit_test_setup_teardown(power_is_summed, setup,
						teardown),
		cmocka_unit_test_setup_teardown(current_times_voltage_is_power,
						setup, teardown),
		cmocka_unit_test_setup_teardown(charging_is_eagain, setup,
						teardown),
		cmocka_unit_test_setup_teardown(waiting_gives_nothing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(nonsense_is_enodata, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
