#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# checkpatch.pl --strict on the modules and the C programs of the tests.
set -eu
. "${0%/*}/../lib.sh"

# It leaves a file of its own where it runs, and wants to see include/.
mkdir -p /tmp/tree/include
over '^(kernel|tests|userspace)/.*[.][ch]$' '^$' cp --parents -t /tmp/tree
cd /tmp/tree

# checkpatch REGEX EXCEPT TYPE,...: but for findings of those types
checkpatch()
{
	over "$1" "$2" perl "$TOOLS/scripts/checkpatch.pl" --no-tree --strict --file \
		--terse --show-types --quiet --root=/tmp/tree --ignore "$3"
}

modules='^(kernel|tests/selftests/importer)/.*[.][ch]$'
# compat.h is where version tests belong, see the check "versions".
checkpatch "$modules" '^$' LINUX_VERSION_CODE

# Programs have the C library's names instead of the kernel's macros and types,
# look at memory that others change, and the harness is made of macros that
# define functions. The bench has a module that crashes on purpose.
programs="PREFER_KERNEL_TYPES,PREFER_DEFINED_ATTRIBUTE_MACRO,ARRAY_SIZE,CAMELCASE,\
ENOSYS,VOLATILE,EMBEDDED_FUNCTION_NAME,MULTISTATEMENT_MACRO_USE_DO_WHILE,\
MACRO_ARG_REUSE,AVOID_BUG,STRCPY"
userspace='^(userspace|tests/unit/userspace)/'
checkpatch '^tests/.*[.][ch]$' "$modules|$userspace" "$programs"

# Those that talk to people have whole sentences in one string, and break lines
# as clang-format does, which checkpatch does not always like. They return errno.h's
# numbers and exit statuses both.
checkpatch "$userspace.*[.][ch]\$" '^$' "$programs,OPEN_ENDED_LINE,LONG_LINE,\
LONG_LINE_STRING,SPLIT_STRING,PARENTHESIS_ALIGNMENT,COMPARISON_TO_NULL,BIT_MACRO,\
QUOTED_WHITESPACE_BEFORE_NEWLINE,MISSING_SPACE,ONE_SEMICOLON,USE_NEGATIVE_ERRNO"
