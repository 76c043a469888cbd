# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2046,SC2086,SC2154 # addresses, set by lib.sh
begin
verdict_is saves d3cold 7200
between "it has learnt to wait, ms" 30000 60000 "$(show meter/settle_ms)"
measured "draw" 18000 15000
sleep 70
draws "draw of the laptop" 15000
