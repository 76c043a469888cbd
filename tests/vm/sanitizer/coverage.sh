#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Lines and branches of our modules that ran on the sanitizer kernel, by file, in
# all suites since the modules were last built: build/report/coverage-kernel.json; the
# lines that did not in coverage-kernel.txt beside it, and by function in
# coverage-unreached.txt, with the reasons that are in tests/vm/sanitizer/unreached.
# Runs inside the tools root.
set -eu
src=/src/build/modules/sanitizer/src
saved=/src/build/coverage
work=$(mktemp -d)

# Counters fit the notes of the very same compilation alone.
outdated()
{
	[ -n "$(find "$src/kernel" -name '*.gcno' -newer "$1" -print -quit)" ]
}

mkdir "$work/sum"
suites=0
for archive in "$saved"/*.tgz; do
	if [ ! -e "$archive" ] || outdated "$archive"; then
		rm -f "$archive"
		continue
	fi
	mkdir "$work/one"
	tar -C "$work/one" -xzf "$archive"
	gcov-tool merge -o "$work/next" "$work/sum" "$work/one" 2>>"$work/log"
	rm -r "$work/sum" "$work/one"
	mv "$work/next" "$work/sum"
	suites=$((suites + 1))
done
if [ $suites -eq 0 ]; then
	echo "# coverage: no suite ran on the sanitizer kernel since the last build"
	exit 0
fi

(cd / && find "$src/kernel" -name '*.gcno' -printf '%P\n') >"$work/notes"
(cd "$src/kernel" && xargs cp --parents -t "$work/sum/$src/kernel" <"$work/notes")
mkdir -p /src/build/report
# gcov writes where it stands. It does not find the kernel's headers, which do
# not count.
cd "$work"
gcovr -r "$src" --filter "$src/kernel/" --exclude ".*[.]mod[.]c" --gcov-ignore-errors=all \
	--json-summary /src/build/report/coverage-kernel.json --json-summary-pretty \
	--txt /src/build/report/coverage-kernel.txt "$work/sum" >>"$work/log" 2>&1 || {
	tail -n 20 "$work/log"
	exit 1
}
sanitizer=/src/tests/vm/sanitizer
awk -v top="$src" -f $sanitizer/unreached.awk $sanitizer/unreached \
	/src/build/report/coverage-kernel.txt >/src/build/report/coverage-unreached.txt
sed -n "s/^TOTAL.* \([0-9]*%\)\$/# coverage of the modules by $suites suites: \1 of the lines/p" \
	/src/build/report/coverage-kernel.txt
echo "# functions that did not run to the end: $(wc -l </src/build/report/coverage-unreached.txt)," \
	"without a reason: $(grep -vc ': ' /src/build/report/coverage-unreached.txt || :)"
