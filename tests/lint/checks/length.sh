#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# No file is longer than 500 lines.
set -eu
. "${0%/*}/../lib.sh"

over . '^$' awk 'FNR == 501 { print FILENAME ": more than 500 lines" }' |
	expect_nothing
