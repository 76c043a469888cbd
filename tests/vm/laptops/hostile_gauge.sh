# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2046,SC2086,SC2154 # addresses, set by lib.sh
# What liar.asl understands, as a trip point in mWh.
honest=10 unknown=11 zero=12 negative=13 huge=14 dice=15 two_units=16
fails=17 short=18 types=19 no_package=20 not_discharging=21 slow=22 hangs=23
fails_in_d3cold=24 change_unit=3
device=$(battery_device)
driver=$(readlink -f $device/driver)

# lies TEXT LIE VERDICT REASON: what comes of a comparison with that
lies()
{
	tell $2
	sleep 2
	echo 1 >$slot/measure
	energy=$(show counters/energy_saved_uj)
	verdict_is $3 d3cold 7200
	like "$1: the reason says so" "$4" "$(show reason)"
	[ $3 = saves ] ||
		is "$1: nothing is said to be saved" \
			$energy "$(show counters/energy_saved_uj)"
	tell $honest
}

begin rounds_max=6
verdict_is saves d3cold
measured "honest" 18000 15000

no_figure='^not measured: no battery tells what the machine draws$'
impossible='^not measured: what the batteries tell cannot be true$'
other_supply='^not measured: the machine does not run on its batteries alone$'
unclear='^the readings do not tell what D3cold saves$'
saves='^D3cold draws [0-9]+ mW less than D3hot$'
lies "unknown rate" $unknown unmeasured "$no_figure"
lies "rate of 0" $zero unmeasured "$impossible"
lies "wrong types" $types unmeasured '^not measured: '
lies "neither charging nor discharging" $not_discharging unmeasured \
	"$other_supply"
lies "a huge rate" $huge inconclusive "$unclear"
lies "readings at random" $dice inconclusive "$unclear"
lies "mA or mW, and nobody is told" $two_units inconclusive "$unclear"
lies "_BST fails" $fails inconclusive "$unclear"
lies "_BST fails in D3cold" $fails_in_d3cold inconclusive "$unclear"
lies "a package that is too short" $short inconclusive "$unclear"
lies "no package" $no_package inconclusive "$unclear"
# Some drivers have that sign.
lies "negative rates" $negative saves "$saves"
measured "negative rates" 18000 15000
lies "four seconds for an answer" $slow saves "$saves"
measured "four seconds for an answer" 18000 15000

# The kernel makes another battery of it, with other properties.
tell $change_unit
becomes "the battery has no power any more" 5 no \
	sh -c "test -e $battery/power_now || echo no"
lies "mA" $honest saves "$saves"
measured "mA" 18000 15000
comparison_starts
for _ in 1 2 3 4 5; do
	sleep 13
	tell $change_unit
done
verdict_is saves d3cold
measured "mA or mW every 13 seconds" 18000 15000

# In the middle of it: a minute of errors, and of nothing to read. A round that
# had some of it counts, and others have to outvote it.
unload
load
becomes "measuring starts" 60 measuring show state
sleep 10
tell $fails
sleep 60
tell $honest
sleep 10
basename $device >$driver/unbind
becomes "without a battery it waits" 60 "decided undecided none" \
	sh -c "echo \$(cat $slot/state $slot/verdict $slot/meter/source)"
like "and says why" "$no_figure" "$(show reason)"
basename $device >$driver/bind
becomes "with one it goes on" 60 measuring show state
verdict_is saves d3cold
measured "errors and no battery in between" 18000 15000

# The module is in the middle of a reading for most of the time.
tell $slow
comparison_starts
for pause in 7 9.5 11 12.5 14; do
	sleep $pause
	basename $device >$driver/unbind
	sleep 6
	basename $device >$driver/bind
	becomes "taken away while it is read, it comes back" 60 measuring \
		show state
done

# No answer at all for twenty seconds, in the middle of which it is unloaded.
tell $hangs
sleep 30
now_ms
start=$now
cat $slot/state $slot/level $slot/chosen $slot/verdict $slot/counters/* >/tmp/read
now_ms
between "what needs no firmware is read at once, ms" 0 1000 $((now - start))
becomes "the slot has not waited for it" 120 \
	"decided d3cold" sh -c "echo \$(cat $slot/state $slot/level)"
like "and says why" '^not measured: the batteries take too long to answer$' \
	"$(show reason)"
for pause in 1 8 16; do
	echo 1 >$slot/measure
	sleep $pause
	now_ms
	start=$now
	passes "it can be unloaded" unload
	now_ms
	between "in the time of one answer or two, ms" 0 45000 $((now - start))
	load
done
# Written when the firmware is done with what was asked.
tell $honest
becomes "honest again it is measured" 120 measuring show state
verdict_is saves d3cold
measured "honest again" 18000 15000
