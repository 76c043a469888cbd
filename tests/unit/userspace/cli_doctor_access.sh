#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# kvmfrctl doctor: who may open the nodes: modes, ACLs, udev, libvirt and guards.
# shellcheck source=tests/unit/userspace/doctor-tree.sh
. "${0%/*}/doctor-tree.sh"

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
put etc/passwd "root:x:0:0::/root:/bin/sh" "alice:x:1000:1000::/nonexistent:/bin/sh" \
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
# shellcheck disable=SC1003 # a backslash at the end of the line
put etc/udev/rules.d/99-kvmfr.rules '# as on the web' \
	'SUBSYSTEM=="kvmfr", \' '  OWNER="alice", GROUP="kvm", MODE="0660"' '# end'
cured udev-owner-login warning "Line 2 of /etc/udev/rules.d/99-kvmfr.rules makes alice the owner"
check "nothing else is taken from the file" grep -q '# end' "$root/etc/udev/rules.d/99-kvmfr.rules"
healthy
put etc/udev/rules.d/70-kvmfr.rules 'SUBSYSTEM=="kvmfr", OWNER="alice", MODE="0600"'
cured udev-owner-login warning "Line 1 of /etc/udev/rules.d/70-kvmfr.rules"
healthy
rm "$root/etc/udev/rules.d/70-kvmfr.rules"
put usr/lib/udev/rules.d/99-kvmfr.rules 'SUBSYSTEM=="kvmfr", OWNER="alice"'
cured udev-owner-login warning "/usr/lib/udev/rules.d/99-kvmfr.rules"
healthy
put etc/udev/rules.d/70-kvmfr.rules 'SUBSYSTEM=="kvmfr", OWNER="libvirt-qemu", MODE="0660"'
put etc/passwd "root:x:0:0::/root:/bin/sh" "alice:x:1000:78::/nonexistent:/bin/sh" \
	"libvirt-qemu:x:955:78::/var/lib/libvirt:/bin/false"
gone "with a system user, udev-owner-login"
healthy
mv "$root/etc/udev/rules.d/70-kvmfr.rules" "$root/etc/udev/rules.d/90-kvmfr.rules"
cured udev-rule-late warning "/etc/udev/rules.d/90-kvmfr.rules gives the tag uaccess"
healthy
rm "$root/etc/udev/rules.d/70-kvmfr.rules"
put etc/udev/rules.d/90-kvmfr.rules \
	'SUBSYSTEM=="kvmfr", GROUP="kvm", TAGS=="x", TAG+="seat", TAG+="uaccess"'
cured udev-rule-late warning "/etc/udev/rules.d/90-kvmfr.rules gives the tag uaccess"
healthy
rm "$root/etc/udev/rules.d/70-kvmfr.rules"
cured udev-rule-missing warning "No rule"
rm "$root/etc/udev/rules.d/70-kvmfr.rules"
put etc/kvmfr.conf ""
gone "with kvmfrd, udev-rule-missing"

healthy
rm "$root/etc/udev/rules.d/70-kvmfr.rules"
printf '# others' >"$root/etc/udev/rules.d/70-kvmfr.rules"
cured udev-rule-missing warning "No rule"
check "what was in the file stays" grep -qx '# others' "$root/etc/udev/rules.d/70-kvmfr.rules"

