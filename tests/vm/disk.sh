#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The disk of a full root, made once and never written to: machines write to
# snapshots of it. Prints its path, or with --qemu the arguments for it.
set -eu
vm=$(cd "${0%/*}" && pwd)
. "$vm/lib.sh"

qemu=''
[ "${1-}" != --qemu ] || { qemu=1; shift; }
[ $# -eq 1 ] || usage "disk.sh [--qemu] ROOT"

root=$("$vm/root.sh" "$1")
disk=$root.ext4
lock 8 "$root.ext4.lock"
if [ ! -e "$disk" ]; then
	say "making the disk of root $1 (about 20 s)..."
	"$vm/image.sh" "$root" "$disk.new"
	mv "$disk.new" "$disk"
fi

if [ -n "$qemu" ]; then
	echo "-drive file=$(inside "$disk"),format=raw,if=virtio,snapshot=on"
else
	echo "$disk"
fi
