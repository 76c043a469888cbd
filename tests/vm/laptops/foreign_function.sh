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
like "the function's driver is named" '^other_driver$' "$(codes $other)"
blockers_are_complete
draws "draw of the laptop" 25000

# All that there are; what is in the way then is told next.
for try in 1 2 3; do
	echo "# try $try"
	show blockers | cut -f 4 >/tmp/remedies
	paste "$(cat /tmp/remedies)"
	sleep 5
done
is "with the remedies it is vfio-pci's" vfio-pci "$(driver_of $other)"
becomes "and the slot in D3cold" 60 d3cold show level
is "nothing blocks" "" "$(show blockers)"
verdict_is saves d3cold
draws "draw of the laptop" 15000
