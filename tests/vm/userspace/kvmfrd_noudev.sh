# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154 # read by what is sourced, set by it
# kvmfrd where only the kernel tells of devices; then udevd is started after all.
udevd=''
# shellcheck source=tests/vm/userspace/kvmfrd_lib.sh
. /lib/kvmfr/kvmfrd_lib.sh
# shellcheck source=tests/vm/userspace/kvmfrd_tests.sh
. /lib/kvmfr/kvmfrd_tests.sh

kvmfrd_start
start_udevd
load static_size_mb=1
becomes "with udevd started behind its back, rights are those of the file" 10 \
	"$lg" node_is kvmfr0
unload
load static_size_mb=1
becomes "and once more" 10 "$lg" node_is kvmfr0
kvmfrd_stop
