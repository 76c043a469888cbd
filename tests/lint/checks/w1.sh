#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Every module builds with W=1 for this root's newest kernel without a warning.
set -eu
. "${0%/*}/../lib.sh"
. "${0%/*}/../kbuild.sh"

build_all W=1
grep -i 'warning:' /tmp/build/log | expect_nothing
