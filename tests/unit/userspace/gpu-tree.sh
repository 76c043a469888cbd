# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2119,SC2120,SC2319 # for those who source it; the condition is what $? is asked for
# Words for the tests of kvmfrctl doctor and the GPU, in trees that are laptops:
# a good one has no finding of that kind; each trap has one, and none any more
# after its remedy. What a remedy's commands do in a kernel is done to the tree
# by hand.
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
