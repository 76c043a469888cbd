# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2046,SC2086,SC2154 # addresses, set by lib.sh
begin
verdict_is no_difference d3hot
measured "draw" 18000 18000
draws "draw of the laptop" 18000
like "the reason names the power resource" 'power resource|_STA' "$(show reason)"

echo d3cold >$slot/policy
becomes "Linux believes to be in D3cold" 10 "D3cold suspended" power_of $port
sleep 2
is "the resource is on all the same" on "$(show acpi_sta)"
draws "and so the laptop draws" 18000
