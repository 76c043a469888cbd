# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # read by those who source it
# What the tests of the laptops have in common; sourced by guest/laptop.

tests=0 failed=0
pci=/sys/bus/pci/devices
battery=/sys/class/power_supply/BAT0
port=0000:00:02.0		# the root port with the card
slot=/sys/class/vfio_pm/$port

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
	end=$(($(now_ms) + seconds * 1000))
	while [ "$("$@" 2>/dev/null)" != "$want" ]; do
		[ "$(now_ms)" -lt "$end" ] || return 1
		sleep 0.1
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

now_ms()
{
	awk '{ printf "%d", $1 * 1000 }' /proc/uptime
}

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
