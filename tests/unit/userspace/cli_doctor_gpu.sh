#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# kvmfrctl doctor and the GPU: its IOMMU group, its drivers, now and after the next boot.
# shellcheck disable=SC2154,SC2319 # set by gpu-tree.sh; the condition is what $? is asked for
# shellcheck source=tests/unit/userspace/gpu-tree.sh
. "${0%/*}/gpu-tree.sh"

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
rm "$tree/usr/lib/modprobe.d/x.conf"
put etc/conf.d/modules 'modules="loop vfio-pci-pm"'
well "OpenRC's list is as good"
rm "$tree/etc/conf.d/modules"
put proc/cmdline "modules-load=loop modules_load=vfio_pci_pm,nfs quiet"
well "so is the command line"
put proc/cmdline quiet
rm -r "$tree/etc/modules-load.d"
finds "not even a directory" "warning vfio-pm-not-at-boot"
follow vfio-pm-not-at-boot
well "remedied: with its directory"

# IOMMU
make
rm -r "$tree/sys/kernel/iommu_groups"
finds "no IOMMU" "error iommu-off"
remedy_has "command line" "intel_iommu=on on the kernel's command line" iommu-off
mkdir -p "$tree/etc/default"
printf 'GRUB_CMDLINE_LINUX=""' >"$tree/etc/default/grub"	# and no newline
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
rm "$tree/etc/modprobe.d/vfio.conf"
put etc/initramfs-tools/modules "nouveau"
driver $sound snd_hda_intel
finds "nor at the next boot" "note gpu-boot-display"
driver $gpu vfio-pci
driver $sound vfio-pci
well "nor while libvirt has lent it"
driver $sound snd_hda_intel
finds "without its display it can do without its sound" "error gpu-function-not-vfio"
make
rm "$tree/etc/modprobe.d/vfio.conf"
pci 0000:00:03.0 0x030000 0x10de 0x249d nouveau 9
attribute 0000:00:02.0 boot_vga 0
attribute 0000:00:03.0 boot_vga 1
put etc/libvirt/qemu/other.xml "<domain><name>other</name><devices><hostdev mode='subsystem' \
type='pci' managed='yes'><source><address domain='0x0000' bus='0x00' slot='0x03' \
function='0x0'/></source></hostdev></devices></domain>"
finds "its twin is given away by address" "note gpu-boot-display" "warning vfio-not-at-boot"
follow vfio-not-at-boot
! grep -rq 0000:00:03.0 "$tree/etc/udev" && ! grep -rq 10de "$tree/etc/modprobe.d"
result "and it is not" $?
finds "remedied: the twin" "note gpu-boot-display"
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
grep -qx "softdep nvidia pre: vfio-pci" "$tree/etc/modprobe.d/kvmfr-suite-vfio.conf"
result "and before the host's driver" $?
rm "$tree/etc/modprobe.d/kvmfr-suite-vfio.conf"
put proc/cmdline "quiet vfio-pci.ids=10DE:249D,10de:228b:ffffffff"
well "ids on the command line"
put proc/cmdline quiet
put etc/driverctl.d/pci-$gpu vfio-pci
put etc/driverctl.d/pci-$sound vfio-pci
well "driverctl"
rm -r "$tree/etc/driverctl.d"
pci 0000:00:03.0 0x030000 0x10de 0x249d nvidia 9
finds "two cards of a kind" "warning vfio-not-at-boot"
follow vfio-not-at-boot
well "remedied: by address"

