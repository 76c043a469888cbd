# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2046,SC2086,SC2154 # addresses, set by lib.sh
# Below the device until 6.12, now below its hwmon class device.
meter=$(dirname $(find -L /sys/class/hwmon/hwmon*/ -maxdepth 2 -name power1_average | head -n 1))
like "the meter reads" '^[0-9]+$' "$(cat $meter/power1_average)"
begin
becomes "without samples a decision is made" 60 decided show state
is "without a verdict" "unmeasured d3cold" "$(show verdict) $(show chosen)"
is "and without a source" none "$(show meter/source)"
for nonsense in 0 -5 500000001 watts ""; do
	passes "sample '$nonsense' is refused" \
		sh -c "! echo '$nonsense' >$slot/meter/sample 2>/dev/null"
done

while sleep 1.1; do
	cat $meter/power1_average >$slot/meter/sample
done &
pusher=$!
becomes "with samples measuring starts" 60 measuring show state
verdict_is saves d3cold
is "the source is who pushes" pushed "$(show meter/source)"
measured "draw" 18000 15000
sleep 2
between "draw of the laptop, mW" 12500 17500 \
	$(($(cat $meter/power1_average) / 1000))
kill $pusher
