#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The static checks: one line each, TAP in build/results/lint.tap, what a check
# found in build/lint/. Without names every check, then the proof that each of
# them can fail (selftest.sh).
#   run.sh [CHECK...]
set -eu
lint=$(cd "${0%/*}" && pwd)
vm=$lint/../vm
. "$vm/lib.sh"

# Check and root, one line each. w1 runs once for every kernel.
CHECKS="checkpatch trixie
clang-format trixie
kernel-doc trixie
w1 bookworm
w1 trixie
w1 backports
sparse trixie
clang-tidy lint
coccicheck lint
gcc-analyzer trixie
codespell trixie
shellcheck trixie
versions trixie
no-if trixie
length trixie
spdx trixie
paths trixie
sysfs trixie
parameters trixie
version trixie
readme trixie
cases trixie
udev trixie
manual tools
units trixie"

# All files that are, or are going to be, part of the project.
list_files()
{
	cd "$TOP"
	if [ -e .git ]; then
		git ls-files --cached --others --exclude-standard
	else
		find . -path ./build -prune -o -type f -print | sed 's|^[.]/||'
	fi | sort | while read -r file; do
		[ ! -f "$file" ] || echo "$file"
	done
}

run_check()
{
	check=$1 root=$2
	log=$BUILD/lint/$check-$root.log
	if "$lint/check.sh" "$check" "$root" "$TOP" "$BUILD/lint/files" >"$log" 2>&1; then
		verdict="ok - $check, $root root"
	else
		verdict="not ok - $check, $root root: see ${log#"$TOP"/}"
	fi
	echo "$verdict"
}

selected()
{
	[ $# -gt 0 ] || set -- "$(echo "$CHECKS" | cut -d ' ' -f 1)"
	# shellcheck disable=SC2086,SC2048 # one pattern per name
	echo "$CHECKS" | grep -E "^($(echo $* | tr ' ' '|')) " ||
		die "no such check; they are: $(echo "$CHECKS" | cut -d ' ' -f 1 | uniq | xargs)"
}

if [ "${1-}" = --one ]; then
	run_check "$2" "$3"
	exit
fi

todo=$(selected "$@")
mkdir -p "$BUILD/lint" "$BUILD/results"
list_files >"$BUILD/lint/files"
for root in bookworm trixie backports tools lint; do
	"$vm/root.sh" "$root" >/dev/null
done
[ -e "$CACHE/lint/linux-6.12/scripts/coccinelle" ] ||
	"$vm/in-root.sh" --scratch trixie /src/tests/lint/kernel-tools.sh \
		>"$BUILD/lint/kernel-tools.log" 2>&1 ||
	die "cannot get the kernel's checkers, see build/lint/kernel-tools.log"

tap=$BUILD/results/lint.tap
{
	echo "$todo" | xargs -P "$(nproc)" -L 1 "$lint/run.sh" --one
	[ $# -gt 0 ] || "$lint/selftest.sh"
} | tee "$BUILD/lint/lines"
awk '
BEGIN { print "TAP version 13" }
{ sub(/^(not )?ok/, "& " NR); print }
END { print "1.." NR }' "$BUILD/lint/lines" >"$tap"

awk '
/^ok/ { passed++ }
/^not ok/ { failed++ }
END {
	printf "%d passed, %d failed, 0 skipped\n", passed, failed
	exit failed > 0 || passed == 0
}' "$BUILD/lint/lines"
