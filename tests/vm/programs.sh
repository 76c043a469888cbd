#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Builds the selftests into build/selftests, in the trixie root:
# programs.sh [PROGRAM...]; all that can be built unless named.
set -eu
vm=$(cd "${0%/*}" && pwd)
. "$vm/lib.sh"

lock 8 "$CACHE/kselftest.lock"
if [ ! -e "$CACHE/kselftest" ]; then
	say "fetching the kselftest harness (about 40 s)..."
	"$vm/in-root.sh" --scratch trixie /src/tests/vm/kselftest.sh \
		>"$CACHE/kselftest.log" 2>&1 || {
		tail -n 20 "$CACHE/kselftest.log" >&2
		die "cannot get the kselftest harness, see $CACHE/kselftest.log"
	}
fi

lock 8 "$BUILD/selftests.lock"
for program; do
	shift
	set -- "$@" "/src/build/selftests/$program"
done
"$vm/in-root.sh" trixie make -s -k -C /src/tests/selftests "$@" >"$BUILD/selftests.log" 2>&1 || {
	tail -n 30 "$BUILD/selftests.log" >&2
	die "cannot build the selftests, see $BUILD/selftests.log"
}
