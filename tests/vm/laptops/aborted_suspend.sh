# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2046,SC2086,SC2154 # addresses, set by lib.sh
# A driver that refuses to suspend ends it like this.
abort_suspend()
{
	echo 0 >/sys/module/suspend/parameters/pm_test_delay
	echo devices >/sys/power/pm_test
	echo freeze >/sys/power/state
	echo none >/sys/power/pm_test
}

begin
verdict_is saves d3cold
unload
is "before" "D3cold suspended" "$(power_of $port)"
abort_suspend
sleep 5
is "without our module the port is left on" "D0 suspended" "$(power_of $port)"
draws "which costs" 25000

passes "vfio_pci_pm is loaded" load policy=d3cold
becomes "which repairs it" 30 "D3cold suspended" power_of $port
draws "draw of the laptop" 15000

repaired=$(show counters/leaks_repaired)
abort_suspend
becomes "with our module it is repaired at once" 15 "D3cold suspended" power_of $port
is "that is counted" $((repaired + 1)) "$(show counters/leaks_repaired)"
becomes "the slot is decided" 30 "decided d3cold" \
	sh -c "echo \$(cat $slot/state $slot/level)"
draws "draw of the laptop" 15000

repaired=$(show counters/leaks_repaired)
echo observe >$slot/policy
becomes "the slot is observed" 10 observed show state
abort_suspend
sleep 20
is "observed it is left as it is" "D0 suspended" "$(power_of $port)"
is "nothing is repaired" $repaired "$(show counters/leaks_repaired)"

echo auto >$slot/policy
becomes "measuring starts" 60 measuring show state
sleep 9
abort_suspend
becomes "a suspend in the middle of it, and it goes on" 60 measuring show state
verdict_is saves d3cold
