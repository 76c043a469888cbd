# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2046,SC2086,SC2154 # addresses, set by lib.sh
is "bridges on the way" 3 "$(bridges | wc -l)"
begin
verdict_is saves d3cold
for address in $(bridges) $(functions); do
	is "$address sleeps" "D3cold suspended" "$(power_of $address)"
done
is "all below the port are listed" "$(below $port)" \
	"$(show functions | cut -f 1 | sort)"
measured "draw" 18000 15000
draws "draw of the laptop" 15000
passes "a VM can open the card" /lib/kvmfr/vfio_open $(functions)
becomes "and leaves it in D3cold" 30 d3cold show level

# The remedy for a bridge in the middle.
set -- $(bridges)
echo 0 >$pci/$3/d3cold_allowed
read_config $(functions | head -n 1)
becomes "a bridge that must not sleep blocks" 60 blocked show state
like "and is named" '^d3cold_not_allowed$' "$(codes $3)"
paste "$(remedy $3 d3cold_not_allowed)"
becomes "until its remedy is pasted" 60 d3cold show level
