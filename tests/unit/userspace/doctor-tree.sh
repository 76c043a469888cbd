# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # for those who source it
# Words for the tests of kvmfrctl doctor: a tree that is in order has no finding;
# each trap gives one; its remedy, run as it is printed, takes it away.
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

# check TEXT COMMAND...
check()
{
	text=$1
	shift
	if "$@"; then
		ok "$text"
	else
		not_ok "$text" "status $? of $*"
	fi
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
		"alice:x:1000:1000::/nonexistent:/bin/sh" \
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
	mkdir -p "$root/run"
	sed -E -e '/^(udevadm|systemctl|modprobe|mokutil|dkms|apt-get) /d' \
		-e 's,^virsh define (.*),cp \1 /etc/libvirt/qemu/,' \
		-e "s,(^|[ >])/(etc|dev|usr|lib|sys|proc|run)/,\\1$root/\\2/,g" \
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
