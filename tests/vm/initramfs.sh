#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Packs an initramfs; runs inside the trixie root.
#   initramfs.sh OUT TREE ROOT RELEASE MODULE...
# TREE goes in as it is; busybox and the stock modules of ROOT's kernel, with
# what they depend on, are added. /lib/stock/order lists them in loading order.
set -eu
out=$1 tree=$2 root=$3 release=$4
shift 4

stage=$(mktemp -d)
mkdir -p "$stage/bin" "$stage/lib/stock" "$stage/dev"
cp /usr/bin/busybox "$stage/bin/"
for applet in $(busybox --list); do
	[ "$applet" = busybox ] || ln -s busybox "$stage/bin/$applet"
done
# The kernel opens it before anything is mounted.
mknod "$stage/dev/console" c 5 1
cp -R "$tree/." "$stage/"

: >"$stage/lib/stock/order"
: >/tmp/depends
for module; do
	modprobe -d "$root" -S "$release" --show-depends "$module" >>/tmp/depends
done
awk '$1 == "insmod" && !seen[$2]++ { print $2 }' /tmp/depends >/tmp/modules
while read -r path; do
	file=${path##*/}
	file=${file%.xz}
	file=${file%.zst}
	case $path in
	*.xz) xz -dc "$path" ;;
	*.zst) zstd -qdc "$path" ;;
	*) cat "$path" ;;
	esac >"$stage/lib/stock/$file"
	echo "$file" >>"$stage/lib/stock/order"
done </tmp/modules

(cd "$stage" && find . | LC_ALL=C sort | cpio --quiet -o -H newc) >"$out"
