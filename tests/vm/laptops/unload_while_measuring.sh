# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2046,SC2086,SC2154 # addresses, set by lib.sh
begin
unload
becomes "the port is in D3cold" 10 "D3cold suspended" power_of $port
traces >/tmp/before
for pause in 1 6 11 16 21; do
	load
	becomes "measuring starts" 60 measuring show state
	sleep $pause
	echo "# unloaded while in $(show level)"
	now_ms
	start=$now
	passes "it can be unloaded" unload
	now_ms
	between "at once, ms" 0 3000 $((now - start))
	becomes "the port is in D3cold again" 10 "D3cold suspended" power_of $port
	traces >/tmp/after
	passes "all is as it was" diff /tmp/before /tmp/after
	passes "no class is left" test ! -e /sys/class/vfio_pm
done
draws "draw of the laptop" 15000
passes "a VM can open the card" /lib/kvmfr/vfio_open $(functions)
