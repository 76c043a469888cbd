#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Every case in testing.md's tables of cases names suites that there are, with tests
# or variants that their programs have. What a laptop is put through has no names.
set -eu
. "${0%/*}/../lib.sh"

sed -nE 's/^\| [A-L][0-9].*\|([^|]*)\|$/\1/p' Documentation/testing.md |
	tr ';' '\n' | tr -d '`,' >/tmp/named

# has SUITE TEST
has()
{
	program=$(sed -n 's/^program=//p' "tests/vm/suites/$1.conf")
	grep -qsE "^(TEST|TEST_F|TEST_F_TIMEOUT|FIXTURE_VARIANT_ADD)[(]([a-z_0-9]+, )?$2[,)]" \
		"tests/selftests/${program:-$1}.c" tests/selftests/lib/*.h
}

{
	[ -s /tmp/named ] || echo "Documentation/testing.md: no case"
	while read -r suite tests; do
		if [ ! -e "tests/vm/suites/$suite.conf" ]; then
			echo "Documentation/testing.md: no suite '$suite'"
			continue
		fi
		[ -n "$tests" ] || [ "${suite#laptop_}" != "$suite" ] ||
			echo "Documentation/testing.md: no test of $suite"
		for test in $tests; do
			has "$suite" "$test" ||
				echo "Documentation/testing.md: no $test in $suite"
		done
	done </tmp/named
} | expect_nothing