# Remedies are pasted one after the other, and some of them twice.
two_rules()
{
	healthy
	rm "$root/etc/udev/rules.d/70-kvmfr.rules"
	put "$1" 'KERNEL=="kvmfr0", OWNER="alice"' 'KERNEL=="kvmfr1", OWNER="alice"' \
		'KERNEL=="sda", MODE="0600"' 'KERNEL=="sdb", MODE="0600"'
	kvmfrctl --root "$root" doctor --user alice --json | python3 -c '
import json, sys
for finding in json.load(sys.stdin)["findings"]:
    if finding["id"] == "udev-owner-login":
        print(finding["remedy"])' >"$top/remedies"
	run_remedy <"$top/remedies"
	run_remedy <"$top/remedies"
	gone udev-owner-login
	file=$root/etc/udev/rules.d/${1##*/}
	is "two bad rules of one file, those of others" \
		'KERNEL=="sda", MODE="0600" KERNEL=="sdb", MODE="0600"' \
		"$(grep 'KERNEL=="sd' "$file" | paste -sd ' ')"
	is "and ours is there once" 1 \
		"$(grep -c '^SUBSYSTEM' "$root/etc/udev/rules.d/70-kvmfr.rules")"
}

is()
{
	check "$1 ($2)" test "$2" = "$3"
}

two_rules etc/udev/rules.d/99-kvmfr.rules
two_rules etc/udev/rules.d/70-kvmfr.rules
two_rules usr/lib/udev/rules.d/99-kvmfr.rules

# --- the name of a process can hold anything
healthy
device 3 64
rm -r "$root/sys/class/kvmfr/kvmfr3" "$root/dev/kvmfr3"
echo picture >"$root/dev/kvmfr3"
put proc/77/comm a 'touch escaped' '#'
put proc/77/status "Uid:	1000	1000	1000	1000"
mkdir -p "$root/proc/77/fd"
ln -s /dev/kvmfr3 "$root/proc/77/fd/3"
found node-regular-file error "/dev/kvmfr3 is a regular file"
is "it is a comment" "# first end a?touch escaped?# (pid 77), which has it open" \
	"$(field node-regular-file remedy | head -n 1)"

# --- libvirt, AppArmor, SELinux
healthy
put etc/libvirt/qemu.conf '#cgroup_device_acl = [' '#    "/dev/kvmfr0"' '#]'
cured cgroup-device-acl error "does not set cgroup_device_acl"
check "the list has libvirt's defaults" grep -q '"/dev/userfaultfd"' "$root/etc/libvirt/qemu.conf"
healthy
put etc/libvirt/qemu.conf 'user = "root"' 'cgroup_device_acl = [  # all' '    "/dev/null", # not "/dev/kvmfr0",' \
	'    "/dev/sdz"' '  ]' 'group = "kvm"'
cured cgroup-device-acl error "(line 2) does not list /dev/kvmfr0"
check "what was in the list stays" grep -q '"/dev/sdz"' "$root/etc/libvirt/qemu.conf"
check "what comes after it stays" grep -q '^group' "$root/etc/libvirt/qemu.conf"
# restarts WHAT COMMAND: what comes last in the remedy
restarts()
{
	is "$1" "$2" "$(field cgroup-device-acl remedy | tail -n 1)"
}

healthy
put etc/libvirt/qemu.conf ""
case $(field cgroup-device-acl why) in
*"'Permission denied'"*) ok "the words of QEMU without its node are named" ;;
*) not_ok "the words of QEMU without its node are named" "$(doctor)" ;;
esac
restarts "libvirt that nobody knows how to restart" "# restart libvirt"
put etc/init.d/libvirtd ""
put usr/lib/systemd/system/libvirtd.service ""
restarts "OpenRC" "/etc/init.d/libvirtd restart"
put usr/lib/systemd/systemd ""
restarts "the one daemon" "systemctl try-restart libvirtd.service"
put etc/systemd/system/virtqemud.service ""
restarts "both" "systemctl try-restart libvirtd.service virtqemud.service"
ln -s /dev/null "$root/etc/systemd/system/libvirtd.service"
restarts "the many, with the one masked" "systemctl try-restart virtqemud.service"
rm "$root/etc/systemd/system/libvirtd.service" "$root/usr/lib/systemd/system/libvirtd.service"
restarts "the many" "systemctl try-restart virtqemud.service"
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

# As in Debian 13; its local file is going to end.
aa=etc/apparmor.d/abstractions/libvirt-qemu
new_include()
{
	healthy
	put $aa "  /dev/kvm rw," "  include if exists <abstractions/libvirt-qemu.d>" \
		"  # use <abstractions/libvirt-qemu.d/...>" "  include if exists <local/abstractions/libvirt-qemu>"
}
new_include
gone "with a local file that is still included, apparmor-kvmfr"
rm -r "$root/etc/apparmor.d/local"
cured apparmor-kvmfr error "AppArmor"
check "by a file of the directory" test "$(cat "$root/$aa.d/kvmfr")" = "/dev/kvmfr* rw,"
check "and by no local one" test ! -e "$root/etc/apparmor.d/local"
mv "$root/$aa.d/kvmfr" "$root/$aa.d/mine"
gone "with a file of somebody in the directory, apparmor-kvmfr"
for name in mine~ .mine mine.dpkg-old README; do
	rm -r "$root/$aa.d"
	put "$aa.d/$name" "/dev/kvmfr0 rw,"
	found apparmor-kvmfr error "AppArmor"
done
doctor --fix --yes >"$top/fix.log"
gone "after --fix, apparmor-kvmfr"
check "which writes there, too" test "$(cat "$root/$aa.d/kvmfr")" = "/dev/kvmfr* rw,"
sed -n 's/^    rm /rm /p' "$top/fix.log" | sh -eu
found apparmor-kvmfr error "AppArmor"
put "$aa.d/kvmfr" "/dev/other rw,"
doctor --fix --yes >"$top/fix.log"
is "--fix leaves a file there alone, because AppArmor would include a copy" "README kvmfr" \
	"$(cd "$root/$aa.d" && echo *)"
cured apparmor-kvmfr error "AppArmor"
check "the remedy keeps what is in it" grep -qx "/dev/other rw," "$root/$aa.d/kvmfr"
healthy
put etc/apparmor.d/local/abstractions/libvirt-qemu ""
put "$aa.d/mine" "/dev/kvmfr0 rw,"
found apparmor-kvmfr error "AppArmor"
healthy
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
