// SPDX-License-Identifier: GPL-2.0
/*
 * Parameters of vfio_pci_pm: what is refused, with which errno and which words,
 * that nothing is left then, what is accepted and what is read back.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "kselftest_harness.h"
#include "kvmfr_test.h"

#define KO "/lib/kvmfr/vfio_pci_pm.ko"
#define NAME "vfio_pci_pm"
#define PARAMETERS "/sys/module/" NAME "/parameters/"

#define TAINT_OUT_OF_TREE 4096

/* The first load of a boot logs the taint: that is not our line. */
static int load_once(void)
{
	int ret;

	if (number_read("/proc/sys/kernel/tainted") & TAINT_OUT_OF_TREE)
		return 0;
	ret = module_load(KO, NULL);
	return ret ? ret : module_unload(NAME);
}

static bool is_gone(void)
{
	return access("/sys/module/" NAME, F_OK) &&
	       access("/sys/class/vfio_pm", F_OK) &&
	       access("/sys/devices/virtual/vfio_pm", F_OK);
}

FIXTURE(refused)
{
	int kmsg;
};

/*
 * @params: what the module is loaded with
 * @named: what the administrator must read in one line: the parameter with its
 *         value, and what it may be
 */
FIXTURE_VARIANT(refused)
{
	const char *params;
	const char *named[2];
};

#define REFUSED(parameter, allowed) { \
	.params = parameter, \
	.named = { NAME ": " parameter, allowed }, \
}

#define SAVING "a number from 50 to 50000;"
FIXTURE_VARIANT_ADD(refused, saving_below) REFUSED("min_saving_mw=49", SAVING);
FIXTURE_VARIANT_ADD(refused, saving_above)
	REFUSED("min_saving_mw=50001", SAVING);
FIXTURE_VARIANT_ADD(refused, saving_zero) REFUSED("min_saving_mw=0", SAVING);
FIXTURE_VARIANT_ADD(refused, saving_negative)
	REFUSED("min_saving_mw=-500", SAVING);
FIXTURE_VARIANT_ADD(refused, saving_int_min)
	REFUSED("min_saving_mw=-2147483648", SAVING);
FIXTURE_VARIANT_ADD(refused, saving_u32_max)
	REFUSED("min_saving_mw=4294967295", SAVING);
/* 2^32 + 500 and 2^64 + 500 must not become 500. */
FIXTURE_VARIANT_ADD(refused, saving_wraps_32)
	REFUSED("min_saving_mw=4294967796", SAVING);
FIXTURE_VARIANT_ADD(refused, saving_wraps_64)
	REFUSED("min_saving_mw=18446744073709552116", SAVING);
FIXTURE_VARIANT_ADD(refused, saving_text) REFUSED("min_saving_mw=much", SAVING);
FIXTURE_VARIANT_ADD(refused, saving_unit)
	REFUSED("min_saving_mw=500mW", SAVING);
FIXTURE_VARIANT_ADD(refused, saving_fraction)
	REFUSED("min_saving_mw=500.5", SAVING);
FIXTURE_VARIANT_ADD(refused, saving_list)
	REFUSED("min_saving_mw=500,500", SAVING);
FIXTURE_VARIANT_ADD(refused, saving_empty) REFUSED("min_saving_mw=", SAVING);
FIXTURE_VARIANT_ADD(refused, saving_prefix_only)
	REFUSED("min_saving_mw=0x", SAVING);

#define SETTLE "a number from 1000 to 60000;"
FIXTURE_VARIANT_ADD(refused, settle_below) REFUSED("settle_ms=999", SETTLE);
FIXTURE_VARIANT_ADD(refused, settle_above) REFUSED("settle_ms=60001", SETTLE);
FIXTURE_VARIANT_ADD(refused, settle_zero) REFUSED("settle_ms=0", SETTLE);
FIXTURE_VARIANT_ADD(refused, settle_negative) REFUSED("settle_ms=-1", SETTLE);
FIXTURE_VARIANT_ADD(refused, settle_wraps_32)
	REFUSED("settle_ms=4294972296", SETTLE);
FIXTURE_VARIANT_ADD(refused, settle_text) REFUSED("settle_ms=5s", SETTLE);

