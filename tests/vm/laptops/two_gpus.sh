# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2046,SC2086,SC2154 # addresses, set by lib.sh
second=0000:00:03.0
bind_functions $second
allow_d3cold $second
begin
is "slots" "$port $second" "$(find /sys/class/vfio_pm -type l -exec basename {} \; | sort | xargs)"
# One after the other, either first.
becomes "both are compared" 3600 "saves no_difference" \
	sh -c "echo \$(cat $slot/verdict /sys/class/vfio_pm/$second/verdict)"
verdict_is saves d3cold
slot=/sys/class/vfio_pm/$second
verdict_is no_difference d3hot
is "the first one stays in D3cold" "D3cold suspended" "$(power_of $port)"
is "the second one stays in D3hot" "D3hot suspended" "$(power_of $second)"
draws "draw of the laptop" 18000

/lib/kvmfr/vfio_open -m 5000 $(functions $port) >/dev/null &
vm=$!
sleep 2
is "a VM with the first one" in_use "$(cat /sys/class/vfio_pm/$port/state)"
is "does not change the second one" "decided d3hot" "$(show state) $(show level)"
wait $vm
is "the VM could open it" 0 $?
