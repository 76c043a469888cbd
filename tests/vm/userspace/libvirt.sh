# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2119,SC2154 # sourced by guest/userspace
# kvmfrctl doctor, a real libvirt and AppArmor: a virtual machine that is refused its
# memory is started for real after each remedy.
# shellcheck source=tests/vm/userspace/libvirt_lib.sh
. /lib/kvmfr/libvirt_lib.sh

# machine [SED-COMMAND...]: gives libvirt the machine of a guide, made worse by them
machine()
{
	cat >/tmp/win.xml <<-EOF
	<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
	  <name>win</name>
	  <uuid>3a5e1b8c-0d47-4c0e-9a64-1f2b7c9d8e01</uuid>
	  <memory unit='MiB'>32</memory>
	  <os><type arch='x86_64' machine='pc'>hvm</type></os>
	  <features><acpi/></features>
	  <devices>
	    <emulator>/usr/bin/qemu-system-x86_64</emulator>
	    <controller type='usb' model='none'/>
	    <memballoon model='none'/>
	  </devices>
	  <qemu:commandline>
	    <qemu:arg value='-device'/>
	    <qemu:arg value='{"driver":"ivshmem-plain","id":"shmem0","memdev":"looking-glass"}'/>
	    <qemu:arg value='-object'/>
	    <qemu:arg value='{"qom-type":"memory-backend-file","id":"looking-glass","mem-path":"/dev/kvmfr0","size":33554432,"share":true,"align":2097152}'/>
	  </qemu:commandline>
	</domain>
	EOF
	for change; do
		sed -i "$change" /tmp/win.xml
	done
	virsh -q define /tmp/win.xml >/tmp/define.log 2>&1 || sed 's/^/# /' /tmp/define.log
}

libvirt_begin 32
machine
like "the machine is libvirt's" mem-path "$(xml)"

# --- the list of devices, and AppArmor: both are needed
is "a machine that is set up but for libvirt" "cgroup-device-acl apparmor-kvmfr" "$(ids)"
sed 's/^/# /' $report
touch /tmp/stamp
refused "libvirt refuses it"
like "in words that the doctor names" "Permission denied" "$refusal"
ids >/dev/null
like "for the list" "refused the device: 'Permission denied'" "$(cat $report)"
heal cgroup-device-acl
sed 's/^/# /' /tmp/remedy.log
is "systemctl has what it is to restart" 0 "$(grep -c Failed /tmp/remedy.log)"
is "AppArmor is left" apparmor-kvmfr "$(ids)"
refused "it is still refused"
between "by AppArmor" 1 99 "$(denials)"
cured apparmor-kvmfr
refusals=$(denials)
passes "it starts, and has the memory" start
echo "# $refusal"
like "confined" "^libvirt-.* \(enforce\)" "$(confined)"
is "AppArmor refused nothing more" "$refusals" "$(denials)"
is "while it runs the doctor has nothing to say" "" "$(ids)"
stop

# A list that somebody has made, without the node.
sed -i 's|, *"/dev/kvmfr0"||; s|"/dev/kvmfr0",\{0,1\}||' /etc/libvirt/qemu.conf
systemctl restart libvirtd
is "a list without the node" cgroup-device-acl "$(ids)"
refused "is refused as well"
is "and not by AppArmor" "$refusals" "$(denials)"
cured cgroup-device-acl
passes "it starts with the longer list" start
stop
passes "libvirt reads its file" grep -q kvmfr0 /etc/libvirt/qemu.conf

# Somebody's own file, which becomes a copy that AppArmor does not include.
mv $aa/abstractions/libvirt-qemu.d/kvmfr $aa/abstractions/libvirt-qemu.d/mine
is "a file of another name will do" "" "$(ids)"
passes "for AppArmor, too" start
stop
mv $aa/abstractions/libvirt-qemu.d/mine $aa/abstractions/libvirt-qemu.d/mine~
is "a copy will not" apparmor-kvmfr "$(ids)"
refused "nor for AppArmor"

# As --fix does it.
rm $aa/abstractions/libvirt-qemu.d/mine~
is "without its file AppArmor is against it" apparmor-kvmfr "$(ids)"
kvmfrctl doctor --user alice --fix --yes >$report 2>&1
is "--fix writes it again" "" "$(ids)"
passes "and it starts" start
stop

# --- the user of QEMU
gpasswd -d libvirt-qemu kvm >/dev/null 2>&1
usermod -g nogroup libvirt-qemu
systemctl restart libvirtd
like "QEMU's user is out of the group" access-qemu "$(ids)"
sed 's/^/# /' $report
refused "and may not open the node"
cured access-qemu
passes "as a member it may" start
stop

# --- the machine itself: libvirt takes each change
machine 's/33554432/16777216/'
cured domain-size-mismatch
like "libvirt has the size" '"?size"?[:=]33554432' "$(xml)"
machine 's/33554432/50331648/'
refused "QEMU refuses what is no power of two"
cured domain-size-not-power-of-two
passes "QEMU takes what is one" start
stop
machine 's/"share":true/"share":false/'
cured domain-no-share
like "libvirt has it shared" '"?share"?[:=](true|on)' "$(xml)"
passes "shared it is" sh -c "virsh -q start --paused win &&
	grep ' /dev/kvmfr0\$' /proc/\$(cat /run/libvirt/qemu/win.pid)/maps | grep -q rw-s"
stop
machine 's/,"align":2097152//'
cured domain-no-align
like "libvirt has the alignment" '"?align"?[:=](2097152|2M)' "$(xml)"
machine "s/<memballoon model='none'/<memballoon model='virtio'/"
cured domain-memballoon
like "libvirt has no balloon" "<memballoon model='none'/>" "$(xml)"
machine '/memballoon/d'
like "libvirt adds one where none is forbidden" "<memballoon model='virtio" "$(xml)"
cured domain-memballoon
machine 's/"memdev":"looking-glass"/"memdev":"mirror"/'
cured domain-no-ivshmem-device
passes "with its device it starts" start
stop
machine
systemctl stop libvirtd 2>/dev/null
sed -i "s| xmlns:qemu='[^']*'||" /etc/libvirt/qemu/win.xml
cured domain-no-namespace
passes "with the namespace QEMU has its arguments" start
stop

# All of that at once.
machine 's/33554432/16777216/; s/"share":true/"share":false/; s/,"align":2097152//' \
	"s/<memballoon model='none'/<memballoon model='virtio'/"
follow
is "who follows only the remedies comes to an end" "" "$(ids)"
between "rounds of that" 1 3 "$rounds"
passes "and the machine starts" start
stop
libvirt_end
