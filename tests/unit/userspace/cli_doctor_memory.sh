#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# kvmfrctl doctor, from the module to the virtual machine: a tree that is in
# order has no finding; each trap gives one; its remedy, run as it is printed,
# takes it away.
set -u
top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT
root=$top/root
release=6.12.1-test

ok()
{
	echo "ok - $1"
}

not_ok()
{
	echo "not ok - $1"
	[ -z "${2-}" ] || printf '%s\n' "$2" | sed 's/^/# /'
}

# put PATH LINE...
put()
{
	path=$root/$1
	shift
	mkdir -p "${path%/*}"
	printf '%s\n' "$@" >"$path"
}

# device NUMBER MIB: as sysfs shows one, and its node
device()
{
	class=sys/class/kvmfr/kvmfr$1
	put "$class/dev" "240:$1"
	put "$class/size" $(($2 * 1048576))
	put "$class/kind" static
	put "$class/huge_bytes" $(($2 * 1048576))
	put "$class/mappings" 0
	put "$class/exports" 0
	mkdir -p "$root/dev"
	rm -f "$root/dev/kvmfr$1"
	mknod -m 660 "$root/dev/kvmfr$1" c 240 "$1"
	chgrp 78 "$root/dev/kvmfr$1"
}

# What libvirt writes.
machine()
{
	put "etc/libvirt/qemu/$1.xml" \
		"<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>" \
		"  <name>$1</name>" \
		"  <cpu mode='host-passthrough' check='none'/>" \
		"  <devices>" \
		"    <hostdev mode='subsystem' type='pci' managed='yes'>" \
		"      <source>" \
		"        <address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>" \
		"      </source>" \
		"    </hostdev>" \
		"    <memballoon model='none'/>" \
		"  </devices>" \
		"  <qemu:commandline>" \
		"    <qemu:arg value='-device'/>" \
		"    <qemu:arg value='{&quot;driver&quot;:&quot;ivshmem-plain&quot;,&quot;id&quot;:&quot;shmem0&quot;,&quot;memdev&quot;:&quot;looking-glass&quot;}'/>" \
		"    <qemu:arg value='-object'/>" \
		"    <qemu:arg value='{&quot;qom-type&quot;:&quot;memory-backend-file&quot;,&quot;id&quot;:&quot;looking-glass&quot;,&quot;mem-path&quot;:&quot;/dev/kvmfr0&quot;,&quot;size&quot;:67108864,&quot;share&quot;:true,&quot;align&quot;:2097152}'/>" \
		"  </qemu:commandline>" \
		"</domain>"
}

healthy()
{
	rm -rf "$root"
	put proc/sys/kernel/osrelease "$release"
	put proc/cmdline "root=/dev/sda1 quiet"
	put proc/cpuinfo "processor	: 0" "address sizes	: 39 bits physical, 48 bits virtual"
	put "lib/modules/$release/modules.dep" "kernel/a.ko.xz:" "updates/dkms/kvmfr.ko:"
	put "lib/modules/$release/updates/dkms/kvmfr.ko" "not really"
	mkdir -p "$root/sys/module/kvmfr"
	device 0 64
	put etc/passwd "root:x:0:0::/root:/bin/sh" \
		"alice:x:1000:1000::/home/alice:/bin/sh" \
		"libvirt-qemu:x:64055:78::/var/lib/libvirt:/bin/false"
	put etc/group "root:x:0:" "alice:x:1000:" "kvm:x:78:alice"
	put etc/gshadow "root:*::" "alice:!::" "kvm:!::alice"
	put etc/modprobe.d/kvmfr.conf "# devices" "options kvmfr static_size_mb=64"
	put etc/modules-load.d/kvmfr.conf kvmfr
	put etc/udev/rules.d/70-kvmfr.rules \
		'SUBSYSTEM=="kvmfr", GROUP="kvm", MODE="0660", TAG+="uaccess"'
	put etc/libvirt/qemu.conf '# user = "root"' 'cgroup_device_acl = [' \
		'    "/dev/null", "/dev/full", # and others' '    "/dev/kvm",' '    "/dev/kvmfr0"' ']'
	put etc/apparmor.d/abstractions/libvirt-qemu "  /dev/kvm rw," \
		"  include if exists <local/abstractions/libvirt-qemu>"
	put etc/apparmor.d/local/abstractions/libvirt-qemu "/dev/kvmfr0 rw,"
	put etc/os-release 'ID=debian'
	machine win
}

