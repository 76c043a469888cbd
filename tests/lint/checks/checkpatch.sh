#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# checkpatch.pl --strict on the modules and the C programs of the tests.
set -eu
. "${0%/*}/../lib.sh"

# It leaves a file of its own where it runs.
mkdir /tmp/tree
over '^(kernel|tests)/.*[.][ch]$' '^$' cp --parents -t /tmp/tree
cd /tmp/tree

checkpatch()
{
	over "$1" '^$' perl "$TOOLS/scripts/checkpatch.pl" --no-tree --strict --file \
		--terse --show-types --quiet --ignore "$2"
}

# compat.h is where version tests belong, see the check "versions".
checkpatch '^kernel/.*[.][ch]$' LINUX_VERSION_CODE
# Programs have the C library's types, and look at memory that others change.
checkpatch '^tests/.*[.][ch]$' PREFER_KERNEL_TYPES,VOLATILE
