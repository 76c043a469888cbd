# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2046,SC2086,SC2154 # addresses, set by lib.sh
first=$(functions | head -n 1)
broken()
{
	allow_vfio
	bind_functions
	passes "vfio_pci_pm is loaded: $*" load "$@"
	allow_d3cold
	read_config $first
	becomes "this is a fault" 90 fault show state
	echo "# reason: $(show reason)"
	is "waking it failed" failed "$(show wake_verified)"
	is "D3cold is over" d3hot "$(show chosen)"
	between "failures to wake it" 1 1 "$(show counters/wake_failures)"
}

broken
is "nothing is recovered unless asked for" 0 "$(show counters/recoveries)"
passes "the card is dead" sh -c "! /lib/kvmfr/vfio_open $first 2>/dev/null"

# By hand, what recover=1 does.
unload
echo 0 >$pci/$port/d3cold_allowed
for function in $(functions); do
	echo 1 >$pci/$function/remove
done
echo on >$pci/$port/power/control
echo 1 >$pci/$port/rescan
echo auto >$pci/$port/power/control
is "it comes back by being removed and found again" $first "$(functions | head -n 1)"

broken recover=1
becomes "with recover=1 it is found again" 60 1 show counters/recoveries
is "which is no wake-up" "" "$(show wakers | grep kworker)"
bind_functions
passes "and opens" /lib/kvmfr/vfio_open $(functions)
becomes "D3cold is off for it" 30 "D3hot suspended" power_of $port
is "this is still a fault" fault "$(show state)"
sleep 60
is "and D3cold is off a minute later" "D3hot suspended" "$(power_of $port)"
