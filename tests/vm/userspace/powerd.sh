# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2046,SC2086,SC2154 # addresses, set by lib.sh
# vfio-powerd with real events of the kernel and a real comparison. Time is QEMU's.
# shellcheck source=tests/vm/laptops/lib.sh
. /lib/kvmfr/lib.sh
conf=/etc/kvmfr.conf
said=/tmp/said
state=/run/vfio-powerd/state.json
metrics=/run/metrics/vfio.prom

start_udevd()
{
	/lib/systemd/systemd-udevd --daemon
	becomes "udevd runs" 10 yes sh -c '[ -S /run/udev/control ] && echo yes'
}

stop_udevd()
{
	kill $(pidof systemd-udevd)
	becomes "udevd is gone" 10 "" pidof systemd-udevd
	rm -f /run/udev/control
}

start()
{
	: >$said
	vfio-powerd 2>$said &
	daemon=$!
}

# value KEY: of the first slot in the state, which has one to a line
value()
{
	sed -n "s/^ *\"$1\": *\"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" $state | head -n 1
}

slots()
{
	grep -c '"port"' $state
}

calls()
{
	wc -l </tmp/calls
}

# How often it has slept, which is how often it was awake.
sleeps()
{
	awk '/^voluntary/ { print $2 }' /proc/$daemon/status
}

alive()
{
	passes "$1" kill -0 $daemon
}

# The state follows the kernel: policies d3hot and d3cold by turns.
follows()
{
	echo d3hot >$slot/policy
	becomes "$1: d3hot is known" 5 d3hot value chosen
	echo d3cold >$slot/policy
	becomes "$1: d3cold is known" 5 d3cold value chosen
}

meter=$(dirname $(find -L /sys/class/hwmon/hwmon*/ -maxdepth 2 -name power1_average | head -n 1))
cat >/tmp/meter <<END
#!/bin/sh
echo x >>/tmp/calls
exec cat $meter/power1_average
END
chmod +x /tmp/meter
: >/tmp/calls
mkdir /run/metrics
printf '[power]\nmeter = command\ncommand = /tmp/meter\nmetrics = %s\n' $metrics >$conf

allow_vfio
bind_functions
allow_d3cold
read_config "$(functions | head -n 1)"
becomes "without our module the port reaches D3cold" 10 "D3cold suspended" power_of $port
start_udevd
start
becomes "without the module there are no slots" 10 0 slots
is "its directory is for everybody to look at" "755 644" \
	"$(stat -c %a /run/vfio-powerd $state | xargs)"

# A comparison that rests on nothing but its samples.
passes "vfio_pci_pm is loaded" load
becomes "the slot is in the state" 5 $port value port
becomes "measuring starts by itself" 120 measuring show state
becomes "which the state tells" 3 measuring value state
is "the kernel has samples" pushed "$(show meter/source)"
before=$(calls)
sleep 20
between "samples in 20 s" 15 22 $(($(calls) - before))
verdict_is saves d3cold
measured "draw" 18000 15000
becomes "the verdict is in the state" 3 saves value verdict
is "with what it rests on" "$(show meter/saving_uw)" "$(value saving_uw)"
passes "and in the metrics" grep -qxF \
	"vfio_pm_verdict{port=\"$port\",verdict=\"saves\"} 1" $metrics
passes "and in the journal, with watts" grep -qE \
	"$port: decided, d3cold, saves: .*W in D3cold" $said

# Nothing happens: no process of it, hardly a wake-up, and the port stays off.
sleep 5
before=$(calls)
slept=$(sleeps)
lines=$(wc -l <$said)
active=$(cat $pci/$port/power/runtime_active_time)
cold=$(show counters/time_d3cold_ms)
sleep 600
between "wake-ups in ten minutes" 1 19 $(($(sleeps) - slept))
is "the meter was not read" "$before" "$(calls)"
is "nothing was said" "$lines" "$(wc -l <$said)"
is "nothing woke the port" "$active" "$(cat $pci/$port/power/runtime_active_time)"
between "milliseconds of D3cold" 599000 610000 $(($(show counters/time_d3cold_ms) - cold))
between "the state's own are a minute old at most" 0 62000 \
	$(($(show counters/time_d3cold_ms) - $(value time_d3cold_ms)))

follows "by an event"

# Storms: events are taken together, and lost ones are made up for.
slept=$(sleeps)
count=0
while [ $count -lt 1000 ]; do
	echo change >$slot/uevent
	count=$((count + 1))
done
follows "in a storm"
between "wake-ups by 1000 events" 1 999 $(($(sleeps) - slept))
kill -STOP $daemon
count=0
while [ $count -lt 4000 ]; do
	echo change >$slot/uevent
	count=$((count + 1))
done
udevadm settle
echo d3hot >$slot/policy
becomes "a policy is obeyed" 10 d3hot show chosen
kill -CONT $daemon
becomes "which is known after 4000 events were not taken" 10 d3hot value chosen
follows "afterwards"

# What it reads goes away under it.
for _ in 1 2 3; do
	unload
	becomes "unloaded: no slots" 5 0 slots
	load policy=d3cold
	becomes "loaded again: the slot" 5 $port value port
done
passes "that it went was said" grep -q "$port: is gone" $said
while kill -HUP $daemon 2>/dev/null; do :; done &
hasty=$!
for _ in 1 2 3; do
	echo 1 >$pci/$port/remove
	becomes "the port is removed: no slots" 10 0 slots
	echo 1 >/sys/bus/pci/rescan
	bind_functions
	becomes "it is back: the slot" 10 $port value port
done
kill $hasty
wait $hasty 2>/dev/null
allow_d3cold
alive "it is still there"
becomes "the slot is decided" 60 decided show state
follows "after the removals"

# A suspend, and udevd restarted.
echo 0 >/sys/module/suspend/parameters/pm_test_delay
echo devices >/sys/power/pm_test
echo freeze >/sys/power/state
echo none >/sys/power/pm_test
becomes "after a suspend the slot is decided" 60 decided show state
follows "after a suspend"
stop_udevd
start_udevd
follows "with another udevd"
is "of all this nothing failed" "" "$(grep cannot $said)"
kill $daemon
wait $daemon
is "it ends well" 0 $?

# Where no udevd is, and the meter is found by itself.
stop_udevd
echo '[power]' >$conf
start
becomes "without udevd the slot is in the state" 10 $port value port
follows "without udevd"
echo auto >$slot/policy
becomes "measuring starts with the machine's own meter" 120 measuring show state
becomes "which is said" 10 yes sh -c "grep -q \"meter 'acpi'\" $said && echo yes"
sleep 20
is "it goes on" "measuring pushed" "$(show state) $(show meter/source)"
kill $daemon
wait $daemon
becomes "without samples it ends" 60 "decided undecided" \
	sh -c "echo \$(cat $slot/state $slot/verdict)"
