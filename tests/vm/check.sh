#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs suites on kernels: KERNEL=6.1|6.12|7.x|sanitizer|all SUITE=prefix check.sh
# all is without the sanitizer kernel. QUICK=1: each suite on the kernels that it
# names for that, or on the oldest and the newest.
# One machine per core at a time. The last line is the sum of all results.
set -eu
vm=$(cd "${0%/*}" && pwd)
. "$vm/lib.sh"
conf_dir=${KVMFR_SUITES:-$vm/suites}

all_suites()
{
	for conf in "$conf_dir"/*.conf; do
		basename "$conf" .conf
	done
}

# Suites of a prefix; a full name means that one alone.
chosen_suites()
{
	all_suites | grep -Fx -e "${SUITE-}" ||
		all_suites | awk -v prefix="${SUITE-}" 'index($0, prefix) == 1'
}

# The kernels that a suite is for. Those of the modules are for the sanitizer
# kernel as well unless they name their kernels.
kernels_of()
{
	(
		# shellcheck disable=SC2153 # from lib.sh
		all=$LABELS kernels='' quick=''
		suite=$1
		case $suite in
		kvmfr_* | vfio_pm_* | laptop_*) all="$LABELS sanitizer" ;;
		esac
		# shellcheck source=/dev/null
		. "$conf_dir/$suite.conf"
		: "${quick:=${kernels:-7.x}}" "${kernels:=$all}"
		[ -z "${QUICK-}" ] || kernels=$quick
		echo "$kernels"
	)
}

# One "suite label" per line.
matrix()
{
	for suite in $suites; do
		kernels=$(kernels_of "$suite")
		for label in $labels; do
			case " $kernels " in
			*" $label "*) echo "$suite $label" ;;
			esac
		done
	done
}

prepare()
{
	for label in $(echo "$runs" | awk '!seen[$2]++ { print $2 }'); do
		root=$("$vm/root.sh" "$(label_root "$label")")
		release=$(newest_release "$root")
		say "kernel $label is $release, accelerator" \
			"$("$vm/accel.sh" --why "$root/boot/vmlinuz-$release")"
		# What cannot be built fails the suites that need it.
		"$vm/build.sh" "$label" || :
	done
}

case ${KERNEL:=all} in
all) labels=$LABELS ;;
6.1 | 6.12 | 7.x | sanitizer) labels=$KERNEL ;;
*) usage "KERNEL is one of: $LABELS sanitizer all; not '$KERNEL'" ;;
esac
suites=$(chosen_suites)
[ -n "$suites" ] ||
	usage "SUITE is the beginning of one of: $(all_suites | paste -sd' '); not '$SUITE'"
runs=$(matrix)
[ -n "$runs" ] || die "no suite '$SUITE' for kernel $KERNEL"

prepare
# Copies of this run's results: another run may replace them at any time.
mkdir -p "$BUILD/run"
KVMFR_COPIES=$(mktemp -d "$BUILD/run/check.XXXXXX")
trap 'rm -rf "$KVMFR_COPIES"' EXIT
export KVMFR_COPIES
# A run that leaves no copy counts as an empty one, which is a failure.
echo "$runs" | while read -r suite label; do
	: >"$KVMFR_COPIES/$suite-$label.tap"
done
echo "$runs" | KVMFR_BUILT=1 xargs -P "$(nproc)" -L 1 "$vm/run.sh" || :
case $labels in
*sanitizer*) "$vm/in-root.sh" tools /src/tests/vm/sanitizer/coverage.sh ;;
esac
summary=$(awk -f "$vm/tally.awk" "$KVMFR_COPIES"/*.tap)
echo "$summary"
case $summary in
*" 0 failed, "*) ;;
*) exit 1 ;;
esac
