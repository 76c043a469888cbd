# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2046,SC2086,SC2154 # addresses, set by lib.sh
first=$(functions | head -n 1)
begin
wakeups=$(show counters/wakeups)
while sleep 1; do
	read_config $first
done &
storm=$!
sleep 600
like "who wakes it is named" "^[0-9]+[.][0-9]+	dd	[0-9]+	config$" \
	"$(show wakers)"
is "eight of them" 8 "$(show wakers | wc -l)"
between "wake-ups in ten minutes" 300 660 $(($(show counters/wakeups) - wakeups))
like "no verdict comes of it, or the right one" \
	'^(unmeasured|undecided|inconclusive|saves)$' "$(show verdict)"
is "nor is D3cold given up" d3cold "$(show chosen)"
echo "# verdict in the storm: $(show verdict)," \
	"rejected: $(show meter/rejected)"

kill $storm
echo 1 >$slot/measure
verdict_is saves d3cold
draws "draw of the laptop" 15000
