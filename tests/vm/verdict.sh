#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Prints the TAP document of one run: verdict.sh RUNDIR STATUS
# STATUS is qemu.sh's; the run directory holds result, console and, when the
# suite has checks of its own on this side, verify (their TAP lines).
set -eu
vm=$(cd "${0%/*}" && pwd)
. "$vm/lib.sh"

[ $# -eq 2 ] || usage "verdict.sh RUNDIR STATUS"
dir=$1
status=$2

# One "ok - text" or "not ok - text" per check; no check at all is a failure.
verified()
{
	grep -E '^(not )?ok - |^# ' "$dir/verify" || echo "not ok - verify() reported nothing"
}

console()
{
	if [ ! -s "$dir/console" ]; then
		echo "not ok - console has no warnings: it is empty"
	elif grep -a -E -f "$vm/guest/bad-lines" "$dir/console" >"$dir/bad"; then
		head -n 20 "$dir/bad" | tr -d '\r' | sed 's/^/# /'
		echo "not ok - console has no warnings"
	else
		echo "ok - console has no warnings"
	fi
}

: >>"$dir/result"
{
	awk -v status="$status" -f "$vm/verdict.awk" "$dir/result"
	console
	[ ! -e "$dir/verify" ] || verified
} | awk '
	/^(not )?ok/ { total++; sub(/ok [0-9]* *- /, "ok " total " - ") }
	{ print }
	END { print "1.." total + 0 }'
