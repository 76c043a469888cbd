// SPDX-License-Identifier: GPL-2.0
/* Text for people. */
#include <pty.h>
#include <sys/ioctl.h>

#include "fixture.h"
#include "terminal.h"

static void control_characters_are_replaced(void **state)
{
	static const struct {
		const char *text;
		const char *safe;
	} cases[] = {
		{ "", "" },
		{ "qemu-system-x86", "qemu-system-x86" },
		{ "a\nb\tc\033[31md\177", "a?b?c?[31md?" },
		{ "\302\233"
		  "1m",
		  "?1m" }, /* C1: CSI */
		{ "Gr\303\274n \342\202\254 \360\237\230\200",
		  "Gr\303\274n \342\202\254 \360\237\230\200" },
		{ "\374ber", "?ber" }, /* Latin 1 */
		{ "a\200\277b", "a??b" },
		{ "a\303", "a?" },
		{ "\342\202", "??" },
		{ "\360\237\230x", "???x" },
		{ "\300\257", "??" }, /* longer than it has to be */
		{ "\340\200\257", "???" },
		{ "\355\240\200", "???" }, /* half a pair */
		{ "\364\220\200\200", "????" }, /* beyond the last */
		{ "\370\210\200\200\200", "?????" },
		{ "\342\200\256gpj", "?gpj" }, /* right to left */
	};
	char safe[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_ptr_equal(kvmfr_terminal_safe(safe, sizeof(safe),
						     cases[i].text),
				 safe);
		assert_string_equal(safe, cases[i].safe);
	}
}

static void no_character_is_cut(void **state)
{
	char safe[8] = "xxxxxxx";

	assert_string_equal(kvmfr_terminal_safe(safe, 4, "abcdef"), "abc");
	assert_string_equal(kvmfr_terminal_safe(safe, 4, "ab\303\274"), "ab");
	assert_string_equal(kvmfr_terminal_safe(safe, 5, "ab\303\274"),
			    "ab\303\274");
	assert_string_equal(kvmfr_terminal_safe(safe, 1, "a"), "");
	assert_int_equal(safe[7], '\0');
}

static void watts_are_readable(void **state)
{
	static const struct {
		long long uw;
		const char *text;
	} cases[] = {
		{ 0, "0 mW" },
		{ 400, "0 mW" },
		{ -400, "0 mW" },
		{ 850000, "850 mW" },
		{ 999499, "999 mW" },
		{ 999500, "1.0 W" },
		{ 12340000, "12.3 W" },
		{ 12350000, "12.4 W" },
		{ -1250000, "-1.3 W" },
		{ -20000, "-20 mW" },
		{ 19999999, "20.0 W" },
		{ INT64_MIN, "-" },
		{ INT64_MAX, "9.2e+12 W" },
		{ INT64_MIN + 1, "-9.2e+12 W" },
	};
	char text[16];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(kvmfr_terminal_watts(text, cases[i].uw),
				    cases[i].text);
}

static void durations_are_readable(void **state)
{
	static const struct {
		long long ms;
		const char *text;
	} cases[] = {
		{ 0, "0.0 s" },
		{ 5200, "5.2 s" },
		{ 59999, "59.9 s" },
		{ 60000, "1 min" },
		{ 720000, "12 min" },
		{ 3600000, "1 h 0 min" },
		{ 86399999, "23 h 59 min" },
		{ 273600000, "3 d 4 h" },
		{ -1, "-" },
		{ INT64_MAX, "106751991167 d 7 h" },
	};
	char text[32];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(kvmfr_terminal_duration(text, cases[i].ms),
				    cases[i].text);
}

static void colours_need_a_terminal(void **state)
{
	int main_end, other_end;

	assert_int_equal(openpty(&main_end, &other_end, NULL, NULL, NULL), 0);
	unsetenv("NO_COLOR");
	setenv("TERM", "xterm", 1);
	assert_true(kvmfr_terminal_colours(other_end));
	setenv("NO_COLOR", "", 1);
	assert_true(kvmfr_terminal_colours(other_end));
	setenv("NO_COLOR", "1", 1);
	assert_false(kvmfr_terminal_colours(other_end));
	unsetenv("NO_COLOR");
	setenv("TERM", "dumb", 1);
	assert_false(kvmfr_terminal_colours(other_end));
	unsetenv("TERM");
	assert_false(kvmfr_terminal_colours(other_end));
	setenv("TERM", "xterm", 1);
	close(main_end);
	close(other_end);
	other_end = open("/dev/null", O_RDWR);
	assert_false(kvmfr_terminal_colours(other_end));
	close(other_end);
	assert_string_equal(kvmfr_terminal_colour(true, KVMFR_RED), "\033[31m");
	assert_string_equal(kvmfr_terminal_colour(false, KVMFR_RED), "");
}

static void width_is_the_terminals_or_columns(void **state)
{
	struct winsize size = { .ws_row = 24, .ws_col = 132 };
	int main_end, other_end;

	assert_int_equal(openpty(&main_end, &other_end, NULL, NULL, &size), 0);
	setenv("COLUMNS", "100", 1);
	assert_int_equal(kvmfr_terminal_width(other_end), 132);
	size.ws_col = 10;
	assert_int_equal(ioctl(other_end, TIOCSWINSZ, &size), 0);
	assert_int_equal(kvmfr_terminal_width(other_end), 40);
	size.ws_col = 0;
	assert_int_equal(ioctl(other_end, TIOCSWINSZ, &size), 0);
	assert_int_equal(kvmfr_terminal_width(other_end), 100);
	close(main_end);
	close(other_end);
	other_end = open("/dev/null", O_RDWR);
	assert_int_equal(kvmfr_terminal_width(other_end), 100);
	for (const char *const *bad =
		     (const char *const[]){ "wide", "-1", "0", "", NULL };
	     *bad; bad++) {
		setenv("COLUMNS", *bad, 1);
		assert_int_equal(kvmfr_terminal_width(other_end), 80);
	}
	setenv("COLUMNS", "99999999999", 1);
	assert_int_equal(kvmfr_terminal_width(other_end), 1000);
	unsetenv("COLUMNS");
	assert_int_equal(kvmfr_terminal_width(other_end), 80);
	close(other_end);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(control_characters_are_replaced),
		cmocka_unit_test(no_character_is_cut),
		cmocka_unit_test(watts_are_readable),
		cmocka_unit_test(durations_are_readable),
		cmocka_unit_test(colours_need_a_terminal),
		cmocka_unit_test(width_is_the_terminals_or_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
