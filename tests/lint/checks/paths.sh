#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# No path of one machine, and no host that packages come from.
set -eu
. "${0%/*}/../lib.sh"

{
	# Written so that this file does not find itself.
	printf '%s\n' '/[w]ork/' '/tmp/[p]roto' '[b]ash_jobs' '/[h]ome/[a-z]' \
		'(deb|ftp|security|snapshot|archive)[.][a-z.-]*[d]ebian[.]org'
	# Whatever this machine's mirror is.
	cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
		sed -nE 's|.*[a-z]+://([^/ ]+).*|\1|p' | sed 's/[.]/[.]/g'
} | sort -u >/tmp/patterns
over . '^$' grep -nHE -f /tmp/patterns | expect_nothing
