# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # sourced by guest/userspace
# kvmfrctl doctor with the real module, modprobe and udevd: each trap is set,
# found, and gone after its remedy was run by sh as it was printed. Virtual machines
# are libvirt.sh's.
# shellcheck source=tests/vm/userspace/doctor_lib.sh
. /lib/kvmfr/doctor_lib.sh

groupadd -f -r kvm
useradd -u 1000 -M alice
useradd -r -M -g kvm libvirt-qemu
mkdir -p /etc/libvirt
echo 'cgroup_device_acl = [ "/dev/null", "/dev/kvmfr0" ]' >/etc/libvirt/qemu.conf
mount -t securityfs none /sys/kernel/security 2>/dev/null
/lib/systemd/systemd-udevd --daemon
udevadm settle

# --- A machine as it is after installing: nothing is set up. Only what the
# doctor prints is done, until it is content.
rm /run/udev/rules.d/70-kvmfr.rules
touch /tmp/stamp
sleep 1
like "a machine that is not set up has many findings" \
	"^module-options-missing module-not-at-boot module-not-loaded udev-rule-missing" \
	"$(ids)"
sed 's/^/# /' $report
is "looking changes nothing" "" "$(find /etc -newer /tmp/stamp)"
follow
is "who follows only its remedies comes to an end" "" "$(ids)"
between "rounds of that" 1 3 $rounds
is "there is a device" "character special file root:kvm 660" \
	"$(stat -c '%F %U:%G %a' /dev/kvmfr0)"
is "alice may use it" yes "$(may alice)"
is "QEMU's user may use it" yes "$(may libvirt-qemu)"
is "it has the usual size" 67108864 "$(size)"

# --- the module
modprobe -r kvmfr
cured module-not-loaded
mv /etc/modprobe.d/kvmfr.conf /tmp/
modprobe -r kvmfr && modprobe kvmfr
is "both causes are found" "module-options-missing module-no-devices" "$(ids)"
remedy | sh
is "both are gone" "" "$(ids)"
is "there is a device again" 67108864 "$(size)"
echo 'options kvmfr static_size_mb=16 numa_node=-1' >/etc/modprobe.d/a.conf
cured module-options-conflict
rm /etc/modprobe.d/a.conf
rm /etc/modules-load.d/kvmfr.conf
is "not at boot" module-not-at-boot "$(ids)"
kvmfrctl doctor --user alice --fix --yes >$report 2>&1
is "--fix writes what systemd reads" kvmfr "$(cat /etc/modules-load.d/kvmfr.conf)"
is "nothing is left" "" "$(ids)"
sed -i 's/=[0-9]*/=48/' /etc/modprobe.d/kvmfr.conf
modprobe -r kvmfr && modprobe kvmfr && udevadm settle
is "no power of two is found" module-size-not-power-of-two "$(ids)"
follow
is "it really has another size" "67108864 1" "$(size) $rounds"
like "a large picture does not fit" "memory-too-small" "$(ids --mode 3840x2160)"
follow --mode 3840x2160
is "it fits afterwards" "134217728 " "$(size) $(ids --mode 3840x2160)"

# --- the node
modprobe -r kvmfr
sh -c 'exec 3<>/dev/kvmfr0; truncate -s 32M /dev/kvmfr0; exec sleep 1000' &
holder=$!
until_is 5 33554432 stat -c %s /dev/kvmfr0
like "before the module is loaded, the file is found" "node-regular-file" "$(ids)"
modprobe kvmfr
is "the kernel does not replace it" "regular file" "$(stat -c %F /dev/kvmfr0)"
ids >/dev/null
like "who made it is named" "# first end sleep \(pid $holder\)" "$(remedy node-regular-file)"
kill $holder
cured node-regular-file
is "it is a device now" "character special file" "$(stat -c %F /dev/kvmfr0)"
rm /dev/kvmfr0
cured node-missing
rm /dev/kvmfr0
mknod /dev/kvmfr0 c 1 3
cured node-other
is "it is kvmfr's" "$(cat /sys/class/kvmfr/kvmfr0/dev)" \
	"$(printf '%d:%d' 0x"$(stat -c %t /dev/kvmfr0)" 0x"$(stat -c %T /dev/kvmfr0)")"

# --- access
gpasswd -d alice kvm >/dev/null
is "alice may not use it" "" "$(may alice)"
cured access-user
is "alice may use it again" yes "$(may alice)"
gpasswd -d alice kvm >/dev/null
setfacl -m u:alice:rw /dev/kvmfr0
is "an ACL is enough for both, the doctor" " yes" "$(ids) $(may alice)"
setfacl -b /dev/kvmfr0
usermod -a -G kvm alice
chmod 666 /dev/kvmfr0
cured access-everybody
is "nobody may not use it" "" "$(may nobody)"
rules=/etc/udev/rules.d
mv $rules/70-kvmfr.rules $rules/99-kvmfr.rules
cured udev-rule-late
echo 'SUBSYSTEM=="kvmfr", OWNER="alice", GROUP="kvm", MODE="0660"' >$rules/99-kvmfr.rules
cured udev-owner-login
modprobe -r kvmfr && modprobe kvmfr && udevadm settle
is "udev makes the node as the new rule says" "root:kvm 660" "$(stat -c '%U:%G %a' /dev/kvmfr0)"
rm $rules/70-kvmfr.rules $rules/99-kvmfr.rules
udevadm control --reload
modprobe -r kvmfr && modprobe kvmfr && udevadm settle
is "without a rule there is no access" \
	"udev-rule-missing access-user access-qemu" "$(ids)"
remedy | sh >/dev/null 2>&1
is "with it there is" " yes yes" "$(ids) $(may alice) $(may libvirt-qemu)"

# --- a kernel that wants signatures; the last test, there is no way back
if [ -w /sys/kernel/security/lockdown ] && modprobe -r kvmfr &&
	echo integrity >/sys/kernel/security/lockdown; then
	is "an unsigned module is found" "module-unsigned-secure-boot module-not-loaded" "$(ids)"
	is "and indeed it cannot be loaded" no "$(modprobe kvmfr 2>/dev/null && echo yes || echo no)"
fi
