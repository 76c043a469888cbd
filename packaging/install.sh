#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Builds the module for one kernel and installs it without DKMS.
#   KDIR=DIR  the kernel's build directory instead of the running kernel's
set -eu
here=$(cd "${0%/*}" && pwd)
. "$here/lib.sh"

need_root
KDIR=${KDIR:-/lib/modules/$(uname -r)/build}
case $KDIR in
/lib/modules/*/build)
	release=${KDIR#/lib/modules/}
	need_headers "${release%/build}"
	;;
esac
[ -e "$KDIR/Makefile" ] || die "'$KDIR' is not the build directory of a kernel"
[ -n "$DESTDIR" ] || [ -z "$(own_dkms_packages)" ] ||
	die "the module was installed by 'make dkms-install'. Next:" "make uninstall"
refuse_foreign
need_userspace

# Not "make kernelrelease": that is 6.1.192 where Debian 12 has 6.1.0-56-amd64.
release=$(sed -n 's/^#define UTS_RELEASE "\(.*\)"$/\1/p' "$KDIR/include/generated/utsrelease.h")
make -C "$KDIR" M="$TOP/kernel" modules
make -C "$KDIR" M="$TOP/kernel" INSTALL_MOD_PATH="$DESTDIR" \
	INSTALL_MOD_DIR="$MODULE_DIR" modules_install
# Headers have no System.map, without which the kernel's Makefile leaves it out.
[ -n "$DESTDIR" ] || depmod "$release"
install_files
note_loaded
