# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2046,SC2086,SC2154 # addresses, set by lib.sh
trace=/sys/kernel/debug/tracing
event=$trace/events/workqueue/workqueue_execute_start
charger=/sys/class/power_supply/ADP1

# work_in_a_minute COMMAND: sets $ran, how often work of the module ran. Whatever
# the command takes is brought down to a minute.
work_in_a_minute()
{
	: >$trace/trace
	echo 1 >$event/enable
	now_ms
	start=$now
	"$@"
	now_ms
	echo 0 >$event/enable
	ran=$(grep -c 'function vfio_pm_' $trace/trace)
	echo "# work of the module: $ran times in $((now - start)) ms"
	ran=$((ran * 60000 / (now - start)))
}

# Once a second 120 events for udev, and 40 notifications of the firmware's
# which change nothing.
storm()
{
	for _ in $(seq 25); do
		for _ in $(seq 20); do
			for device in $battery $charger $slot $pci/$port $all; do
				echo change >$device/uevent
			done
			echo 1000 >$battery/alarm
		done
		sleep 1
	done
}

replug()
{
	for _ in $(seq 100); do
		echo 2000 >$battery/alarm
		sleep 0.1
		echo 1000 >$battery/alarm
		sleep 0.1
	done
}

# Everything there is, whether it can be read or not: 29 lines at least while there
# is a slot.
reader()
{
	while [ ! -e /tmp/stop ]; do
		lines=$(cat $slot/* $slot/counters/* $slot/meter/* | wc -l)
		[ $lines -lt 29 ] || echo >>/tmp/reads
		sleep 0.3
	done 2>/dev/null
}

writer()
{
	while [ ! -e /tmp/stop ]; do
		for file in "$slot"/* "$slot"/counters/* "$slot"/meter/*; do
			for text in auto d3hot d0 d3cold observe 1 -1 \
				20000000 99999999999999999999 '%s%n' ''; do
				[ -f $file ] && printf '%s\n' "$text" >$file &&
					echo >>/tmp/writes
			done
			sleep 0.02
		done
	done 2>/dev/null
}

drivers()
{
	for function in $functions; do
		driver_of $function
	done
}

mover()
{
	vfio=/sys/bus/pci/drivers/vfio-pci
	while [ ! -e /tmp/stop ]; do
		for function in $functions; do
			echo $function >$vfio/unbind && sleep 0.4 &&
				echo $function >$vfio/bind && echo >>/tmp/binds
			sleep 0.4
		done
		sleep 1
		for function in $functions; do
			echo 1 >$pci/$function/remove
		done
		sleep 0.4
		left=$(functions)
		echo 1 >/sys/bus/pci/rescan && bind_functions && [ -z "$left" ] &&
			[ "$(drivers)" = "$all_drivers" ] && echo >>/tmp/moves
		sleep 1
	done
}

# Not the charger: the kernel asks it without a lock when the battery is read
# (power_supply_is_system_supplied()).
unplugger()
{
	device=$(battery_device)
	driver=$(readlink -f $device/driver)
	while [ ! -e /tmp/stop ]; do
		basename $device >$driver/unbind && sleep 0.2 &&
			basename $device >$driver/bind && echo >>/tmp/unplugs
		sleep 0.3
	done
}

functions=$(functions)
all=$(for function in $functions; do echo $pci/$function; done)
echo 8192 >$trace/buffer_size_kb
begin
becomes "measuring starts" 60 measuring show state
work_in_a_minute sleep 60
calm=$ran
comparison_starts
events=$(cat /sys/kernel/uevent_seqnum)
lines=$(dmesg | wc -l)
work_in_a_minute storm
between "events" 3000 10000 $(($(cat /sys/kernel/uevent_seqnum) - events))
between "work in a calm minute" 30 1000 $calm
between "more in the other one, where the module looks five times a second" \
	-1000 400 $((ran - calm))
between "lines in the kernel's log" 0 5 $(($(dmesg | wc -l) - lines))
verdict_is saves d3cold
measured "measured in that" 18000 15000

comparison_starts
work_in_a_minute replug
between "work while the charger comes and goes 100 times" 1 1000 $ran
becomes "measuring ends" 1800 decided show state
like "without nonsense" '^(saves|inconclusive) d3cold$' \
	"$(show verdict) $(show chosen)"

all_drivers=$(drivers)
# The pause without it is for what comes late, before its memory is used again.
reloader 1.3 1.2 &
for racer in reader reader writer mover unplugger; do
	$racer &
done
sleep 40
: >/tmp/stop
wait
echo "# loads: $(count /tmp/loads), binds: $(count /tmp/binds), moves:" \
	"$(count /tmp/moves), unplugged: $(count /tmp/unplugs), writes:" \
	"$(count /tmp/writes), reads: $(count /tmp/reads)"
between "times the module was loaded" 5 1000 "$(count /tmp/loads)"
is "times it could not be, or not be unloaded" "" "$(count /tmp/stuck)"
between "times a function was bound again" 5 1000 "$(count /tmp/binds)"
between "times the card was moved" 5 1000 "$(count /tmp/moves)"
between "times the battery was" 10 1000 "$(count /tmp/unplugs)"
between "writes that were accepted" 20 100000 "$(count /tmp/writes)"
between "times all files were read" 10 100000 "$(count /tmp/reads)"
allow_d3cold
for state in d3hot d0 d3cold; do
	echo $state >$slot/policy
	becomes "policy $state is obeyed afterwards" 30 $state show level
done
passes "a VM can open the card" /lib/kvmfr/vfio_open $functions
echo auto >$slot/policy
verdict_is saves d3cold
measured "afterwards" 18000 15000
