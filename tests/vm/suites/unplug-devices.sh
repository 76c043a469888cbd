# SPDX-License-Identifier: GPL-2.0
# Sourced by the suites that unplug: two ivshmem functions behind root ports, so
# that QEMU can do it, too. The guest's ACPI handles that, which takes no time.
# shellcheck shell=sh disable=SC2034 # read by the harness

# With a thread per processor QEMU 10 aborts (iotlb_to_section) when one of them
# moves a BAR while another one uses memory.
accel=tcg,thread=single
timeout=240
monitor=1
# Freed objects are poisoned: what uses one gives itself away.
append="slub_debug=FZP,kmalloc-*"
qemu=''
for size in 1 16; do
	qemu="$qemu -device pcie-root-port,id=rp$size,chassis=$size
		-object memory-backend-ram,id=mem$size.0,size=${size}M,share=on
		-device ivshmem-plain,id=iv$size,memdev=mem$size.0,bus=rp$size"
done
