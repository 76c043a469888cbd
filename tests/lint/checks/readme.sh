#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Every command that README shows is run, as it stands there, by a test.
set -eu
. "${0%/*}/../lib.sh"

files '^(tests|[.]ci)/' '^tests/lint/' >/tmp/tests
sed -n '/^```sh$/,/^```$/p' README.md | grep -vE '^```|^(#.*)?$' >/tmp/commands
while read -r command; do
	xargs grep -lF -e "$command" </tmp/tests | grep -q . ||
		echo "README.md: no test runs '$command'"
done </tmp/commands | expect_nothing
