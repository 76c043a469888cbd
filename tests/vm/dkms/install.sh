# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154
# The ordinary case, as README has it, for every kernel of this root; and back.
names >/tmp/names.before
uname_is "$release"

expect "make dkms-install" make dkms-install
for build in /lib/modules/*/build; do
	kernel=${build%/build}
	kernel=${kernel##*/}
	expect "installed for kernel $kernel" installed "$kernel"
done
expect "udev rule is installed" cmp udev/70-kvmfr.rules \
	/usr/local/lib/udev/rules.d/70-kvmfr.rules
for name in kvmfr vfio-pci-pm; do
	expect "modprobe.d example is installed: $name" \
		cmp "modprobe.d/$name.conf" "/etc/modprobe.d/$name.conf"
done
for program in bin/kvmfrctl sbin/kvmfrd sbin/vfio-powerd; do
	expect "$program is installed, and starts" /usr/local/$program --version
done
expect "its configuration is the example" cmp userspace/kvmfr.conf /etc/kvmfr.conf
expect "the units name what is installed" grep -x \
	'ExecStart=/usr/local/sbin/[a-z-]*' /usr/local/lib/systemd/system/kvmfrd.service \
	/usr/local/lib/systemd/system/vfio-powerd.service
for name in kvmfr vfio_pci_pm; do
	expect "module depends on nothing that is missing: $name" \
		modprobe -S "$release" --show-depends "$name"
done

echo "options kvmfr static_size_mb=16" >/etc/modprobe.d/kvmfr.conf
echo "[nodes]" >/etc/kvmfr.conf
expect "make dkms-install over itself" make dkms-install
expect "still installed" installed "$release"
expect "settings survive it" grep -qx "options kvmfr static_size_mb=16" \
	/etc/modprobe.d/kvmfr.conf
refuses "install beside it" "make uninstall" make install

expect "make uninstall" make uninstall
expect "settings survive that, too" grep -qx "options kvmfr static_size_mb=16" \
	/etc/modprobe.d/kvmfr.conf
expect "and those of the programs" grep -qx "\[nodes\]" /etc/kvmfr.conf
rm /etc/modprobe.d/kvmfr.conf /etc/kvmfr.conf
names >/tmp/names.after
expect "uninstall leaves nothing behind" diff /tmp/names.before /tmp/names.after
expect "uninstall can be repeated" make uninstall