#define ROUNDS "an even number from 6 to 32;"
FIXTURE_VARIANT_ADD(refused, rounds_below) REFUSED("rounds_max=4", ROUNDS);
FIXTURE_VARIANT_ADD(refused, rounds_above) REFUSED("rounds_max=34", ROUNDS);
FIXTURE_VARIANT_ADD(refused, rounds_odd) REFUSED("rounds_max=7", ROUNDS);
FIXTURE_VARIANT_ADD(refused, rounds_odd_last) REFUSED("rounds_max=31", ROUNDS);
FIXTURE_VARIANT_ADD(refused, rounds_zero) REFUSED("rounds_max=0", ROUNDS);
FIXTURE_VARIANT_ADD(refused, rounds_negative) REFUSED("rounds_max=-16", ROUNDS);
FIXTURE_VARIANT_ADD(refused, rounds_wraps_32)
	REFUSED("rounds_max=4294967312", ROUNDS);

#define RETRY "a number from 0 to 8760;"
FIXTURE_VARIANT_ADD(refused, retry_above) REFUSED("retry_hours=8761", RETRY);
FIXTURE_VARIANT_ADD(refused, retry_negative) REFUSED("retry_hours=-1", RETRY);
FIXTURE_VARIANT_ADD(refused, retry_wraps_32)
	REFUSED("retry_hours=4294967320", RETRY);
FIXTURE_VARIANT_ADD(refused, retry_text) REFUSED("retry_hours=never", RETRY);

#define SWITCH "neither 0 nor 1;"
FIXTURE_VARIANT_ADD(refused, observe_two) REFUSED("observe=2", SWITCH);
FIXTURE_VARIANT_ADD(refused, observe_empty) REFUSED("observe=", SWITCH);
/* The kernel's own parser takes these for yes. */
FIXTURE_VARIANT_ADD(refused, observe_ten) REFUSED("observe=10", SWITCH);
FIXTURE_VARIANT_ADD(refused, observe_yellow) REFUSED("observe=yellow", SWITCH);
FIXTURE_VARIANT_ADD(refused, recover_negative) REFUSED("recover=-1", SWITCH);
FIXTURE_VARIANT_ADD(refused, recover_text) REFUSED("recover=one", SWITCH);
FIXTURE_VARIANT_ADD(refused, poll_two) REFUSED("poll=2", SWITCH);
FIXTURE_VARIANT_ADD(refused, poll_fast) REFUSED("poll=15s", SWITCH);

#define WORDS "none of auto, d3cold, d3hot, d0 and observe;"
FIXTURE_VARIANT_ADD(refused, policy_unknown) REFUSED("policy=d3", WORDS);
FIXTURE_VARIANT_ADD(refused, policy_capitals) REFUSED("policy=AUTO", WORDS);
FIXTURE_VARIANT_ADD(refused, policy_number) REFUSED("policy=0", WORDS);
FIXTURE_VARIANT_ADD(refused, policy_longer) REFUSED("policy=autox", WORDS);
FIXTURE_VARIANT_ADD(refused, policy_empty) REFUSED("policy=", WORDS);
FIXTURE_VARIANT_ADD(refused, policy_words) {
	.params = "policy=\"auto d3hot\"",
	.named = { NAME ": policy=auto d3hot is ", WORDS },
};

FIXTURE_VARIANT_ADD(refused, policy_verdict) REFUSED("policy=saves", WORDS);

#define ADDRESS "is not a PCI address as 01:00.0 or 0000:01:00.0;"
FIXTURE_VARIANT_ADD(refused, devices_text) REFUSED("devices=gpu", ADDRESS);
FIXTURE_VARIANT_ADD(refused, devices_empty) REFUSED("devices=", ADDRESS);
FIXTURE_VARIANT_ADD(refused, devices_no_function)
	REFUSED("devices=01:00", ADDRESS);
FIXTURE_VARIANT_ADD(refused, devices_no_digit)
	REFUSED("devices=01:00.", ADDRESS);
FIXTURE_VARIANT_ADD(refused, devices_function)
	REFUSED("devices=01:00.8", ADDRESS);
FIXTURE_VARIANT_ADD(refused, devices_device)
	REFUSED("devices=01:20.0", ADDRESS);
FIXTURE_VARIANT_ADD(refused, devices_bus)
	REFUSED("devices=0000:100:00.0", ADDRESS);
FIXTURE_VARIANT_ADD(refused, devices_domain)
	REFUSED("devices=123456789:01:00.0", ADDRESS);
FIXTURE_VARIANT_ADD(refused, devices_rest) REFUSED("devices=01:00.0x", ADDRESS);
FIXTURE_VARIANT_ADD(refused, devices_wildcard)
	REFUSED("devices=01:00.*", ADDRESS);
