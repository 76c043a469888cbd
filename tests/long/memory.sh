# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # words are those of tap.sh
# What the kernel has in use, before and after many rounds of something; sourced
# by the long runs inside a machine, after tap.sh. The suite says how many
# $rounds there are.
#
# The caches of the slab allocator are counted in objects: one that every tenth
# round leaves behind is found, whatever its size, if there are thousands of
# rounds. What is not in there is counted in kB: a page that every tenth round
# leaves is found then.
# shellcheck source=/dev/null
. /lib/kvmfr/rounds

# What comes and goes without us: objects (a slab of the smallest has 512), kB.
noise_objects=300
noise_kb=1024

# What was used a moment ago is only dropped the second time. What is freed after
# a grace period is waited for.
memory_settle()
{
	sync
	for _ in 1 2 3; do
		echo 3 >/proc/sys/vm/drop_caches
	done
	sleep 3
}

# Each cache is shrunk and read at once, by no other process: the slab that a
# processor has at hand counts as full, and starting a process fills some.
slab_read()
{
	awk '$1 !~ /^(slabinfo|#)/ { print $1 }' /proc/slabinfo >/tmp/caches
	while read -r cache; do
		echo 1 >"/sys/kernel/slab/$cache/shrink"
		read -r count rest <"/sys/kernel/slab/$cache/objects"
		echo "objects $cache $count"
	done </tmp/caches
}

# Lines "objects NAME COUNT" and "kB NAME COUNT". Open files are the objects of
# filp. Areas of vmalloc are freed many at a time, by when nobody knows, but told
# apart until then. Free memory is with what the processors' lists keep of it,
# tens of MiB.
memory_read()
{
	slab_read | grep -v ' vmap_area '
	echo "objects vmalloc-areas $(grep -vc unpurged /proc/vmallocinfo)"
	awk '$1 == "nr_free_pages" || $1 == "count:" { pages += $2 }
		END { print "kB free", pages * 4 }' /proc/zoneinfo
	awk '$1 ~ /^(SUnreclaim|KernelStack|PageTables|VmallocUsed|Percpu):/ {
		print "kB", substr($1, 1, length($1) - 1), $2 }' /proc/meminfo
}

# Who uses our modules, and everything else that is counted exactly.
references_read()
{
	awk '{ print "module", $1, $3 }' /proc/modules
	for device in /sys/class/kvmfr/*; do
		[ ! -e "$device" ] || echo "${device##*/} exports" \
			"$(cat "$device/exports") mappings $(cat "$device/mappings")"
	done
	grep -E 'kvmfr' /proc/devices
	awk '$5 == "kvmfr" { print "dma-buf", $1 }' /sys/kernel/debug/dma_buf/bufinfo
	grep -l /dev/kvmfr /proc/[0-9]*/maps 2>/dev/null
}

# What has changed by more than it may, in either direction: a start that was
# too high would hide a leak.
memory_changes()
{
	awk -v rounds="$rounds" -v objects="$noise_objects" -v kb="$noise_kb" '
	BEGIN {
		limit["objects"] = objects < rounds / 10 ? rounds / 10 : objects
		limit["kB"] = kb
	}
	NR == FNR { before[$1 " " $2] = $3; next }
	{
		key = $1 " " $2
		change = $3 - before[key]
		size = change < 0 ? -change : change
		if (size > limit[$1])
			printf "%s: %+d %s\n", $2, change, $1
	}' "$1" "$2"
}

# The figures that are asked for by name, and the caches that changed most.
memory_tell()
{
	awk 'NR == FNR { before[$1 " " $2] = $3; next }
	$1 == "kB" || $2 == "filp" {
		printf "# %s: %d, then %d %s\n", $2, before[$1 " " $2], $3, $1
		next
	}
	{
		change = $3 - before[$1 " " $2]
		size = change < 0 ? -change : change
		if (size > most) {
			most = size
			name = $2
		}
	}
	END { printf "# most change in a cache: %d objects of %s\n", most, name }' \
		"$1" "$2"
}

memory_starts()
{
	memory_read >/tmp/memory.before	# the first look makes something, too
	memory_settle
	memory_read >/tmp/memory.before
	references_read >/tmp/references.before
}

# What is freed late is no leak; a leak never goes away.
memory_ends()
{
	for look in 1 2 3; do
		memory_settle
		memory_read >/tmp/memory.after
		memory_changes /tmp/memory.before /tmp/memory.after >/tmp/changes
		[ -s /tmp/changes ] || break
		sleep 5
	done
	references_read >/tmp/references.after
	echo "# looked at $look time(s)"
	memory_tell /tmp/memory.before /tmp/memory.after
	is "after $rounds rounds memory is as it was" "" "$(cat /tmp/changes)"
	is "and so is everything that is counted" "$(cat /tmp/references.before)" \
		"$(cat /tmp/references.after)"
}
