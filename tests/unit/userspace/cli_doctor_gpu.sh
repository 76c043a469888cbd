#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# kvmfrctl doctor and the GPU, in trees that are laptops: a good one has no
# finding of that kind; each trap has one, and none any more after its remedy.
# What a remedy's commands do in a kernel is done to the tree by hand.
# shellcheck disable=SC2319 # the condition is what $? is asked for
set -u
here=${0%/*}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/tree
port=0000:00:01.0
gpu=0000:01:00.0
sound=0000:01:00.1
disk=0000:01:01.0
# shellcheck source=tests/unit/userspace/slot-tree.sh
. "$here/slot-tree.sh"
managed=yes
kinds='^(iommu|group|gpu|vfio|initramfs|disable-idle|slot|no-meter)'

result()
{
	if [ "$2" -eq 0 ]; then
		echo "ok - $1"
	else
		sed 's/^/# /' "$work/found" "$work/err"
		echo "not ok - $1"
	fi
}

# pci DIRECTORY CLASS VENDOR DEVICE DRIVER GROUP: below the root bus
pci()
{
	address=${1##*/}
	at=sys/devices/pci0000:00/$1
	put "$at/class" "$2"
	put "$at/vendor" "$3"
	put "$at/device" "$4"
	put "$at/power/control" auto
	put "$at/power/runtime_status" suspended
	put "$at/power_state" D3cold
	put "$at/d3cold_allowed" 1
	put "$at/driver_override" "(null)"
	ln -s "../../../../kernel/iommu_groups/$6" "$tree/$at/iommu_group"
	mkdir -p "$tree/sys/bus/pci/devices" "$tree/sys/kernel/iommu_groups/$6/devices"
	ln -s "../../../devices/pci0000:00/$1" "$tree/sys/bus/pci/devices/$address"
	driver "$address" "$5"
}

# driver ADDRESS NAME: "" for none
driver()
{
	rm -rf "$tree/sys/bus/pci/devices/$1/driver"
	[ -z "$2" ] || {
		mkdir -p "$tree/sys/bus/pci/drivers/$2"
		touch "$tree/sys/bus/pci/drivers/$2/unbind" "$tree/sys/bus/pci/drivers/$2/bind"
		ln -s "$tree/sys/bus/pci/drivers/$2" "$tree/sys/bus/pci/devices/$1/driver"
	}
}

attribute()
{
	put "sys/bus/pci/devices/$1/$2" "$3"
}

domain()
{
	mkdir -p "$tree/etc/libvirt/qemu"
	{
		echo "<domain type='kvm'><name>win11</name><devices>"
		for function; do
			echo "<hostdev mode='subsystem' type='pci' managed='$managed'>" \
				"<source><address domain='0x0000' bus='0x01' slot='0x00'" \
				"function='0x$function'/></source></hostdev>"
		done
		echo "</devices></domain>"
	} >"$tree/etc/libvirt/qemu/win11.xml"
}

make()
{
	rm -rf "$tree"
	make_laptop
	put sys/class/vfio_pm/$port/wakers ""
	put proc/uptime "1000.00 900.00"
	put proc/cmdline "quiet"
	put proc/cpuinfo "vendor_id\t: GenuineIntel"
	put proc/sys/kernel/osrelease 6.12.1
	put sys/bus/pci/drivers_probe ""
	put lib/modules/6.12.1/modules.dep "updates/vfio_pci_pm.ko.xz:"
	put etc/modules-load.d/pm.conf vfio-pci-pm
	put etc/modprobe.d/vfio.conf "options vfio-pci ids=10de:249d,10de:228b"
	put etc/initramfs-tools/modules "# modules\nvfio_pci\nvfio"
	put sys/class/iommu/dmar0/intel-iommu/ecap f020df
	put sys/module/vfio_pci/parameters/disable_idle_d3 N
	put sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts N
	pci 0000:00:02.0 0x030000 0x8086 0x9a60 i915 0
	attribute 0000:00:02.0 boot_vga 1
	pci $port 0x060400 0x8086 0x9a01 pcieport 1
	put "sys/devices/pci0000:00/$port/firmware_node/power_resources_D3hot/x" ""
	pci $port/$gpu 0x030000 0x10de 0x249d vfio-pci 2
	attribute $gpu boot_vga 0
	pci $port/$sound 0x040300 0x10de 0x228b vfio-pci 2
	domain 0 1
}

without_module()
{
	rm -r "$tree/sys/class/vfio_pm" "$tree/sys/module/vfio_pci_pm"
}

doctor()
{
	kvmfrctl --root "$tree" doctor --json "$@" >"$work/out" 2>"$work/err"
	status=$?
	python3 -c '
import json, re, sys
for f in json.load(open(sys.argv[1]))["findings"]:
    if re.search(sys.argv[2], f["id"]):
        assert f["what"] and f["why"] and f["remedy"], f
        print(f["level"], f["id"])
        open(sys.argv[3] + f["id"], "w").write(f["remedy"] + "\n")
' "$work/out" "$kinds" "$work/remedy-" >"$work/found" 2>>"$work/err" && [ "$status" -le 1 ]
}

