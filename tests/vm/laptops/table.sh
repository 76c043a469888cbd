#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Compiles one ACPI table; runs inside the trixie root:
#   table.sh OUT SOURCE [-DNAME[=VALUE]...]
# By the C preprocessor: iasl's own never ends on some nestings of #ifdef.
set -eu
out=$1 source=$2
shift 2
cpp -undef -nostdinc -P "$@" "$source" "$out.asl"
timeout 20 iasl -p "$out" "$out.asl"
