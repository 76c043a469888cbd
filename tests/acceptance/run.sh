#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What people run, on our module, or the client's suites on modules of others:
#   KERNEL=6.1|6.12|7.x|all [SUITE=prefix] [PEER_KO="path/to/another/kvmfr.ko ..."] run.sh
set -eu
acceptance=$(cd "${0%/*}" && pwd)
vm=$acceptance/../vm
. "$vm/lib.sh"
. "$vm/peer.sh"

SUITE=${SUITE:-accept_}
export SUITE
[ -n "${PEER_KO-}" ] || exec "$vm/check.sh"

labels=${KERNEL:-all}
[ "$labels" != all ] || labels=$LABELS
lock 7 "$BUILD/peer.lock"
# shellcheck disable=SC2086 # labels are separated by blanks
peers_take "$BUILD/peer" $labels
SUITE=peer_${SUITE#accept_}
KVMFR_SUITES=$acceptance/peer
export KVMFR_SUITES
exec "$vm/check.sh"
