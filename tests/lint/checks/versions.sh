#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Kernel versions are tested in compat.h and nowhere else.
set -eu
. "${0%/*}/../lib.sh"

over '[.][ch]$|(^|/)(Kbuild|Makefile)$' '^kernel/include/compat[.]h$' \
	grep -nHE 'LINUX_VERSION_|KERNEL_VERSION|KERNELVERSION|RHEL_RELEASE' |
	expect_nothing
