# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2046,SC2086,SC2154 # addresses, set by lib.sh
# First what QEMU's ports have in common: Linux leaves d3cold_allowed at 0.
allow_vfio
bind_functions
passes "vfio_pci_pm is loaded" load
becomes "port without permission for D3cold is blocked" 30 blocked show state
is "its blocker says so" d3cold_not_allowed "$(codes $port)"
blockers_are_complete
is "the slot is in D3hot" d3hot "$(show level)"
paste "$(remedy $port d3cold_not_allowed)"
becomes "with what the blocker says it reaches D3cold" 60 d3cold show level

verdict_is saves d3cold
measured "draw" 18000 15000
draws "draw of the laptop" 15000
is "the resource is off" off "$(show acpi_sta)"
is "the wake was tried" yes "$(show wake_verified)"
is "the source is the battery" battery "$(show meter/source)"
is "nothing blocks" "" "$(show blockers)"
is "PCI state" D3cold "$(show pci_state)"
is "ACPI's target" D3cold "$(show acpi_target)"
is "runtime status" suspended "$(show rpm_status)"
is "link to the port" $port "$(basename "$(readlink $slot/port)")"
between "measurements" 1 1 "$(show counters/measurements)"
between "fallbacks" 0 0 "$(show counters/fallbacks)"

# Five minutes of D3cold, 3 W less than D3hot.
energy=$(show counters/energy_saved_uj)
cold=$(show counters/time_d3cold_ms)
active=$(cat $pci/$port/power/runtime_active_time)
sleep 300
find $slot/ -type f | while read -r file; do cat "$file"; done >/dev/null 2>&1
cat $slot/power/* >/dev/null 2>&1
between "energy saved in five minutes, J" 600 1200 \
	$((($(show counters/energy_saved_uj) - energy) / 1000000))
between "milliseconds of D3cold in them" 298000 302000 \
	$(($(show counters/time_d3cold_ms) - cold))
is "nothing woke the port, reading all there is neither" \
	"$active" "$(cat $pci/$port/power/runtime_active_time)"

for nonsense in "" D3cold d3 "d3cold d3hot" 1; do
	passes "policy '$nonsense' is refused" \
		sh -c "! echo '$nonsense' >$slot/policy 2>/dev/null"
	is "and changes nothing" auto "$(show policy)"
done
for state in d3hot d0 d3cold; do
	echo $state >$slot/policy
	becomes "policy $state is obeyed" 10 $state show level
done
