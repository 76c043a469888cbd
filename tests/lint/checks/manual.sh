#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The manual pages: well-formed, and one for every command of kvmfrctl.
set -eu
. "${0%/*}/../lib.sh"

# Which other pages this root has does not matter.
over '^userspace/man/.*[.][58]$' '^$' mandoc -T lint -W style >/tmp/lint || [ -s /tmp/lint ]
grep -v 'referenced manual not found' /tmp/lint | expect_nothing
sed -n 's/^	{ "\([a-z]*\)", ".*/\1/p' userspace/kvmfrctl/main.c | while read -r name; do
	grep -qlE "^[.]Nm kvmfrctl( |-)$name" userspace/man/kvmfrctl*.8 ||
		echo "userspace/man: no page for kvmfrctl $name"
done | expect_nothing