doctor()
{
	kvmfrctl --root "$root" doctor --user alice "$@" 2>&1
}

# Prints a field of the first finding of that id; fails without one.
field()
{
	id=$1 name=$2
	shift 2
	kvmfrctl --root "$root" doctor --user alice --json "$@" | python3 -c '
import json, sys
for finding in json.load(sys.stdin)["findings"]:
    if finding["id"] == sys.argv[1]:
        print(finding[sys.argv[2]])
        sys.exit()
sys.exit(1)' "$id" "$name"
}

# The tree is not the machine that we run on: what changes this kernel is for
# the tests in virtual machines, or is done by the test by hand.
run_remedy()
{
	sed -E -e '/^(udevadm|systemctl|virsh|modprobe|mokutil|dkms|apt-get) /d' \
		-e "s,(^|[ >])/(etc|dev|usr|lib|sys|proc)/,\\1$root/\\2/,g" \
		-e "s,^(usermod|groupadd) ,\\1 -P $root ," >"$top/remedy"
	sh -eu "$top/remedy" >"$top/remedy.log" 2>&1 ||
		not_ok "the remedy runs without an error" "$(cat "$top/remedy" "$top/remedy.log")"
}

# found ID LEVEL TEXT [OPTION...]
found()
{
	id=$1 level=$2 text=$3
	shift 3
	what=$(field "$id" what "$@")
	got=$(field "$id" level "$@")
	case "$got $what" in
	"$level "*"$text"*) ok "$id is found" ;;
	*) not_ok "$id is found" "$(doctor "$@")" ;;
	esac
}

# gone ID [OPTION...]: and nothing else has come
gone()
{
	id=$1
	shift
	said=$(doctor "$@")
	status=$?
	if [ "$status" = 0 ] && [ -z "$said" ]; then
		ok "$id is gone, and nothing else has come"
	else
		not_ok "$id is gone, and nothing else has come" "$said"
	fi
}

# cured ID LEVEL TEXT [OPTION...]: found; its remedy is run; gone
cured()
{
	id=$1
	found "$@"
	shift 3
	field "$id" remedy "$@" | run_remedy
	gone "$id" "$@"
}

healthy
gone nothing

# --- the module
healthy
put "lib/modules/$release/modules.dep" "kernel/a.ko.xz:"
rm -r "$root/sys/module/kvmfr" "$root/sys/class/kvmfr" "$root/dev/kvmfr0"
found module-not-built error "no kvmfr.ko for kernel $release; DKMS does not know kvmfr-suite, the kernel's headers are missing"
case $(field module-not-built remedy) in
"apt-get install -y linux-headers-$release
# in the sources of kvmfr-suite: make dkms-install") ok "headers and sources are asked for" ;;
*) not_ok "headers and sources are asked for" "$(field module-not-built remedy)" ;;
esac
put "lib/modules/$release/build/Makefile" ""
put usr/src/kvmfr-suite-1.0.0/dkms.conf ""
case $(field module-not-built remedy) in
"dkms add -m kvmfr-suite -v 1.0.0
dkms install -m kvmfr-suite -v 1.0.0 -k $release") ok "sources are added to DKMS" ;;
*) not_ok "sources are added to DKMS" "$(field module-not-built remedy)" ;;
esac
mkdir -p "$root/var/lib/dkms/kvmfr-suite/1.0.0/build"
put var/lib/dkms/kvmfr-suite/1.0.0/build/make.log "error"
ln -s /usr/src/kvmfr-suite-1.0.0 "$root/var/lib/dkms/kvmfr-suite/1.0.0/source"
found module-not-built error "could not build kvmfr-suite 1.0.0, see /var/lib/dkms/kvmfr-suite/1.0.0/build/make.log"
put lib/modules/6.1.0-old/modules.dep "updates/dkms/kvmfr.ko.xz:"
found module-other-kernel error "a kvmfr.ko for 6.1.0-old, but none for $release"

