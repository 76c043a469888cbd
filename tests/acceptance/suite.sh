# SPDX-License-Identifier: GPL-2.0
# Sourced by the suites of the acceptance tests: Debian unstable, which has
# Looking Glass's client, on the kernel of the suite, and tests/acceptance's
# programs. $script is the test; it leaves files as tar on the second disk. $built
# is the root that kvmfrd is built in: not one with a newer libc than the disk's.
# shellcheck shell=sh disable=SC2034,SC2154 # read by the harness, set by it

acceptance=$vm/../acceptance
program=userspace
disk=sid
built=trixie
peer=''
picture=client.png
memory=3072
timeout=900
qemu="-drive file=@DIR@/result.img,format=raw,if=virtio"

setup_acceptance()
{
	"$vm/make-in.sh" "$built" userspace O="/src/build/userspace/$built"
	"$vm/make-in.sh" trixie tests/acceptance
	mkdir -p tree/lib/kvmfr/bin
	cp "$BUILD/userspace/$built/kvmfrd/kvmfrd" "$BUILD/acceptance/frame_source" \
		"$BUILD/acceptance/screen_check" tree/lib/kvmfr/bin/
	cp "$TOP"/udev/*.rules "$vm/tap.sh" "$acceptance/machine.sh" \
		"$acceptance/client_lib.sh" tree/lib/kvmfr/
	{
		echo "$settings"
		cat "$acceptance/$script.sh"
	} >"tree/lib/kvmfr/$args.sh"
	[ -z "$peer" ] || cp "$BUILD/peer/$label.ko" tree/lib/kvmfr/kvmfr.ko
	truncate -s 16M result.img
}

setup()
{
	setup_acceptance
}

# The client's screen beside the frame that it shows.
verify()
{
	tar -xf result.img 2>tar.err || return 99
	[ -e client.xwd ] || return 99
	mkdir -p "$BUILD/report"
	if "$vm/in-root.sh" trixie /src/build/acceptance/screen_png \
		"$(inside "$BUILD/report/$picture")" <client.xwd; then
		echo "ok - the picture can be saved"
	else
		echo "not ok - the picture can be saved"
	fi
}
