// SPDX-License-Identifier: GPL-2.0
/* Power meters: found in fixture trees, and programs that misbehave. */
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "fixture.h"
#include "meter.h"

#define PSYS "sys/class/powercap/intel-rapl:1"

static struct kvmfr_config_power config;

static int setup(void **state)
{
	memset(&config, 0, sizeof(config));
	config.meter = "auto";
	config.sensor = "";
	*state = fixture_create();
	return 0;
}

static int teardown(void **state)
{
	fixture_destroy(*state);
	return 0;
}

static void fixture_remove(struct fixture *fixture, const char *path)
{
	assert_int_equal(unlink(fixture_path(fixture, path)), 0);
}

static void pause_ms(long ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void acpi(struct fixture *fixture, const char *power)
{
	fixture_file(fixture, "sys/class/hwmon/hwmon2/name", "power_meter\n");
	fixture_file(fixture, "sys/class/hwmon/hwmon2/power1_average", power);
}

static void psys(struct fixture *fixture, const char *energy)
{
	fixture_file(fixture, "sys/class/powercap/intel-rapl:0/name",
		     "package-0\n");
	fixture_file(fixture, "sys/class/powercap/intel-rapl:0/energy_uj",
		     "5\n");
	fixture_file(fixture, PSYS "/name", "psys\n");
	fixture_file(fixture, PSYS "/max_energy_range_uj", "1000000000\n");
	fixture_file(fixture, PSYS "/energy_uj", energy);
}

static void nothing_there_is_enodev(void **state)
{
	struct fixture *fixture = *state;
	struct kvmfr_meter meter;
	int64_t power = 7;

	kvmfr_meter_init(&meter, &config);
	assert_int_equal(kvmfr_meter_read(&meter, &fixture->root, &power),
			 -ENODEV);
	assert_string_equal(kvmfr_meter_name(&meter), "none");
	assert_int_equal(power, 7);
}

static void acpi_meter_in_both_places(void **state)
{
	struct fixture *fixture = *state;
	struct kvmfr_meter meter;
	int64_t power;

	acpi(fixture, "18000000\n");
	kvmfr_meter_init(&meter, &config);
	assert_int_equal(kvmfr_meter_read(&meter, &fixture->root, &power), 0);
	assert_int_equal(power, 18000000);
	assert_string_equal(kvmfr_meter_name(&meter), "acpi");

	/* Up to 6.12 the attributes are the device's. */
	fixture_remove(fixture, "sys/class/hwmon/hwmon2/name");
	fixture_remove(fixture, "sys/class/hwmon/hwmon2/power1_average");
	fixture_file(fixture, "sys/class/hwmon/hwmon2/device/name",
		     "power_meter\n");
	fixture_file(fixture, "sys/class/hwmon/hwmon2/device/power1_average",
		     "17\n");
	kvmfr_meter_init(&meter, &config);
	assert_int_equal(kvmfr_meter_read(&meter, &fixture->root, &power), 0);
	assert_int_equal(power, 17);
}

static void impossible_power_is_erange(void **state)
{
	static const char *const values[] = { "0", "-5", "500000001",
					      "9223372036854775807" };
	struct fixture *fixture = *state;
	struct kvmfr_meter meter;
	int64_t power;

	config.meter = "acpi";
	for (size_t i = 0; i < 4; i++) {
		acpi(fixture, values[i]);
		kvmfr_meter_init(&meter, &config);
		assert_int_equal(kvmfr_meter_read(&meter, &fixture->root,
						  &power),
				 -ERANGE);
	}
	acpi(fixture, "500000000");
	assert_int_equal(kvmfr_meter_read(&meter, &fixture->root, &power), 0);
	acpi(fixture, "watts");
	assert_int_equal(kvmfr_meter_read(&meter, &fixture->root, &power),
			 -EINVAL);
}

static void psys_is_energy_over_time(void **state)
{
	struct fixture *fixture = *state;
	struct kvmfr_meter meter;
	double start, passed;
	int64_t power;

	config.meter = "powercap";
	psys(fixture, "999000000\n");
	kvmfr_meter_init(&meter, &config);
	start = now_s();
	assert_int_equal(kvmfr_meter_read(&meter, &fixture->root, &power),
			 -EAGAIN);
	/* Too soon to tell; the first reading still counts. */
	assert_int_equal(kvmfr_meter_read(&meter, &fixture->root, &power),
			 -EAGAIN);
	pause_ms(200);
	psys(fixture, "3000000\n");
	assert_int_equal(kvmfr_meter_read(&meter, &fixture->root, &power), 0);
	passed = now_s() - start;
	/* 4 J, with a wrap in it. */
	assert_true((double)power >= 4e6 / passed * 0.95);
	assert_true((double)power <= 4e6 / 0.2 * 1.05);
	assert_string_equal(kvmfr_meter_name(&meter), "powercap");
}

static void psys_that_stands_still_is_enodata(void **state)
{
	struct fixture *fixture = *state;
	struct kvmfr_meter meter;
	int64_t power;

	config.meter = "powercap";
	psys(fixture, "0\n");
	kvmfr_meter_init(&meter, &config);
	assert_int_equal(kvmfr_meter_read(&meter, &fixture->root, &power),
			 -ENODATA);
	psys(fixture, "77\n");
	assert_int_equal(kvmfr_meter_read(&meter, &fixture->root, &power),
			 -EAGAIN);
	pause_ms(120);
	assert_int_equal(kvmfr_meter_read(&meter, &fixture->root, &power),
			 -ENODATA);
}

static void psys_starts_anew_after_a_pause(void **state)
{
	struct fixture *fixture = *state;
	struct kvmfr_meter meter;
	int64_t power;

	config.meter = "powercap";
	psys(fixture, "1000\n");
	kvmfr_meter_init(&meter, &config);
	assert_int_equal(kvmfr_meter_read(&meter, &fixture->root, &power),
			 -EAGAIN);
	psys(fixture, "2000\n");
	meter.energy_ns -= 11000000000;
	assert_int_equal(kvmfr_meter_read(&meter, &fixture->root, &power),
			 -EAGAIN);
	/* Or after the machine has slept. */
	pause_ms(120);
	psys(fixture, "3000\n");
	meter.slept_ns -= 1000000000;
	assert_int_equal(kvmfr_meter_read(&meter, &fixture->root, &power),
			 -EAGAIN);
	pause_ms(120);
	psys(fixture, "900000\n");
	assert_int_equal(kvmfr_meter_read(&meter, &fixture->root, &power), 0);
}

static void psys_with_an_absurd_counter_is_erange(void **state)
{
	struct fixture *fixture = *state;
	struct kvmfr_meter meter;
	int64_t power;

	config.meter = "powercap";
	psys(fixture, "2000000000\n");
	kvmfr_meter_init(&meter, &config);
	assert_int_equal(kvmfr_meter_read(&meter, &fixture->root, &power),
			 -EAGAIN);
	pause_ms(120);
	psys(fixture, "1\n");
	assert_int_equal(kvmfr_meter_read(&meter, &fixture->root, &power),
			 -ERANGE);
	assert_int_equal(kvmfr_meter_read(&meter, &fixture->root, &power),
			 -EAGAIN);
	pause_ms(120);
	psys(fixture, "9223372036854775807\n");
	assert_int_equal(kvmfr_meter_read(&meter, &fixture->root, &power),
			 -ERANGE);
}

static void hwmon_needs_its_sensor(void **state)
{
	static const char *const missing[] = {
		"",
		"corsairpsu",
		"corsairpsu:",
		"corsairpsu:power none",
		"other:power total",
	};
	struct fixture *fixture = *state;
	struct kvmfr_meter meter;
	int64_t power;

	fixture_file(fixture, "sys/class/hwmon/hwmon0/name", "nvme\n");
	fixture_file(fixture, "sys/class/hwmon/hwmon1/name", "corsairpsu\n");
	fixture_file(fixture, "sys/class/hwmon/hwmon1/power1_label",
		     "power total\n");
	fixture_file(fixture, "sys/class/hwmon/hwmon1/power1_input",
		     "90000000\n");
	fixture_file(fixture, "sys/class/hwmon/hwmon1/power2_label",
		     "power +12v\n");
	fixture_file(fixture, "sys/class/hwmon/hwmon1/power2_input",
		     "60000000\n");
	fixture_file(fixture, "sys/class/hwmon/hwmon1/power2_average",
		     "61000000\n");
	config.meter = "hwmon";
	for (size_t i = 0; i < sizeof(missing) / sizeof(*missing); i++) {
		config.sensor = (char *)missing[i];
		kvmfr_meter_init(&meter, &config);
		assert_int_equal(kvmfr_meter_read(&meter, &fixture->root,
						  &power),
				 -ENODEV);
	}
	config.sensor = "corsairpsu:power total";
	assert_int_equal(kvmfr_meter_read(&meter, &fixture->root, &power), 0);
	assert_int_equal(power, 90000000);
	config.sensor = "corsairpsu:power2";
	kvmfr_meter_init(&meter, &config);
	assert_int_equal(kvmfr_meter_read(&meter, &fixture->root, &power), 0);
	assert_int_equal(power, 61000000);
	assert_string_equal(kvmfr_meter_name(&meter), "hwmon");
}

/* Its driver would have to wake it. */
static void a_graphics_card_is_no_meter(void **state)
{
	struct fixture *fixture = *state;
	struct kvmfr_meter meter;
	int64_t power;

	fixture_file(fixture, "sys/class/hwmon/hwmon0/name", "amdgpu\n");
	fixture_file(fixture, "sys/class/hwmon/hwmon0/power1_average",
		     "9000000\n");
	fixture_file(fixture, "sys/class/hwmon/hwmon0/device/class",
		     "0x030000\n");
	config.meter = "hwmon";
	config.sensor = "amdgpu:power1";
	kvmfr_meter_init(&meter, &config);
	assert_int_equal(kvmfr_meter_read(&meter, &fixture->root, &power),
			 -ENODEV);
	fixture_file(fixture, "sys/class/hwmon/hwmon0/device/class",
		     "0x020000\n");
	assert_int_equal(kvmfr_meter_read(&meter, &fixture->root, &power), 0);
}

static void automatic_goes_on_to_what_works(void **state)
{
	char *const echo[] = { "/bin/echo", "42", NULL };
	char *const fail[] = { "/bin/false", NULL };
	struct fixture *fixture = *state;
	struct kvmfr_meter meter;
	int64_t power;

	acpi(fixture, "0\n");
	psys(fixture, "0\n");
	config.command = (char **)echo;
	kvmfr_meter_init(&meter, &config);
	assert_int_equal(kvmfr_meter_read(&meter, &fixture->root, &power), 0);
	assert_int_equal(power, 42);
	assert_string_equal(kvmfr_meter_name(&meter), "command");

	/* Another one is not mixed with it, although it comes first. */
	acpi(fixture, "9\n");
	assert_int_equal(kvmfr_meter_read(&meter, &fixture->root, &power), 0);
	assert_int_equal(power, 42);
	config.command = (char **)fail;
	assert_int_equal(kvmfr_meter_read(&meter, &fixture->root, &power),
			 -ECHILD);
	kvmfr_meter_init(&meter, &config);
	assert_int_equal(kvmfr_meter_read(&meter, &fixture->root, &power), 0);
	assert_int_equal(power, 9);
}

static void none_is_none(void **state)
{
	struct fixture *fixture = *state;
	struct kvmfr_meter meter;
	int64_t power;

	acpi(fixture, "5\n");
	config.meter = "none";
	kvmfr_meter_init(&meter, &config);
	assert_int_equal(kvmfr_meter_read(&meter, &fixture->root, &power),
			 -ENODEV);
}

static int run_script(const char *script, int timeout_ms, int64_t *power)
{
	char *const command[] = { "/bin/sh", "-c", (char *)script, NULL };

	return kvmfr_meter_run(command, timeout_ms, power);
}

static void programs_print_one_number(void **state)
{
	static const struct {
		const char *script;
		int ret;
	} cases[] = {
		{ "echo 15000000", 0 },
		{ "printf 15000000", 0 },
		{ "echo 15000000; exit 3", -ECHILD },
		{ "echo 15000000; kill -9 $$", -ECHILD },
		{ "exit 0", -EINVAL },
		{ "echo", -EINVAL },
		{ "echo 15 W", -EINVAL },
		{ "echo 15.5", -EINVAL },
		{ "echo 0x10", -EINVAL },
		{ "echo -3", -EINVAL },
		{ "echo 1; echo 2", -EINVAL },
		{ "echo 99999999999999999999", -ERANGE },
		{ "printf '12\\0003'", -EINVAL },
		{ "yes 1", -EINVAL },
		{ "cat; echo 15000000", 0 }, /* its input is empty */
	};
	int64_t power = 0;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int ret = run_script(cases[i].script, 5000, &power);

		if (ret != cases[i].ret)
			print_error("%s\n", cases[i].script);
		assert_int_equal(ret, cases[i].ret);
	}
	assert_int_equal(power, 15000000);
}

