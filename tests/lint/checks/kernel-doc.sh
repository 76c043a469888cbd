#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Every kernel-doc comment is complete and well formed.
set -eu
. "${0%/*}/../lib.sh"

over '^kernel/.*[.][ch]$' '^$' perl "$TOOLS/scripts/kernel-doc" -none -Wall -Werror