healthy
rm -r "$root/sys/module/kvmfr" "$root/sys/class/kvmfr" "$root/dev/kvmfr0"
found module-not-loaded error "not loaded"
case $(field module-not-loaded remedy) in
"modprobe kvmfr") ok "loading is advised" ;;
*) not_ok "loading is advised" ;;
esac
put sys/kernel/security/lockdown "none [integrity] confidentiality"
found module-unsigned-secure-boot error "not signed, and lockdown is on"
printf '\006\000\000\000\001' >"$root/secure"
mkdir -p "$root/sys/firmware/efi/efivars"
mv "$root/secure" "$root/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
found module-unsigned-secure-boot error "not signed, and Secure Boot is on"
case $(field module-unsigned-secure-boot remedy) in
*"mokutil --import /var/lib/dkms/mok.pub"*) ok "the key of DKMS is to be enrolled" ;;
*) not_ok "the key of DKMS is to be enrolled" ;;
esac
printf '~Module signature appended~\n' >>"$root/lib/modules/$release/updates/dkms/kvmfr.ko"
if field module-unsigned-secure-boot what >/dev/null; then
	not_ok "a signed module has no such finding"
else
	ok "a signed module has no such finding"
fi
put sys/kernel/security/lockdown "[none] integrity confidentiality"

healthy
rm "$root/etc/modprobe.d/kvmfr.conf"
cured module-options-missing error "no static_size_mb"
healthy
put etc/modprobe.d/gpu.conf "options kvmfr numa_node=0 \\" "  static_size_mb=32"
found module-options-conflict warning "the last one, 64, is used"
cured module-options-conflict warning "several values"
grep -q '^options kvmfr numa_node=0' "$root/etc/modprobe.d/gpu.conf" &&
	ok "the other options stay" || not_ok "the other options stay"
healthy
put proc/cmdline "quiet kvmfr.static_size_mb=64"
put etc/modprobe.d/kvmfr.conf "options kvmfr static_size_mb=32"
cured module-options-cmdline warning "kvmfr.static_size_mb=64, modprobe.d says 32"
healthy
mkdir -p "$root/usr/lib/modprobe.d"
mv "$root/etc/modprobe.d/kvmfr.conf" "$root/usr/lib/modprobe.d/kvmfr.conf"
put proc/cmdline "kvmfr.static_size_mb=128 quiet"
rm "$root/sys/class/kvmfr/kvmfr0/size"
put sys/class/kvmfr/kvmfr0/size 134217728
sed -i 's/67108864/134217728/' "$root/etc/libvirt/qemu/win.xml"
cured module-options-cmdline warning "kvmfr.static_size_mb=128, modprobe.d says 64"
healthy
rm "$root/etc/modules-load.d/kvmfr.conf"
cured module-not-at-boot warning "Nothing loads kvmfr"
rm "$root/etc/modules-load.d/kvmfr.conf"
put etc/modules "# old way" kvmfr
gone "with /etc/modules, module-not-at-boot"
healthy
rm "$root/etc/modules-load.d/kvmfr.conf" "$root/etc/modprobe.d/kvmfr.conf"
put sys/bus/pci/devices/0000:00:05.0/vendor 0x1af4
put sys/bus/pci/devices/0000:00:05.0/device 0x1110
gone "in a virtual machine with ivshmem, module-options-missing"

healthy
rm -r "$root/sys/class/kvmfr" "$root/dev/kvmfr0"
found module-no-devices error "has no device"
device 0 64
gone module-no-devices
healthy
rm "$root/sys/class/kvmfr/kvmfr0/size"
found module-foreign warning "kvmfr0 shows no size"
healthy
put usr/src/kvmfr-0.0.12/dkms.conf 'BUILT_MODULE_NAME[0]="kvmfr"'
mkdir -p "$root/var/lib/dkms/kvmfr/0.0.12"
ln -s /usr/src/kvmfr-0.0.12 "$root/var/lib/dkms/kvmfr/0.0.12/source"
found module-foreign-installed warning "kvmfr/0.0.12"
rm -r "$root/var/lib/dkms/kvmfr"
gone module-foreign-installed

