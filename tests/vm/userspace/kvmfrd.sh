# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # read by what is sourced
# kvmfrd beside systemd-udevd and our rule, which gives nodes to kvm.
udevd=1
# shellcheck source=tests/vm/userspace/kvmfrd_lib.sh
. /lib/kvmfr/kvmfrd_lib.sh
start_udevd
# shellcheck source=tests/vm/userspace/kvmfrd_tests.sh
. /lib/kvmfr/kvmfrd_tests.sh
# shellcheck source=tests/vm/userspace/kvmfrd_seat.sh
. /lib/kvmfr/kvmfrd_seat.sh
