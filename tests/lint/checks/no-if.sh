#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# No conditional compilation in the .c files of the modules.
set -eu
. "${0%/*}/../lib.sh"

over '^kernel/.*[.]c$' '^$' \
	grep -nHE '^[[:space:]]*#[[:space:]]*(if|ifdef|ifndef|elif|else|endif)\b' |
	expect_nothing
