# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # sourced by run.sh
# tally.awk adds documents up, failures.awk tells what went wrong, expect.awk turns a
# bad verdict around, and check.sh refuses what it does not know.

doc()
{
	printf '%s\n' "$@" >"$dir/doc"
}

tally_is()
{
	[ "$(awk -f "$vm/tally.awk" "$dir/doc" "$dir/doc")" = "$1" ]
}

doc "TAP version 13" "ok 1 - a" "ok 2 - b # SKIP none" "1..2"
check "tally: passed and skipped" tally_is "2 passed, 0 failed, 2 skipped"
doc "TAP version 13" "ok 1 - a" "not ok 2 - b" "1..2"
check "tally: failed" tally_is "2 passed, 2 failed, 0 skipped"
doc "TAP version 13" "ok 1 - a"
check "tally: no plan is a failure" tally_is "2 passed, 2 failed, 0 skipped"
doc "TAP version 13" "ok 1 - a" "1..2"
check "tally: a plan that is not kept is a failure" tally_is "2 passed, 2 failed, 0 skipped"
: >"$dir/doc"
check "tally: an empty document is a failure" tally_is "0 passed, 2 failed, 0 skipped"

failures_are()
{
	[ "$(awk -f "$vm/failures.awk" "$dir/doc")" = "$1" ]
}

doc "# of a" "ok 1 - a" "# why" "not ok 2 - b" "not ok 3 - c" "# end" "1..3"
check "failures: each with what was said before it" failures_are "  # why
  not ok 2 - b
  not ok 3 - c"
doc "ok 1 - a" "# end" "1..1"
check "failures: none" failures_are ""

expected()
{
	awk -v expect="machine died
kernel tainted" -f "$vm/expect.awk" "$dir/doc" >"$dir/doc.tap"
	[ "$(awk -f "$vm/tally.awk" "$dir/doc.tap")" = "$1" ]
}

doc "ok 1 - a" "not ok 2 - machine died: now" "not ok 3 - kernel tainted: 4" "1..3"
check "expect: all failures there" expected "3 passed, 0 failed, 0 skipped"
doc "ok 1 - a" "not ok 2 - machine died: now" "1..2"
check "expect: one failure not there" expected "2 passed, 1 failed, 0 skipped"
doc "not ok 1 - machine died" "not ok 2 - kernel tainted" "not ok 3 - leak" "1..3"
check "expect: one failure more" expected "2 passed, 1 failed, 0 skipped"
doc "ok 1 - a" "1..1"
check "expect: a run that went well" expected "1 passed, 2 failed, 0 skipped"

check "unknown KERNEL is refused, the known ones are named" \
	refused "6.1 6.12 7.x sanitizer all" env KERNEL=5.10 SUITE= "$vm/check.sh"
check "unknown SUITE is refused, the known ones are named" \
	refused "kvmfr_smoke" env KERNEL=6.12 SUITE=nonsense "$vm/check.sh"
check "unknown suite of run.sh is refused" refused nonsense "$vm/run.sh" nonsense 6.12
check "unknown kernel of run.sh is refused" refused 7.x "$vm/run.sh" kvmfr_smoke 5.10
check "unknown root is refused" refused bookworm "$vm/root.sh" sarge
