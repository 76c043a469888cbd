# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2046,SC2086,SC2154 # addresses, set by lib.sh
# Its resource is off for good after the first D3cold, so our module is first.
bind_functions
passes "vfio_pci_pm is loaded" load
allow_d3cold
read_config "$(functions | head -n 1)"
becomes "this is a fault" 60 fault show state
echo "# reason: $(show reason)"
is "waking it failed" failed "$(show wake_verified)"
is "D3cold is over" d3hot "$(show chosen)"
between "failures to wake it" 1 1 "$(show counters/wake_failures)"
is "verdict" unmeasured "$(show verdict)"
becomes "the slot is in D3hot" 10 d3hot show level
entries=$(show counters/d3cold_entries)
for try in 1 2 3; do
	read_config "$(functions | head -n 1)"
	sleep 5
	like "after use number $try it is not in D3cold" '^D3hot' "$(power_of $port)"
done
is "nor has it been in between" "$entries" "$(show counters/d3cold_entries)"
