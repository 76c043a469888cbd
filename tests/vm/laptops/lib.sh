# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2119,SC2120 # for those who source it
# What the tests of the laptops have in common; sourced by guest/laptop.

# shellcheck source=tests/vm/tap.sh
. /lib/kvmfr/tap.sh
pci=/sys/bus/pci/devices
battery=/sys/class/power_supply/BAT0
port=0000:00:02.0		# the root port with the card
slot=/sys/class/vfio_pm/$port

# The endpoints and the bridges below a port, by address. Linux shows a bridge's
# devices as directories below it.
below()
{
	find "$pci/$1/" -mindepth 1 -name '????:??:??.?' | sed 's|.*/||' | sort
}

is_bridge()
{
	case $(cat "$pci/$1/class") in
	0x0604*) return 0 ;;
	esac
	return 1
}

functions()
{
	for address in $(below "${1-$port}"); do
		is_bridge "$address" || echo "$address"
	done
}

bridges()
{
	echo "${1-$port}"
	for address in $(below "${1-$port}"); do
		! is_bridge "$address" || echo "$address"
	done
}

driver_of()
{
	basename "$(readlink "$pci/$1/driver" || echo none)"
}

# As libvirt does it.
bind()
{
	echo "$2" >"$pci/$1/driver_override"
	[ ! -e "$pci/$1/driver" ] || echo "$1" >"$pci/$1/driver/unbind"
	echo "$1" >/sys/bus/pci/drivers_probe
}

# QEMU's ports have no PM capability, for which reason Linux leaves this at 0.
allow_d3cold()
{
	for bridge in $(bridges "${1-$port}"); do
		echo 1 >"$pci/$bridge/d3cold_allowed"
	done
}

bind_functions()
{
	for function in $(functions "${1-$port}"); do
		bind "$function" vfio-pci
	done
}

# VFIO refuses a group without interrupt remapping, which has no use here.
allow_vfio()
{
	echo Y >/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts
}

# What the kernel believes: "D3cold suspended"
power_of()
{
	echo "$(cat "$pci/$1/power_state") $(cat "$pci/$1/power/runtime_status")"
}

# What there is to be left as it was.
traces()
{
	for address in "$port" $(below "$port"); do
		echo "$address $(power_of "$address")" \
			"$(cat "$pci/$address/d3cold_allowed")" \
			"$(cat "$pci/$address/power/control")"
	done
}

# The mean of some readings in mW; the driver keeps one for a second.
draw_mw()
{
	for reading in 1 2 3 4 5; do
		sleep 1.1
		cat "$battery/power_now"
	done | awk '{ sum += $1 } END { printf "%d", sum / NR / 1000 }'
}

# The noise of a mean of five is 0.27 W.
draws()
{
	between "$1" $(($2 - 1000)) $(($2 + 1000)) "$(draw_mw)"
}

# tell MWH: the firmware, as the battery's trip point; gauge.asl and liar.asl say
# what they understand.
tell()
{
	echo $(($1 * 1000)) >"$battery/alarm"
}

# What its driver is bound to: ACPI's device, or on 7.x the one made for that.
battery_device()
{
	device=$(readlink -f "$battery/device")
	[ -e "$device/driver" ] || device=$(readlink -f "$device/physical_node")
	echo "$device"
}

# count FILE: its lines, one for each time that something happened; or nothing
count()
{
	[ ! -e "$1" ] || wc -l <"$1"
}

read_config()
{
	dd if="$pci/$1/config" of=/dev/null bs=64 count=1 2>/dev/null
}

# From here: what our module shows.

show()
{
	cat "$slot/$1"
}

load()
{
	insmod /lib/kvmfr/vfio_pci_pm.ko "$@"
}

unload()
{
	rmmod vfio_pci_pm
}

# reloader THERE AWAY [PARAMETER...]: so many seconds each, until there is /tmp/stop.
reloader()
{
	there=$1 away=$2
	shift 2
	while [ ! -e /tmp/stop ]; do
		sleep "$there"
		unload || echo >>/tmp/stuck
		sleep "$away"
		load "$@" || echo >>/tmp/stuck
		echo >>/tmp/loads
	done
}

# The usual beginning: everything is vfio-pci's, D3cold is allowed, Linux
# itself has been there; then our module comes.
begin()
{
	allow_vfio
	bind_functions
	allow_d3cold
	read_config "$(functions | head -n 1)"
	becomes "without our module the port reaches D3cold" 10 \
		"D3cold suspended" power_of "$port"
	passes "vfio_pci_pm is loaded" load "$@"
}

# A comparison is asked for, and begins.
comparison_starts()
{
	echo 1 >"$slot/measure"
	becomes "measuring starts" 60 measuring show state
}

# verdict_is VERDICT CHOSEN [SECONDS]
verdict_is()
{
	now_ms
	start=$now
	becomes "a decision is made" "${3-1800}" decided show state
	now_ms
	echo "# seconds to the verdict: $(((now - start) / 1000))," \
		"rounds: $(show meter/rounds)"
	echo "# reason: $(show reason)"
	is "verdict" "$1" "$(show verdict)"
	is "chosen state" "$2" "$(show chosen)"
	becomes "the slot is there" 10 "$2" show level
}

# What the battery says about the states that were compared, in uW.
measured()
{
	between "$1 in D3hot, measured" $(($2 * 1000 - 600000)) \
		$(($2 * 1000 + 600000)) "$(show meter/d3hot_uw)"
	between "$1 in D3cold, measured" $(($3 * 1000 - 600000)) \
		$(($3 * 1000 + 600000)) "$(show meter/d3cold_uw)"
	between "$1 saved by D3cold, measured" $((($2 - $3) * 1000 - 1000000)) \
		$((($2 - $3) * 1000 + 1000000)) "$(show meter/saving_uw)"
}

# blocker ADDRESS: its codes
codes()
{
	show blockers | awk -F '\t' -v address="$1" '$1 == address { print $2 }'
}

# remedy ADDRESS CODE
remedy()
{
	show blockers | awk -F '\t' -v address="$1" -v code="$2" \
		'$1 == address && $2 == code { print $4 }'
}

# Each blocker has its four fields, none of them empty.
blockers_are_complete()
{
	is "every blocker has address, code, sentence and remedy" "" "$(
		show blockers | awk -F '\t' 'NF != 4 || !$1 || !$2 || !$3 || !$4'
	)"
}

# What a user does with the fourth field.
paste()
{
	printf '%s\n' "$1" >/tmp/pasted
	sed 's/^/# pasting: /' /tmp/pasted
	sh /tmp/pasted
}
