#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Every module is clean under clang's static analyser and what clang-tidy has
# against bugs, and every file was really looked at.
set -eu
. "${0%/*}/../lib.sh"
. "${0%/*}/../kbuild.sh"

build_all C=2 CHECK=/src/tests/lint/kernel-clang-tidy.sh
grep -E 'warning:|error:' /tmp/build/log | sed 's|^/tmp/build/||' | sort -u |
	unexcepted clang-tidy | expect_nothing
expect_same "the tree" "$(module_sources)" "what clang-tidy read" "$(checked_sources)"
