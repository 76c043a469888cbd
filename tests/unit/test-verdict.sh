# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # sourced by run.sh
# verdict.sh: a good run, and each way in which one can be bad.

# What a good machine leaves behind.
good_run()
{
	rm -rf "$dir/case"
	mkdir "$dir/case"
	cat >"$dir/case/result" <<-EOF

	@begin prog
	TAP version 13
	1..3
	# Starting 3 tests from 2 test cases.
	ok 1 one
	ok 2 two
	ok 3 # SKIP no such hardware

	@exit 0

	@ok kernel log has no warnings

	@end 1
	EOF
	echo "[    0.000000] Linux version 6.12" >"$dir/case/console"
}

# edit SED-SCRIPT: change what the program and PID 1 wrote
edit()
{
	sed -i "$1" "$dir/case/result"
}

# judge TEXT STATUS [FAILURE...]: exactly these failures, by their beginnings
judge()
{
	text=$1 status=$2
	shift 2
	"$vm/verdict.sh" "$dir/case" "$status" >"$dir/case/tap"
	sed -n 's/^not ok [0-9]* - //p' "$dir/case/tap" >"$dir/case/failures"
	check "$text" matches "$@"
	check "$text: its plan is right" plan_is_kept "$dir/case/tap"
}

matches()
{
	cat "$dir/case/tap"
	[ "$(wc -l <"$dir/case/failures")" -eq $# ] || return 1
	for failure; do
		read -r line || return 1
		case $line in
		"$failure"*) ;;
		*) return 1 ;;
		esac
	done <"$dir/case/failures"
}

plan_is_kept()
{
	awk '/^1\.\./ { plan = substr($0, 4) }
		/^(not )?ok / { n++; sub(/^not /, ""); if ($2 != n) exit 1 }
		END { exit plan != n }' "$1"
}

good_run
judge "a good run passes" 0
check "a good run is counted" grep -x "6 passed, 0 failed, 1 skipped" <<EOF
$(awk -f "$vm/tally.awk" "$dir/case/tap")
EOF

good_run
edit 's/^ok 2/not ok 2/; s/^@exit 0/@exit 1/'
judge "a failing test" 0 "prog: two"

good_run
edit 's/^ok 2/not ok 2/'
judge "a failing test of a program that says all is well" 0 "prog: two"

good_run
edit 's/^@exit 0/@exit 1/'
judge "a program that ends with 1 and no failing test" 0 \
	"program prog ran as planned: it ended with status 1"

good_run
edit 's/^@exit 0/@exit 139/'
judge "a program killed by a signal" 0 \
	"program prog ran as planned: it was killed by signal 11"

good_run
edit 's/^@exit 0/@exit 4/; s/^ok 3.*/ok 3 three/'
judge "a program that ends as skipped without a skipped test" 0 \
	"program prog ran as planned: it ended as skipped"

good_run
edit '/^ok 2/d'
judge "a test that is missing" 0 "program prog ran as planned: test 2 came as number 3"

good_run
edit '/^ok 3/d'
judge "a last test that is missing" 0 \
	"program prog ran as planned: it planned 3 tests and reported 2"

good_run
edit 's/^ok 3.*/&\nok 4 four/'
judge "a test too many" 0 "program prog ran as planned: it planned 3 tests and reported 4"

good_run
edit '/^1\.\.3/d'
judge "a missing plan" 0 "program prog ran as planned: it gave no plan"

good_run
edit 's/^1\.\.3/1..3\n1..3/'
judge "a second plan" 0 "program prog ran as planned: it has two plans"

good_run
edit '/^ok/d; s/^1\.\.3/1..0/'
judge "a plan of nothing" 0 "program prog ran as planned: it tested nothing"

good_run
edit '/^ok/d; s/^1\.\.3/1..0 # SKIP no such bus/; s/^@exit 0/@exit 4/'
judge "a program that is skipped as a whole" 0
check "it is counted as skipped" grep -q "# SKIP no such bus" "$dir/case/tap"

good_run
edit 's/^ok 2 two/Bail out! no memory/'
judge "a program that bails out" 0 "program prog ran as planned: Bail out! no memory"

good_run
edit '/^ok 2/,$d'
judge "a machine that dies in the middle" 0 \
	"program prog ran as planned: it planned 3 tests and reported 1; it never ended" \
	"machine powered off: it died before its last report"

good_run
edit '/^@end/d'
judge "a machine without its last report" 0 \
	"machine powered off: it died before its last report"

good_run
edit '/^@ok/d'
judge "a report that is missing" 0 "machine powered off: 1 checks made, 0 seen"

good_run
edit '$a\ok 4 four'
judge "something after the end" 0 "program prog ran as planned: something was reported after the end"

good_run
judge "a machine that had to be ended" 124 "machine powered off: time is up"

good_run
judge "a QEMU that failed" 134 "machine powered off: QEMU ended with status 134"

good_run
: >"$dir/case/result"
judge "a machine that reported nothing" 0 "program  ran as planned: it never started" \
	"machine powered off: it died before its last report"

good_run
rm "$dir/case/result"
judge "a machine without a result" 1 "program  ran as planned: it never started" \
	"machine powered off: QEMU ended with status 1"

good_run
edit 's/^@ok.*/@fail kernel tainted: 512/'
judge "a tainted kernel" 0 "kernel tainted: 512"

good_run
edit 's/^@ok.*/@fail kmemleak has records/'
judge "a leak" 0 "kmemleak has records"

good_run
: >"$dir/case/console"
judge "an empty console" 0 "console has no warnings: it is empty"

good_run
echo "ok 4 - forged" >>"$dir/case/console"
echo "@end 1" >>"$dir/case/console"
edit '/^@end/d'
judge "a console that says what the result does not" 0 \
	"machine powered off: it died before its last report"

good_run
printf 'ok - the file is equal\n# a note\n' >"$dir/case/verify"
judge "checks on this side that pass" 0
check "they are in the document" grep -q "^ok [0-9]* - the file is equal" "$dir/case/tap"

good_run
echo "not ok - the file is equal" >"$dir/case/verify"
judge "a check on this side that fails" 0 "the file is equal"

good_run
: >"$dir/case/verify"
judge "checks on this side that never spoke" 0 "verify() reported nothing"
