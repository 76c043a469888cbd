#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# dkms.conf, Makefile, modules and CHANGELOG.md name the same version.
set -eu
. "${0%/*}/../lib.sh"

{
	sed -nE 's/^PACKAGE_VERSION="?([^"]*)"?$/\1 dkms.conf/p' dkms.conf
	sed -nE 's/^VERSION *:?= *([^ ]*)$/\1 Makefile/p' Makefile
	over '^kernel/.*[.]c$' '^$' \
		sed -nE 's/^MODULE_VERSION\("([^"]*)"\);$/\1 module/p'
	sed -nE 's/^## ([0-9][^ ]*).*/\1 CHANGELOG.md/p' CHANGELOG.md | head -n 1
} >/tmp/versions

if [ "$(cut -d ' ' -f 2 /tmp/versions | sort -u | wc -l)" -ne 4 ] ||
	[ "$(cut -d ' ' -f 1 /tmp/versions | sort -u | wc -l)" -ne 1 ]; then
	cat /tmp/versions
	exit 1
fi
