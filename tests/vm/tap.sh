# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # for those who source it
# Words for tests that are scripts and run inside a machine: each prints a line
# of TAP. The end of the script says "1..$tests" and exits with $failed.

tests=0 failed=0

# is TEXT WANT GOT
is()
{
	tests=$((tests + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $tests - $1"
		return
	fi
	failed=1
	echo "# wanted '$2', got '$3'"
	echo "not ok $tests - $1"
}

# skip TEXT REASON
skip()
{
	tests=$((tests + 1))
	echo "ok $tests - $1 # SKIP $2"
}

# passes TEXT COMMAND...
passes()
{
	what=$1
	shift
	if "$@"; then
		is "$what" yes yes
	else
		is "$what" "status 0 of $*" "status $?"
	fi
}

# like TEXT PATTERN GOT: an extended regular expression
like()
{
	if printf '%s\n' "$3" | grep -qE "$2"; then
		is "$1" yes yes
	else
		is "$1" "$2" "$3"
	fi
}

# between TEXT LEAST MOST GOT
between()
{
	if [ "$4" -ge "$2" ] 2>/dev/null && [ "$4" -le "$3" ]; then
		is "$1 ($4)" yes yes
	else
		is "$1" "$2..$3" "$4"
	fi
}

# until_is SECONDS WANT COMMAND...: whether it prints that in time
until_is()
{
	seconds=$1 want=$2
	shift 2
	now_ms
	end=$((now + seconds * 1000))
	soon=$((now + 3000))
	while [ "$("$@" 2>/dev/null)" != "$want" ]; do
		now_ms
		[ "$now" -lt "$end" ] || return 1
		# Sleeping costs nothing here, looking does.
		if [ "$now" -lt "$soon" ]; then
			sleep 0.1
		else
			sleep 5
		fi
	done
}

# becomes TEXT SECONDS WANT COMMAND...
becomes()
{
	what=$1
	shift
	if until_is "$@"; then
		is "$what" yes yes
		return
	fi
	want=$2
	shift 2
	is "$what" "$want" "$("$@" 2>&1)"
}

# Sets $now without another process: "12.34" is 12340.
now_ms()
{
	read -r now rest </proc/uptime
	now=${now%.*}${now#*.}0
}
