#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Tests of the bench's own judgement with canned machines: what a run leaves
# behind goes in, and exactly the named failures have to come out.
set -eu
unit=$(cd "${0%/*}" && pwd)
vm=$unit/../vm
# shellcheck source=../vm/lib.sh
. "$vm/lib.sh"

dir=$BUILD/run/unit
tap=$BUILD/results/unit.tap
rm -rf "$dir"
mkdir -p "$dir" "$BUILD/results"
total=0

# result OK-OR-NOT TEXT
result()
{
	total=$((total + 1))
	echo "$1 $total - $2" >>"$dir/tap"
}

# check TEXT COMMAND...
check()
{
	text=$1
	shift
	if "$@" >"$dir/out" 2>&1; then
		result ok "$text"
	else
		sed 's/^/# /' "$dir/out" >>"$dir/tap"
		result "not ok" "$text"
	fi
}

# refused WORD COMMAND...: with status 2, naming WORD
refused()
{
	word=$1
	shift
	status=0
	"$@" >"$dir/refusal" 2>&1 || status=$?
	[ "$status" -eq 2 ] && grep -q -e "$word" "$dir/refusal"
}

echo "TAP version 13" >"$dir/tap"
for part in "$unit"/test-*.sh; do
	# shellcheck source=/dev/null
	. "$part"
done
echo "1..$total" >>"$dir/tap"
mv "$dir/tap" "$tap"

summary=$(awk -f "$vm/tally.awk" "$tap")
grep -B 5 '^not ok' "$tap" >&2 || :
echo "$summary"
case $summary in
"0 passed"* | *" passed, "[1-9]*) exit 1 ;;
esac
