#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Makes an ext4 image of a directory, without mounting anything:
# image.sh DIRECTORY IMAGE [FREE-MIB]
set -eu
vm=$(cd "${0%/*}" && pwd)
. "$vm/lib.sh"

[ $# -ge 2 ] || usage "image.sh DIRECTORY IMAGE [FREE-MIB]"
directory=$1
image=$2
free=${3:-1024}

# A tenth more for what ext4 itself needs.
used=$(du -sm "$directory" | cut -f 1)
rm -f "$image"
truncate -s "$((used + used / 10 + free))M" "$image"
"$vm/in-root.sh" trixie mke2fs -q -F -t ext4 -m 0 -d "$(inside "$directory")" \
	"$(inside "$image")"
