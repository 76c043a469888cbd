# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154
# The installed system as a disk. What only building needs stays behind.
rm -rf /usr/src/linux-* /usr/lib/linux-kbuild-* /usr/lib/gcc* /usr/libexec/gcc \
	/usr/share/doc /usr/share/man /usr/share/locale /var/lib/apt/lists /var/cache/apt
# The root without what is mounted on it.
mkdir /tmp/root
mount --bind / /tmp/root
truncate -s 3G "$run/disk.ext4"
expect "the system fits on a disk" mke2fs -q -F -t ext4 -m 0 -d /tmp/root "$run/disk.ext4"
umount /tmp/root
