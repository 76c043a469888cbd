# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2086,SC2154 # addresses, set by lib.sh
# No module of ours: Linux itself lets the card sink into D3cold, the battery
# sees it, and what reads the card's configuration wakes it.
first=$(functions | head -n 1)

is "battery is discharging" Discharging "$(cat $battery/status)"
draws "laptop with its card on draws 25 W" 25000

bind_functions
for function in $(functions); do
	is "$function is vfio-pci's" vfio-pci "$(driver_of "$function")"
done
becomes "port sleeps in D3hot at most" 10 "D3hot suspended" power_of $port
draws "D3hot draws 18 W" 18000

allow_d3cold
read_config "$first"
for address in $port $(functions); do
	becomes "$address reaches D3cold" 10 "D3cold suspended" power_of "$address"
done
draws "D3cold draws 15 W" 15000
is "looking did not wake it" "D3cold suspended" "$(power_of $port)"

read_config "$first"
is "reading the configuration wakes it" "D0 active" "$(power_of $port)"
becomes "it falls asleep again" 10 "D3cold suspended" power_of $port
draws "and draws 15 W again" 15000

allow_vfio
# shellcheck disable=SC2046 # they are separated by newlines
passes "a VM can open the card" /lib/kvmfr/vfio_open $(functions)
becomes "and leaves it in D3cold" 10 "D3cold suspended" power_of $port
