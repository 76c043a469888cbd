# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # for those who source it
# Virtual machines inside the machine, with the device as shared memory.
node=/dev/kvmfr0

# vm_run NAME MEMORY-OPTIONS ARGUMENT...: QEMU with that memory, called shm; sets
# $vm, the process. The monitor is vm_ask's.
vm_run()
{
	name=$1 backend="memory-backend-file,id=shm,share=on,$2"
	shift 2
	rm -f "/tmp/$name".*
	mkfifo "/tmp/$name.in" "/tmp/$name.out"
	qemu-system-x86_64 -nodefaults -no-user-config -display none -M q35 \
		-monitor "pipe:/tmp/$name" \
		-object "$backend" "$@" 2>"/tmp/$name.err" &
	vm=$!
}

# vm_ask NAME COMMAND: of the monitor, or of what else understands "print /d" and
# has /tmp/NAME.in and .out. Opened for both, a pipe without a reader does not block.
vm_ask()
{
	printf '%s\nprint /d 4711\n' "$2" 1<>"/tmp/$1.in"
	timeout 60 sed -u '/^4711/q' "/tmp/$1.out" | tr -d '\r'
}

# vm_stop [SIGNAL]
vm_stop()
{
	kill "-${1-TERM}" "$vm"
	wait "$vm" 2>/dev/null || :
}

# attribute NAME [DEVICE]
attribute()
{
	cat "/sys/class/kvmfr/${2-kvmfr0}/$1"
}

# load SIZES
load()
{
	modprobe kvmfr static_size_mb="$1"
	udevadm settle
}

# unload TEXT: everything that QEMU had is gone, whatever became of it
unload()
{
	passes "$1: the module can be unloaded" modprobe -r kvmfr
}
