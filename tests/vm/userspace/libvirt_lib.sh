# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154 # for those who source it; set by tap.sh
# Words for the tests that have a real libvirt, confined by AppArmor, and a virtual
# machine "win" in it.
# shellcheck source=tests/vm/userspace/doctor_lib.sh
. /lib/kvmfr/doctor_lib.sh
aa=/etc/apparmor.d

# What libvirt has of it, whatever the file says.
xml()
{
	virsh dumpxml --inactive win 2>&1
}

# start: whether it starts, and with the device as its memory; why not in $refusal
start()
{
	refusal=$(virsh -q start --paused win 2>&1) || return
	pid=$(cat /run/libvirt/qemu/win.pid)
	grep -q ' /dev/kvmfr0$' "/proc/$pid/maps"
}

refused()
{
	! start
	is "$1" yes "$([ -n "$refusal" ] && echo yes)"
	echo "$refusal" | sed 's/^/# /'
}

stop()
{
	virsh -q destroy win
}

# denials: how often AppArmor has refused the node
denials()
{
	dmesg | grep -c 'apparmor="DENIED".*name="/dev/kvmfr0"'
}

confined()
{
	cat "/proc/$pid/attr/apparmor/current"
}

# libvirt_begin MIB: the module with a device of that size, and libvirt
libvirt_begin()
{
	useradd -u 1000 -M -G kvm alice
	rm -f /run/udev/rules.d/70-kvmfr.rules
	cp /lib/kvmfr/70-kvmfr.rules /etc/udev/rules.d/
	udevadm control --reload
	echo "options kvmfr static_size_mb=$1" >/etc/modprobe.d/kvmfr.conf
	echo kvmfr >/etc/modules-load.d/kvmfr.conf
	modprobe kvmfr
	udevadm settle
	echo 0 >/proc/sys/kernel/printk_ratelimit	# or some of what AppArmor says is missing
	is "AppArmor is on" Y "$(cat /sys/module/apparmor/parameters/enabled)"
	passes "its profiles of libvirt are loaded" apparmor_parser -r $aa/usr.sbin.libvirtd \
		$aa/usr.lib.libvirt.virt-aa-helper
	now_ms
	begun=$now
	passes "libvirt answers" virsh -q version
	now_ms
	echo "# after $(((now - begun) / 1000)) s"
	like "it is confined" "enforce" "$(cat "/proc/$(pidof libvirtd)/attr/apparmor/current")"
}

libvirt_end()
{
	virsh -q undefine win
	systemctl stop libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket libvirtd
}
