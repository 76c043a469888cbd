# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2046,SC2086,SC2154 # addresses, set by lib.sh
# What a VM waits for a card in D3cold, and how soon that is there again after
# it; with and without our module in turn. Time is counted in instructions and
# in the kernel's own delays. These figures are reported, not judged. The last one
# is: what removing devices takes that are none of the module's.
median()
{
	sort -n "$1" | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'
}

on_a_line()
{
	tr '\n' ' ' <"$1"
}

# measure with|without
measure()
{
	until_is 30 "D3cold suspended" power_of $port
	sleep 3
	/lib/kvmfr/vfio_open -m 1000 $(functions) >/tmp/opened || broken=1
	now_ms
	closed=$now
	while [ "$(power_of $port)" != "D3cold suspended" ]; do
		sleep 0.02
	done
	now_ms
	# From the beginning of the last close on.
	awk -v after=$((now - closed)) '
		$1 == "closed" { print after + int($2 / 1000) }' /tmp/opened >>/tmp/sleep_ms.$1
	awk '$1 != "closed" { sum += $2 } END { print sum }' /tmp/opened >>/tmp/open_us.$1
}

# Some drivers remove hundreds of devices at a time. The SMBus has no driver here.
removals_ms()
{
	sum=0
	for removal in 1 2 3 4 5 6 7 8 9 10; do
		now_ms
		start=$now
		echo 1 >$pci/$other/remove
		now_ms
		sum=$((sum + now - start))
		[ -e $pci/$other ] || removals=$((removals + 1))
		echo 1 >/sys/bus/pci/rescan
	done
	echo "# ten removals $1, ms: $sum"
}

other=0000:00:1f.3
broken=0 removals=0
allow_vfio
bind_functions
allow_d3cold
for pair in 1 2 3 4 5 6 7 8; do
	measure without
	load policy=d3cold
	becomes "pair $pair: decided" 30 decided show state
	measure with
	unload
done
is "every open succeeded" 0 $broken
for what in open_us sleep_ms; do
	echo "# $what with=$(median /tmp/$what.with) without=$(median /tmp/$what.without)"
	echo "# $what with: $(on_a_line /tmp/$what.with)," \
		"without: $(on_a_line /tmp/$what.without)"
done
between "pairs" 8 8 "$(wc -l </tmp/open_us.with)"
removals_ms without
without=$sum
load
removals_ms with
is "others' devices were removed" 20 $removals
between "what the module adds to ten removals of others' devices, ms" -50 50 \
	$((sum - without))
