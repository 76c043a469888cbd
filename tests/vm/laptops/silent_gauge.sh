# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2086,SC2154 # set by lib.sh
# What liar.asl understands, as a trip point in mWh.
honest=10 unknown=11 hangs=23
unplugged=1	# as it is: a mere event

# decided_without TEXT REASON
decided_without()
{
	becomes "$1: nothing is measured, and the reason says so" 120 "decided 1" \
		sh -c "echo \$(cat $slot/state) \$(grep -c '^not measured: .*$2' $slot/reason)"
}

begin policy=d3hot
becomes "the slot is decided" 60 "decided d3hot" \
	sh -c "echo \$(cat $slot/state $slot/level)"
tell $unplugged
sleep 2

# Nobody but the slot saw that there was no figure for a moment.
tell $unknown
sleep 2
echo auto >$slot/policy
decided_without "no figure" "no battery tells"
sleep 5	# for so long it is looked at because it was awake
tell $honest
sleep 2
tell $unplugged
becomes "no figure: an event, and it is measured" 60 measuring show state

# No event comes when firmware is quick again.
echo d3hot >$slot/policy
tell $hangs
echo auto >$slot/policy
decided_without "slow" "take too long"
tell $honest
becomes "slow: a minute later it is measured" 120 measuring show state

# The slot has seen another answer since all were told that it is slow. Told again,
# it looks from time to time whether firmware is quick by now. A comparison that was
# begun would have it look as well.
echo d3hot >$slot/policy
echo 1 >$slot/measure
tell $hangs
sleep 2
tell $unplugged
sleep 150	# for some answers, and the pause afterwards
tell $unknown
echo auto >$slot/policy
decided_without "quick, but no figure" "no battery tells"
sleep 5
tell $hangs
tell $unplugged
decided_without "slow again" "take too long"
tell $honest
becomes "slow again: later it is measured" 120 measuring show state
