#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The demo's host: a Debian machine (this is its PID 1) that gets kvmfr by DKMS
# and runs a guest on it. Lines on the second serial port tell how far it is;
# files and the exit status leave as a tar on the second disk.
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8

demo=/demo
out=/run/out
release=$(uname -r)
frames=60
test_frames=6
corrupt=4
guest_pid=''
reason=''

mount -t tmpfs -o mode=755 run /run
mount -t tmpfs -o mode=1777 tmp /tmp
mkdir -p "$out/logs"
: >"$out/demo.txt"
stty -F /dev/ttyS1 raw -echo
exec 3>/dev/ttyS1 </dev/null >"$out/logs/host.log" 2>&1

step()
{
	printf '%s\n' "$*" >&3
	printf '== %s\n' "$*"
}

summary()
{
	printf '%-14s%s\n' "$1:" "$2" >>"$out/demo.txt"
}

die()
{
	reason=$*
	exit 1
}

# Whatever happened, what there is leaves the machine. The tar's last member
# is the status, so a cut tar is no success.
finish()
{
	status=$?
	trap - EXIT
	[ "$status" -eq 0 ] ||
		step "failed: ${reason:-$(tail -n 1 "$out/logs/host.log")}"
	[ -z "$guest_pid" ] || kill "$guest_pid" || :
	dmesg >"$out/logs/dmesg"
	cp /var/lib/dkms/kvmfr-suite/*/*/*/log/make.log "$out/logs/" 2>/dev/null ||
		cp /var/lib/dkms/kvmfr-suite/*/build/make.log "$out/logs/" || :
	echo "$status" >"$out/status"
	cd "$out"
	tar -cf /dev/vdb -- logs demo.* status
	sync
	echo o >/proc/sysrq-trigger
	sleep 60
}

# depmod, which DKMS runs, reads every module there is: half a minute where the
# processor is emulated. This machine gets by with KVM's.
modules_hide()
{
	all=/lib/modules/$release/kernel
	for name in kvm_amd kvm_intel; do
		modprobe -D "$name"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' |
		xargs cp --parents -t /tmp
	mount --bind "/tmp$all" "$all"
}

# As a user does it; the module is compiled here, in this machine. What it says
# goes on as lines of progress, without the dots.
module_install()
{
	step "make dkms-install"
	rm -f /tmp/failed
	{
		make --no-print-directory -C "$demo/src" dkms-install 2>&1 ||
			: >/tmp/failed
	} | while read -r line; do
		[ -z "$line" ] || step "  $(printf '%s' "$line" | sed 's/\.\.\.\.*/.../')"
	done
	[ ! -e /tmp/failed ] || die "make dkms-install"
	module=$(modinfo -n kvmfr)
	case $module in
	*/updates/dkms/kvmfr.ko*) ;;
	*) die "modprobe would load '$module', not DKMS's module" ;;
	esac
	summary "host module" "$module"
	summary "DKMS" "$(dkms status kvmfr-suite)"
}

module_load()
{
	step "modprobe kvmfr static_size_mb=128"
	modprobe kvmfr static_size_mb=128
	[ -c /dev/kvmfr0 ] || die "no /dev/kvmfr0"
	read -r size </sys/class/kvmfr/kvmfr0/size
	read -r huge </sys/class/kvmfr/kvmfr0/huge_bytes
	[ "$size" -eq $((128 << 20)) ] || die "/dev/kvmfr0 has $size bytes"
	summary "host device" "/dev/kvmfr0, $((size >> 20)) MiB, $((100 * huge / size))% of it in 2 MiB pages"
}

# The guest runs the same module file.
guest_pack()
{
	mkdir -p /tmp/tree/lib/kvmfr
	case $module in
	*.xz) xz -dc "$module" ;;
	*.zst) zstd -qdc "$module" ;;
	*) cat "$module" ;;
	esac >/tmp/tree/lib/kvmfr/kvmfr.ko
	(cd /tmp/tree && find lib | cpio --quiet -o -H newc) >/tmp/module.cpio
	cat "$demo/guest.initrd" /tmp/module.cpio >/tmp/guest.initrd
}

guest_start()
{
	step "starting QEMU with /dev/kvmfr0 as ivshmem, accelerator $1"
	rm -f /tmp/guest.result
	qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot \
		-M q35 -accel "$1" -cpu max -m 256 \
		-kernel "/boot/vmlinuz-$release" -initrd /tmp/guest.initrd \
		-append "console=ttyS0 quiet panic=-1 mitigations=off demo.frames=$frames demo.test_frames=$test_frames demo.corrupt=$corrupt" \
		-serial "file:$out/logs/guest.console" \
		-serial file:/tmp/guest.result \
		-object memory-backend-file,id=shm,mem-path=/dev/kvmfr0,size=128M,share=on,align=2M \
		-device ivshmem-plain,memdev=shm >"$out/logs/guest.qemu" 2>&1 &
	guest_pid=$!
}

