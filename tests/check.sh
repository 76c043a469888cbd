#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The tests, the fast ones first, the slow ones not on every kernel and the slowest
# not at all (quick=none in their .conf; "make check-vm" runs those); one that fails
# does not keep the others from running. The last line is the sum.
set -eu
tests=$(cd "${0%/*}" && pwd)
out=$tests/../build/check
mkdir -p "$out"
rm -f "$out"/*

# stage NAME COMMAND...: its closing line to $out/NAME. One that fails without
# saying what is a failure of its own.
stage()
{
	name=$1
	shift
	echo "== $name"
	{ "$@" || echo $? >"$out/$name.status"; } | tee "$out/$name.out"
	tail -n 1 "$out/$name.out" |
		grep -Ex '[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped' >"$out/$name" ||
		echo "0 passed, 1 failed, 0 skipped" >"$out/$name"
	if [ -e "$out/$name.status" ] && grep -q ' 0 failed' "$out/$name"; then
		echo "0 passed, 1 failed, 0 skipped" >>"$out/$name"
	fi
}

# The first of them waits more than it computes.
stage unit "$tests/unit/run.sh" >"$out/unit.log" 2>&1 &
stage lint "$tests/lint/run.sh"
wait
cat "$out/unit.log"
stage vm env KERNEL=all SUITE= QUICK=1 "$tests/vm/check.sh"

cat "$out/unit" "$out/lint" "$out/vm" | awk '
{ passed += $1; failed += $3; skipped += $5 }
END {
	printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
	exit failed > 0 || passed == 0
}'