/* As some supervisors leave it: then the kernel waits for children itself. */
static void an_ignored_sigchld_hides_no_failure(void **state)
{
	int64_t power = 0;
	int failed, good;

	signal(SIGCHLD, SIG_IGN);
	failed = run_script("echo 15000000; exit 3", 5000, &power);
	good = run_script("echo 15000000", 5000, &power);
	assert_true(signal(SIGCHLD, SIG_DFL) == SIG_IGN);
	assert_int_equal(failed, -ECHILD);
	assert_int_equal(good, 0);
	assert_int_equal(power, 15000000);
}

static void programs_that_cannot_be_started(void **state)
{
	char *const missing[] = { "/no/such/program", NULL };
	char *const forbidden[] = { "/etc/passwd", NULL };
	int64_t power;

	assert_int_equal(kvmfr_meter_run(missing, 1000, &power), -ENOENT);
	assert_int_equal(kvmfr_meter_run(forbidden, 1000, &power), -EACCES);
}

/* Each leaves its number in the file; afterwards none of them may be there. */
static void assert_gone(struct fixture *fixture)
{
	int64_t pid;

	assert_int_equal(kvmfr_read_s64(&fixture->root, &pid, "pid"), 0);
	/* Killed, but its new parent may have yet to reap it. */
	for (int i = 0; i < 100 && !kill((pid_t)pid, 0); i++) {
		char path[64], stat[256] = "";
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
		file = fopen(path, "r");
		if (!file)
			return;
		assert_non_null(fgets(stat, sizeof(stat), file));
		fclose(file);
		if (strstr(stat, ") Z "))
			return;
		pause_ms(20);
	}
	assert_int_equal(kill((pid_t)pid, 0), -1);
}

