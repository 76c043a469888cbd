# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2046,SC2086,SC2154 # addresses, set by lib.sh
bind_functions
allow_d3cold
passes "vfio_pci_pm is loaded" load
becomes "the slot is blocked" 60 blocked show state
like "by the BIOS" '^old_bios$' "$(codes $port)"
like "the remedy names the kernel's parameter" 'pcie_port_pm=force' \
	"$(remedy $port old_bios)"
blockers_are_complete
passes "pasting it does no harm" paste "$(remedy $port old_bios)"
is "the slot is in D0" d0 "$(show level)"
draws "draw of the laptop" 25000