FIXTURE_VARIANT_ADD(refused, devices_sign) REFUSED("devices=-1:00.0", ADDRESS);
FIXTURE_VARIANT_ADD(refused, devices_prefix)
	REFUSED("devices=0x:00.0", ADDRESS);
FIXTURE_VARIANT_ADD(refused, devices_blank) {
	.params = "devices=\" 01:00.0\"",
	.named = { NAME ": devices= 01:00.0", "' 01:00.0' " ADDRESS },
};

FIXTURE_VARIANT_ADD(refused, devices_blank_inside) {
	.params = "devices=\"01: 00.0\"",
	.named = { NAME ": devices=01: 00.0", "'01: 00.0' " ADDRESS },
};

FIXTURE_VARIANT_ADD(refused, devices_id) REFUSED("devices=10de:2786", ADDRESS);
FIXTURE_VARIANT_ADD(refused, devices_second)
	REFUSED("devices=01:00.0,nonsense", "'nonsense' " ADDRESS);
FIXTURE_VARIANT_ADD(refused, devices_trailing_comma)
	REFUSED("devices=01:00.0,", "'' " ADDRESS);
FIXTURE_VARIANT_ADD(refused, devices_leading_comma)
	REFUSED("devices=,01:00.0", "'' " ADDRESS);

#define SIXTEEN "01:00.0,01:00.1,01:00.2,01:00.3,01:00.4,01:00.5,01:00.6," \
	"01:00.7,02:00.0,02:00.1,02:00.2,02:00.3,02:00.4,02:00.5,02:00.6,02:00.7"
FIXTURE_VARIANT_ADD(refused, devices_seventeen)
	REFUSED("devices=" SIXTEEN ",03:00.0", "more than 16 addresses;");

FIXTURE_SETUP(refused)
{
	ASSERT_EQ(0, load_once());
	self->kmsg = kmsg_open();
	ASSERT_LE(0, self->kmsg);
}

/* What loaded against expectation must not spoil the next test. */
FIXTURE_TEARDOWN_PARENT(refused)
{
	EXPECT_EQ(-ENOENT, module_unload(NAME));
}

/* One line of ours, and the kernel's own one that it has for any module. */
TEST_F(refused, errno_line_and_nothing_left)
{
	EXPECT_EQ(-EINVAL, module_load(KO, variant->params));
	EXPECT_TRUE(is_gone());

	EXPECT_EQ(1, kmsg_count(self->kmsg, variant->named[0]));
	EXPECT_EQ(1, kmsg_count(self->kmsg, variant->named[1]));
	EXPECT_EQ(1, kmsg_count(self->kmsg, "; nothing loaded"));
	EXPECT_EQ(1, kmsg_count(self->kmsg, "invalid for parameter"));
	EXPECT_EQ(2, kmsg_count(self->kmsg, NAME));

	/* After that the right value works. */
	ASSERT_EQ(0, module_load(KO, NULL));
	EXPECT_EQ(0, module_unload(NAME));
}

/* What the kernel refuses itself, or what no line has room for. */
TEST(refused_without_a_value)
{
	EXPECT_EQ(-EINVAL, module_load(KO, "min_saving_mw"));
	EXPECT_EQ(-EINVAL, module_load(KO, "settle_ms"));
	EXPECT_EQ(-EINVAL, module_load(KO, "rounds_max"));
	EXPECT_EQ(-EINVAL, module_load(KO, "retry_hours"));
	EXPECT_EQ(-EINVAL, module_load(KO, "policy"));
	EXPECT_EQ(-EINVAL, module_load(KO, "devices"));
	EXPECT_TRUE(is_gone());
}

TEST(refused_however_long)
{
	static const char *const parameters[] = {
		"min_saving_mw=", "settle_ms=", "rounds_max=", "retry_hours=",
		"observe=", "recover=", "poll=", "policy=", "devices=",
	};
	char params[8192];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(parameters); i++) {
		memset(params, '1', sizeof(params) - 1);
		params[sizeof(params) - 1] = '\0';
		memcpy(params, parameters[i], strlen(parameters[i]));
		EXPECT_EQ(-EINVAL, module_load(KO, params))
			TH_LOG("%s", parameters[i]);
	}
	EXPECT_TRUE(is_gone());
	/* The last line lost its end; the next one completes it. */
	EXPECT_EQ(-EINVAL, module_load(KO, "poll=2"));
}

