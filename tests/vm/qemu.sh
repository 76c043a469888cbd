#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Boots a machine and waits for its end. In the run directory:
#   console   first serial port, the kernel's console
#   result    second serial port, where verdicts come from
#   mon.sock  QEMU's monitor
#   qemu.err  what QEMU itself said
# Exit status: 124 the time was up, else QEMU's own.
set -eu
vm=$(cd "${0%/*}" && pwd)
. "$vm/lib.sh"

synopsis="qemu.sh -d RUNDIR -k KERNEL [-i INITRD] [-a APPEND] [-m MIB] [-c CPUS]
	[-t SECONDS] [-x ACCEL] [-M] [-- QEMU-ARGUMENT...]
paths are below the checkout or the cache; @DIR@ in an argument is RUNDIR;
the accelerator is accel.sh's choice unless given; -M: the monitor is the
guest's /dev/vport0p1 as well"

dir='' kernel='' initrd='' append='' memory=1024 cpus=2 timeout=120 accel='' monitor=''
while getopts d:k:i:a:m:c:t:x:M option; do
	case $option in
	d) dir=$OPTARG ;;
	k) kernel=$OPTARG ;;
	i) initrd=$OPTARG ;;
	a) append=$OPTARG ;;
	m) memory=$OPTARG ;;
	c) cpus=$OPTARG ;;
	t) timeout=$OPTARG ;;
	x) accel=$OPTARG ;;
	M) monitor=1 ;;
	*) usage "$synopsis" ;;
	esac
done
shift $((OPTIND - 1))
[ -d "$dir" ] || usage "$synopsis"
[ -f "$kernel" ] || usage "$synopsis"

[ -n "$accel" ] || accel=$("$vm/accel.sh" "$kernel")
# With one thread per processor, one boot in a hundred of a 7.x kernel froze or
# panicked before its first program (QEMU 10.0); with one for all none did.
case $accel:${kernel##*/} in
tcg:vmlinuz-[1-6].*) accel=tcg,thread=multi ;;
tcg:*) accel=tcg,thread=single ;;
esac

# Slow machines are no bug of ours: no early panic over a timer interrupt that
# comes late, and more time than usual for the watchdogs;
# a hang is found by the timeout.
append="console=ttyS0,115200 ignore_loglevel printk.devkmsg=on log_buf_len=4M \
panic=-1 oops=panic no_timer_check watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=120 $append"

cd "$dir"
rm -f console result mon.sock
inside_dir=$(inside "$dir")
for argument; do
	shift
	set -- "$@" "$(printf '%s' "$argument" | sed "s|@DIR@|$inside_dir|g")"
done
[ -z "$initrd" ] || set -- -initrd "$(inside "$initrd")" "$@"

# The monitor's socket is served by one chardev and used by the other. No serial
# port: a terminal echoes what comes before it is told not to, the monitor takes
# that for commands, and the two go on talking to each other.
[ -z "$monitor" ] ||
	set -- -chardev socket,id=guest,path=mon.sock \
		-device virtio-serial-pci,bus=pcie.0,addr=1e.0 \
		-device virtserialport,chardev=guest,name=monitor "$@"

# Snapshots of disks are written to TMPDIR.
exec timeout --foreground -k 5 "$timeout" "$vm/in-root.sh" trixie \
	env TMPDIR="$inside_dir" qemu-system-x86_64 \
	-nodefaults -no-user-config -display none -no-reboot \
	-M q35 -accel "$accel" -cpu max -m "$memory" -smp "$cpus" \
	-kernel "$(inside "$kernel")" -append "$append" \
	-serial file:console -serial file:result \
	-chardev socket,id=mon,path=mon.sock,server=on,wait=off \
	-mon chardev=mon,mode=readline \
	"$@" </dev/null >qemu.err 2>&1
