# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Sourced by every check. A check runs inside a root, in the tree to look at;
# LINT_FILES is a list of that tree's files. It prints what it finds and exits
# with 0 (clean) or not.

# The kernel's own tools, see kernel-tools.sh.
# shellcheck disable=SC2034 # used by the checks
TOOLS=/cache/lint/linux-6.12

# files REGEX [EXCEPT]: the files whose path matches one and not the other.
files()
{
	awk -v want="$1" -v except="${2:-^$}" '$0 ~ want && $0 !~ except' "$LINT_FILES"
}

# over REGEX EXCEPT COMMAND...: the command with those files as arguments.
# Having none is a finding too, printed where the command prints its own: a
# check that looks at nothing must not pass.
over()
{
	files "$1" "$2" >/tmp/files
	if [ ! -s /tmp/files ]; then
		# Twice: one of the two outputs may be read by somebody.
		echo "no file matches $1" | tee /dev/stderr
		return 1
	fi
	shift 2
	xargs "$@" </tmp/files
}

# Clean if the standard input, a list of findings, is empty.
expect_nothing()
{
	! grep .
}

# expect_same A NAMES B NAMES: two lists, one name per line, not empty, equal.
expect_same()
{
	printf '%s\n' "$2" | sort -u >/tmp/a
	printf '%s\n' "$4" | sort -u >/tmp/b
	{
		[ -n "$2$4" ] || echo "no name at all"
		comm -23 /tmp/a /tmp/b | sed "s|^..*|&: in $1, not in $3|"
		comm -13 /tmp/a /tmp/b | sed "s|^..*|&: in $3, not in $1|"
	} | expect_nothing
}

# unexcepted CHECK: a compiler's findings, without those that tests/lint/exceptions
# argues away for this check; what it argues for nothing is a finding, too.
unexcepted()
{
	awk -v check="$1" -v list=tests/lint/exceptions '
	BEGIN {
		while ((getline < list) > 0)
			if ($1 == check)
				unused[$2 " " $3] = 1
	}
	{
		name = $NF
		gsub(/[][]/, "", name)
		known = $1
		sub(/:.*/, "", known)
		known = known " " name
	}
	known in unused { unused[known] = 0; next }
	{ print }
	END {
		for (known in unused)
			if (unused[known])
				print known ": an exception that nothing needs"
	}'
}
