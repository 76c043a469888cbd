#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Every module parameter is in README's table of parameters and vice versa.
set -eu
. "${0%/*}/../lib.sh"

code=$(over '^kernel/.*[.]c$' '^$' \
	grep -hoE '^module_param(_[a-z]+)*\([a-z_0-9]+' | sed 's/.*(//')
readme=$(sed -nE '/^## Parameters/,/^## [^P]/s/^\| `([a-z_0-9]+)` .*/\1/p' README.md)
expect_same "the code" "$code" "README.md" "$readme"
