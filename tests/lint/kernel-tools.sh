#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Takes the kernel's checkers out of Debian's linux-source-6.12 into the cache.
# Runs inside the trixie root, with --scratch.
set -eu
. "${0%/*}/lib.sh"

new=$TOOLS.new.$$
trap 'rm -rf "$new"' EXIT
mkdir -p "$new"
cd "$new"

apt-get update >&2
# apt gives up its rights for a download; it may not write here then.
apt-get -o APT::Sandbox::User=root download linux-source-6.12 >&2
dpkg-deb --fsys-tarfile linux-source-6.12_*.deb |
	tar -x --strip-components=3 ./usr/src/linux-source-6.12.tar.xz
tar -xf linux-source-6.12.tar.xz --strip-components=1 \
	linux-source-6.12/.clang-format \
	linux-source-6.12/scripts/checkpatch.pl \
	linux-source-6.12/scripts/const_structs.checkpatch \
	linux-source-6.12/scripts/kernel-doc \
	linux-source-6.12/scripts/spelling.txt \
	linux-source-6.12/scripts/coccinelle
rm linux-source-6.12.tar.xz linux-source-6.12_*.deb
# What an older version of this script left.
rm -rf "$TOOLS"
mv -T "$new" "$TOOLS"
