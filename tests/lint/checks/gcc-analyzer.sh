#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The programs are clean under gcc's static analyser, which follows pointers and
# descriptors from function to function; and every file was really looked at.
set -eu
. "${0%/*}/../lib.sh"

make -C userspace O=/tmp/userspace CFLAGS='-O1 -fanalyzer' >/tmp/log 2>&1 || {
	cat /tmp/log
	exit 1
}
grep -E 'warning:|error:' /tmp/log | sed 's|^|userspace/|' | sort -u |
	unexcepted gcc-analyzer | expect_nothing
expect_same "the tree" "$(files '^userspace/.*[.]c$')" "what gcc read" \
	"$(sed -n 's|.* -c -o [^ ]* \([^ ]*[.]c\)$|userspace/\1|p' /tmp/log)"