# finds TEXT LEVEL ID...: exactly these
finds()
{
	text=$1
	shift
	doctor
	[ "$(cat "$work/found")" = "$(printf '%s\n' "$@")" ]
	result "$text" $?
}

well()
{
	finds "$1" ""
}

# remedied ID: its remedy, in the tree; commands for a kernel are left out, and
# what they do comes afterwards.
follow()
{
	sed -E "/^(modprobe|update-initramfs|dracut|mkinitcpio|update-grub|grub-mkconfig|grubby)/d
		s#(^|[ '>])/(sys|etc|proc)/#\\1$tree/\\2/#g" "$work/remedy-$1" >"$work/remedy.sh"
	sh "$work/remedy.sh" 2>>"$work/err"
}

# remedy_has TEXT REGEX ID
remedy_has()
{
	grep -qE -- "$2" "$work/remedy-$3"
	result "$1" $?
}

make
well "a laptop that is set up"
rm -r "$tree/etc/libvirt"
well "its GPU is known by vfio-pci without a virtual machine, too"
without_module
finds "without the module" "warning vfio-pm-not-loaded"
rm "$tree/lib/modules/6.12.1/modules.dep"
finds "without its file" "warning vfio-pm-not-built"
remedy_has "it says what to install" "make dkms-install" vfio-pm-not-built
mkdir -p "$tree/var/lib/dkms/kvmfr-suite"
finds "with its source" "warning vfio-pm-not-built"
remedy_has "DKMS builds it" "^dkms autoinstall -k 6.12.1$" vfio-pm-not-built
make
rm "$tree/etc/modules-load.d/pm.conf"
finds "not at boot" "warning vfio-pm-not-at-boot"
follow vfio-pm-not-at-boot
well "remedied: at boot"
rm "$tree"/etc/modules-load.d/*
put usr/lib/modprobe.d/x.conf "softdep vfio-pci post: vfio_pci_pm"
well "a softdep is as good"

# IOMMU
make
rm -r "$tree/sys/kernel/iommu_groups"
finds "no IOMMU" "error iommu-off"
remedy_has "command line" "intel_iommu=on on the kernel's command line" iommu-off
put etc/default/grub 'GRUB_CMDLINE_LINUX=""'
finds "no IOMMU, GRUB" "error iommu-off"
remedy_has "for GRUB" "intel_iommu=on.*/etc/default/grub" iommu-off
follow iommu-off
# shellcheck source=/dev/null
(GRUB_CMDLINE_LINUX='' && . "$tree/etc/default/grub" && [ "$GRUB_CMDLINE_LINUX" = " intel_iommu=on" ])
result "GRUB reads it" $?
put usr/sbin/grubby ""
finds "no IOMMU, grubby" "error iommu-off"
remedy_has "for grubby" "^grubby .*intel_iommu=on" iommu-off
rm -r "$tree/usr/sbin" "$tree/etc/default"
put etc/kernel/cmdline quiet
finds "no IOMMU, kernel-install" "error iommu-off"
follow iommu-off 2>/dev/null
grep -qx "quiet intel_iommu=on" "$tree/etc/kernel/cmdline"
result "its file has the word" $?
rm -r "$tree/etc/kernel"
put boot/loader/entries/arch.conf "options quiet"
finds "no IOMMU, systemd-boot" "error iommu-off"
remedy_has "for systemd-boot" "loader/entries" iommu-off
put proc/cmdline "intel_iommu=on"
mkdir -p "$tree/sys/firmware/acpi/tables"
finds "no IOMMU, but the word is there" "error iommu-off"
remedy_has "it is the BIOS" "VT-d" iommu-off
put proc/cpuinfo AuthenticAMD
put proc/cmdline amd_iommu=off
finds "no IOMMU, AMD" "error iommu-off"
remedy_has "it is off" "take amd_iommu=off off" iommu-off

make
put sys/class/iommu/dmar0/intel-iommu/ecap f020d7
finds "no interrupt remapping" "error iommu-unsafe-interrupts"
follow iommu-unsafe-interrupts
well "remedied: unsafe interrupts"

make
pci $port/$disk 0x010802 0x144d 0xa808 nvme 2
finds "a disk in the group" "error group-shared"
driver $disk ""
well "a device without a driver in the group"

# Drivers
make
managed=no
domain 0 1
driver $gpu nouveau
finds "GPU of the host" "error gpu-not-vfio"
follow gpu-not-vfio
[ "$(cat "$tree/sys/bus/pci/devices/$gpu/driver_override")" = vfio-pci ] &&
	[ "$(cat "$tree/sys/bus/pci/drivers/nouveau/unbind")" = $gpu ] &&
	[ "$(cat "$tree/sys/bus/pci/drivers_probe")" = $gpu ]
