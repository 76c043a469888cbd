#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Removes the roots and everything else that was downloaded; the next run makes
# them again. A root in use stays.
set -eu
vm=$(cd "${0%/*}" && pwd)
. "$vm/lib.sh"

for held in "$CACHE"/roots/*-*.lock; do
	[ ! -e "$held" ] || flock -n "$held" true ||
		die "something still runs in ${held%.lock}"
done
rm -rf "$CACHE"
