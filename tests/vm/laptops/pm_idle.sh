# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2046,SC2086,SC2154 # addresses, set by lib.sh
trace=/sys/kernel/debug/tracing
event=$trace/events/workqueue/workqueue_execute_start

# Nanoseconds that tasks ran on the one processor, which are instructions here.
task_ns()
{
	awk '$1 == "cpu0" { print $8 }' /proc/schedstat
}

# ten_minutes TEXT: what happens in them. Sets $ran, how often work of the
# module did, and $task, the instructions of tasks.
ten_minutes()
{
	: >$trace/trace
	echo 1 >$event/enable
	task=$(task_ns)
	sleep 600
	task=$(($(task_ns) - task))
	echo 0 >$event/enable
	cp $trace/trace /tmp/trace
	ran=$(grep -c 'function vfio_pm_' /tmp/trace)
	echo "# $1: work of the module ran $ran times in 10 minutes," \
		"$(grep -c 'function ' /tmp/trace) times that of all others;" \
		"instructions of all tasks per minute: $((task / 10))"
}

# sees_all: nothing was lost, and the trace has something.
sees_all()
{
	is "the trace is complete" 0 \
		"$(awk '$1 == "overrun:" { print $2 }' $trace/per_cpu/cpu0/stats)"
	between "and sees others' work" 1 1000000 \
		"$(grep -c 'function ' /tmp/trace)"
}

# idles TEXT: it does nothing at all, nor does it disturb the devices.
idles()
{
	wakeups=$(show counters/wakeups)
	active=$(cat $pci/$port/power/runtime_active_time)
	ten_minutes "$1"
	is "$1: no work of the module in ten minutes" 0 $ran
	sees_all
	is "$1: nothing woke the slot" $wakeups "$(show counters/wakeups)"
	between "$1: more instructions than without the module, per minute" \
		-1000000 1000000 $(((task - without) / 10))
}

passes "the workqueue can be traced" test -w $event/enable
echo 8192 >$trace/buffer_size_kb
allow_vfio
bind_functions
allow_d3cold
read_config $(functions | head -n 1)
becomes "the port is in D3cold" 10 "D3cold suspended" power_of $port
sleep 60
ten_minutes "without the module"
without=$task

passes "vfio_pci_pm is loaded" load
echo 1 >$event/enable
verdict_is saves d3cold
echo 0 >$event/enable
between "while it measures its work is seen" 50 1000000 \
	"$(grep -c 'function vfio_pm_' $trace/trace)"
sleep 60

idles "decided, saves"
is "and the port has slept all the time" $active \
	"$(cat $pci/$port/power/runtime_active_time)"
for policy in d3hot d0 observe d3cold; do
	echo $policy >$slot/policy
	sleep 60
	idles "policy $policy"
done

echo 0 >$pci/$port/d3cold_allowed
read_config $(functions | head -n 1)
becomes "with D3cold forbidden it is blocked" 60 blocked show state
sleep 60
active=$(cat $pci/$port/power/runtime_active_time)
ten_minutes "blocked"
between "blocked: work of the module in ten minutes" 1 50 $ran
sees_all
is "looking did not wake the port" $active \
	"$(cat $pci/$port/power/runtime_active_time)"
echo 1 >$pci/$port/d3cold_allowed
becomes "it is noticed that D3cold is allowed again" 60 d3cold show level
unload

passes "vfio_pci_pm is loaded without tracepoints" load poll=1
is "and says so" Y "$(cat /sys/module/vfio_pci_pm/parameters/poll)"
verdict_is saves d3cold
measured "draw" 18000 15000
read_config $(functions | head -n 1)
becomes "it sleeps again" 10 "D3cold suspended" power_of $port
is "nobody knows who woke it" "" "$(show wakers)"
sleep 60
ten_minutes "without tracepoints"
between "polling: work of the module in ten minutes" 1 50 $ran
sees_all
draws "draw of the laptop" 15000
unload
ten_minutes "unloaded"
is "unloaded: work of the module" 0 $ran
