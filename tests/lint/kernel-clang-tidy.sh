#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# clang-tidy on one file of a module, called by Kbuild in place of sparse (CHECK=)
# with gcc's options; of those clang gets the ones that change what the code means.
set -eu

# Out of memory bounds of C11's Annex K, which no C library has, it says nothing;
# nor on what the kernel's style and macros do all the time.
checks="-*,clang-analyzer-*,linuxkernel-*,bugprone-*,\
-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling,\
-bugprone-assignment-in-if-condition,\
-bugprone-easily-swappable-parameters,\
-bugprone-macro-parentheses,\
-bugprone-multi-level-implicit-pointer-conversion,\
-bugprone-narrowing-conversions,\
-bugprone-reserved-identifier,\
-bugprone-switch-missing-default-case"

left=$#
while [ "$left" -gt 0 ]; do
	source=$1
	shift
	left=$((left - 1))
	case $source in
	-include)
		set -- "$@" "$source" "$1"
		shift
		left=$((left - 1))
		;;
	-[DI]* | -std=* | -nostdinc | -m64 | -fshort-wchar | -funsigned-char | -fno-delete-null-pointer-checks)
		set -- "$@" "$source"
		;;
	esac
done
exec clang-tidy-19 --quiet --checks="$checks" "$source" -- -Wno-everything "$@"
