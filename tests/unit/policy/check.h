/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The least that unit tests need: a list of them, and EXPECT().
 */
#ifndef POLICY_CHECK_H
#define POLICY_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct test {
	const char *name;
	void (*run)(void);
};

extern const struct test stat_tests[], phase_tests[], policy_tests[],
	gauge_tests[], choice_tests[];

/* Both say where, and what was found, if it is not what is wanted. */
void expect(bool holds, const char *file, int line, const char *text);
void expect_equal(long long found, long long wanted, const char *file, int line,
		  const char *text);

#define EXPECT(condition) expect(condition, __FILE__, __LINE__, #condition)
#define EXPECT_EQ(found, wanted) \
	expect_equal(found, wanted, __FILE__, __LINE__, #found)

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif /* POLICY_CHECK_H */
