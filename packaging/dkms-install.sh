#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Installs the module by DKMS: for the running kernel, which must work, for
# every other one that has headers, and for those installed later.
#   KVER="RELEASE..."  for these kernels instead; each must work
set -eu
here=$(cd "${0%/*}" && pwd)
. "$here/lib.sh"

source=$DESTDIR/usr/src/$NAME-$VERSION
required=${KVER:-$(uname -r)}

# Kernels with headers that need not work.
optional()
{
	[ -z "${KVER-}" ] || return 0
	for build in /lib/modules/*/build; do
		release=${build#/lib/modules/}
		release=${release%/build}
		[ ! -e "$build/Makefile" ] || [ "$release" = "$required" ] || say "$release"
	done
}

check()
{
	command -v dkms >/dev/null ||
		die "dkms is missing. Next:" "apt-get install dkms"
	for release in $required; do
		need_headers "$release"
	done
	[ -z "$(find "/lib/modules/" -path "*/$MODULE_DIR/*")" ] ||
		die "the module was installed by 'make install'. Next:" "make uninstall"
}

# Only what building needs; DKMS would copy the whole checkout.
copy_sources()
{
	rm -rf "$source"
	mkdir -p "$source"
	cp "$TOP/dkms.conf" "$TOP/COPYING" "$source"
	(cd "$TOP" && find kernel \( -name '*.[ch]' -o -name Kbuild \) ! -name '*.mod.c' \
		-exec install -D -m 644 {} "$source/{}" \;)
}

# build RELEASE
build()
{
	dkms install -m "$NAME" -v "$VERSION" -k "$1"
}

need_root
need_userspace
if [ -n "$DESTDIR" ]; then
	copy_sources
	install_files
	exit
fi

check
refuse_foreign
for package in $(own_dkms_packages); do
	dkms remove "$package" --all
	rm -rf "/usr/src/$NAME-${package#*/}"
done
copy_sources
dkms add -m "$NAME" -v "$VERSION"
for release in $required; do
	build "$release" ||
		die "the module cannot be built for kernel $release. The compiler's output:" \
			"$DKMS_TREE/$NAME/$VERSION/build/make.log"
done
for release in $(optional); do
	build "$release" || say "$NAME: not built for kernel $release, going on"
done
install_files
note_loaded
