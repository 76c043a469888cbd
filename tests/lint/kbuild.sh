# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Builds the tree's modules in a copy, since Kbuild writes beside the sources;
# sourced by checks.

# Directories with modules; each is the M= of one build.
MODULE_DIRS="kernel tests/selftests/importer"
SOURCES='^(kernel|tests/selftests/importer)/'

module_sources()
{
	files "$SOURCES.*[.]c\$"
}

# The same files, from the "CHECK" lines of a build with C=2.
checked_sources()
{
	awk '
	$2 == "Entering" { dir = $NF; gsub(/[^-a-zA-Z0-9_.\/]/, "", dir) }
	$1 == "CHECK" { print $2 ~ "^/" ? $2 : dir "/" $2 }
	' /tmp/build/log | sed 's|^/tmp/build/||'
}

# build_all ARGUMENT...: everything from scratch, output in /tmp/build/log.
build_all()
{
	headers=$(find /lib/modules -mindepth 2 -maxdepth 2 -name build |
		sort -V | tail -n 1)
	mkdir /tmp/build
	over "$SOURCES" '^$' cp --parents -t /tmp/build
	for dir in $MODULE_DIRS; do
		[ -d "/tmp/build/$dir" ] || continue
		make -C "$headers" M="/tmp/build/$dir" "$@" modules \
			>>/tmp/build/log 2>&1 || {
			cat /tmp/build/log
			return 1
		}
		# An empty Kbuild has no warnings either.
		find "/tmp/build/$dir" -name '*.ko' | grep -q . || {
			echo "no module was built in $dir"
			return 1
		}
	done
}
