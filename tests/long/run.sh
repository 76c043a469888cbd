#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The long runs, which make check and make check-vm leave out:
#   KERNEL=6.1|6.12|7.x|sanitizer|all [SUITE=prefix] [KVMFR_LONG=percent] run.sh
set -eu
long=$(cd "${0%/*}" && pwd)
KVMFR_SUITES=$long/suites
export KVMFR_SUITES
exec "$long/../vm/check.sh"