FIXTURE(accepted)
{
	int kmsg;
};

/*
 * @params: what the module is loaded with
 * @name: a parameter
 * @value: what is read from it then
 */
FIXTURE_VARIANT(accepted)
{
	const char *params;
	const char *name;
	const char *value;
};

#define ACCEPTED(parameter, given, shown) { \
	.params = parameter "=" given, \
	.name = parameter, \
	.value = shown, \
}

#define DEFAULT(parameter, shown) { \
	.name = parameter, \
	.value = shown, \
}

FIXTURE_VARIANT_ADD(accepted, default_min_saving_mw)
	DEFAULT("min_saving_mw", "500");
FIXTURE_VARIANT_ADD(accepted, default_settle_ms) DEFAULT("settle_ms", "5000");
FIXTURE_VARIANT_ADD(accepted, default_rounds_max) DEFAULT("rounds_max", "16");
FIXTURE_VARIANT_ADD(accepted, default_retry_hours) DEFAULT("retry_hours", "24");
FIXTURE_VARIANT_ADD(accepted, default_observe) DEFAULT("observe", "N");
FIXTURE_VARIANT_ADD(accepted, default_recover) DEFAULT("recover", "N");
FIXTURE_VARIANT_ADD(accepted, default_poll) DEFAULT("poll", "N");
FIXTURE_VARIANT_ADD(accepted, default_policy) DEFAULT("policy", "auto");
FIXTURE_VARIANT_ADD(accepted, default_devices) DEFAULT("devices", "");
FIXTURE_VARIANT_ADD(accepted, saving_least)
	ACCEPTED("min_saving_mw", "50", "50");
FIXTURE_VARIANT_ADD(accepted, saving_most)
	ACCEPTED("min_saving_mw", "50000", "50000");
FIXTURE_VARIANT_ADD(accepted, saving_hexadecimal)
	ACCEPTED("min_saving_mw", "0x1f4", "500");
FIXTURE_VARIANT_ADD(accepted, settle_least)
	ACCEPTED("settle_ms", "1000", "1000");
FIXTURE_VARIANT_ADD(accepted, settle_most)
	ACCEPTED("settle_ms", "60000", "60000");
FIXTURE_VARIANT_ADD(accepted, rounds_least) ACCEPTED("rounds_max", "6", "6");
FIXTURE_VARIANT_ADD(accepted, rounds_most) ACCEPTED("rounds_max", "32", "32");
FIXTURE_VARIANT_ADD(accepted, retry_never) ACCEPTED("retry_hours", "0", "0");
FIXTURE_VARIANT_ADD(accepted, retry_most)
	ACCEPTED("retry_hours", "8760", "8760");
FIXTURE_VARIANT_ADD(accepted, observe) ACCEPTED("observe", "1", "Y");
FIXTURE_VARIANT_ADD(accepted, observe_not) ACCEPTED("observe", "0", "N");
FIXTURE_VARIANT_ADD(accepted, recover) ACCEPTED("recover", "1", "Y");
FIXTURE_VARIANT_ADD(accepted, recover_yes) ACCEPTED("recover", "yes", "Y");
FIXTURE_VARIANT_ADD(accepted, poll) ACCEPTED("poll", "1", "Y");
FIXTURE_VARIANT_ADD(accepted, poll_off) ACCEPTED("poll", "off", "N");
FIXTURE_VARIANT_ADD(accepted, policy_auto) ACCEPTED("policy", "auto", "auto");
FIXTURE_VARIANT_ADD(accepted, policy_d3cold)
	ACCEPTED("policy", "d3cold", "d3cold");
FIXTURE_VARIANT_ADD(accepted, policy_d3hot)
	ACCEPTED("policy", "d3hot", "d3hot");
FIXTURE_VARIANT_ADD(accepted, policy_d0) ACCEPTED("policy", "d0", "d0");
FIXTURE_VARIANT_ADD(accepted, policy_observe)
	ACCEPTED("policy", "observe", "observe");
/* Devices that are not there may come. */
FIXTURE_VARIANT_ADD(accepted, devices_short)
	ACCEPTED("devices", "01:00.0", "0000:01:00.0");
FIXTURE_VARIANT_ADD(accepted, devices_full)
	ACCEPTED("devices", "0000:01:00.0", "0000:01:00.0");
FIXTURE_VARIANT_ADD(accepted, devices_capitals)
	ACCEPTED("devices", "0000:AF:1F.7", "0000:af:1f.7");
