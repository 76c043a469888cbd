# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # sourced by run.sh
# The module's measured-power decision: its parts and the whole under
# sanitizers, then on a population of simulated laptops. SEED= is another
# population, LAPTOPS= another number of them.

policy_build()
{
	out=$1
	shift
	# The module's files as they are; warnings as in the other programs.
	${CC:-cc} -std=gnu11 -D_GNU_SOURCE -I"$TOP/kernel/vfio_pci_pm" \
		-Wall -Wextra -Wformat=2 -Wshadow -Wmissing-prototypes -Wundef \
		-Wvla -Wwrite-strings -Werror -o "$out" "$@" \
		"$TOP"/kernel/vfio_pci_pm/policy*.c -lm
}

# Lines of a program's TAP as results of this run; a death is one of them.
policy_run()
{
	text=$1
	shift
	status=0
	"$@" >"$dir/policy.tap" 2>&1 || status=$?
	while read -r line; do
		case $line in
		"ok - "*) result ok "${line#ok - }" ;;
		"not ok - "*) result "not ok" "${line#not ok - }" ;;
		*) printf '# %s\n' "${line#\# }" >>"$dir/tap" ;;
		esac
	done <"$dir/policy.tap"
	# A failed test has said so itself.
	check "policy: $text" test "$status" -eq 0 -o "$(grep -c '^not ok' "$dir/policy.tap")" -gt 0
}

simulation="$unit/policy/montecarlo.c $unit/policy/tally.c $unit/policy/plot.c
	$unit/policy/laptop.c $unit/policy/gauge.c"
sanitize="-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all"

# shellcheck disable=SC2086 # lists of files and of options
{
	check "policy: the tests build" policy_build "$dir/policy-unit" $sanitize \
		"$unit/policy/unit.c" "$unit/policy/machine.c" "$unit"/policy/test-*.c
	check "policy: the simulation builds with sanitizers" \
		policy_build "$dir/policy-sanitized" $sanitize $simulation
	check "policy: the simulation builds" \
		policy_build "$dir/policy-montecarlo" -O2 $simulation
}

mkdir -p "$BUILD/report"
rm -f "$BUILD/report/policy.json" "$BUILD/report/policy.svg"
policy_run "all tests end" "$dir/policy-unit"
# Too few laptops to judge the verdicts by.
check "policy: the sanitizers find nothing in 500 laptops" \
	"$dir/policy-sanitized" "${SEED:-1}" 500
policy_run "the simulation ends" "$dir/policy-montecarlo" "${SEED:-1}" \
	"${LAPTOPS:-100000}" "$BUILD/report/policy.json" "$BUILD/report/policy.svg"
