# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154
# Without DKMS.
names >/tmp/names.before

expect "make install" make install
for name in kvmfr vfio_pci_pm; do
	expect "modprobe takes the module: $name" test \
		"$(modinfo -k "$release" -F version "$name")" = "$version"
done
expect "make install over itself" make install
refuses "dkms-install beside it" "make uninstall" make dkms-install
expect "make uninstall after it" make uninstall

names >/tmp/names.after
expect "uninstall leaves nothing of it" diff /tmp/names.before /tmp/names.after
