#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# make in a directory of the checkout and in a root, for one suite at a time:
# make-in.sh ROOT DIRECTORY [ARGUMENT...]
set -eu
vm=$(cd "${0%/*}" && pwd)
. "$vm/lib.sh"

[ $# -ge 2 ] || usage "make-in.sh ROOT DIRECTORY [ARGUMENT...]"
name=$1
directory=$2
shift 2
lock 8 "$BUILD/make-$name-$(basename "$directory").lock"
"$vm/in-root.sh" "$name" make -s -C "/src/$directory" "$@"