healthy
device 0 48
sed -i s/67108864/50331648/ "$root/etc/libvirt/qemu/win.xml"
found module-size-not-power-of-two error "48 MiB"
found domain-size-not-power-of-two error 50331648
field module-size-not-power-of-two remedy | run_remedy
device 0 64
cured domain-size-not-power-of-two error 50331648

healthy
found memory-too-small error "kvmfr0 has 64 MiB, the picture needs 128 MiB" --mode 3840x2160
field memory-too-small remedy --mode 3840x2160 | run_remedy
grep -q 'static_size_mb=128' "$root/etc/modprobe.d/kvmfr.conf" &&
	ok "the new size is in modprobe.d" || not_ok "the new size is in modprobe.d"
device 0 128
cured domain-size-mismatch error "size 67108864, the module has 134217728" --mode 3840x2160
healthy
gone memory-too-small --mode 1920x1080 --mode 2560x1440

# --- the node
healthy
rm "$root/dev/kvmfr0"
found node-missing error "no /dev/kvmfr0"
echo picture >"$root/dev/kvmfr0"
found node-regular-file error "a regular file of 8 bytes"
field node-regular-file remedy | run_remedy
[ ! -e "$root/dev/kvmfr0" ] && ok "the regular file is removed" || not_ok "the regular file is removed"
device 0 64
gone node-regular-file
echo stray >"$root/dev/kvmfr3"
cured node-regular-file error "/dev/kvmfr3 is a regular file"
rm "$root/dev/kvmfr0"
mknod "$root/dev/kvmfr0" c 240 7
found node-other error "the node of another device"
field node-other remedy | run_remedy
device 0 64
gone node-other
rm "$root/dev/kvmfr0"
ln -s /dev/null "$root/dev/kvmfr0"
found node-other error "a symbolic link"

# --- access
healthy
put etc/group "root:x:0:" "alice:x:1000:" "kvm:x:78:"
put etc/gshadow "root:*::" "alice:!::" "kvm:!::"
cured access-user error "alice may not read and write /dev/kvmfr0, which has mode 0660 and belongs to group kvm"
put etc/group "root:x:0:" "alice:x:1000:" "kvm:x:78:"
setfacl -m u:1000:rw "$root/dev/kvmfr0"
gone "with an ACL, access-user"
setfacl -m m::r "$root/dev/kvmfr0"
found access-user error "alice may not"
healthy
put etc/passwd "root:x:0:0::/root:/bin/sh" "alice:x:1000:1000::/home/alice:/bin/sh" \
	"qemu:x:107:107::/:/bin/false"
cured access-qemu error "qemu may not read and write /dev/kvmfr0"
healthy
sed -i 's/# user.*/user = "+1000"/' "$root/etc/libvirt/qemu.conf"
put etc/group "root:x:0:" "alice:x:1000:" "kvm:x:78:"
found access-qemu error "alice may not"
echo 'group = "kvm"' >>"$root/etc/libvirt/qemu.conf"
if field access-qemu what >/dev/null; then
	not_ok "qemu.conf's group counts"
else
	ok "qemu.conf's group counts"
fi
healthy
chmod 666 "$root/dev/kvmfr0"
cured access-everybody warning "Everybody may write /dev/kvmfr0"

healthy
put etc/udev/rules.d/99-kvmfr.rules '# as on the web' \
	'SUBSYSTEM=="kvmfr", \' '  OWNER="alice", GROUP="kvm", MODE="0660"' '# end'
cured udev-owner-login warning "Line 2 of /etc/udev/rules.d/99-kvmfr.rules makes alice the owner"
grep -q '# end' "$root/etc/udev/rules.d/99-kvmfr.rules" &&
	ok "nothing else is taken from the file" || not_ok "nothing else is taken from the file"
