# SPDX-License-Identifier: GPL-2.0
# Sourced by the suites of the userspace programs: a Debian root that boots from
# a disk, our modules where modprobe looks for them, our programs in PATH; then
# tests/vm/userspace/<name>.sh, or what args names, with the words of tap.sh; of
# another directory if scripts is set.
# shellcheck shell=sh disable=SC2034,SC2154 # read by the harness, set by it

program=userspace
args=${suite#userspace_}
scripts=$vm/userspace
disk=1
timeout=400
# Programs differ by distribution more than by kernel.
quick="6.1 7.x"

setup_programs()
{
	"$vm/make-in.sh" "$name" userspace O="/src/build/userspace/$name" \
		>userspace.log 2>&1 || { cat userspace.log; return 1; }
	mkdir -p tree/lib/kvmfr/bin
	for built in kvmfrctl kvmfrd vfio-powerd; do
		cp "$BUILD/userspace/$name/$built/$built" tree/lib/kvmfr/bin/
	done
	cp "$TOP"/udev/*.rules "$vm/tap.sh" "$scripts/$args.sh" tree/lib/kvmfr/
}

setup()
{
	setup_programs
}
