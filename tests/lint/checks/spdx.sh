#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Every file says its licence in its first lines; COPYING is the licence, and
# what the parsers are fed with is none of ours.
set -eu
. "${0%/*}/../lib.sh"

over . '^COPYING$|/corpus/' awk '
FNR <= 3 && /SPDX-License-Identifier: / { licensed[FILENAME] = 1 }
END {
	for (i = 1; i < ARGC; i++)
		if (!(ARGV[i] in licensed))
			print ARGV[i] ": no SPDX line"
}' | expect_nothing