healthy
put etc/udev/rules.d/70-kvmfr.rules 'SUBSYSTEM=="kvmfr", OWNER="alice", MODE="0600"'
cured udev-owner-login warning "Line 1 of /etc/udev/rules.d/70-kvmfr.rules"
healthy
rm "$root/etc/udev/rules.d/70-kvmfr.rules"
put usr/lib/udev/rules.d/99-kvmfr.rules 'SUBSYSTEM=="kvmfr", OWNER="alice"'
cured udev-owner-login warning "/usr/lib/udev/rules.d/99-kvmfr.rules"
healthy
put etc/udev/rules.d/70-kvmfr.rules 'SUBSYSTEM=="kvmfr", OWNER="libvirt-qemu", MODE="0660"'
put etc/passwd "root:x:0:0::/root:/bin/sh" "alice:x:1000:78::/home/alice:/bin/sh" \
	"libvirt-qemu:x:955:78::/var/lib/libvirt:/bin/false"
gone "with a system user, udev-owner-login"
healthy
mv "$root/etc/udev/rules.d/70-kvmfr.rules" "$root/etc/udev/rules.d/90-kvmfr.rules"
cured udev-rule-late warning "/etc/udev/rules.d/90-kvmfr.rules gives the tag uaccess"
healthy
rm "$root/etc/udev/rules.d/70-kvmfr.rules"
cured udev-rule-missing warning "No rule"
rm "$root/etc/udev/rules.d/70-kvmfr.rules"
put etc/kvmfr.conf ""
gone "with kvmfrd, udev-rule-missing"

# --- libvirt, AppArmor, SELinux
healthy
put etc/libvirt/qemu.conf '#cgroup_device_acl = [' '#    "/dev/kvmfr0"' '#]'
cured cgroup-device-acl error "does not set cgroup_device_acl"
grep -q '"/dev/userfaultfd"' "$root/etc/libvirt/qemu.conf" &&
	ok "the list has libvirt's defaults" || not_ok "the list has libvirt's defaults"
healthy
put etc/libvirt/qemu.conf 'user = "root"' 'cgroup_device_acl = [  # all' '    "/dev/null", # not "/dev/kvmfr0",' \
	'    "/dev/sdz"' '  ]' 'group = "kvm"'
cured cgroup-device-acl error "(line 2) does not list /dev/kvmfr0"
grep -q '"/dev/sdz"' "$root/etc/libvirt/qemu.conf" && grep -q '^group' "$root/etc/libvirt/qemu.conf" &&
	ok "what was in the list and after it stays" || not_ok "what was in the list and after it stays"
healthy
device 1 64
put etc/modprobe.d/kvmfr.conf "options kvmfr static_size_mb=64,64"
put etc/apparmor.d/local/abstractions/libvirt-qemu "/dev/kvmfr* rw,"
cured cgroup-device-acl error "does not list /dev/kvmfr1"
healthy
put etc/apparmor.d/local/abstractions/libvirt-qemu "# /dev/kvmfr0 rw," "/dev/kvmfr0 r,"
cured apparmor-kvmfr error "AppArmor does not let QEMU use /dev/kvmfr0"
healthy
rm -r "$root/etc/apparmor.d/local"
cured apparmor-kvmfr error "AppArmor"
healthy
put etc/apparmor.d/abstractions/libvirt-qemu "  /dev/kvm rw,"
cured apparmor-kvmfr error "AppArmor"
put etc/apparmor.d/abstractions/libvirt-qemu "  /dev/kvm rw,"
put sys/module/apparmor/parameters/enabled N
gone "without AppArmor, apparmor-kvmfr"
healthy
put sys/fs/selinux/enforce 1
label()
{
	python3 -c 'import os, sys; os.setxattr(sys.argv[1], "security.selinux", sys.argv[2].encode())' \
		"$root/dev/kvmfr0" "system_u:object_r:$1:s0"
}

if label device_t 2>"$top/error"; then
	found selinux-label error "system_u:object_r:device_t:s0"
	label svirt_tmpfs_t
	gone selinux-label
else
	echo "# this file system has no labels: $(tail -n 1 "$top/error")"
fi

