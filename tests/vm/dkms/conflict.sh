# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154
# Somebody else's kvmfr.ko is already there.

# fake_package NAME: sources of a DKMS package with a module kvmfr
fake_package()
{
	mkdir "/usr/src/$1-0.0.1"
	cp "$fake/kvmfr.c" "/usr/src/$1-0.0.1"
	echo "obj-m := kvmfr.o" >"/usr/src/$1-0.0.1/Makefile"
	cat >"/usr/src/$1-0.0.1/dkms.conf" <<-EOF
	PACKAGE_NAME="$1"
	PACKAGE_VERSION="0.0.1"
	BUILT_MODULE_NAME[0]="kvmfr"
	DEST_MODULE_LOCATION[0]="/kernel/drivers/misc"
	AUTOINSTALL="yes"
	EOF
	dkms add -m "$1" -v 0.0.1
}

# The command of the last refusal does what it says.
follow_advice()
{
	sed -n 's/^	//p' /tmp/advice >/tmp/advice.sh
	sh -e /tmp/advice.sh
}

expect "another DKMS package named kvmfr can be added" fake_package kvmfr
expect "it can be installed" dkms install -m kvmfr -v 0.0.1 -k "$release"
refuses "install beside DKMS package kvmfr" "dkms remove kvmfr/0.0.1 --all" \
	make install KDIR="/lib/modules/$release/build"
refuses "dkms-install beside DKMS package kvmfr" "dkms remove kvmfr/0.0.1 --all" \
	make dkms-install KVER="$release"
make dkms-install KVER="$release" >/tmp/advice 2>&1 || :
expect "the error names the package" grep -q "DKMS package kvmfr/0.0.1" /tmp/advice
expect "the advice removes it" follow_advice
expect "its module is gone" test -z "$(find /lib/modules/ -name 'kvmfr.ko*')"
rm -r /usr/src/kvmfr-0.0.1

expect "a DKMS package of any name can be added" fake_package picture-frames
refuses "dkms-install beside a package with a kvmfr.ko" \
	"dkms remove picture-frames/0.0.1 --all" make dkms-install KVER="$release"
dkms remove picture-frames/0.0.1 --all
rm -r /usr/src/picture-frames-0.0.1

stray=/lib/modules/$release/extra/kvmfr.ko
mkdir -p "${stray%/*}"
echo "not even a module" >"$stray"
refuses "dkms-install beside a stray kvmfr.ko" "rm $stray && depmod -a" \
	make dkms-install KVER="$release"
refuses "install beside a stray kvmfr.ko" "rm $stray && depmod -a" \
	make install KDIR="/lib/modules/$release/build"
rm -r "${stray%/*}"
