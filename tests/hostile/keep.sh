#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Merges what runs on a kernel with KCOV found worth keeping into
# corpus/reached.txt, which the next run begins with:
#   keep.sh [build/run/kvmfr_fuzz_*/programs.img...]
# At most 100 programs, those that reached most first. What the runs began with is
# theirs again if it still reaches something, so nothing is added twice.
set -eu
hostile=$(cd "${0%/*}" && pwd)
corpus=$hostile/corpus
most=100
# Before it is what the workers ran last, see corpus.c.
skip=$((3 * 4096 + 1))

[ $# -gt 0 ] || set -- "$hostile"/../../build/run/kvmfr_fuzz_*-sanitizer/programs.img
new=$(mktemp -d)
trap 'rm -r "$new"' EXIT
for image; do
	tail -c "+$skip" "$image" | tr -d '\0'
done >"$new/found"
grep -q '^# [0-9]* places$' "$new/found" || {
	echo "keep.sh: no programs in $*" >&2
	exit 1
}

# Paragraphs as one line each, with tabs between: "# N places", then the program.
# Those written by hand come first, without their comments, and only to be known.
by_hand()
{
	for file in "$corpus"/*.txt; do
		[ "$file" = "$corpus/reached.txt" ] || cat "$file"
		echo
	done | sed '/^#/d'
}

{
	by_hand
	cat "$new/found"
} | awk -v RS= -v FS='\n' -v OFS='\t' '
{
	places = $1 ~ /^# / ? $1 : ""
	$1 = places ? "" : $1
	program = $0
	sub(/^\t/, "", program)
}
places && !seen[program] { split(places, word, " "); print word[2], program }
{ seen[program] = 1 }' | sort -s -k 1,1nr | head -n "$most" >"$new/programs"

{
	echo '# SPDX-License-Identifier: GPL-2.0'
	echo '# What random callers reached on the sanitizer kernel: keep.sh. The number is'
	echo '# that of the places in the kernel that no program before it had come to.'
	sed 's/^/\n# /; s/\t/ places\n/; s/\t/\n/g' "$new/programs"
} >"$new/reached.txt"
cp "$new/reached.txt" "$corpus/reached.txt"
echo "$(wc -l <"$new/programs") programs in $corpus/reached.txt"
