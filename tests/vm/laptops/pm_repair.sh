# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2046,SC2086,SC2154 # addresses, set by lib.sh
first=$(functions | head -n 1)
poke()
{
	insmod /lib/kvmfr/kvmfr_pci_poke.ko "$@"
}

idle_ms()
{
	awk '{ printf "%d", $2 * 1000 }' /proc/uptime
}

awake_ms()
{
	for function in $(functions); do
		cat $pci/$function/power/runtime_active_time
	done | awk '{ sum += $1 } END { printf "%d", sum }'
}

# The machine's readings over a minute, as $awake and $idle.
watch()
{
	awake=$(awake_ms) idle=$(idle_ms)
	sleep 60
	awake=$(($(awake_ms) - awake)) idle=$(($(idle_ms) - idle))
}

begin policy=d3cold
becomes "the slot is in D3cold" 60 d3cold show level

# The PCI core keeps the port on for nothing, and does not change its mind.
poke device=$port refuse=1
becomes "a repair that does not help: the slot is blocked" 60 blocked show state
is "for the port" bridge_d3_stale "$(codes $port)"
watch
between "for it functions are awake some milliseconds a minute" 1 500 $awake
rmmod kvmfr_pci_poke
becomes "once it helps the slot is in D3cold again" 60 d3cold show level

poke device=$first forbid=1 forget=1 fail=1
becomes "a repair that fails: the slot is blocked" 60 blocked show state
watch
between "the machine idles meanwhile" 55000 61000 $idle
rmmod kvmfr_pci_poke
becomes "once it works the slot is in D3cold again" 60 d3cold show level

# A port that cannot be woken is left as the module found it, too.
echo d3hot >$slot/policy
becomes "the slot is in D3hot" 60 d3hot show level
poke device=$port fail=1
unload
rmmod kvmfr_pci_poke
passes "vfio_pci_pm is loaded again" load policy=d3cold
becomes "the slot is in D3cold" 60 d3cold show level
is "nothing blocks" "" "$(show blockers)"
