# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # sourced by guest/userspace
# kvmfrctl doctor with the real module, modprobe and udevd: each trap is set,
# found, and gone after its remedy was run by sh as it was printed. What only
# counts on machines with a GPU is left to others.

report=/tmp/report
mine='^(error|warning) (module|node|access|udev|cgroup|apparmor|selinux|domain|memory)-'

look()
{
	kvmfrctl doctor --user alice "$@" >$report 2>&1
}

# The ids of our findings, on one line.
ids()
{
	look "$@"
	sed -n -E "/$mine/s/^[a-z]* ([a-z-]*) .*/\1/p; /$mine/s/^[a-z]* ([a-z-]*)\$/\1/p" $report |
		paste -sd' '
}

# remedy [ID]: of the last look; of all without an ID
remedy()
{
	awk -v id="${1-}" -v mine="$mine" '
		/^(error|warning|note) / { print_it = $0 ~ mine && (id == "" || $2 == id) }
		print_it && /^      / { print substr($0, 7) }' $report
}

# cured ID [OPTION...]
cured()
{
	id=$1
	shift
	like "$id is found" "(^| )$id( |$)" "$(ids "$@")"
	remedy "$id" >/tmp/remedy
	sed 's/^/# /' /tmp/remedy
	sh /tmp/remedy >/tmp/remedy.log 2>&1
	udevadm settle
	is "after its remedy nothing is left" "" "$(ids "$@")"
	[ -z "$(ids "$@")" ] || sed 's/^/# /' /tmp/remedy.log $report
}

# follow [OPTION...]: all remedies, until the doctor is content; sets $rounds
follow()
{
	rounds=0
	while [ -n "$(ids "$@")" ] && [ $rounds -lt 5 ]; do
		rounds=$((rounds + 1))
		echo "# round $rounds: $(ids "$@")"
		ids "$@" >/dev/null
		remedy >/tmp/remedy
		sh /tmp/remedy >/tmp/remedy.log 2>&1
		udevadm settle
	done
}

# may USER: really, by opening the node
may()
{
	setpriv --reuid="$1" --regid="$(id -g "$1")" --init-groups sh -c ': <>/dev/kvmfr0' 2>/dev/null &&
		echo yes
}

size()
{
	cat /sys/class/kvmfr/kvmfr0/size
}

machine()
{
	mkdir -p /etc/libvirt/qemu
	cat >/etc/libvirt/qemu/win.xml <<-EOF
	<domain type='kvm'>
	  <name>win</name>
	  <devices>
	    <memballoon model='virtio'/>
	  </devices>
	  <qemu:commandline>
	    <qemu:arg value='-object'/>
	    <qemu:arg value='{"qom-type":"memory-backend-file","id":"looking-glass","mem-path":"/dev/kvmfr0","size":33554432,"share":false}'/>
	  </qemu:commandline>
	</domain>
	EOF
}

# Libvirt is not here: a machine that it is given becomes its file.
mkdir /tmp/bin
printf '%s\n' '#!/bin/sh' 'exec cp "$2" /etc/libvirt/qemu/' >/tmp/bin/virsh
chmod +x /tmp/bin/virsh
export PATH="/tmp/bin:$PATH"

groupadd -f -r kvm
useradd -u 1000 -M alice
useradd -r -M -g kvm libvirt-qemu
mount -t securityfs none /sys/kernel/security 2>/dev/null
/lib/systemd/systemd-udevd --daemon
udevadm settle

# --- A machine as it is after installing: nothing is set up. Only what the
# doctor prints is done, until it is content.
rm /run/udev/rules.d/70-kvmfr.rules
machine
mkdir -p /etc/apparmor.d/abstractions
echo '  include if exists <local/abstractions/libvirt-qemu>' >/etc/apparmor.d/abstractions/libvirt-qemu
echo 'user = "libvirt-qemu"' >/etc/libvirt/qemu.conf
touch /tmp/stamp
sleep 1
like "a machine that is not set up has many findings" \
	"^module-options-missing module-not-at-boot module-not-loaded udev-rule-missing cgroup-device-acl apparmor-kvmfr domain-" \
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
is "machine and module agree" "$(size)" \
	"$(sed -n 's/.*memory-backend-file.*size=\([0-9]*\).*/\1/p' /etc/libvirt/qemu/win.xml)"

# --- the module
modprobe -r kvmfr
cured module-not-loaded
mv /etc/modprobe.d/kvmfr.conf /tmp/
modprobe -r kvmfr && modprobe kvmfr
is "both causes are found" "module-options-missing module-no-devices" "$(ids)"
remedy | sh
is "both are gone" "" "$(ids)"
is "sizes are the virtual machine's" 33554432 "$(size)"
echo 'options kvmfr static_size_mb=16 numa_node=-1' >/etc/modprobe.d/a.conf
cured module-options-conflict
rm /etc/modprobe.d/a.conf
rm /etc/modules-load.d/kvmfr.conf
is "not at boot" module-not-at-boot "$(ids)"
kvmfrctl doctor --user alice --fix --yes >$report 2>&1
is "--fix writes what systemd reads" kvmfr "$(cat /etc/modules-load.d/kvmfr.conf)"
is "nothing is left" "" "$(ids)"
sed -i 's/=[0-9]*/=48/' /etc/modprobe.d/kvmfr.conf
modprobe -r kvmfr && modprobe kvmfr
is "no power of two is found" "module-size-not-power-of-two domain-size-mismatch" "$(ids)"
follow
is "it really has another size" "67108864 1" "$(size) $rounds"
like "a large picture does not fit" "memory-too-small" "$(ids --mode 3840x2160)"
follow --mode 3840x2160
is "it fits afterwards" "134217728 " "$(size) $(ids --mode 3840x2160)"
is "so does the virtual machine" 134217728 \
	"$(sed -n 's/.*memory-backend-file.*size=\([0-9]*\).*/\1/p' /etc/libvirt/qemu/win.xml)"

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
