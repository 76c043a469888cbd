# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2046,SC2086,SC2154 # addresses, set by lib.sh
begin
becomes "measuring starts" 60 measuring show state
# Some way into it, in D3hot and in D3cold.
for pause in 7 11; do
	sleep $pause
	echo "# opened while in $(show level), chosen $(show chosen)"
	/lib/kvmfr/vfio_open -m 20000 $(functions) >/tmp/opened &
	vm=$!
	becomes "the card is in use" 2 in_use show state
	sleep 10
	is "it is awake" "d0 in_use" "$(show level) $(show state)"
	wait $vm
	is "opening works" 0 $?
	sed 's/^/# /' /tmp/opened
	between "and is quick, us" 1 600000 "$(sed -n '1s/.* //p' /tmp/opened)"
	becomes "measuring goes on afterwards" 60 measuring show state
done
between "opens" 2 2 "$(show counters/opens)"
verdict_is saves d3cold
measured "draw" 18000 15000
draws "draw of the laptop" 15000
