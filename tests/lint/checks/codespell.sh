#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Spelling, everywhere but in the licence.
set -eu
. "${0%/*}/../lib.sh"

over . '^COPYING$' codespell -L aer,iput,fro,parm,nd,asymmetri,filp
