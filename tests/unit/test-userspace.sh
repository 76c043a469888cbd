# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # sourced by run.sh
# The userspace programs under sanitizers, and their parsers with nonsense for
# some seconds: see userspace/run.sh and fuzz.sh.

status=0
{
	"$vm/in-root.sh" tools /src/tests/unit/userspace/run.sh &&
		"$vm/in-root.sh" tools /src/tests/unit/userspace/fuzz.sh 10
} >"$dir/userspace.out" 2>&1 || status=$?
while read -r line; do
	case $line in
	"ok - "*) result ok "${line#ok - }" ;;
	"not ok - "*) result "not ok" "${line#not ok - }" ;;
	*) printf '# %s\n' "${line#\# }" >>"$dir/tap" ;;
	esac
done <"$dir/userspace.out"
check "userspace: its tests end (build/run/unit/userspace.out)" test "$status" -eq 0
