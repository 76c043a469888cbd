#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What the documents name as proof is there: suites, with tests or variants that their
# programs have. Every case in testing.md's tables has a test, unless it is a laptop,
# whose steps have no names; in security.md, where it stands in brackets and in the last
# column of the table, a suite is enough, a test of the programs or a check of lint.
set -eu
. "${0%/*}/../lib.sh"

# Lines "`suite` test, test; `suite`", as one "suite test test" each.
names()
{
	tr -d '[],;' | sed 's/`\([a-z0-9_]*\)`/\n\1/g' | sed 's/^ *//' | grep .
}

# The last column of a table's rows that begin so.
last_column()
{
	sed -nE "s/^\\| $1.*\\|([^|]*\`[^|]*)\\|\$/\\1/p" "$2"
}

# Behind a colon is what the suite does.
bracketed()
{
	tr '\n' ' ' <"$1" | grep -o '\[[^][]*`[^][]*\]' | sed 's/: .*//'
}

# has SUITE TEST
has()
{
	program=$(sed -n 's/^program=//p' "tests/vm/suites/$1.conf")
	grep -qsE "^(TEST|TEST_F|TEST_F_TIMEOUT|FIXTURE_VARIANT_ADD)[(]([a-z_0-9]+, )?$2[,)]" \
		"tests/selftests/${program:-$1}.c" tests/selftests/lib/*.h
}

# suite DOCUMENT SUITE TEST...
suite()
{
	document=$1 suite=$2
	shift 2
	if [ ! -e "tests/vm/suites/$suite.conf" ]; then
		echo "$document: no suite '$suite'"
		return
	fi
	for test; do
		has "$suite" "$test" || echo "$document: no $test in $suite"
	done
}

cases=Documentation/testing.md
{
	last_column '[A-L][0-9]' $cases | names >/tmp/cases || echo "$cases: no case"
	while read -r name tests; do
		[ -n "$tests" ] || [ "${name#laptop_}" != "$name" ] ||
			echo "$cases: no test of $name"
		# shellcheck disable=SC2086 # separated by blanks
		suite $cases "$name" $tests
	done </tmp/cases
} >/tmp/findings

claims=Documentation/security.md
{
	{
		bracketed $claims
		last_column '' $claims
	} | names >/tmp/claims || echo "$claims: no proof"
	while read -r name tests; do
		case $name in
		lint) file=tests/lint/checks/${tests#check }.sh ;;
		*) file=tests/unit/userspace/$name.sh ;;
		esac
		# shellcheck disable=SC2086 # separated by blanks
		[ -e "$file" ] || suite $claims "$name" $tests
	done </tmp/claims
} >>/tmp/findings
expect_nothing </tmp/findings
