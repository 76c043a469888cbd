# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# A word for the tests that are scripts: one line of result, as run.sh reads it.

# is TEXT WANT GOT
is()
{
	if [ "$2" = "$3" ]; then
		echo "ok - $1"
	else
		echo "# wanted '$2', got '$3'"
		echo "not ok - $1"
	fi
}
