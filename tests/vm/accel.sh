#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Prints the accelerator to use: kvm when the given kernel really boots under
# it to its first program within seconds, else tcg; with --why also the reason.
# Asked once per boot of this machine and kernel; KVMFR_ACCEL overrides.
set -eu
vm=$(cd "${0%/*}" && pwd)
. "$vm/lib.sh"

why=''
[ "${1-}" != --why ] || { why=1; shift; }
[ $# -eq 1 ] || usage "accel.sh [--why] KERNEL"
kernel=$1

probe()
{
	mkdir -p "$dir/tree"
	cp "$vm/guest/probe" "$dir/tree/init"
	"$vm/in-root.sh" trixie /src/tests/vm/initramfs.sh "$(inside "$dir")/initrd" \
		"$(inside "$dir")/tree" / none
	"$vm/qemu.sh" -d "$dir" -k "$kernel" -i "$dir/initrd" -m 512 -t 15 -x kvm
}

choose()
{
	if [ ! -w /dev/kvm ]; then
		echo "tcg: there is no /dev/kvm one can write to"
		return
	fi
	rm -rf "$dir"
	mkdir -p "$dir"
	# A QEMU that dies by a signal makes the shell say so.
	{ probe || :; } 2>"$dir/probe.err"
	if grep -qs '^@booted' "$dir/result"; then
		echo "kvm: ${kernel##*/} boots under it"
	else
		echo "tcg: ${kernel##*/} does not boot under kvm" \
			"$(sed -n '1s/^qemu[^:]*: /(/; 1s/$/)/p' "$dir/qemu.err")"
	fi
	rm -rf "$dir"
}

answer()
{
	if [ -n "${KVMFR_ACCEL-}" ]; then
		echo "$KVMFR_ACCEL: asked for by KVMFR_ACCEL"
		return
	fi
	read -r boot </proc/sys/kernel/random/boot_id
	file=$CACHE/accel/$boot-${kernel##*/vmlinuz-}
	dir=$file.d
	lock 8 "$file.lock"
	[ -s "$file" ] || choose >"$file"
	cat "$file"
}

if [ -n "$why" ]; then
	answer
else
	answer | cut -d: -f1
fi
