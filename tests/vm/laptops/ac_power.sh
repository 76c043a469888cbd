# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2046,SC2086,SC2154 # addresses, set by lib.sh
is "the battery is charging" Charging "$(cat $battery/status)"
begin
verdict_is unmeasured d3cold 60
like "the reason says that nothing was measured" 'not measured|battery' "$(show reason)"
is "the wake was tried" yes "$(show wake_verified)"
is "there is no measured draw" "" "$(show meter/d3cold_uw 2>/dev/null)"
is "no energy was counted" 0 "$(show counters/energy_saved_uj)"
sleep 180
is "nothing changes for three minutes" "decided unmeasured d3cold" \
	"$(show state) $(show verdict) $(show level)"

echo 1000 >$battery/alarm
becomes "the charger is gone" 5 0 cat /sys/class/power_supply/ADP1/online
becomes "measuring starts by itself" 60 measuring show state
verdict_is saves d3cold
measured "draw" 18000 15000
draws "draw of the laptop" 15000
