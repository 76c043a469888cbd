# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # sourced by run.sh
# guest/bad-lines: what in a kernel log is a failure, and what is not. What kmemleak
# suspects is judged by its records, see guest/init.

found()
{
	grep -E -f "$vm/guest/bad-lines" "$dir/line"
}

not_found()
{
	! found
}

while read -r line; do
	echo "[    3.141592] $line" >"$dir/line"
	check "bad: $line" found
done <<'EOF'
WARNING: CPU: 1 PID: 93 at kernel/kvmfr/main.c:7 kvmfr_init+0x1/0x2 [kvmfr]
WARNING: kernel/kvmfr/main.c:7 at kvmfr_init+0x1/0x2 [kvmfr], CPU#1: insmod/93
WARNING: possible circular locking dependency detected
WARNING: suspicious RCU usage
------------[ cut here ]------------
BUG: kernel NULL pointer dereference, address: 0000000000000000
kernel BUG at mm/usercopy.c:102!
BUG: Bad page state in process insmod  pfn:12345
BUG: KASAN: slab-use-after-free in kvmfr_mmap+0x1/0x2 [kvmfr]
BUG: sleeping function called from invalid context at mm/slab.h:1
BUG: unable to handle page fault for address: ffffffffdeadbeef
Oops: 0002 [#1] PREEMPT SMP NOPTI
Oops: general protection fault, probably for non-canonical address 0xdead: 0000 [#1]
Kernel panic - not syncing: Fatal exception
UBSAN: array-index-out-of-bounds in kernel/kvmfr/main.c:7:1
refcount_t: underflow; use-after-free.
list_del corruption. prev->next should be 1, but was 2
INFO: task cat:77 blocked for more than 120 seconds.
watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [cat:77]
rcu: INFO: rcu_preempt self-detected stall on CPU
INFO: possible recursive locking detected
DMA-API: kvmfr 0000:00:03.0: device driver frees DMA memory with wrong function
DMA-API: debugging out of memory - disabling
ODEBUG: free active (active state 0) object: ffff888004c1b2d8 object type: timer_list hint: tick+0x0/0x80
kmemleak: Kernel memory leak detector disabled
Out of memory: Killed process 77 (cat)
EOF

while read -r line; do
	echo "[    3.141592] $line" >"$dir/line"
	check "harmless: $line" not_found
done <<'EOF'
kvmfr: loading out-of-tree module taints kernel.
kvmfr: module verification failed: signature and/or required key missing - tainting kernel
kvmfr: static_size_mb: 48 MiB is not a power of two, QEMU needs one
Spectre V2 : WARNING: Unprivileged eBPF is enabled with eIBRS on, data leaks possible
debug: unmapping init [mem 0xffffffff8bc29000-0xffffffff8bffffff]
DMA-API: preallocated 65536 debug entries
DMA-API: debugging enabled by kernel config
kmemleak: Kernel memory leak detector initialized (mem pool available: 15651)
kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)
clocksource: timekeeping watchdog on CPU0: Marking clocksource 'tsc-early' as unstable
rcu: RCU calculated value of scheduler-enlistment delay is 25 jiffies.
EOF
