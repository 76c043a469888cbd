# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2046,SC2086,SC2154 # addresses, set by lib.sh
# What liar.asl understands, as a trip point in mWh.
dead=4 alive=5
vm=''

# "measuring d3hot undecided"
stands()
{
	echo "$(show state) $(show level) $(show verdict)"
}

rests()
{
	echo "$(show state) $(show level)"
}

# For what is over in no time, without another process.
catch()
{
	for _ in $(seq 20000); do
		read -r state <$slot/state
		[ "$state" != "$1" ] || return 0
	done
	return 1
}

# enter STATE [LEVEL]
enter()
{
	echo d3cold >$slot/policy
	becomes "before: it is in D3cold" 60 "decided d3cold" rests
	case $1 in
	decided) echo $2 >$slot/policy ;;
	observed) echo observe >$slot/policy ;;
	blocked)
		echo 0 >$pci/$port/d3cold_allowed
		read_config $port
		;;
	in_use)
		/lib/kvmfr/vfio_open -m 20000 $(functions) >/tmp/opened &
		vm=$!
		;;
	fault) tell $dead && echo auto >$slot/policy ;;
	*) echo auto >$slot/policy ;;
	esac
	case $1 in
	verify_wake) passes "$*: it is tried" catch $1 ;;
	measuring) becomes "$*: so it is" 900 "$*" stands ;;
	*) becomes "$*: so it is" 60 $1 show state ;;
	esac
	[ $1 != decided ] || becomes "$*: it is there" 10 $2 show level
}

# Whatever it was: it can sleep, wake, be opened and be measured.
works()
{
	tell $alive
	[ -z "$vm" ] || wait $vm
	vm=''
	bind_functions
	allow_d3cold
	becomes "$*, then: there is the slot" 30 yes \
		sh -c "test ! -e $slot/policy || echo yes"
	echo auto >$slot/policy
	becomes "$*, then: measuring starts" 90 measuring show state
	echo d3cold >$slot/policy
	becomes "$*, then: D3cold is reached" 60 "decided d3cold" rests
	passes "$*, then: a VM can open it" /lib/kvmfr/vfio_open $(functions)
}

# It waits for a VM that has the card.
let_go()
{
	for function in $(functions); do
		echo $function >$pci/$function/driver/unbind
	done
}

take_away()
{
	for function in $(functions); do
		echo 1 >$pci/$function/remove
	done
}

# Answers are waited for: idle time is faster than QEMU.
monitor()
{
	printf '%s\nprint /d 4711\n' "$1" >&4
	grep -m 1 '^4711' <&4 >/dev/null
}

# lockdep would report what pciehp_unconfigure_device() does, and nothing any more.
prove_locking()
{
	[ ! -e /proc/sys/kernel/prove_locking ] ||
		echo $1 >/proc/sys/kernel/prove_locking
}

no_slot()
{
	[ -e $slot ] || echo none
}

# may_sleep auto|on: the kernel keeps on what has no driver, unless it is told
# not to.
may_sleep()
{
	for function in $(functions); do
		echo $1 >$pci/$function/power/control
	done
}

# It may have been observed before; that it can sleep tells that nothing of ours
# keeps it on.
unbound()
{
	let_go
	becomes "$*: unbound, it is left alone" 30 observed show state
	may_sleep auto
	becomes "$*: unbound, it can sleep" 10 suspended show rpm_status
	may_sleep on
	works "$*, unbound"
}

removed()
{
	take_away
	becomes "$*: removed, there is no slot" 30 none no_slot
	echo 1 >/sys/bus/pci/rescan
	works "$*, removed"
}

# What a sleep has to leave as it was. Only a slot that is decided goes by itself
# to where it was; others may be left on.
situation()
{
	echo $(show state) $(show chosen)
	[ $1 != decided ] || echo $(show level) $(power_of $port)
}

# pm_test ends it before the last step; with "devices" the port is left on. What is
# tried in a moment has to be tried again for the second one.
slept()
{
	before=$(situation $1)
	echo 0 >/sys/module/suspend/parameters/pm_test_delay
	for depth in devices platform; do
		[ "$1 $depth" != "verify_wake platform" ] || enter $1
		echo $depth >/sys/power/pm_test
		passes "$*: it sleeps ($depth)" \
			sh -c "echo freeze >/sys/power/state"
		echo none >/sys/power/pm_test
		if [ $1 = measuring ] || [ $1 = verify_wake ]; then
			becomes "$* slept ($depth): measuring goes on" 60 \
				measuring show state
		else
			becomes "$*, slept ($depth): it is as before" 60 \
				"$before" situation $1
		fi
	done
	works "$*, slept"
}

exec 4<>/dev/vport0p1
begin policy=d3cold devices=$port

# Hot unplug and plug; the port is told of it, and sees to that when it is awake.
# First, because on 7.x the monitor said nothing any more after all the sleeps.
enter measuring d3hot undecided
prove_locking 0
monitor "device_del card"
becomes "unplugged while it is measured, there is no slot" 90 none no_slot
prove_locking 1
is "nor a function" "" "$(functions)"
monitor "device_add e1000e,bus=rp0,addr=0.1"
monitor "device_add virtio-net-pci,bus=rp0,addr=0.0,multifunction=on"
read_config $port
becomes "plugged in again, there is a slot" 60 observed show state
is "and both functions" 2 "$(functions | wc -l)"
works "plugged in again"

for action in slept unbound removed; do
	while read -r state level verdict; do
		enter $state $level $verdict </dev/null
		$action $state $level $verdict </dev/null
	done <<-EOF
		decided d3cold
		decided d3hot
		decided d0
		observed
		blocked
		verify_wake
		measuring d3hot undecided
		measuring d3cold undecided
		measuring d0 costs_more
		in_use
		fault
	EOF
done

echo auto >$slot/policy
verdict_is costs_more d3hot
measured "draw" 18000 22000
