#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Feeds the parsers nonsense, in the tools root: each fuzz_<parser>.c for some
# seconds, beginning with the files of corpus/<parser>/.
#   fuzz.sh SECONDS [PARSER...]
# Prints "ok - text" or "not ok - text"; an input that was found stays in
# build/userspace/fuzz.
set -eu
here=$(cd "${0%/*}" && pwd)
src=$(cd "$here/../../.." && pwd)
out=$src/build/userspace/fuzz

case ${1-} in
'' | *[!0-9]*)
	echo "usage: fuzz.sh SECONDS [PARSER...]" >&2
	exit 2
	;;
esac
seconds=$1
shift
# shellcheck disable=SC2046 # names without blanks
[ $# -gt 0 ] || set -- $(find "$here" -name 'fuzz_*.c' | sed 's|.*/fuzz_||; s|[.]c$||' | sort)

packages="libudev libkmod inih json-c libxml-2.0 libacl"
flags="-g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all"
make -s -C "$src/userspace" O="$out" CC=clang-19 SYSTEMD=no -j"$(nproc)" \
	CFLAGS="$flags -fsanitize=fuzzer-no-link" LDFLAGS="$flags" >&2

for parser; do
	# shellcheck disable=SC2046,SC2086 # lists of options
	clang-19 -std=gnu11 -D_GNU_SOURCE $flags -fsanitize=fuzzer -I"$src/userspace" \
		-I"$src/userspace/lib" $(pkg-config --cflags $packages) \
		-o "$out/fuzz_$parser" "$here/fuzz_$parser.c" "$out/libkvmfr.a" \
		$(pkg-config --libs $packages) -lm
	mkdir -p "$out/corpus/$parser"
	set -- "$out/corpus/$parser"
	[ ! -d "$here/corpus/$parser" ] || set -- "$@" "$here/corpus/$parser"
	if (cd "$out" && "./fuzz_$parser" -max_total_time="$seconds" -max_len=16384 \
		-artifact_prefix="$out/found-$parser-" -print_final_stats=1 "$@") \
		>"$out/$parser.log" 2>&1; then
		echo "ok - nonsense of $seconds s does no harm to: $parser"
	else
		tail -n 40 "$out/$parser.log" | sed 's/^/# /'
		echo "not ok - nonsense of $seconds s does no harm to: $parser"
	fi
	sed -n 's/^stat::number_of_executed_units: */# inputs tried: /p' "$out/$parser.log"
done
