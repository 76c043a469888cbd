// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the tests of all parts; one "ok - name" or "not ok - name" each.
 */
#include "check.h"

static bool test_failed;

void expect(bool holds, const char *file, int line, const char *text)
{
	if (holds)
		return;
	printf("# %s:%d: %s\n", file, line, text);
	test_failed = true;
}

void expect_equal(long long found, long long wanted, const char *file, int line,
		  const char *text)
{
	if (found == wanted)
		return;
	printf("# %s:%d: %s is %lld, not %lld\n", file, line, text, found,
	       wanted);
	test_failed = true;
}

static const struct test *const parts[] = {
	stat_tests, phase_tests, policy_tests, gauge_tests, choice_tests,
};

int main(void)
{
	const struct test *test;
	bool failed = false;
	size_t i;

	for (i = 0; i < COUNT(parts); i++) {
		for (test = parts[i]; test->name; test++) {
			test_failed = false;
			test->run();
			printf("%sok - policy: %s\n", test_failed ? "not " : "",
			       test->name);
			/* A sanitizer may end the next one. */
			fflush(stdout);
			failed |= test_failed;
		}
	}
	return failed;
}
