#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Every sysfs attribute is documented, completely, and every documented one
# exists.
set -eu
. "${0%/*}/../lib.sh"

documents='^Documentation/ABI/testing/sysfs-'
code=$(over '^kernel/.*[.]c$' '^$' \
	grep -hoE '(DEVICE|DRIVER|CLASS|BUS)_ATTR(_[A-Z]+)*\([a-z_0-9]+' |
	sed 's/.*(//')
documented=$(over "$documents" '^$' \
	sed -nE 's|^What:[[:space:]]+/sys/.*/([a-z_0-9]+)$|\1|p')
expect_same "the code" "$code" "Documentation/ABI/testing" "$documented"

over "$documents" '^$' awk '
/^[A-Za-z]+:/ { fields[$1]++ }
END {
	for (field in fields)
		if (fields[field] != fields["What:"])
			print "not every entry has one " field
	n = split("What: Date: KernelVersion: Contact: Description:", want)
	for (i = 1; i <= n; i++)
		if (!fields[want[i]])
			print "no " want[i]
}' | expect_nothing
