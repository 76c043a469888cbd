#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Tests of the userspace programs, in the tools root: each test_<object>.c with
# the library, each cli_<subject>.sh with the programs, all built with
# AddressSanitizer and UndefinedBehaviorSanitizer.
#   run.sh [TEST...]
# Prints "ok - text" and "not ok - text"; anything else explains. Exit status 1
# if something cannot be built.
set -eu
here=$(cd "${0%/*}" && pwd)
src=$(cd "$here/../../.." && pwd)
out=$src/build/userspace/asan
mkdir -p "$out/tests"

# A test that prints no result, or dies, is a failure of its own.
run()
{
	test=$1
	shift
	status=0
	"$@" >"$out/tests/$test.out" 2>"$out/tests/$test.err" </dev/null || status=$?
	# cmocka numbers its results, and has one for all of them together.
	sed -n "/ - tests\$/d; s/^\(not ok\|ok\) \([0-9]* \)\{0,1\}- /\1 - $test: /p" "$out/tests/$test.out"
	grep '^# ' "$out/tests/$test.out" || :
	if [ "$status" -ne 0 ]; then
		sed 's/^/# /' "$out/tests/$test.err"
		grep -q '^not ok' "$out/tests/$test.out" ||
			echo "not ok - $test: ended with status $status"
	elif ! grep -q '^ok' "$out/tests/$test.out"; then
		echo "not ok - $test: has no result"
	fi
}

make -s -C "$src/userspace" O="$out" SANITIZE=1 COVERAGE=1 CFLAGS='-O1 -g' -j"$(nproc)" >&2
make -s -C "$here" O="$out" -j"$(nproc)" >&2
all=''
[ $# -gt 0 ] || all=1
find "$out" -name '*.gcda' -delete
# shellcheck disable=SC2046 # names without blanks
[ -z "$all" ] || set -- $(find "$here" -name 'test_*.c' -o -name 'cli_*.sh' |
	sed 's|.*/||; s|[.][a-z]*$||' | sort)
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 CMOCKA_MESSAGE_OUTPUT=TAP
PATH=$out/kvmfrctl:$out/kvmfrd:$out/vfio-powerd:$PATH
for test; do
	case $test in
	cli_*) run "$test" sh "$here/$test.sh" ;;
	test_uevent_devices)	# the sanitizer's library has to be the first
		run "$test" env LD_PRELOAD="$(gcc -print-file-name=libasan.so) libumockdev-preload.so.0" \
			"$out/tests/$test"
		;;
	*) run "$test" "$out/tests/$test" ;;
	esac
done

# What the tests of all files together reach; figures, not a test.
[ -n "$all" ] || exit 0
mkdir -p "$src/build/report"
gcovr -r "$src/userspace" --json-summary "$src/build/report/coverage-userspace.json" \
	--txt "$out/coverage.txt" "$out" >/dev/null 2>"$out/coverage.err"
sed -n 's/^TOTAL.* \([0-9]*%\)$/# lines reached: \1/p' "$out/coverage.txt"
