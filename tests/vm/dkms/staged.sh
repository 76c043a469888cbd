# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154
# Into a package's directory: nothing of the running system is touched.
stage=/tmp/stage
files >/tmp/files.before

expect "make dkms-install DESTDIR=" make dkms-install DESTDIR="$stage" PREFIX=/usr
expect "make install DESTDIR=" make install DESTDIR="$stage" PREFIX=/usr
for file in usr/src/kvmfr-suite-$version/dkms.conf \
	usr/src/kvmfr-suite-$version/kernel/Kbuild \
	usr/src/kvmfr-suite-$version/kernel/kvmfr/main.c \
	usr/lib/udev/rules.d/70-kvmfr.rules etc/modprobe.d/kvmfr.conf \
	usr/bin/kvmfrctl usr/sbin/kvmfrd usr/share/man/man8/kvmfrd.8 \
	usr/lib/systemd/system/kvmfrd.service etc/kvmfr.conf; do
	expect "staged: $file" test -f "$stage/$file"
done
for name in kvmfr vfio_pci_pm; do
	expect "staged: $name" test -n \
		"$(find "$stage/lib/modules/$release/updates" -name "$name.ko*")"
done
mkdir -p /tmp/blank
: >/tmp/blank/my
expect "a DESTDIR with a blank is refused" \
	sh -c '! make uninstall DESTDIR="/tmp/blank/my root" && [ -e /tmp/blank/my ]'
expect "make uninstall DESTDIR=" make uninstall DESTDIR="$stage" PREFIX=/usr
expect "nothing is left in DESTDIR" test -z \
	"$(find "$stage" -name '*kvmfr*')"

files >/tmp/files.after
expect "the system itself was not changed" diff /tmp/files.before /tmp/files.after
