# SPDX-License-Identifier: GPL-2.0
# Sourced by the long runs: how many rounds each has, and what judges the memory
# afterwards. KVMFR_LONG=5 makes 5 % of the rounds.
# shellcheck shell=sh disable=SC2034,SC2154 # read by the harness, set by it
kernels="6.1 6.12 7.x sanitizer"
program=long

# rounds COUNT: of a whole run; one at least
rounds()
{
	rounds=$((($1 * ${KVMFR_LONG:-100} + 99) / 100))
}

setup_long()
{
	cp "$vm/tap.sh" "$vm/../long/memory.sh" tree/lib/kvmfr/
	echo "rounds=$rounds" >tree/lib/kvmfr/rounds
}

setup()
{
	setup_long
	"$vm/programs.sh" kvmfr_long
	cp "$BUILD/selftests/kvmfr_long" tree/lib/kvmfr/
}
