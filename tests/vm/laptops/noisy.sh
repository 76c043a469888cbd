# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2046,SC2086,SC2154 # addresses, set by lib.sh
begin
now_ms
start=$now
becomes "a decision is made" 3600 decided show state
now_ms
echo "# verdict: $(show verdict), rounds: $(show meter/rounds)," \
	"$(((now - start) / 1000)) s"
# 3 W are within reach of 16 rounds most of the time; the rest is no verdict,
# never a wrong one.
like "verdict" '^(saves|inconclusive)$' "$(show verdict)"
is "chosen state" d3cold "$(show chosen)"
becomes "the slot is there" 10 d3cold show level
between "spread of the rounds, uW" 500000 8000000 "$(show meter/spread_uw)"
