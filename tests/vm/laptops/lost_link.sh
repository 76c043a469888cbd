# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2046,SC2086,SC2154 # addresses, set by lib.sh
# Waking was tried and worked; then comes a comparison, which is a lot of waking.
first=$(functions | head -n 1)
begin recover=1
becomes "measuring starts" 60 measuring show state
is "the wake was tried" yes "$(show wake_verified)"
# What the kernel does when the link stays down: it tells nobody. It does so when a
# device is unplugged, too, and removes that when it gets to it.
passes "the card is lost" insmod /lib/kvmfr/kvmfr_pci_poke.ko device=$first lose=1
becomes "nothing is done about it" 30 blocked show state
like "but said" "^$first is lost" "$(show reason)"
is "D3cold is over at once" d3hot "$(show chosen)"
sleep 20
is "it was no failure to wake" "0 yes" \
	"$(show counters/wake_failures) $(show wake_verified)"
rmmod kvmfr_pci_poke
becomes "as it is back, measuring goes on" 60 measuring show state
passes "the card is lost again" insmod /lib/kvmfr/kvmfr_pci_poke.ko device=$first lose=1
becomes "this is no failure at first, either" 30 blocked show state
becomes "this is a fault" 90 fault show state
rmmod kvmfr_pci_poke
echo "# reason: $(show reason)"
is "waking it failed" failed "$(show wake_verified)"
between "failures to wake it" 1 1 "$(show counters/wake_failures)"
is "D3cold is over" d3hot "$(show chosen)"
is "verdict" unmeasured "$(show verdict)"
becomes "with recover=1 it is found again" 60 1 show counters/recoveries
passes "and opens" /lib/kvmfr/vfio_open $(functions)
becomes "it sleeps in D3hot" 30 "D3hot suspended" power_of $port
sleep 60
is "and a minute later" "D3hot suspended" "$(power_of $port)"
is "which is still a fault" fault "$(show state)"
