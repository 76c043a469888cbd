#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Removes what dkms-install.sh or install.sh has put there, for every kernel.
set -eu
here=$(cd "${0%/*}" && pwd)
. "$here/lib.sh"

need_root
if [ -z "$DESTDIR" ]; then
	for package in $(own_dkms_packages); do
		dkms remove "$package" --all
	done
fi
rm -rf "$DESTDIR/usr/src/$NAME"-[0-9]*

for modules in "$DESTDIR"/lib/modules/*/"$MODULE_DIR"; do
	[ -d "$modules" ] || continue
	rm -r "$modules"
	rmdir --ignore-fail-on-non-empty "${modules%/*}"
	release=${modules%/"$MODULE_DIR"}
	[ -n "$DESTDIR" ] || depmod "${release##*/}"
done
uninstall_files
note_loaded