# What people have in files of their own stays.
make
put etc/modprobe.d/vfio.conf "options pci-stub ids=1:2\noptions vfio-pci ids=10de:249d"
finds "ids of two modules" "warning vfio-not-at-boot"
follow vfio-not-at-boot
grep -qx "options pci-stub ids=1:2" "$tree/etc/modprobe.d/vfio.conf"
result "only those of vfio-pci are changed" $?
well "remedied: one of two"
make
put etc/modprobe.d/vfio.conf 'options vfio-pci ids="10de:249d,10de:228b"'
well "a list in quotes"
put etc/modprobe.d/vfio.conf 'options vfio-pci ids="1:2"'
finds "a list of others in quotes" "warning vfio-not-at-boot"
follow vfio-not-at-boot
grep -qx 'options vfio-pci ids="10de:249d,10de:228b,1:2"' "$tree/etc/modprobe.d/vfio.conf"
result "stays in them" $?
well "remedied: a list in quotes"
make
printf 'options vfio-pci disable_vga=1 \\\n ids=1:2 \\\n disable_idle_d3=1\n' \
	>"$tree/etc/modprobe.d/vfio.conf"
finds "lines that go on" "warning vfio-not-at-boot" "error disable-idle-d3"
follow vfio-not-at-boot
follow disable-idle-d3
well "remedied: lines that go on"
[ "$(wc -l <"$tree/etc/modprobe.d/vfio.conf")" = 3 ]
result "they are as many as before" $?
make
rm "$tree/etc/modprobe.d/vfio.conf"
put "etc/modprobe.d/my gpu;id.conf" "options vfio-pci ids=10de:249d disable_idle_d3=1"
finds "a file's name with blanks" "warning vfio-not-at-boot" "error disable-idle-d3"
follow vfio-not-at-boot
follow disable-idle-d3
well "remedied: a file's name with blanks"
make
rm "$tree/etc/modprobe.d/vfio.conf" "$tree/etc/modules-load.d/pm.conf"
rm -r "$tree/etc/initramfs-tools"
put etc/modprobe.d/vfio-gpu.conf "options vfio-pci disable_vga=1"
put etc/modprobe.d/vfio-interrupts.conf "options vfio_iommu_type1 dma_entry_limit=9"
put etc/dracut.conf.d/00-vfio.conf 'add_drivers+=" my_raid_driver "'
printf 'nfs' >"$tree/etc/modules-load.d/vfio_pci_pm.conf"
put sys/class/iommu/dmar0/intel-iommu/ecap f020d7
finds "files of people" "error iommu-unsafe-interrupts" "warning vfio-not-at-boot" \
	"warning initramfs-no-vfio" "warning vfio-pm-not-at-boot"
for id in iommu-unsafe-interrupts vfio-not-at-boot initramfs-no-vfio vfio-pm-not-at-boot; do
	follow $id
	follow $id
done
well "remedied: all of them"
for word in disable_vga=1 dma_entry_limit=9 my_raid_driver; do
	grep -rq "$word" "$tree/etc/modprobe.d" "$tree/etc/dracut.conf.d"
	result "$word stays" $?
done
[ "$(cat "$tree/etc/modules-load.d/vfio_pci_pm.conf")" = nfs ]
result "a list of modules stays" $?

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
put etc/mkinitcpio.conf.d/gpu.conf "MODULES+=(nouveau)"
well "a list that is added to"
put etc/mkinitcpio.conf.d/gpu.conf.bak "MODULES=(nouveau)"
well "a file of an editor"
put etc/mkinitcpio.conf.d/my.conf "MODULES=(nouveau)"
finds "a list that begins anew" "error initramfs-order"
follow initramfs-order
well "remedied: mkinitcpio's last list"
rm -r "$tree/etc/mkinitcpio.conf.d"
put etc/mkinitcpio.conf "HOOKS=(base)"
finds "mkinitcpio without a list" "warning initramfs-no-vfio"
follow initramfs-no-vfio
well "remedied: mkinitcpio's first list"
put etc/mkinitcpio.conf "MODULES='nouveau'"
finds "mkinitcpio's list in quotes" "error initramfs-order"
follow initramfs-order
grep -qx "MODULES='vfio_pci vfio vfio_iommu_type1 vfio_virqfd nouveau'" "$tree/etc/mkinitcpio.conf"
result "stays in them, too" $?
well "remedied: mkinitcpio's list in quotes"
put etc/mkinitcpio.conf "MODULES=(\n # not vfio_pci\n)"
finds "what is a comment" "warning initramfs-no-vfio"

