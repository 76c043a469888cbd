#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Builds the kernel modules for a label into build/modules/<label>. The sources
# are copied there first, so that the three kernels can be built at one time
# and the checkout stays clean.
set -eu
vm=$(cd "${0%/*}" && pwd)
. "$vm/lib.sh"

synopsis="build.sh 6.1|6.12|7.x|sanitizer"
[ $# -eq 1 ] || usage "$synopsis"
label=$1
name=$(label_root "$label") || usage "$synopsis"
out=$BUILD/modules/$label
extra="tests/selftests/importer tests/vm/misbehave"	# modules for tests only

# Copies what is newer than its copy, and removes what is gone.
copy_sources()
{
	mkdir -p "$out/src"
	# shellcheck disable=SC2086 # directories are separated by blanks
	(cd "$TOP" && find kernel $extra \
		\( -name '*.[chS]' -o -name Kbuild \) ! -name '*.mod.c') \
		>"$out/sources.new"
	if [ -e "$out/sources" ] && ! cmp -s "$out/sources" "$out/sources.new"; then
		rm -rf "$out/src"
		mkdir "$out/src"
	fi
	mv "$out/sources.new" "$out/sources"
	(cd "$TOP" && xargs cp -u --parents -t "$out/src" <"$out/sources")
}

# The sanitizer kernel counts what runs of the modules that are tested, and can
# tell a fuzzer where it got to.
instruments()
{
	case $label:$1 in
	sanitizer:kernel) echo "GCOV_PROFILE=y KCOV_INSTRUMENT=y" ;;
	esac
}

# Built in one go: kbuild runs once per directory given as M=.
compile()
{
	# shellcheck disable=SC2046 # variables are separated by blanks
	"$vm/in-root.sh" "$name" make -C "/lib/modules/$(label_release "$label")/build" \
		"M=$(inside "$out/src")/$1" $(instruments "$1") modules >>"$out/build.log" 2>&1 || {
		tail -n 30 "$out/build.log" >&2
		die "cannot build $1 for $label, see $out/build.log"
	}
	find "$out/src/$1" -name '*.ko' -exec cp -p -t "$out" {} +
}

lock 8 "$BUILD/modules/$label.lock"
mkdir -p "$out"
rm -f "$out"/*.ko
: >"$out/build.log"
copy_sources
for dir in kernel $extra; do
	compile "$dir"
done
