# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154 # read by the harness, set by it
# Sourced after an acceptance suite's settings: the same with another module in
# the place of ours, on the kernels that there is one for; see ../run.sh.
kernels=$(cd "$BUILD/peer" && echo *.ko | sed 's/\.ko//g')
peer=1
settings="$settings peer=1"
picture=peer.png
