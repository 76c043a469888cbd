# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154
# The next release of ours over this one, from a checkout of its own, for both
# kernels. What the machine will have loaded before it is kept in /root.
old=$version
mine="# of this machine"

# The versions of all kvmfr.ko there are, each with how many have it.
module_versions()
{
	find /lib/modules/ -name 'kvmfr.ko*' -exec modinfo -F version {} \; | sort | uniq -c |
		awk '{ print $2 " " $1 }'
}

module_take "$release" kvmfr
cp /tmp/module.ko /root/kvmfr-old.ko
for file in /etc/modprobe.d/kvmfr.conf /etc/kvmfr.conf; do
	echo "$mine" >>$file
done
kernels=$(find /lib/modules/ -name 'kvmfr.ko*' | wc -l)

cp -R /tmp/checkout /tmp/next
cd /tmp/next || exit
sed -i "s/$old/$old.1/" dkms.conf Makefile kernel/*/main.c
version_set
expect "a release that is newer: $version" dpkg --compare-versions "$version" gt "$old"
expect "it is installed over the one before" make dkms-install
expect "for the first kernel" installed "$release"
expect "for the second" built "$second"
expect "no kernel has the old module" test "$(module_versions)" = "$version $kernels"
expect "the new ones are signed as well" signed "$release" "$key.der"
expect "DKMS does not know the old release" test -z "$(dkms status "kvmfr-suite/$old")"
for left in /usr/src/kvmfr-suite-$old /var/lib/dkms/kvmfr-suite/$old; do
	expect "gone: $left" test ! -e "$left"
done
for file in /etc/modprobe.d/kvmfr.conf /etc/kvmfr.conf; do
	expect "kept as it was: $file" grep -qx "$mine" $file
done

# For the machine: the module as it is without its signature.
module_take "$release" kvmfr
signature_cut
cp /tmp/module.body /root/kvmfr-unsigned.ko
