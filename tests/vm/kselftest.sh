#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Takes the kselftest harness out of the newest kernel source of
# trixie-backports into /cache/kselftest. Runs inside the trixie root, with
# --scratch.
set -eu
new=/cache/kselftest.new.$$
trap 'rm -rf "$new"' EXIT
mkdir "$new"

apt-get update
apt-get install -y --no-install-recommends --download-only -t trixie-backports \
	linux-source
dpkg-deb --fsys-tarfile /var/cache/apt/archives/linux-source-[0-9]*.deb |
	tar -xO --wildcards './usr/src/linux-source-*.tar.xz' |
	tar -xJ -C "$new" --strip-components=4 --wildcards \
		'linux-source-*/tools/testing/selftests/kselftest.h' \
		'linux-source-*/tools/testing/selftests/kselftest_harness.h'
mv -T "$new" /cache/kselftest
