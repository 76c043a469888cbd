# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2046,SC2086,SC2154 # addresses, set by lib.sh
set -- $(functions)
gpu=$1 other=$2
is "the second function is the host's" e1000e "$(driver_of $other)"
bind $gpu vfio-pci
allow_d3cold
passes "vfio_pci_pm is loaded" load
sleep 30
like "the slot is left alone" '^(observed|blocked)$' "$(show state)"
is "it is in D0" d0 "$(show level)"
code=$(codes $other | head -n 1)
like "the function with the host's driver is named" '.' "$code"
blockers_are_complete
draws "draw of the laptop" 25000

paste "$(remedy $other "$code")"
is "with the remedy it is vfio-pci's" vfio-pci "$(driver_of $other)"
becomes "and the slot in D3cold" 60 d3cold show level
is "nothing blocks" "" "$(show blockers)"
verdict_is saves d3cold
draws "draw of the laptop" 15000
