#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# kvmfrctl doctor and the slot of the GPU: what vfio_pci_pm says, and what is seen without it.
# shellcheck disable=SC2154,SC2319 # set by gpu-tree.sh; the condition is what $? is asked for
# shellcheck source=tests/unit/userspace/gpu-tree.sh
. "${0%/*}/gpu-tree.sh"

# Slots: what vfio_pci_pm says
blocked()
{
	make
	slot_put $port state blocked
	slot_put $port level d3hot
	slot_put $port blockers "$1"
}
for code in old_bios hotplug_port conventional_bridge port_no_d3 port_services_off \
	no_port_driver bridge_d3_stale no_power_resource firmware_eject firmware_target \
	no_power_off runtime_pm_forbidden runtime_pm_error runtime_pm_disabled \
	autosuspend_off latency_limit d3cold_not_allowed no_d3cold foreign_no_d3cold \
	wakeup_enabled no_d3_quirk driverless_active sriov_active disable_idle_d3 \
	firmware_framebuffer kept_active; do
	blocked "$port\t$code\tit is so\techo remedy for $code"
	finds "blocker $code" "error slot-$(echo $code | tr _ -)"
	remedy_has "its remedy" "^echo remedy for $code$" "slot-$(echo $code | tr _ -)"
	blocked "$port\t$code\tit is so\t-"
	finds "blocker $code without a remedy" "error slot-$(echo $code | tr _ -)"
	remedy_has "a comment, then" "^# ." "slot-$(echo $code | tr _ -)"
done
blocked "$port\tactive_supplier_link\tit is so\t-"
finds "for information" "note slot-active-supplier-link"
blocked "$port\tnever_heard_of\tit is so\t-"
finds "a code of a newer module" "error slot-blocker"
blocked "$sound\tother_driver\tit is so\t-"
driver $sound snd_hda_intel
finds "said once" "error gpu-function-not-vfio"
blocked "$disk\thost_driver\tthe host uses it\techo auto > /sys/bus/pci/devices/$disk/power/control"
finds "somebody else on the same supply" "error slot-host-driver"
blocked ""
finds "blocked, and nobody knows why" "error slot-blocked"
blocked "$port\td3cold_not_allowed\tit is so\t-"
slot_put $port state observed
finds "observed" "warning slot-d3cold-not-allowed"

# Only with --fix, and only there.
blocked "$gpu\truntime_pm_forbidden\tit is so\techo"
attribute $gpu power/control on
doctor
[ "$(cat "$tree/sys/bus/pci/devices/$gpu/power/control")" = on ]
result "nothing is written without --fix" $?
doctor --fix --yes
[ "$(cat "$tree/sys/bus/pci/devices/$gpu/power/control")" = auto ]
result "--fix writes auto" $?
# The undo is a command, whatever the attribute said before.
control=$tree/sys/bus/pci/devices/$gpu/power/control
attribute $gpu power/control "x';touch $work/owned;'"
kvmfrctl --root "$tree" doctor --fix --yes >"$work/out" 2>"$work/err"
[ "$(head -c 4 "$control")" = auto ]
result "--fix writes auto where something odd is" $?
sed -n 's/^    echo /echo /p' "$work/out" >"$work/undo"
bash -eu "$work/undo" 2>>"$work/err"
[ "$(cat "$control")" = "x';touch $work/owned;'" ] && [ ! -e "$work/owned" ]
result "what --fix prints takes it back, and does nothing else" $?
printf 'x\0' >"$control"
kvmfrctl --root "$tree" doctor --fix --yes >"$work/out" 2>"$work/err"
[ "$(cat "$control")" = auto ]
result "--fix writes what cannot be read" $?
grep -q "^    # $control could not be read before$" "$work/out" && ! grep -q "^    rm" "$work/out"
result "and says that there is no way back" $?
blocked "$sound\twakeup_enabled\tit is so\techo"
attribute $sound power/wakeup enabled
attribute $sound d3cold_allowed 0
doctor --fix --yes
[ "$(cat "$tree/sys/bus/pci/devices/$sound/power/wakeup")" = disabled ] &&
	[ "$(cat "$tree/sys/bus/pci/devices/$sound/d3cold_allowed")" = 1 ]
result "--fix writes both" $?
blocked "$sound\tother_driver\tit is so\techo"
driver $sound snd_hda_intel
doctor --fix --yes
[ "$(cat "$tree/sys/bus/pci/devices/$sound/driver_override")" = "(null)" ]
result "--fix takes no device from its driver" $?

