# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2046,SC2086,SC2154 # addresses, set by lib.sh
# sleeps POLICY POWER LEVEL: the guest may let the port get to POWER, and
# afterwards the slot is on LEVEL
sleeps()
{
	echo $1 >$slot/policy
	becomes "policy $1: the slot is decided" 60 "decided $1 $3" \
		sh -c "echo \$(cat $slot/state $slot/chosen $slot/level)"
	opens=$(show counters/opens)
	/lib/kvmfr/vfio_open -s -m 30000 $(functions) >/tmp/opened &
	vm=$!
	becomes "policy $1: a VM has it" 10 in_use show state
	for function in $(functions); do
		becomes "policy $1: $function sleeps" 10 suspended \
			cat $pci/$function/power/runtime_status
	done
	becomes "policy $1: so does the port" 10 "$2 suspended" power_of $port
	is "policy $1: the VM has it all the time" "in_use $1" \
		"$(show state) $(show chosen)"
	wait $vm
	is "policy $1: opening and sleeping work" 0 $?
	becomes "policy $1: it is decided again" 60 "decided $1 $3" \
		sh -c "echo \$(cat $slot/state $slot/chosen $slot/level)"
	is "policy $1: it was opened once" $((opens + 1)) "$(show counters/opens)"
}

begin policy=d3cold
sleeps d3cold D3cold d3cold
sleeps d3hot D3hot d3hot
cold=$(show counters/d3cold_entries)
sleeps d3hot D3hot d3hot
sleeps d0 D3hot d0
is "where it is forbidden it was not in D3cold" $cold \
	"$(show counters/d3cold_entries)"

# Said while a VM has it.
echo d3cold >$slot/policy
becomes "it may go to D3cold again" 60 "decided d3cold d3cold" \
	sh -c "echo \$(cat $slot/state $slot/chosen $slot/level)"
/lib/kvmfr/vfio_open -s -m 30000 $(functions) >/tmp/opened &
vm=$!
becomes "a VM has it, in D3cold" 20 "in_use D3cold suspended" \
	sh -c "echo \$(cat $slot/state) \$(cat $pci/$port/power_state $pci/$port/power/runtime_status)"
cold=$(show counters/d3cold_entries)
echo d3hot >$slot/policy
becomes "D3cold is forbidden at once" 10 "d3hot D3hot suspended" \
	sh -c "echo \$(cat $slot/chosen $pci/$port/power_state $pci/$port/power/runtime_status)"
is "the VM still has it" in_use "$(show state)"
wait $vm
becomes "and afterwards" 60 "decided d3hot d3hot" \
	sh -c "echo \$(cat $slot/state $slot/chosen $slot/level)"
is "nor was it in D3cold on the way" $cold "$(show counters/d3cold_entries)"
