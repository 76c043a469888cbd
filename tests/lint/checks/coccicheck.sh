#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The modules break none of the kernel's own semantic rules, scripts/coccinelle,
# of those that can report. Those in OCaml, 2 of 73, want a compiler.
set -eu
. "${0%/*}/../lib.sh"
. "${0%/*}/../kbuild.sh"

rules=$(grep -rlZ 'virtual report' "$TOOLS/scripts/coccinelle" |
	xargs -r0 grep -L 'script:ocaml' | sort)
module_sources >/tmp/sources
if [ -z "$rules" ] || [ ! -s /tmp/sources ]; then
	echo "no rules or no modules"
	exit 1
fi

# One rule on all files, with the options that it asks for.
apply()
{
	options=$(sed -n 's|^//[/#]* *Options: *||p' "$1" | head -n 1)
	# shellcheck disable=SC2046,SC2086 # words
	spatch -D report --very-quiet --no-show-diff --cocci-file "$1" $options \
		$(cat /tmp/sources) 2>&1 || echo "spatch failed"
}

# What a rule has against itself is not ours.
for rule in $rules; do
	apply "$rule" | grep -v '^warning: line [0-9]*: should ' |
		sed "s|\$| [${rule##*/}]|"
done | unexcepted coccicheck | expect_nothing
