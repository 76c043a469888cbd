#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The udev rules: valid, without OWNER= (systemd 258 ignores the whole line),
# and in time for 73-seat-late.rules, which acts on the uaccess tag.
set -eu
. "${0%/*}/../lib.sh"

over '^udev/.*[.]rules$' '^$' udevadm verify --no-summary
over '^udev/.*[.]rules$' '^$' grep -nH OWNER | expect_nothing
over '^udev/.*[.]rules$' '^$' grep -l uaccess | while read -r file; do
	expr "${file##*/}" '<' 73-seat-late.rules >/dev/null ||
		echo "$file: sorts after 73-seat-late.rules"
done | expect_nothing