static void programs_that_hang_are_killed(void **state)
{
	static const char *const scripts[] = {
		"echo $$ >%s/pid; exec sleep 1000",
		"trap '' TERM INT HUP; echo $$ >%s/pid; while :; do sleep 1000; done",
		/* Its child has the output open. */
		"sleep 1000 & echo $! >%s/pid; echo 15000000",
		/* It closes its output and goes on. */
		"echo $$ >%s/pid; echo 15000000; exec sleep 1000 >&-",
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(scripts) / sizeof(*scripts); i++) {
		char script[PATH_MAX];
		double start = now_s();
		int64_t power;

		snprintf(script, sizeof(script), scripts[i], fixture->path);
		assert_int_equal(run_script(script, 1500, &power), -ETIMEDOUT);
		assert_true(now_s() - start >= 1.4 && now_s() - start < 10);
		assert_gone(fixture);
	}
	/* All of our own children were waited for. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* Of the mask, a number of zeros is a number, and anything else is nothing. */
static const char print_mask[] =
	"while read a b; do [ $a != SigBlk: ] || echo ${b##*[!0]*}; done </proc/self/status";

static void programs_inherit_no_mask(void **state)
{
	sigset_t all, before;
	int64_t mask = 1;
	int ret;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	ret = run_script(print_mask, 5000, &mask);
	sigprocmask(SIG_SETMASK, &before, NULL);
	assert_int_equal(ret, 0);
	assert_int_equal(mask, 0);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(nothing_there_is_enodev),
		TEST(acpi_meter_in_both_places),
		TEST(impossible_power_is_erange),
		TEST(psys_is_energy_over_time),
		TEST(psys_that_stands_still_is_enodata),
		TEST(psys_starts_anew_after_a_pause),
		TEST(psys_with_an_absurd_counter_is_erange),
		TEST(hwmon_needs_its_sensor),
		TEST(a_graphics_card_is_no_meter),
		TEST(automatic_goes_on_to_what_works),
		TEST(none_is_none),
		TEST(programs_print_one_number),
		TEST(an_ignored_sigchld_hides_no_failure),
		TEST(programs_that_cannot_be_started),
		TEST(programs_that_hang_are_killed),
		TEST(programs_inherit_no_mask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
