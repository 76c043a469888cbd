#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# make demo: Debian 13 in a virtual machine gets kvmfr by DKMS and runs a guest
# whose moving picture is taken out of /dev/kvmfr0, verified and saved. Then two
# simulated laptops whose cards vfio_pci_pm sends to sleep, see laptops.sh.
# Leaves build/report/demo.png and demo.txt; logs are in build/run/demo. The picture
# of Looking Glass's client takes too long here and is shown if there is one.
set -eu
demo=$(cd "${0%/*}" && pwd)
vm=$demo/../vm
. "$vm/lib.sh"

dir=$BUILD/run/demo
report=$BUILD/report
start=$(date +%s)
jobs=''
run=$dir	# of the machine that is running

step()
{
	printf '%4d s  %s\n' "$(($(date +%s) - start))" "$*"
}

fail()
{
	step "FAILED: $*"
	say "logs: $run/console $run/result $run/qemu.err and, when the machine got as far as writing them, $dir/logs/"
	exit 1
}

# Nothing of ours goes on when this script is stopped.
stop()
{
	for job in $jobs; do
		kill "$job" 2>/dev/null || :
	done
}

# Programs, then the two initramfs: of the guest (its module comes from DKMS
# in the host and is added there) and of the host, which carries the former.
programs_make()
{
	"$vm/in-root.sh" trixie make -C tests/demo
	rm -rf "$dir/tree"
	mkdir -p "$dir/tree/guest/bin" "$dir/tree/host/demo/src"
	cp "$demo/guest/init" "$dir/tree/guest/init"
	cp "$BUILD/demo/demo-send" "$dir/tree/guest/bin/"
	cp "$demo/host/init" "$dir/tree/host/init"
	cp "$demo/host/host.sh" "$BUILD/demo/demo-take" "$vm/guest/bad-lines" \
		"$dir/tree/host/demo/"
	(cd "$TOP" && cp -R --parents Makefile COPYING dkms.conf kernel \
		packaging modprobe.d udev "$dir/tree/host/demo/src/")
	initramfs_make guest "$dir/tree/host/demo/guest.initrd"
	initramfs_make host "$dir/host.initrd" virtio_blk ext4
}

initramfs_make()
{
	tree=$(inside "$dir/tree/$1") out=$(inside "$2")
	shift 2
	"$vm/in-root.sh" trixie /src/tests/vm/initramfs.sh "$out" "$tree" / \
		"$release" "$@"
}

prepare()
{
	step "its disk, made the first time, and the programs"
	"$vm/disk.sh" trixie >/dev/null 2>"$dir/disk.log" &
	disk=$!
	programs_make >"$dir/programs.log" 2>&1 &
	programs=$!
	jobs="$disk $programs"
	wait "$disk" || fail "cannot make the disk, see $dir/disk.log"
	wait "$programs" || fail "cannot make the programs, see $dir/programs.log"
	jobs=''
	truncate -s 16M "$dir/result.img"
}

# machine_run DIR ARGUMENT...: of qemu.sh. The machine's progress lines come
# through its second serial port.
machine_run()
{
	run=$1
	shift
	rm -f "$run/result" "$run/progress"
	mkfifo "$run/progress"
	"$vm/qemu.sh" -d "$run" "$@" &
	machine=$!
	# Through a FIFO, so that stop() ends tail and with it the loop.
	tail -F -n +1 --pid="$machine" "$run/result" 2>/dev/null >"$run/progress" &
	jobs="$machine $!"
	while read -r line; do
		case $line in
		result:* | end) ;;
		*) step "  $line" ;;
		esac
	done <"$run/progress" &
	progress=$!
	status=0
	wait "$machine" || status=$?
	wait "$progress"
	jobs=''
	[ "$status" -eq 0 ] ||
		fail "QEMU ended with status $status (124: out of time): $(cat "$run/qemu.err")"
}

host_run()
{
	step "booting Debian 13 ($release) with $accel, as the host"
	# shellcheck disable=SC2046 # several arguments
	machine_run "$dir" -k "$root/boot/vmlinuz-$release" \
		-i "$dir/host.initrd" -m 3072 -t 900 -a mitigations=off -- \
		$("$vm/disk.sh" --qemu trixie) \
		-drive "file=@DIR@/result.img,format=raw,if=virtio"
}

host_check()
{
	tar -xf "$dir/result.img" -C "$dir" 2>"$dir/tar.err" || :
	[ -s "$dir/status" ] || fail "the machine left no result"
	[ "$(cat "$dir/status")" = 0 ] ||
		fail "the demo failed in the machine"
	[ -s "$dir/demo.png" ] || fail "there is no picture"
}

result_take()
{
	mkdir -p "$report"
	cp "$dir/demo.png" "$report/"
	{
		printf 'machine:      %s\n' "$accel"
		cat "$dir/demo.txt"
		cat "$dir/laptops"
		printf 'time:         %d s\n' "$(($(date +%s) - start))"
	} >"$report/demo.txt"
}

# shellcheck source=tests/demo/laptops.sh
. "$demo/laptops.sh"

[ "$(id -u)" -eq 0 ] || die "the demo needs root"
trap stop EXIT
trap 'exit 130' INT TERM
lock 7 "$BUILD/run/demo.lock"
mkdir -p "$dir"
rm -rf "$report/demo.png" "$report/demo.txt" "$dir/logs" "$dir"/demo.* \
	"$dir/status" "$dir/result.img" "$dir/laptops"
step "Debian 13 as a directory, downloaded the first time"
root=$("$vm/root.sh" trixie)
release=$(newest_release "$root")
step "choosing the accelerator"
accel=$("$vm/accel.sh" --why "$root/boot/vmlinuz-$release")
prepare
host_run
host_check
laptops_run
result_take
step "done"
echo
cat "$report/demo.txt"
echo "picture:      $report/demo.png"
if [ -s "$report/client.png" ]; then
	echo "              $report/client.png: Looking Glass's client and its frame," \
		"$(date -r "$report/client.png" +%F)"
else
	echo "              of Looking Glass's client: make check-acceptance KERNEL=6.12 SUITE=accept_client_egl"
fi
