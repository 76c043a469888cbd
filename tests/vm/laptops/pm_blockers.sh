# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2046,SC2086,SC2154 # addresses, set by lib.sh
gpu=$(functions | head -n 1)
other=$(functions | tail -n 1)

# poke ARGUMENT...: what some driver might do to a device
poke()
{
	insmod /lib/kvmfr/kvmfr_pci_poke.ko "$@"
}

# blocked_by ADDRESS CODE: the slot is, it says so, and where it is not
blocked_by()
{
	becomes "$2: the slot is blocked" 60 blocked show state
	like "$2: it is named" "^$2\$" "$(codes $1)"
	like "$2: the reason names the device" "^$1: " "$(show reason)"
	is "$2: it is not in D3cold" 1 "$(show level | grep -cv d3cold)"
	blockers_are_complete
}

# free TEXT: it is in D3cold again, and nothing is said to be in its way
free()
{
	becomes "$1: the slot is in D3cold again" 60 d3cold show level
	becomes "$1: and decided" 30 decided show state
	is "$1: nothing blocks" "" "$(show blockers)"
}

# remedied ADDRESS CODE: what the blocker says helps
remedied()
{
	blocked_by $1 $2
	paste "$(remedy $1 $2)"
	free $2
}

begin policy=d3cold
free "to begin with"

for address in $gpu $port; do
	echo on >$pci/$address/power/control
	remedied $address runtime_pm_forbidden
done

echo 0 >$pci/$port/d3cold_allowed
read_config $port
remedied $port d3cold_not_allowed
echo 0 >$pci/$other/d3cold_allowed
remedied $other d3cold_not_allowed

echo -1 >$pci/$port/power/autosuspend_delay_ms
read_config $port
remedied $port autosuspend_off

echo $other >/sys/bus/pci/drivers/vfio-pci/unbind
remedied $other driverless_active
echo $other >/sys/bus/pci/drivers_probe
free "a function that comes back to vfio-pci"

echo $port >/sys/bus/pci/drivers/pcieport/unbind
remedied $port no_port_driver

# A network card is left able to wake the machine by its driver.
echo enabled >$pci/$other/power/wakeup
echo 1 >$pci/$other/d3cold_allowed
remedied $other wakeup_enabled

# Only the module can find these, and put the second one right.
poke device=$port hold=1
blocked_by $port kept_active
rmmod kvmfr_pci_poke
free kept_active

cleared=$(show counters/stale_cleared)
poke device=$gpu forbid=1 forget=1
rmmod kvmfr_pci_poke
becomes "no_d3cold of a driver that is gone is cleared" 60 $((cleared + 1)) \
	show counters/stale_cleared
free no_d3cold

poke device=$port forbid=1
blocked_by $port foreign_no_d3cold
sleep 20
is "foreign_no_d3cold: it is left alone" foreign_no_d3cold "$(codes $port)"
rmmod kvmfr_pci_poke
free foreign_no_d3cold

# Not even the kernel notices this.
echo enabled >$pci/$other/power/wakeup
echo 1 >$pci/$other/d3cold_allowed
blocked_by $other wakeup_enabled
echo disabled >$pci/$other/power/wakeup
free "wake-up switched off, which the kernel does not notice"

is "wake-ups that failed" 0 "$(show counters/wake_failures)"
