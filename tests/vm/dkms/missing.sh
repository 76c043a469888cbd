# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154
# Something that building needs is not there.

refuses "dkms-install without headers" "apt-get install linux-headers-9.9.9" \
	make dkms-install KVER=9.9.9
refuses "install without headers" "apt-get install linux-headers-9.9.9" \
	make install KDIR=/lib/modules/9.9.9/build

mv /usr/sbin/dkms /usr/sbin/dkms.away
refuses "dkms-install without dkms" "apt-get install dkms" \
	make dkms-install KVER="$release"
mv /usr/sbin/dkms.away /usr/sbin/dkms

mv /usr/bin/pkg-config /usr/bin/pkg-config.away
refuses "dkms-install without the programs' libraries" \
	"apt-get install gcc make pkgconf libudev-dev libkmod-dev libinih-dev libjson-c-dev libxml2-dev libacl1-dev" \
	make dkms-install KVER="$release"
mv /usr/bin/pkg-config.away /usr/bin/pkg-config