FIXTURE_VARIANT_ADD(accepted, devices_domain)
	ACCEPTED("devices", "10000:e1:00.0", "10000:e1:00.0");
FIXTURE_VARIANT_ADD(accepted, devices_list)
	ACCEPTED("devices", "01:00.0,0000:01:00.1", "0000:01:00.0,0000:01:00.1");
FIXTURE_VARIANT_ADD(accepted, last_one_counts)
	ACCEPTED("devices", "02:00.0 devices=01:00.0", "0000:01:00.0");

FIXTURE_SETUP(accepted)
{
	ASSERT_EQ(0, load_once());
	self->kmsg = kmsg_open();
	ASSERT_LE(0, self->kmsg);
}

FIXTURE_TEARDOWN_PARENT(accepted)
{
	EXPECT_EQ(0, module_unload(NAME));
	EXPECT_TRUE(is_gone());
}

/* Also: readable for everybody, nothing to write, nothing to say. */
TEST_F(accepted, read_back)
{
	char path[128], text[512];
	struct stat file;

	ASSERT_EQ(0, module_load(KO, variant->params));
	snprintf(path, sizeof(path), PARAMETERS "%s", variant->name);
	ASSERT_LE(0, text_read(path, text, sizeof(text)));
	EXPECT_STREQ(variant->value, text);
	ASSERT_EQ(0, stat(path, &file));
	EXPECT_EQ(S_IFREG | 0444, file.st_mode);
	EXPECT_EQ(-EACCES, text_write(path, variant->value));
	EXPECT_EQ(0, kmsg_count(self->kmsg, NAME));
}

TEST(accepted_sixteen_devices)
{
	char text[512], devices[512] = "";
	const char *word;
	char list[] = SIXTEEN;

	for (word = strtok(list, ","); word; word = strtok(NULL, ",")) {
		strcat(devices, *devices ? ",0000:" : "0000:");
		strcat(devices, word);
	}
	ASSERT_EQ(0, module_load(KO, "devices=" SIXTEEN));
	EXPECT_LE(0, text_read(PARAMETERS "devices", text, sizeof(text)));
	EXPECT_STREQ(devices, text);
	EXPECT_EQ(0, module_unload(NAME));
}

TEST(accepted_all_together)
{
	static const char *const values[][2] = {
		{ "min_saving_mw", "750" }, { "settle_ms", "2500" },
		{ "rounds_max", "8" }, { "retry_hours", "1" },
		{ "policy", "d3hot" }, { "devices", "0000:01:00.0" },
		{ "observe", "Y" }, { "recover", "Y" }, { "poll", "Y" },
	};
	char path[128], text[512], params[512] = "observe recover poll";
	unsigned int i;

	for (i = 0; i < 6; i++)
		sprintf(params + strlen(params), " %s=%s", values[i][0],
			values[i][1]);
	ASSERT_EQ(0, module_load(KO, params));
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		snprintf(path, sizeof(path), PARAMETERS "%s", values[i][0]);
		EXPECT_LE(0, text_read(path, text, sizeof(text)));
		EXPECT_STREQ(values[i][1], text)
			TH_LOG("%s", values[i][0]);
	}
	EXPECT_EQ(0, module_unload(NAME));
}

/* Lines of a file: the areas that the kernel has mapped, for one. */
static int lines_of(const char *path)
{
	FILE *file = fopen(path, "re");
	int c, lines = 0;

	if (!file)
		return -errno;
	while ((c = getc(file)) != EOF)
		lines += c == '\n';
	fclose(file);
	return lines;
}

/* One area leaked per load would be twenty; freed ones linger for a while. */
TEST(twenty_loads_leave_nothing)
{
	int i, before, after;

	ASSERT_EQ(0, load_once());
	ASSERT_EQ(0, module_load(KO, NULL));
	ASSERT_EQ(0, module_unload(NAME));
	before = lines_of("/proc/vmallocinfo");
	ASSERT_LT(0, before);
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, module_load(KO, NULL));
		ASSERT_EQ(0, access("/sys/class/vfio_pm", F_OK));
		ASSERT_EQ(0, module_unload(NAME));
		ASSERT_TRUE(is_gone());
	}
	after = lines_of("/proc/vmallocinfo");
	EXPECT_GT(before + 10, after)
		TH_LOG("%d areas before, %d after", before, after);
}

TEST_HARNESS_MAIN
