#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# All C as the kernel's own .clang-format lays it out; but for what is written
# in the macros of kselftest_harness.h, which clang-format takes for functions
# or for nonsense. checkpatch reads those files too.
set -eu
. "${0%/*}/../lib.sh"

# Its exit status says whether a line was found, not whether a file is left.
over '[.][ch]$' '^$' grep -LE 'kselftest_harness[.]h|FIXTURE|TEST_HARNESS_MAIN' >/tmp/plain || [ -s /tmp/plain ]
xargs clang-format --style="file:$TOOLS/.clang-format" --dry-run -Werror </tmp/plain