# --- the virtual machine
xml=etc/libvirt/qemu/win.xml
healthy
sed -i s/67108864/33554432/ "$root/$xml"
cured domain-size-mismatch error "win gives /dev/kvmfr0 the size 33554432, the module has 67108864"
healthy
sed -i "s/<qemu:arg value='{.*memory.*/<qemu:arg value='memory-backend-file,id=looking-glass,size=128M,mem-path=\/dev\/kvmfr0,share=yes'\/>/" "$root/$xml"
found domain-no-align warning "without align=2M"
cured domain-size-mismatch error "the size 128M"
healthy
sed -i 's/,&quot;align&quot;:2097152//' "$root/$xml"
cured domain-no-align warning "without align=2M"
healthy
sed -i 's/true/false/' "$root/$xml"
cured domain-no-share error "without share=on"
healthy
sed -i "s/model='none'/model='virtio'/" "$root/$xml"
cured domain-memballoon warning "win has a memory balloon"
healthy
sed -i "/memballoon/d" "$root/$xml"
cured domain-memballoon warning "win has a memory balloon"
healthy
sed -i "s/ xmlns:qemu='[^']*'//" "$root/$xml"
cured domain-no-namespace error "win has arguments for QEMU"
healthy
sed -i "s/&quot;memdev&quot;:&quot;looking-glass/\&quot;memdev\&quot;:\&quot;other/" "$root/$xml"
cured domain-no-ivshmem-device error "no ivshmem-plain device with memdev=looking-glass"
healthy
sed -i "/-device/d; /ivshmem-plain/d" "$root/$xml"
cured domain-no-ivshmem-device error "the memory /dev/kvmfr0 with the id 'looking-glass'"
healthy
sed -i s,/dev/kvmfr0,/dev/kvmfr1, "$root/$xml"
put etc/apparmor.d/local/abstractions/libvirt-qemu "/dev/kvmfr* rw,"
sed -i 's,"/dev/kvmfr0","/dev/kvmfr0" "/dev/kvmfr1",' "$root/etc/libvirt/qemu.conf"
found domain-no-device error "win uses /dev/kvmfr1, but kvmfr has 1 device."
field domain-no-device remedy | run_remedy
grep -q 'static_size_mb=64,64$' "$root/etc/modprobe.d/kvmfr.conf" &&
	ok "the second device is in modprobe.d" || not_ok "the second device is in modprobe.d"
device 1 64
gone domain-no-device

healthy
put proc/cpuinfo "processor	: 0" "address sizes	: 46 bits physical, 48 bits virtual"
put sys/class/iommu/dmar0/intel-iommu/cap d2008c402f0462
put sys/class/iommu/dmar1/intel-iommu/cap d2008c402f0462
gone "with IOMMUs of 48 bits, domain-phys-bits"
put sys/class/iommu/dmar0/intel-iommu/cap 1c0000c40660462
cured domain-phys-bits warning "win has addresses of 46 bits as this processor, but the IOMMU has 39"
sed -i "s/limit=\"39\"/limit='42'/" "$root/$xml"
cured domain-phys-bits warning "win has addresses of 42 bits"
healthy
put proc/cpuinfo "processor	: 0" "address sizes	: 46 bits physical, 48 bits virtual"
put sys/class/iommu/dmar0/intel-iommu/cap 1c0000c40660462
sed -i "s,<cpu mode.*,<cpu mode='host-passthrough'></cpu>," "$root/$xml"
cured domain-phys-bits warning "46 bits"

healthy
machine linux
said=$(doctor)
status=$?
case $status$said in
"0note domain-shared-node"*) ok "a note alone is no failure" ;;
*) not_ok "a note alone is no failure" "$status $said" ;;
esac

# --- the whole way: nothing is there, and only what is printed is done
healthy
rm "$root/etc/modprobe.d/kvmfr.conf" "$root/etc/modules-load.d/kvmfr.conf" \
	"$root/etc/udev/rules.d/70-kvmfr.rules"
put etc/group "root:x:0:" "alice:x:1000:" "kvm:x:78:"
put etc/gshadow "root:*::" "alice:!::" "kvm:!::"
put etc/libvirt/qemu.conf ""
rm -r "$root/etc/apparmor.d/local"
sed -i -e "s/ xmlns:qemu='[^']*'//" -e "s/model='none'/model='virtio'/" \
	-e 's/,&quot;align&quot;:2097152//' -e s/67108864/33554432/ -e s/true/false/ \
	-e "s/&quot;memdev&quot;:&quot;looking-glass/\&quot;memdev\&quot;:\&quot;other/" "$root/$xml"