# Without the module: what can be seen
make
without_module
attribute $port d3cold_allowed 0
attribute $gpu power/control on
driver $sound ""
attribute $sound power/control on
driver $port ""
rm -r "$tree/sys/devices/pci0000:00/$port/firmware_node"
finds "without the module" "warning vfio-pm-not-loaded" "warning slot-no-power-resource" \
	"warning slot-no-port-driver" "warning slot-d3cold-not-allowed" \
	"warning slot-runtime-pm-forbidden" "warning slot-driverless-active"
for id in d3cold-not-allowed runtime-pm-forbidden driverless-active; do
	follow slot-$id
done
finds "remedied: what can be" "warning vfio-pm-not-loaded" "warning slot-no-power-resource" \
	"warning slot-no-port-driver"

# States and verdicts
make
slot_put $port state fault
finds "it did not wake" "error slot-fault"
make
slot_put $port state in_use
slot_put $port blockers "$gpu\tin_use\ta virtual machine has it\t-"
finds "in use" "note slot-in-use"
make
slot_put $port acpi_sta on
finds "power is not cut" "note slot-power-not-cut"
for verdict in no_difference costs_more inconclusive; do
	make
	slot_put $port verdict $verdict
	finds "verdict $verdict" "note slot-$(echo $verdict | tr _ -)"
done
make
slot_put $port policy observe
finds "policy" "note slot-policy"
make
slot_put $port verdict unmeasured
slot_put $port meter/source none
finds "on the charger" "warning no-meter"
remedy_has "pull its plug" "charger" no-meter
rm -r "$tree/sys/class/power_supply"
finds "no battery" "warning no-meter"
remedy_has "vfio-powerd measures" "^systemctl enable --now vfio-powerd$" no-meter

# Wakers: sixteen minutes after boot
waker()
{
	make
	slot_put $port wakers "$1"
	put proc/77/comm conky
	put proc/77/cgroup "0::/user.slice/session-1.scope"
}
often="900.000\tconky\t77\tconfig\n910.000\tlspci\t80\tconfig\n920.000\tconky\t77\tconfig\n930.000\tconky\t77\tconfig"
waker "$often"
finds "somebody wakes it" "warning slot-waker"
remedy_has "who" "^kill 77$" slot-waker
put proc/77/cgroup "0::/system.slice/gpu-stat.service"
finds "a service wakes it" "warning slot-waker"
remedy_has "which" "^systemctl disable --now 'gpu-stat.service'$" slot-waker
put proc/77/cgroup "0::/system.slice/system-gpu.slice/gpu@1.service/sub/other.service"
finds "a service of a template wakes it" "warning slot-waker"
remedy_has "it is the unit itself" "^systemctl disable --now 'gpu@1.service'$" slot-waker
for group in user.slice/user-1000.slice/user@1000.service/system.slice/sshd.service \
	user.slice/user@1000.service/app.slice/x.service system.slice/x.scope/sshd.service; do
	put proc/77/cgroup "0::/$group"
	finds "a user's own group wakes it" "warning slot-waker"
	remedy_has "its name is the user's: $group" "^kill 77$" slot-waker
done
put proc/77/comm bash
well "it has ended since"
waker "900.000\tconky\t75\tconfig\n920.000\tconky\t76\tconfig\n930.000\tconky\t77\tconfig"
put proc/77/comm bash
finds "it ends and comes back" "warning slot-waker"
! grep -q '^[^#]' "$work/remedy-slot-waker"
result "nobody else is ended" $?
remedy_has "its name is looked for" "grep -rlF -- 'conky' /etc" slot-waker
name="';touch x;'"
waker "900.000\t$name\t75\tconfig\n920.000\t$name\t76\tconfig\n930.000\t$name\t77\tconfig"
finds "a name made of commands wakes it" "warning slot-waker"
! grep -q touch "$work/remedy-slot-waker"
result "it is in none" $?
waker "90.000\tconky\t77\tconfig\n92.000\tconky\t77\tconfig\n93.000\tconky\t77\tconfig"
well "long ago"
waker "900.000\tconky\t77\tconfig\n992.000\tconky\t77\tconfig"
well "twice"
waker "900.000\tqemu\t77\topen\n992.000\tqemu\t77\topen\n993.000\tqemu\t77\topen"
well "virtual machines"
