# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2005,SC2034,SC2046,SC2086,SC2154 # addresses
second=0000:00:03.0	# a port with a network card
network=$(functions $second)

# walk POLICY CHOSEN LEVEL STATE POWER DRAW: POWER of the port, as the kernel
# tells it; the functions are as deep as the port at most
walk()
{
	echo $1 >$slot/policy
	becomes "policy $1: the slot goes to $3" 120 $3 show level
	becomes "policy $1: state" 10 $4 show state
	becomes "policy $1: chosen" 10 $2 show chosen
	is "policy $1: it is read back" $1 "$(show policy)"
	for address in $port $(functions); do
		becomes "policy $1: $address" 10 "$5" power_of $address
	done
	draws "policy $1: draw of the laptop" $6
	echo "# policy $1: $(show reason)"
}

# What the port's power attributes are, beside what changes by itself.
settings()
{
	for address in $port $(functions); do
		(cd $pci/$address && grep -H '' d3cold_allowed power/control \
			power/autosuspend_delay_ms power/wakeup 2>&1)
	done
}

# Events of the slot: ACTION STATE CHOSEN VERDICT
events()
{
	sed -n "s|^/devices/virtual/vfio_pm/$port vfio_pm ||p" /tmp/uevents
}

# Words as in an event.
words()
{
	echo change $(show state) $(show chosen) $(show verdict)
}

last_event()
{
	events | tail -n 1
}

# It runs a program for each event; what it prints itself stays in its buffer.
cat >/tmp/listen <<-'EOF'
	#!/bin/sh
	echo $DEVPATH $SUBSYSTEM $ACTION $STATE $CHOSEN $VERDICT >>/tmp/uevents
EOF
chmod +x /tmp/listen
uevent /tmp/listen &
listener=$!
sleep 1
begin
becomes "a decision is made" 1800 decided show state
is "there is only the slot with the display" $port "$(ls /sys/class/vfio_pm)"

is "the slot is announced" add "$(events | head -n 1)"
like "measuring is announced" '^change measuring d3cold undecided$' "$(events)"
becomes "the decision is announced" 10 "$(words)" last_event
is "as it was expected" "change decided d3cold saves" "$(words)"
is "no event repeats the one before" "" "$(events | uniq -d)"

# From outside: what the kernel says about each device, and the battery.
settings >/tmp/settings
for round in 1 2; do
	before=$(events | wc -l)
	walk d3hot d3hot d3hot decided "D3hot suspended" 18000
	is "it is announced, once" "1 change decided d3hot saves" \
		"$(($(events | wc -l) - before)) $(last_event)"
	walk d0 d0 d0 decided "D0 active" 25000
	walk d3cold d3cold d3cold decided "D3cold suspended" 15000
	becomes "it is announced" 10 "change decided d3cold saves" last_event
done
walk observe d3cold d3cold observed "D3cold suspended" 15000
becomes "it is announced" 10 "change observed d3cold saves" last_event
settings >/tmp/settings.then
passes "no setting of a device was touched" diff /tmp/settings /tmp/settings.then
echo d0 >$slot/policy
becomes "from d0 to observe: on" 10 d0 show level
walk observe d3cold d3cold observed "D3cold suspended" 15000
measurements=$(show counters/measurements)
echo auto >$slot/policy
becomes "policy auto measures again" 60 $((measurements + 1)) \
	show counters/measurements
becomes "until there is a verdict" 1800 decided show state
is "which is the same" saves "$(show verdict)"
becomes "and the slot is there" 10 "D3cold suspended" power_of $port
draws "draw of the laptop" 15000

before=$(events | wc -l)
sleep 600
is "there is no event while nothing changes" $before "$(events | wc -l)"
unload
sleep 1
is "the end of the slot is announced" remove "$(last_event)"
kill $listener
events | sed 's/^/# event: /'

# devices=
while read -r given want; do
	load devices=$given
	is "devices=$given" "$want" "$(echo $(ls /sys/class/vfio_pm))"
	unload
done <<-EOF
	$port $port
	$(functions | head -n 1) $port
	$(functions | tail -n 1) $port
	$(functions | xargs | tr ' ' ,) $port
	$network $second
	$second $second
	${second#0000:} $second
	$port,$network $port $second
	0000:00:1f.0,$second $second
	0000:00:1e.0
	0001:${port#0000:}
EOF

# Observing, in both ways to say so.
for parameter in observe=1 policy=observe; do
	becomes "before: the port is in D3cold" 10 "D3cold suspended" \
		power_of $port
	settings >/tmp/settings
	cat $pci/$port/power/runtime_active_time >/tmp/active
	passes "vfio_pci_pm is loaded with $parameter" load $parameter
	sleep 120
	is "$parameter: state" observed "$(show state)"
	is "$parameter: policy" observe "$(show policy)"
	is "$parameter: it has not even been woken" "$(cat /tmp/active)" \
		"$(cat $pci/$port/power/runtime_active_time)"
	read_config $(functions | head -n 1)
	becomes "$parameter: the kernel does what it always does" 10 \
		"D3cold suspended" power_of $port
	between "$parameter: it is counted" 1 1 "$(show counters/wakeups)"
	echo 0 >$pci/$port/d3cold_allowed
	read_config $(functions | head -n 1)
	becomes "$parameter: D3cold forbidden from outside stays so" 10 \
		"D3hot suspended" power_of $port
	is "$parameter: it reports this" d3hot "$(show level)"
	echo 1 >$slot/measure
	sleep 60
	is "$parameter: nothing is measured" "observed unmeasured 0" \
		"$(show state) $(show verdict) $(show counters/measurements)"
	echo 1 >$pci/$port/d3cold_allowed
	read_config $(functions | head -n 1)
	becomes "$parameter: and allowed again" 10 "D3cold suspended" \
		power_of $port
	is "$parameter: it has done nothing" "0 0 0" "$(show counters/kicks) \
$(show counters/stale_cleared) $(show counters/d3cold_attempts)"
	settings >/tmp/settings.then
	passes "$parameter: no setting was touched" \
		diff /tmp/settings /tmp/settings.then
	unload
done
