#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What the memory of this and of other designs costs, counted in instructions:
#   KERNEL=6.1|6.12|7.x|all [PEER_KO="path/to/another/kvmfr.ko ..."] run.sh
# Leaves build/report/bench.json and prints its table. A peer module takes part
# on the kernel that it was built for.
set -eu
bench=$(cd "${0%/*}" && pwd)
vm=$bench/../vm
. "$vm/lib.sh"
. "$vm/peer.sh"

case ${KERNEL:=all} in
all) labels=$LABELS ;;
6.1 | 6.12 | 7.x) labels=$KERNEL ;;
*) usage "KERNEL is one of: $LABELS all; not '$KERNEL'" ;;
esac

prepare()
{
	# shellcheck disable=SC2086 # labels are separated by blanks
	peers_take "$BUILD/bench/peer" $labels
	"$vm/programs.sh"
	mkdir -p "$BUILD/report"
	for label in $labels; do
		"$vm/build.sh" "$label"
	done
}

runs()
{
	for label in $labels; do
		for suite in bench_shm bench_kvmfr bench_kvmfr_dma bench_kvmfr_iommu; do
			echo "$suite $label"
		done
		[ -e "$BUILD/bench/peer/$label.ko" ] || continue
		for suite in bench_peer bench_peer_dma bench_peer_iommu; do
			echo "$suite $label"
		done
	done
}

# "# figure ..." lines of all results: KERNEL DESIGN NAME SIZE VALUE UNIT
figures()
{
	runs | while read -r suite label; do
		design=${suite#bench_}
		design=${design%_dma}
		design=${design%_iommu}
		[ "$design" != peer ] || design=peer_ko
		sed -n "s/^# figure /$label $design /p" "$BUILD/results/$suite-$label.tap"
	done
}

prepare
status=0
runs | KVMFR_BUILT=1 KVMFR_SUITES=$bench/suites \
	xargs -P "$(nproc)" -L 1 "$vm/run.sh" || status=1
figures >"$BUILD/bench/figures"
awk -f "$bench/json.awk" "$BUILD/bench/figures" >"$BUILD/report/bench.json"
awk -f "$bench/table.awk" "$BUILD/bench/figures"
say "figures: $BUILD/report/bench.json"
exit $status