# What is installed makes it, not what settings were left of another.
make
put etc/initramfs-tools/modules "nouveau"
put usr/bin/dracut ""
finds "dracut besides settings of initramfs-tools" "warning initramfs-no-vfio"
follow initramfs-no-vfio
well "remedied: dracut, with its directory"
put etc/dracut.conf.d/00-old.conf.bak 'force_drivers+=" nouveau "'
well "dracut reads no copies"
put etc/dracut.conf.d/00-kvmfr-suite-vfio.conf 'add_drivers+=" nouveau vfio-pci "'
finds "dracut: host's driver first" "error initramfs-order"
put proc/cmdline "quiet rd.driver.pre=vfio,vfio-pci rd.driver.pre=nvme"
well "the command line says otherwise"
put etc/dracut.conf.d/00-kvmfr-suite-vfio.conf 'add_drivers+=" nouveau "'
finds "but cannot load what is not there" "error initramfs-order"

# vfio-pci as a part of the kernel
built_in()
{
	make
	put lib/modules/6.12.1/modules.builtin "kernel/drivers/vfio/vfio.ko\nkernel/drivers/vfio/pci/vfio-pci.ko"
	put etc/initramfs-tools/modules "nouveau"
}
built_in
finds "built in, it reads no modprobe.d" "warning vfio-not-at-boot"
remedy_has "its ids are for the command line" \
	"vfio-pci.ids=10de:249d,10de:228b on the kernel's command line" vfio-not-at-boot
! grep -qE "modprobe|initramfs" "$work/remedy-vfio-not-at-boot"
result "and nothing else is of use" $?
put etc/default/grub 'GRUB_CMDLINE_LINUX="quiet"'
put usr/sbin/grub2-mkconfig ""
finds "the same with openSUSE's GRUB" "warning vfio-not-at-boot"
remedy_has "which has another name" "^grub2-mkconfig -o /boot/grub2/grub.cfg$" vfio-not-at-boot
put proc/cmdline "quiet vfio-pci.ids=10de:249d"
finds "half of them on the command line" "warning vfio-not-at-boot"
remedy_has "the rest is to be added there" \
	"^# add to vfio-pci.ids= on the kernel's command line: 10de:249d,10de:228b$" vfio-not-at-boot
put proc/cmdline "quiet vfio-pci.ids=10de:249d,10de:228b"
well "all of them on the command line"
put etc/modprobe.d/idle.conf "options vfio_pci disable_idle_d3=1"
well "nor does it read that there"
put sys/module/vfio_pci/parameters/disable_idle_d3 Y
finds "disable_idle_d3 now" "error disable-idle-d3"
remedy_has "the machine has to be started again" "^# boot again$" disable-idle-d3
built_in
put proc/cmdline "vfio-pci.ids=10de:249d,10de:228b"
rm "$tree/etc/modules-load.d/pm.conf"
put usr/lib/modprobe.d/x.conf "softdep vfio-pci post: vfio_pci_pm"
finds "nothing comes after what is not loaded" "warning vfio-pm-not-at-boot"
built_in
put proc/cmdline "vfio-pci.ids=10de:249d,10de:228b"
put lib/modules/6.12.1/modules.builtin \
	"kernel/drivers/vfio/pci/vfio-pci.ko\nkernel/drivers/vfio/vfio_iommu_type1.ko"
put etc/kernel/cmdline quiet
put sys/class/iommu/dmar0/intel-iommu/ecap f020d7
finds "the IOMMU's part of vfio built in" "error iommu-unsafe-interrupts"
! grep -q modprobe "$work/remedy-iommu-unsafe-interrupts"
result "is told on the command line" $?
follow iommu-unsafe-interrupts 2>/dev/null
grep -qx "quiet vfio_iommu_type1.allow_unsafe_interrupts=1" "$tree/etc/kernel/cmdline"
result "the next one, too" $?
well "remedied: unsafe interrupts, built in"

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
