#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# No file is longer than 500 lines, but what a machine has collected.
set -eu
. "${0%/*}/../lib.sh"

over . 'corpus/reached[.]txt$' awk 'FNR == 501 { print FILENAME ": more than 500 lines" }' |
	expect_nothing
