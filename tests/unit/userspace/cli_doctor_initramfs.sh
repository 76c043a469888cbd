#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# kvmfrctl doctor and a real initramfs: what it says is done to this root's own
# initramfs-tools, in mounts that nobody else sees, and the image is looked into.
# shellcheck disable=SC2154,SC2319 # set by gpu-tree.sh; the condition is what $? is asked for
[ "${1-}" = mounted ] || exec unshare -m sh "$0" mounted
# shellcheck source=tests/unit/userspace/gpu-tree.sh
. "${0%/*}/gpu-tree.sh"
kernel=$(find /boot -name 'vmlinuz-*' | sed 's/.*vmlinuz-//' | sort -V | tail -n 1)
image=/boot/initrd.img-$kernel

# What the remedies change is the tree's; only modules that are named go into the
# image, which takes seconds then.
mount_tree()
{
	rm -rf "$tree/etc/initramfs-tools"
	cp -R /etc/initramfs-tools "$tree/etc/"
	sed -i 's/^MODULES=.*/MODULES=list/' "$tree/etc/initramfs-tools/initramfs.conf"
	for directory in initramfs-tools modprobe.d; do
		mount --bind "$tree/etc/$directory" "/etc/$directory"
	done
	cp "/boot/config-$kernel" "/boot/vmlinuz-$kernel" "$work/"
	mount -t tmpfs boot /boot
	mv "$work/config-$kernel" "$work/vmlinuz-$kernel" /boot/
	mount -t tmpfs versions /var/lib
	mkdir /var/lib/initramfs-tools
	mount -t tmpfs tmp /var/tmp
}

# For real: with its update-initramfs.
really()
{
	sh -e "$work/remedy-$1" >"$work/log" 2>&1
	result "the remedy of $1 runs" $?
	sed 's/^/# /' "$work/log"
}

contents()
{
	lsinitramfs "$image" >"$work/contents"
}

# position MODULE: in what the image loads first
position()
{
	grep -nE "^$1 *$" "$work/image/conf/modules" | cut -d : -f 1
}

unpack()
{
	rm -rf "$work/image"
	unmkinitramfs "$image" "$work/image"
	[ ! -d "$work/image/main" ] || mv "$work/image/main"/* "$work/image/"
}

make
rm "$tree/etc/modprobe.d/vfio.conf"
mount_tree
echo nouveau >>/etc/initramfs-tools/modules
update-initramfs -c -k "$kernel" >"$work/log" 2>&1
result "an initramfs is made" $?
sed 's/^/# /' "$work/log"
contents
grep -q '/nouveau\.ko' "$work/contents" && ! grep -q '/vfio-pci\.ko' "$work/contents"
result "it has the host's driver, and not vfio-pci" $?

finds "nothing is arranged" "warning vfio-not-at-boot" "error initramfs-order"
really initramfs-order
contents
for module in vfio-pci vfio vfio_iommu_type1; do
	grep -q "/$module\.ko" "$work/contents"
	result "the image has $module" $?
done
unpack
[ "$(position vfio_pci)" -lt "$(position nouveau)" ]
result "vfio_pci is loaded before the host's driver" $?
really vfio-not-at-boot
unpack
grep -rqx 'options vfio-pci ids=10de:249d,10de:228b' "$work/image/etc/modprobe.d"
result "the image has the ids" $?
modprobe -n -C "$work/image/etc/modprobe.d" -d "$work/image" -S "$kernel" \
	--show-depends nouveau | grep -q '/vfio-pci\.ko'
result "in the image the host's driver waits for vfio-pci" $?
well "afterwards there is nothing to say"
