# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # words are those of tap.sh
# QEMU with /dev/kvmfr0 as the memory of an ivshmem device: what goes well, and
# what people do wrong. No guest is needed for that: SeaBIOS finds nothing to
# boot. The device that is assigned is the e1000e of this machine.
# shellcheck source=tests/acceptance/machine.sh
. /lib/kvmfr/machine.sh
mib=1048576
assigned=0000:00:04.0

# vm_start NAME MEMORY-OPTIONS [ARGUMENT...]
vm_start()
{
	started=$1 memory=$2
	shift 2
	vm_run "$started" "$memory" -accel tcg -m 64 -device ivshmem-plain,memdev=shm "$@"
}

# The address that the firmware gave to the shared memory.
vm_has_memory()
{
	vm_ask "$1" "info pci" | grep -A 9 1af4:1110 |
		grep -q "BAR2: 64 bit prefetchable memory at 0x0*[1-9a-f][0-9a-f]* " &&
		echo yes
}

# vm_runs NAME TEXT
vm_runs()
{
	becomes "$2" 120 yes vm_has_memory "$1"
	is "$2: QEMU has nothing to say" "" "$(cat "/tmp/$1.err")"
}

# vm_refused NAME TEXT PATTERN: QEMU ends by itself, and says why
vm_refused()
{
	status=0
	wait "$vm" || status=$?
	like "$2: QEMU ends" "^[1-9]" $status
	like "$2: and says why" "$3" "$(cat "/tmp/$1.err")"
	is "$2: nothing is left" 0 "$(attribute mappings)"
}

# kB of the node's memory that are mapped 2 MiB at a time
huge_kb()
{
	sed -n "\\|$node\$|,/^VmFlags/p" "/proc/$vm/smaps" |
		awk '$1 == "FilePmdMapped:" { kb += $2 } END { print kb + 0 }'
}

locked_kb()
{
	awk '$1 == "VmLck:" { print $2 }' "/proc/$vm/status"
}

right_size()
{
	load 64
	vm_start right "mem-path=$node,size=64M,align=2M,prealloc=on"
	vm_runs right "right size"
	is "all of it is mapped 2 MiB at a time" $((64 * 1024)) "$(huge_kb)"
	is "the node knows of it" 1 "$(attribute mappings)"
	is "the module cannot be taken away" 1 "$(rmmod kvmfr 2>/dev/null; echo $?)"
	vm_stop
	vm_start small "mem-path=$node,size=32M"
	vm_runs small "a part of it"
	vm_stop
	vm_start large "mem-path=$node,size=128M"
	vm_refused large "more than there is" "0x4000000.*(too small|smaller)|does not match"
	vm_start locked "mem-path=$node,size=64M,align=2M" -overcommit mem-lock=on
	vm_runs locked "locked memory"
	vm_stop KILL
	is "killed: nothing is left" 0 "$(attribute mappings)"
	unload "after that"
}

odd_size()
{
	load 24
	is "24 MiB can be had" $((24 * mib)) "$(attribute size)"
	vm_start odd "mem-path=$node,size=24M"
	vm_refused odd "24 MiB" "power of 2|is_power_of_2"
	unload "24 MiB"
}

two_machines()
{
	load 32,64
	vm_start first "mem-path=/dev/kvmfr0,size=32M"
	first=$vm
	vm_start second "mem-path=/dev/kvmfr1,size=64M"
	vm_runs first "the first of two"
	vm_runs second "the second"
	is "each has a device" "1 1" "$(attribute mappings) $(attribute mappings kvmfr1)"
	vm_stop KILL
	is "one is killed, the other goes on" "1 0" \
		"$(attribute mappings) $(attribute mappings kvmfr1)"
	vm=$first
	vm_stop
	unload "two devices"
}

# QEMU makes a file in the place of a device that is not there yet.
too_early()
{
	vm_start early "mem-path=$node,size=32M"
	vm_runs early "before the module"
	is "the node is a file" "regular file" "$(stat -c %F $node)"
	load 32
	kvmfrd 2>/tmp/kvmfrd.log &
	daemon=$!
	becomes "kvmfrd says who has it" 20 1 grep -c "qemu-system" /tmp/kvmfrd.log
	is "and leaves it" "regular file" "$(stat -c %F $node)"
	vm_stop
	becomes "QEMU ends, and it is the device" 20 "character special file" stat -c %F $node
	vm_start again "mem-path=$node,size=32M"
	vm_runs again "with that"
	is "the device is used" 1 "$(attribute mappings)"
	vm_stop
	kill $daemon
	unload "after the trap"
}

# VFIO_IOMMU_MAP_DMA pins the memory of the BAR for the assigned device.
assigned_device()
{
	load 64
	echo vfio-pci >/sys/bus/pci/devices/$assigned/driver_override
	echo $assigned >/sys/bus/pci/drivers_probe
	vm_start vfio "mem-path=$node,size=64M,align=2M" -device vfio-pci,host=$assigned
	vm_runs vfio "with an assigned device"
	becomes "the memory is pinned, with the machine's own" 60 yes is_pinned
	vm_stop KILL
	is "killed: nothing is left" 0 "$(attribute mappings)"
	unload "after the assigned device"
}

is_pinned()
{
	[ "$(locked_kb)" -ge $(((64 + 64) * 1024)) ] && echo yes
}

qemu-system-x86_64 --version | sed 's/^/# /;q'
/lib/systemd/systemd-udevd --daemon
right_size
odd_size
two_machines
too_early
assigned_device
