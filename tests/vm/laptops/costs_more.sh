# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2046,SC2086,SC2154 # addresses, set by lib.sh
begin
verdict_is costs_more d3hot
measured "draw" 18000 22000
draws "draw of the laptop" 18000
is "port's state" "D3hot suspended" "$(power_of $port)"
is "the wake was tried" yes "$(show wake_verified)"
between "fallbacks" 1 1 "$(show counters/fallbacks)"
sleep 60
between "energy saved by not being in D3cold, J" 200 400 \
	$(($(show counters/energy_saved_uj) / 1000000))

echo d3cold >$slot/policy
becomes "D3cold can be asked for nevertheless" 10 d3cold show level
draws "draw of the laptop in D3cold" 22000
