# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2119,SC2154 # words are those of tap.sh
# Documentation/libvirt-domain.xml as somebody uses it who follows what kvmfrctl
# doctor says: validated, given to libvirt, started. The device that is assigned in
# the place of a graphics card is the e1000e of this machine.
# shellcheck source=tests/vm/userspace/libvirt_lib.sh
. /lib/kvmfr/libvirt_lib.sh
example=/lib/kvmfr/libvirt-domain.xml
mib=64
bytes=$((mib * 1048576))
assigned=0000:00:04.0
object="-object '{\"qom-type\":\"memory-backend-file\",\"id\":\"looking-glass\",\"mem-path\":\"/dev/kvmfr0\",\"size\":$bytes,\"share\":true,\"align\":2097152}'"
device="-device '{\"driver\":\"ivshmem-plain\",\"id\":\"shmem0\",\"memdev\":\"looking-glass\"}'"

# with_card: the example with the comment around the graphics card taken away
with_card()
{
	sed '/^    <!--$/d; /^    -->$/d' $example
}

# for_here: that, less what this machine does not have: KVM, and with it the host's
# processor and what Hyper-V's guests are offered; EFI's firmware; so much memory;
# SPICE; a disk and a network. One function is all of this card.
for_here()
{
	with_card | sed "
		s/<domain type='kvm'/<domain type='qemu'/
		s/<os firmware='efi'>/<os>/
		s|<memory unit='GiB'>.*</memory>|<memory unit='MiB'>64</memory>|
		s|<vcpu>.*</vcpu>|<vcpu>1</vcpu>|
		/<hyperv/,/<\\/hyperv>/d; /<cpu /d; /<graphics /d
		/<disk /,/<\\/disk>/d; /<interface /,/<\\/interface>/d
		s/bus='0x01' slot='0x00' function='0x0'/bus='0x00' slot='0x04' function='0x0'/
	" | awk '/<hostdev/ { cards++ } cards < 2 { print } /<\/hostdev>/ && cards > 1 { cards = 1 }'
}

# native: QEMU's arguments, one line
native()
{
	virsh domxml-to-native qemu-argv --domain win | sed 's/ \\$//' | paste -sd' '
}

is_valid()
{
	valid=$(virt-xml-validate "$1" domain 2>&1) || echo "# $valid"
	like "$2" ' validates$' "$valid"
}

attribute()
{
	cat "/sys/class/kvmfr/kvmfr0/$1"
}

monitor()
{
	virsh qemu-monitor-command --hmp win "$1" | tr -d '\r'
}

# The BAR that the firmware has given an address.
guest_has_memory()
{
	monitor "info pci" | grep -A 9 1af4:1110 |
		grep -q "BAR2: 64 bit prefetchable memory at 0x0*[1-9a-f][0-9a-f]* " && echo yes
}

# QEMU's own /dev, by the numbers of the nodes in it
private()
{
	stat -c '%Hr:%Lr %U:%G %a' "/proc/$pid/root/dev/$1" 2>&1
}

# in_cgroup NODE: whether what is in QEMU's cgroup may open a node of ours
in_cgroup()
{
	sh -c 'echo $$ >"$1/cgroup.procs" && exec 3<>"$2" && echo yes' sh "$cgroup" "$1" 2>&1 |
		sed 's/.*: //'
}

locked_kb()
{
	awk '$1 == "VmLck:" { print $2 }' "/proc/$pid/status"
}

is_pinned()
{
	[ "$(locked_kb)" -ge $(((64 + mib) * 1024)) ] && echo yes
}

driver()
{
	readlink "/sys/bus/pci/devices/$assigned/driver" | sed 's|.*/||'
}

as_written()
{
	is_valid $example "the example is valid"
	with_card >/tmp/card.xml
	is "the card is in it twice, for two functions" 2 "$(grep -c '<hostdev' /tmp/card.xml)"
	is_valid /tmp/card.xml "it is with the card, too"
	for_here >/tmp/here.xml
	is_valid /tmp/here.xml "and with what this machine has"
	passes "libvirt takes it" virsh -q define --validate /tmp/here.xml
	arguments=$(native)
	echo "# $arguments" | sed 's/ -/\n# -/g'
	for want in "$object" "$device" "host\":\"$assigned\""; do
		is "QEMU's arguments have $want" 1 "$(echo "$arguments" | grep -cF -e "$want")"
	done
}

remedies()
{
	is "the doctor's findings are not about the machine" \
		"cgroup-device-acl apparmor-kvmfr" "$(ids)"
	follow
	is "who follows its remedies comes to an end" "" "$(ids)"
	cp /etc/libvirt/qemu/win.xml /tmp/
	sed -i "s/$bytes/$((bytes / 2))/" /etc/libvirt/qemu/win.xml
	is "it has looked at the machine: half the size it tells" domain-size-mismatch "$(ids)"
	cp /tmp/win.xml /etc/libvirt/qemu/
}

# What can be seen of the process and of its places.
from_outside()
{
	like "AppArmor confines it" "^libvirt-.* \(enforce\)" "$(confined)"
	is "it has mapped all of the node, shared" "rw-s $bytes" \
		"$(sed -n 's| /dev/kvmfr0$||p' "/proc/$pid/maps" |
			while read -r range mode rest; do
				echo "$mode $((0x${range#*-} - 0x${range%-*}))"
			done)"
	is "the node knows of it" 1 "$(attribute mappings)"
	is "the module cannot be taken away" 1 "$(rmmod kvmfr 2>/dev/null; echo $?)"
	passes "its /dev is another" [ "$(stat -c %d "/proc/$pid/root/dev")" != "$(stat -c %d /dev)" ]
	is "with our node, as it is outside" "$(stat -c '%Hr:%Lr %U:%G %a' /dev/kvmfr0)" \
		"$(private kvmfr0)"
	like "without the disk" "No such file" "$(private vda)"
	cgroup=/sys/fs/cgroup$(sed -n 's|^0::||; s|/libvirt/.*|/libvirt|p' "/proc/$pid/cgroup")
	is "the cgroup of it allows the node" yes "$(in_cgroup /dev/kvmfr0)"
	is "and not the disk" "Operation not permitted" "$(in_cgroup /dev/vda)"
	is "the assigned device is vfio-pci's" vfio-pci "$(driver)"
}

running()
{
	passes "it starts, and has the memory" start
	echo "# $refusal"
	passes "it runs" virsh -q resume win
	becomes "the guest's firmware finds the memory" 120 yes guest_has_memory
	from_outside
	becomes "the memory is pinned, with the machine's own" 60 yes is_pinned
	is "while it runs the doctor has nothing to say" "" "$(ids)"
}

nothing_left()
{
	passes "virsh destroy" stop
	is "QEMU is gone" no "$([ -e "/proc/$pid" ] && echo yes || echo no)"
	is "and its cgroup" no "$([ -e "$cgroup" ] && echo yes || echo no)"
	is "no mapping is left" 0 "$(attribute mappings)"
	libvirt_end
	passes "the module can be unloaded" modprobe -r kvmfr
}

libvirt_begin $mib
as_written
remedies
running
nothing_left
