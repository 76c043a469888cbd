# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2086,SC2154 # addresses, set by lib.sh
# A VM has the card for a second and leaves it to D3cold, again and again.
# shellcheck source=tests/long/memory.sh
. /lib/kvmfr/memory.sh

# Not opens: a VM that comes a second after another one is not told apart from it.
counters="d3cold_entries d3cold_failures wake_failures recoveries fallbacks"

# In D3cold, for the kernel and for the module.
asleep()
{
	read -r state <$pci/$port/power_state
	read -r level <$slot/level
	[ "$state $level" = "D3cold d3cold" ]
}

# One that does not fall asleep in half a minute ends it.
cycle()
{
	/lib/kvmfr/vfio_open -m 1000 $all >/dev/null || return 1
	for _ in $(seq 300); do
		! asleep || return 0
		sleep 0.1
	done
	echo "# the port is in $state, the slot in $level"
	return 1
}

# cycles COUNT
cycles()
{
	for number in $(seq "$1"); do
		cycle || { echo "# that was cycle $number of $1"; return 1; }
		[ $((number % 50)) -ne 0 ] || echo "# cycles: $number of $1"
	done
}

counters_read()
{
	for counter in $counters; do
		read -r count <$slot/counters/$counter
		echo "$counter $count"
	done
}

# Between two readings, for each counter.
counted()
{
	awk 'NR == FNR { before[$1] = $2; next }
	{ printf "%s%s %d", (FNR == 1 ? "" : ", "), $1, $2 - before[$1] }' \
		/tmp/counters.before /tmp/counters.after
}

begin policy=d3cold
all=$(functions)
becomes "it is asleep" 30 d3cold show level
passes "some cycles to begin with" cycles $((1 + rounds / 20))
memory_starts
counters_read >/tmp/counters.before
passes "$rounds cycles" cycles "$rounds"
counters_read >/tmp/counters.after
is "the module has counted them" \
	"d3cold_entries $rounds, d3cold_failures 0, wake_failures 0, recoveries 0, fallbacks 0" \
	"$(counted)"
memory_ends
draws "draw of the laptop" 15000
