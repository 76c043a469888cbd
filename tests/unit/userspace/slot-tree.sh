# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # $tree is set by those who source it
# A laptop with kvmfr and vfio_pci_pm loaded, as files below $tree.

# put FILE TEXT: with printf's escapes, and a newline
put()
{
	mkdir -p "$tree/${1%/*}"
	printf '%b\n' "$2" >"$tree/$1"
}

# A word of the slot at PORT: slot_put PORT FILE TEXT
slot_put()
{
	put "sys/class/vfio_pm/$1/$2" "$3"
}

make_device()
{
	put "sys/class/kvmfr/$1/dev" "$2"
	put "sys/class/kvmfr/$1/kind" static
	put "sys/class/kvmfr/$1/size" 134217728
	put "sys/class/kvmfr/$1/huge_bytes" 132120576
	put "sys/class/kvmfr/$1/mappings" 1
	put "sys/class/kvmfr/$1/exports" 0
}

make_slot()
{
	bus=${2-01}
	slot_put "$1" state decided
	slot_put "$1" chosen d3cold
	slot_put "$1" level d3cold
	slot_put "$1" reason "D3cold draws 3012 mW less than D3hot"
	slot_put "$1" policy auto
	slot_put "$1" measure ""
	slot_put "$1" verdict saves
	slot_put "$1" rpm_status suspended
	slot_put "$1" pci_state D3cold
	slot_put "$1" acpi_target D3cold
	slot_put "$1" acpi_sta off
	slot_put "$1" wake_verified yes
	slot_put "$1" functions "0000:$bus:00.0\t0x030000\tvfio-pci\tsuspended\tD3cold
0000:$bus:00.1\t0x040300\tvfio-pci\tsuspended\tD3cold"
	slot_put "$1" blockers ""
	slot_put "$1" wakers "12.034\tlspci\t4711\tconfig"
	slot_put "$1" meter/source battery
	slot_put "$1" meter/d3hot_uw 18012000
	slot_put "$1" meter/d3cold_uw 15000000
	slot_put "$1" meter/saving_uw 3012000
	slot_put "$1" meter/spread_uw 120000
	slot_put "$1" meter/rounds 6
	slot_put "$1" meter/rejected 1
	slot_put "$1" meter/settle_ms 5000
	for counter in d3cold_attempts d3cold_entries d3cold_failures fallbacks \
		measurements wakeups opens wake_failures recoveries kicks \
		stale_cleared leaks_repaired; do
		slot_put "$1" "counters/$counter" 17
	done
	slot_put "$1" counters/time_d0_ms 60000
	slot_put "$1" counters/time_d3hot_ms 540000
	slot_put "$1" counters/time_d3cold_ms 5400000
	slot_put "$1" counters/energy_saved_uj 16264800000
	slot_put "$1" counters/resume_last_us 231000
	slot_put "$1" counters/resume_max_us 412000
}

make_battery()
{
	put sys/class/power_supply/BAT0/type Battery
	put sys/class/power_supply/BAT0/status Discharging
	put sys/class/power_supply/BAT0/power_now 15200000
}

make_laptop()
{
	mkdir -p "$tree/proc" "$tree/dev"
	put sys/module/kvmfr/version 1.0.0
	put sys/module/vfio_pci_pm/version 1.0.0
	make_device kvmfr0 240:0
	make_slot 0000:00:01.0
	make_battery
}
