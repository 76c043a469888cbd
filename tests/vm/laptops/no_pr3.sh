# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2046,SC2086,SC2154 # addresses, set by lib.sh
bind_functions
allow_d3cold
passes "vfio_pci_pm is loaded" load
becomes "the slot is blocked" 60 blocked show state
like "by the port, which has no power resource" '^no_power_resource$' "$(codes $port)"
is "there is no remedy" - "$(remedy $port no_power_resource)"
blockers_are_complete
is "power resources" none "$(show acpi_sta)"
becomes "the slot is in D3hot" 10 d3hot show level
is "verdict" unmeasured "$(show verdict)"
draws "draw of the laptop" 18000