count=$(doctor --json | grep -c '"id"')
doctor --json | python3 -c '
import json, sys
for finding in json.load(sys.stdin)["findings"]:
    print(finding["remedy"])' | run_remedy
[ "$count" -ge 11 ] && gone "all $count findings at once: what was wrong" ||
	not_ok "many findings at once" "$count"

# --- --fix
healthy
rm "$root/etc/modules-load.d/kvmfr.conf"
put etc/apparmor.d/local/abstractions/libvirt-qemu "/dev/other rw,"
said=$(doctor --fix </dev/null)
status=$?
[ "$status" = 2 ] && [ ! -e "$root/etc/modules-load.d/kvmfr.conf" ] &&
	ok "--fix does nothing where nobody can answer" ||
	not_ok "--fix does nothing where nobody can answer" "$status $said"
said=$(doctor --fix --yes)
status=$?
if [ "$status" = 0 ] && [ "$(cat "$root/etc/modules-load.d/kvmfr.conf")" = kvmfr ] &&
	[ "$(cat "$root/etc/apparmor.d/local/abstractions/libvirt-qemu")" = "/dev/other rw,
/dev/kvmfr* rw," ]; then
	ok "--fix --yes writes, and nothing is left"
else
	not_ok "--fix --yes writes, and nothing is left" "$status $said"
fi
printf '%s\n' "$said" | sed -n 's/^    \(rm\|mv\) /\1 /p' >"$top/undo"
sh -eu "$top/undo"
if [ ! -e "$root/etc/modules-load.d/kvmfr.conf" ] &&
	[ "$(cat "$root/etc/apparmor.d/local/abstractions/libvirt-qemu")" = "/dev/other rw," ]; then
	ok "what --fix prints takes it back"
else
	not_ok "what --fix prints takes it back" "$(cat "$top/undo")"
fi

# --- what is wrong with the question
# refused STATUS TEXT ARGUMENT...
refused()
{
	want=$1 text=$2
	shift 2
	said=$(kvmfrctl --root "$root" doctor "$@" 2>&1 </dev/null)
	status=$?
	case $status$said in
	"$want"*"$text"*) ok "doctor $* ends with $want" ;;
	*) not_ok "doctor $* ends with $want" "$status $said" ;;
	esac
}

healthy
refused 2 "mode '0x0' is not WIDTHxHEIGHT, each 1 to 32768" --mode 0x0
refused 2 "is not WIDTHxHEIGHT" --mode 99999x1
refused 2 "unrecognized option" --nonsense
refused 2 "nothing is expected" word
refused 2 "--yes is for --fix" --yes
refused 2 "is no name of a user" --user ""
refused 1 "No such file" --domain nobody
put bad.xml '<domain><name>x</name>'
refused 1 "is no domain of libvirt: line" --domain /bad.xml
put bad.xml '<!DOCTYPE x [<!ENTITY a "b">]><domain/>'
refused 1 "document type or entities" --domain /bad.xml
put etc/libvirt/qemu/broken.xml '<domain'
said=$(doctor)
status=$?
case $status$said in
"0not checked: the virtual machine of /etc/libvirt/qemu/broken.xml: line"*) ok "a broken file is named" ;;
*) not_ok "a broken file is named" "$status $said" ;;
esac
healthy
said=$(kvmfrctl --root "$root" doctor --user nobody-here)
case $said in
"not checked: what nobody-here may do: there is no such user") ok "an unknown user is named" ;;
*) not_ok "an unknown user is named" "$said" ;;
esac

# --- the schema
schema=${0%/*}/../../../Documentation/schema/kvmfrctl-doctor.json
put etc/libvirt/qemu.conf ""
rm "$root/etc/modules-load.d/kvmfr.conf"
put etc/libvirt/qemu/broken.xml '<domain'
if said=$(doctor --json | python3 -c '
import json, jsonschema, sys
report = json.load(sys.stdin)
jsonschema.validate(report, json.load(open(sys.argv[1])))
assert len(report["findings"]) == 2 and len(report["skipped"]) == 1, report' "$schema" 2>&1); then
	ok "the output is what the schema says"
else
	not_ok "the output is what the schema says" "$said"
fi
