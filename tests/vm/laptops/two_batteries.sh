# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2086,SC2154 # addresses, set by lib.sh
second=/sys/class/power_supply/BAT1

# role NUMBER STATUS: what gauge.asl's second battery does
role()
{
	echo $(($1 * 1000)) >$second/alarm
	becomes "the second battery is: $2" 5 "$2" cat $second/status
}

again()
{
	sleep 2
	comparison_starts
	verdict_is saves d3cold
	measured "$1" 18000 15000
}

cannot()
{
	sleep 2
	echo 1 >$slot/measure
	verdict_is unmeasured d3cold 60
	is "$1: the reason says so" "not measured: $2" "$(show reason)"
}

others="the machine does not run on its batteries alone"
becomes "the second battery is idle" 5 "Not charging" cat $second/status
begin
verdict_is saves d3cold
measured "one gives, one waits" 18000 15000
role 1 Discharging
again "both give"
role 2 Discharging
cannot "one does not tell" "no battery tells what the machine draws"
role 3 Charging
cannot "one is charged" "$others"
role 4 "Not charging"
cannot "one gives and denies it" "$others"
role 0 "Not charging"
again "as in the beginning"
