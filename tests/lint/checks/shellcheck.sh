#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# All shell is clean: by shebang, by name, and the files that are sourced.
set -eu
. "${0%/*}/../lib.sh"

is_script()
{
	case $1 in
	*.sh) return 0 ;;
	esac
	head -n 1 "$1" | grep -qaE '^#!.*[ /](ba|da)?sh( |$)'
}

# SC2016 takes every awk program for a forgotten variable.
check()
{
	xargs -r shellcheck -x -P SCRIPTDIR -P tests/vm -e SC2016 "$@"
}

files . | while read -r file; do
	! is_script "$file" || echo "$file"
done | check

# Settings for whoever sources them: unused and unset variables are the point.
files '^tests/(vm|bench|acceptance|long)/(suites|peer)/.*[.]conf$' | check -s sh -e SC2034,SC2154
files '^dkms[.]conf$' | check -s bash -e SC2034,SC2154
