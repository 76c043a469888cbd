#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Every module is clean under sparse, and every file was really looked at:
# Kbuild only prints a line, and goes on, where it finds sparse unusable.
set -eu
. "${0%/*}/../lib.sh"
. "${0%/*}/../kbuild.sh"

build_all C=2 CHECK=sparse
grep -iE 'warning:|error:|not available|skipped' /tmp/build/log | expect_nothing
expect_same "the tree" "$(module_sources)" "what sparse read" "$(checked_sources)"