# guest_said SECONDS PATTERN: the guest writes a line that begins with it.
guest_said()
{
	seconds=$1
	while ! grep -qs "^$2" /tmp/guest.result; do
		kill -0 "$guest_pid" || return 1
		[ "$seconds" -gt 0 ] || return 1
		seconds=$((seconds - 1))
		sleep 1
	done
}

guest_stop()
{
	kill "$guest_pid" || :
	wait "$guest_pid" || :
	guest_pid=''
}

# KVM counts only when a guest really comes up under it.
guest_boot()
{
	modprobe kvm_amd || modprobe kvm_intel || :
	for accel in kvm tcg; do
		[ "$accel" != kvm ] || [ -c /dev/kvm ] || continue
		guest_start "$accel"
		if guest_said 180 'up '; then
			summary "guest" "QEMU with $accel, $(sed -n 's/^up /Linux /p' /tmp/guest.result)"
			return
		fi
		step "no guest with $accel"
		guest_stop
	done
	die "the guest does not boot"
}

guest_device()
{
	guest_said 120 'device ' || die "the guest has no /dev/kvmfr0"
	read -r kind size <<-EOF
		$(sed -n 's/^device //p' /tmp/guest.result)
	EOF
	[ "$kind" = ivshmem ] || die "the guest's device is of kind '$kind'"
	summary "guest device" "/dev/kvmfr0, $kind, $((size >> 20)) MiB"
}

frames_take()
{
	step "taking $frames frames out through dma-bufs and verifying each"
	demo-take --session 1 --png "$out/demo.png" >/tmp/take 2>/tmp/take.err || {
		cat /tmp/take /tmp/take.err
		die "frames are wrong: $(head -n 1 /tmp/take.err)"
	}
	grep -q "^frames: *$frames taken, 0 wrong" /tmp/take ||
		die "not every frame was taken"
	cat /tmp/take >>"$out/demo.txt"
}

# What the guest's RAM mapping of /dev/kvmfr0 looks like in QEMU's page table.
huge_share()
{
	grep -A 30 ' /dev/kvmfr0$' "/proc/$guest_pid/smaps" >"$out/logs/qemu.smaps"
	summary "QEMU maps" "$(awk '
		$1 == "Size:" { size += $2 }
		$1 == "Rss:" { present += $2 }
		$1 == "FilePmdMapped:" { huge += $2 }
		/^VmFlags:/ { exit }
		END { printf "%d MiB, %d MiB touched, %d%% of it in 2 MiB pages",
			size / 1024, present / 1024, present ? 100 * huge / present : 0 }
		' "$out/logs/qemu.smaps")"
}

# The verification is worth something only if it sees a damaged frame.
damage_take()
{
	step "self-check: the guest damages 1 pixel of frame $corrupt of $test_frames"
	status=0
	demo-take --session 2 >/tmp/test 2>/tmp/test.err || status=$?
	cat /tmp/test /tmp/test.err
	[ "$status" -eq 1 ] || die "the damaged frame was not noticed"
	for told in "frames: *$test_frames taken, 1 wrong" \
		"frame $corrupt: checksum" \
		"frame $corrupt: 1 of .* pixels differ"; do
		grep -q "^$told" /tmp/test /tmp/test.err ||
			die "the damaged frame was not told from the others"
	done
	summary "self-check" "damaged frame $corrupt of $test_frames noticed by checksum and by pixels, the others right"
}

guest_end()
{
	guest_said 120 end || die "the guest does not come to its end"
	wait "$guest_pid" || die "QEMU failed: $(cat "$out/logs/guest.qemu")"
	guest_pid=''
	! grep '^failed' /tmp/guest.result || die "$(grep '^failed' /tmp/guest.result)"
}

logs_check()
{
	modprobe -r kvmfr || die "kvmfr cannot be unloaded"
	dmesg >/tmp/dmesg
	for log in /tmp/dmesg "$out/logs/guest.console"; do
		! grep -E -f "$demo/bad-lines" "$log" ||
			die "warnings in a kernel log: $(grep -E -f "$demo/bad-lines" "$log" | head -n 1)"
	done
}

trap finish EXIT
PATH=$demo:$PATH
summary "host" "Debian $(cat /etc/debian_version), Linux $release, QEMU $(qemu-system-x86_64 --version | sed -n '1s/.*version \([^ ]*\).*/\1/p')"
modules_hide
module_install
module_load
guest_pack
guest_boot
guest_device
frames_take
huge_share
damage_take
guest_end
logs_check
step "unloaded, both kernel logs clean"
