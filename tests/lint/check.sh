#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# One check on one tree: check.sh CHECK ROOT TREE FILES
# FILES lists the files of TREE; both are below the checkout.
set -eu
lint=$(cd "${0%/*}" && pwd)
vm=$lint/../vm
. "$vm/lib.sh"

[ $# -eq 4 ] || usage "check.sh CHECK ROOT TREE FILES"
cd "$3"
"$vm/in-root.sh" "$2" env LINT_FILES="$(inside "$4")" \
	"/src/tests/lint/checks/$1.sh"
