# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2046,SC2086,SC2154 # addresses, set by lib.sh
echo Y >/sys/module/vfio/parameters/enable_unsafe_noiommu_mode
begin policy=d3cold
becomes "the slot is decided" 60 "decided d3cold" \
	sh -c "echo \$(cat $slot/state $slot/level)"
/lib/kvmfr/vfio_open -n -m 30000 $(functions) >/tmp/opened &
vm=$!
becomes "a VM without an IOMMU is seen" 10 in_use show state
sleep 20
is "as long as it runs" in_use "$(show state)"
is "nothing is said to block" "" "$(show blockers | grep -v in_use)"
wait $vm
is "opening works" 0 $?
is "that is counted" 1 "$(show counters/opens)"
becomes "afterwards it is in D3cold again" 60 "decided d3cold" \
	sh -c "echo \$(cat $slot/state $slot/level)"