result "its lines bind it" $?
driver $gpu vfio-pci
well "remedied: GPU"
managed=yes
domain 0 1
driver $gpu nouveau
finds "GPU that libvirt takes at times" "warning gpu-not-vfio"
rm -r "$tree/etc/libvirt"
driver $gpu vfio-pci
driver $sound snd_hda_intel
finds "sound of the host" "error gpu-function-not-vfio"
driver $sound ""
attribute $sound driver_override vfio-pci
well "a function without a driver"
make
attribute $gpu boot_vga 1
driver $gpu nouveau
finds "the only display is not taken away" "note gpu-boot-display"
make
domain 0
finds "half a card in the machine" "warning gpu-function-not-given"
remedy_has "the element that is missing" "slot='0x00' function='0x1'" gpu-function-not-given
domain 0 1
well "remedied: the whole card"
make
rm -r "$tree/etc/libvirt" "$tree/sys/class/vfio_pm"
driver $gpu nouveau
driver $sound snd_hda_intel
finds "nobody has chosen a GPU" "note gpu-not-chosen"

# Boot
for id in 10de:249d 10de:228b; do
	make
	put etc/modprobe.d/vfio.conf "options vfio-pci disable_vga=1 ids=$id"
	finds "one function at boot" "warning vfio-not-at-boot"
	follow vfio-not-at-boot
	well "remedied: both at boot, besides $id"
done
rm "$tree/etc/modprobe.d/vfio.conf"
finds "nothing at boot" "warning vfio-not-at-boot"
remedy_has "and a new initramfs" "^update-initramfs -u$" vfio-not-at-boot
follow vfio-not-at-boot
well "remedied: ids"
grep -qx "softdep nvidia pre: vfio-pci" "$tree/etc/modprobe.d/vfio-gpu.conf"
result "and before the host's driver" $?
rm "$tree/etc/modprobe.d/vfio-gpu.conf"
put proc/cmdline "quiet vfio-pci.ids=10DE:249D,10de:228b:ffffffff"
well "ids on the command line"
put proc/cmdline quiet
put etc/driverctl.d/pci-$gpu vfio-pci
put etc/driverctl.d/pci-$sound vfio-pci
well "driverctl"
rm -r "$tree/etc/driverctl.d"
pci 0000:00:03.0 0x030000 0x10de 0x249d nvidia 9
finds "two cards of a kind" "warning vfio-not-at-boot"
mkdir -p "$tree/etc/udev/rules.d"
follow vfio-not-at-boot
well "remedied: by address"

make
put etc/initramfs-tools/modules "nvidia_drm\nvfio_pci"
finds "initramfs: host's driver first" "error initramfs-order"
follow initramfs-order
well "remedied: order"
put etc/initramfs-tools/modules "# none"
finds "initramfs without vfio" "warning initramfs-no-vfio"
put proc/sys/kernel/osrelease 6.1.0
put lib/modules/6.1.0/modules.dep "updates/vfio_pci_pm.ko:"
finds "the same before 6.2" "warning initramfs-no-vfio"
remedy_has "needs vfio_virqfd" "vfio_virqfd" initramfs-no-vfio
follow initramfs-no-vfio
well "remedied: initramfs-tools"
rm -r "$tree/etc/initramfs-tools"
mkdir -p "$tree/etc/dracut.conf.d"
finds "dracut" "warning initramfs-no-vfio"
follow initramfs-no-vfio
well "remedied: dracut"
rm -r "$tree/etc/dracut.conf.d"
put etc/mkinitcpio.conf "MODULES=(nouveau)\nHOOKS=(base)"
finds "mkinitcpio" "error initramfs-order"
follow initramfs-order
grep -qx "MODULES=(vfio_pci vfio vfio_iommu_type1 vfio_virqfd nouveau)" "$tree/etc/mkinitcpio.conf"
result "its list" $?
well "remedied: mkinitcpio"

make
put etc/modprobe.d/idle.conf "options vfio_pci disable_idle_d3=1"
finds "disable_idle_d3 at the next load" "error disable-idle-d3"
put sys/module/vfio_pci/parameters/disable_idle_d3 Y
finds "disable_idle_d3 now, too" "error disable-idle-d3"
follow disable-idle-d3
finds "it is loaded with it all the same" "error disable-idle-d3"
remedy_has "load it again" "^modprobe -r vfio-pci && modprobe vfio-pci$" disable-idle-d3
put sys/module/vfio_pci/parameters/disable_idle_d3 N
well "remedied: disable_idle_d3"

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
put proc/77/comm bash
well "it has ended since"
waker "900.000\tconky\t75\tconfig\n920.000\tconky\t76\tconfig\n930.000\tconky\t77\tconfig"
put proc/77/comm bash
finds "it ends and comes back" "warning slot-waker"
! grep -q '^[^#]' "$work/remedy-slot-waker"
result "nobody else is ended" $?
waker "90.000\tconky\t77\tconfig\n92.000\tconky\t77\tconfig\n93.000\tconky\t77\tconfig"
well "long ago"
waker "900.000\tconky\t77\tconfig\n992.000\tconky\t77\tconfig"
well "twice"
waker "900.000\tqemu\t77\topen\n992.000\tqemu\t77\topen\n993.000\tqemu\t77\topen"
well "virtual machines"
