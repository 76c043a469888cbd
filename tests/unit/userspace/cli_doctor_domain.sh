#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# kvmfrctl doctor: virtual machines, all findings at once, --fix, bad questions.
# shellcheck source=tests/unit/userspace/doctor-tree.sh
. "${0%/*}/doctor-tree.sh"

# remedy_is WHAT ID TEXT [OPTION...]
remedy_is()
{
	what=$1 id=$2 text=$3
	shift 3
	got=$(field "$id" remedy "$@")
	if [ "$got" = "$text" ]; then
		ok "$what"
	else
		not_ok "$what" "$got"
	fi
}

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
sed -i "s/model='none'/model='virtio-non-transitional'/" "$root/$xml"
cured domain-memballoon warning "win has a memory balloon"
check "there is still one balloon" test "$(grep -c '<memballoon' "$root/$xml")" = 1
healthy
sed -i "s|<memballoon model='none'/>|<memballoon model='virtio'/><watchdog model='itco'/>|" "$root/$xml"
cured domain-memballoon warning "win has a memory balloon"
check "what is on the same line stays" grep -q "<watchdog model='itco'/>" "$root/$xml"
healthy
sed -i "/memballoon/d" "$root/$xml"
cured domain-memballoon warning "win has a memory balloon"
healthy
sed -i "s/ xmlns:qemu='[^']*'//" "$root/$xml"
cured domain-no-namespace error "win has arguments for QEMU"
healthy
sed -i "s/ xmlns:qemu='[^']*'//; s/qemu:/q:/" "$root/$xml"
cured domain-no-namespace error "its <domain> lacks xmlns:q="
healthy
sed -i "s/ xmlns:qemu='[^']*'/ xmlns:qemu='http:\/\/wrong\/'/" "$root/$xml"
found domain-no-namespace error "win has arguments for QEMU"
remedy_is "a prefix that stands for something else is left to people" domain-no-namespace \
	"# virsh edit win: let the prefix of the arguments for QEMU stand for http://libvirt.org/schemas/domain/qemu/1.0"
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
check "the second device is in modprobe.d" grep -q 'static_size_mb=64,64$' "$root/etc/modprobe.d/kvmfr.conf"
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

# What cannot be edited line by line is said in words.
healthy
sed -i 's/true,/false,\n/' "$root/$xml"
case $(field domain-no-share remedy) in
"# virsh edit win: in the argument of memory-backend-file, set share=on, align=2M, size=67108864") ok "an argument on two lines is left to people" ;;
*) not_ok "an argument on two lines is left to people" "$(field domain-no-share remedy)" ;;
esac
healthy
sed -i 's/<domain type/<domain\n  type/; s/ xmlns:qemu=[^>]*//' "$root/$xml"
remedy_is "a <domain> on two lines is left to people" domain-no-namespace \
	"# virsh edit win: add xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0' to <domain>"
healthy
sed -i "s/<memballoon.*/<memballoon\n model='virtio'\/>/" "$root/$xml"
remedy_is "a <memballoon> on two lines is left to people" domain-memballoon \
	"# virsh edit win: set model='none' of <memballoon>"
sed -i "s/<memballoon/<memballoon model='virtio'\/><memballoon/" "$root/$xml"
remedy_is "two balloons are left to people" domain-memballoon \
	"# virsh edit win: set model='none' of <memballoon>"
healthy
sed -i "/<memballoon/d; s/<devices>/<devices\n>/" "$root/$xml"
remedy_is "<devices> on two lines are left to people" domain-memballoon \
	"# virsh edit win: add <memballoon model='none'/> to <devices>"
healthy
put proc/cpuinfo "processor	: 0" "address sizes	: 46 bits physical, 48 bits virtual"
put sys/class/iommu/dmar0/intel-iommu/cap 1c0000c40660462
sed -i "s,<cpu mode.*,<cpu mode='host-passthrough'\n check='none'/>," "$root/$xml"
remedy_is "a <cpu> on two lines is left to people" domain-phys-bits \
	"# virsh edit win: put <maxphysaddr mode='passthrough' limit='39'/> into <cpu>, and no other"
healthy
sed -i 's/&quot;id&quot;:&quot;looking-glass/\&quot;id\&quot;:\&quot;look;reboot/; s/true/false/' "$root/$xml"
case $(field domain-no-share remedy) in
"# virsh edit win: "*) ok "an argument with signs for the shell is left to people" ;;
*) not_ok "an argument with signs for the shell is left to people" "$(field domain-no-share remedy)" ;;
esac
# What is in somebody's file never becomes a command.
healthy
sed -i "s/model='none'/model=\"';reboot;'\"/" "$root/$xml"
remedy_is "a balloon's model is not repeated" domain-memballoon \
	"sed '10s|\\(<memballoon [^>]*model=.\\)[a-z-]*|\\1none|' /etc/libvirt/qemu/win.xml >/run/win.xml &&
virsh define /run/win.xml"
healthy
sed -i 's/true,/false,\n/; s/<name>.*/<name>vm\nid; echo OWNED #<\/name>/' "$root/$xml"
remedy_is "a name is on one line" domain-no-share \
	"# virsh edit vm?id; echo OWNED #: in the argument of memory-backend-file, set share=on, align=2M, size=67108864"
healthy
sed -i "s/'{.*memory-backend.*/'memory-backend-file,id=a\&quot;\&#10;reboot,mem-path=\/dev\/kvmfr0,size=67108864,share=on,align=2M'\/>/" "$root/$xml"
remedy_is "an id is not put into the argument of another device" domain-no-ivshmem-device \
	'# virsh edit win: in the argument of ivshmem-plain, set memdev=a"?reboot'
check "what is wrong is on one line" test "$(field domain-no-ivshmem-device what | wc -l)" = 1
sed -i "/-device/d; /ivshmem-plain/d" "$root/$xml"
remedy_is "an id is not put into a new device" domain-no-ivshmem-device \
	'# virsh edit win: add the arguments -device and ivshmem-plain,id=shmem-a"?reboot,memdev=a"?reboot'
many()
{
	healthy
	sed -i '/<qemu:arg/d' "$root/$xml"
	i=0
	while [ "$i" -lt "$1" ]; do
		echo "<qemu:arg value='-object'/>"
		echo "<qemu:arg value='memory-backend-file,id=m$i,mem-path=/dev/kvmfr0,size=64M,share=on,align=2M'/>"
		echo "<qemu:arg value='-device'/>"
		echo "<qemu:arg value='ivshmem-plain,memdev=$2$i'/>"
		i=$((i + 1))
	done >"$top/many"
	sed -i "/<qemu:commandline>/r $top/many" "$root/$xml"
}
many 128 m
check "128 pairs of arguments are looked at soon" timeout 20 kvmfrctl --root "$root" doctor --user alice
many 128 x
timeout 20 kvmfrctl --root "$root" doctor --user alice >"$top/said"
check "and as many without each other" test $? = 1
many 129 m
case $(doctor) in
"not checked: "*"it has too many arguments, or too long ones") ok "more are refused" ;;
*) not_ok "more are refused" "$(doctor)" ;;
esac

healthy
mkdir "$root/my machines"
sed -i "s/model='none'/model='virtio'/" "$root/$xml"
mv "$root/$xml" "$root/my machines/win;1.xml"
case $(field domain-memballoon remedy --domain "/my machines/win;1.xml") in
*" '/my machines/win;1.xml'") ok "a path with blanks is quoted" ;;
*) not_ok "a path with blanks is quoted" "$(field domain-memballoon remedy --domain "/my machines/win;1.xml")" ;;
esac

healthy
machine linux
said=$(doctor)
status=$?
case $status$said in
"0note domain-shared-node"*) ok "a note alone is no failure" ;;
*) not_ok "a note alone is no failure" "$status $said" ;;
esac

# --- libvirt's list of devices: nothing in it is lost, nothing in it is a command
healthy
{
	echo 'cgroup_device_acl ='
	echo '[ # all of [them]'
	i=0
	while [ "$i" -lt 70 ]; do
		echo "    \"/dev/x$i\", # disk $i"
		i=$((i + 1))
	done
	printf '    "\nEOF\nid", %s\n]\n' "'a\"b'"
} >"$top/list"
cp "$top/list" "$root/etc/libvirt/qemu.conf"
cured cgroup-device-acl error "(line 1) does not list /dev/kvmfr0"
sed '2s|^\[|[ "/dev/kvmfr0",|' "$top/list" >"$top/want"
check "only the node has come into the list" cmp "$top/want" "$root/etc/libvirt/qemu.conf"
sed 's|"/dev/x69"|"/dev/kvmfr0"|' "$top/list" >"$root/etc/libvirt/qemu.conf"
gone "at the end of a long list, cgroup-device-acl"
put etc/libvirt/qemu.conf 'cgroup_device_acl = "/dev/null"'
remedy_is "what is no list is left to people" cgroup-device-acl \
	"# make a list of what is in line 1 of /etc/libvirt/qemu.conf, and come back"

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
check "there are many findings at once" test "$count" -ge 11
gone "what was wrong"

# --- --fix
healthy
rm "$root/etc/modules-load.d/kvmfr.conf"
put etc/apparmor.d/local/abstractions/libvirt-qemu "/dev/other rw,"
said=$(doctor --fix </dev/null)
status=$?
check "--fix says so where nobody can answer" test "$status" = 2
check "it has written nothing" test ! -e "$root/etc/modules-load.d/kvmfr.conf"
said=$(doctor --fix --yes)
status=$?
if [ "$status" = 0 ] && [ "$(cat "$root/etc/modules-load.d/kvmfr.conf")" = kvmfr ] &&
	[ "$(cat "$root/etc/apparmor.d/local/abstractions/libvirt-qemu")" = "/dev/other rw,
/dev/kvmfr* rw," ]; then
	ok "--fix --yes writes, and nothing is left"
else
	not_ok "--fix --yes writes, and nothing is left" "$status $said"
fi
# On a terminal it asks; the script plays one, and does MEANWHILE before it answers.
cat >"$top/terminal.py" <<'END'
import os, pty, sys
pid, terminal = pty.fork()
if not pid:
    os.execvp(sys.argv[2], sys.argv[2:])
output = b""
answer = sys.argv[1].encode() + b"\n"
try:
    while chunk := os.read(terminal, 4096):
        output += chunk
        if answer and b"[y/N]" in output:
            os.system(os.environ.get("MEANWHILE", ":"))
            os.write(terminal, answer)
            answer = b""
except OSError:
    pass
sys.stdout.buffer.write(output)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
asked()
{
	answer=$1
	shift
	python3 "$top/terminal.py" "$answer" "$@" kvmfrctl --root "$root" doctor --user alice --fix
}

printf '%s\n' "$said" | sed -n 's/^    \(rm\|mv\) /\1 /p' >"$top/undo"
sh -eu "$top/undo"
if [ ! -e "$root/etc/modules-load.d/kvmfr.conf" ] &&
	[ "$(cat "$root/etc/apparmor.d/local/abstractions/libvirt-qemu")" = "/dev/other rw," ]; then
	ok "what --fix prints takes it back"
else
	not_ok "what --fix prints takes it back" "$(cat "$top/undo")"
fi

said=$(asked n)
case $said in
*"Write that? [y/N]"*"module-not-at-boot"*) ok "on a terminal --fix asks" ;;
*) not_ok "on a terminal --fix asks" "$said" ;;
esac
check "after a no it has written nothing" test ! -e "$root/etc/modules-load.d/kvmfr.conf"
said=$(asked y)
check "after a yes it has" test -e "$root/etc/modules-load.d/kvmfr.conf"
case $said in
*"Nothing is wrong."*) ok "on a terminal it says that nothing is wrong" ;;
*) not_ok "on a terminal it says that nothing is wrong" "$said" ;;
esac
# What was shown is what is replaced, or nothing is.
healthy
rm "$root/etc/modules-load.d/kvmfr.conf"
put etc/apparmor.d/local/abstractions/libvirt-qemu "/dev/other rw,"
said=$(MEANWHILE="echo '# mine' >>$root/etc/apparmor.d/local/abstractions/libvirt-qemu" asked y)
status=$?
check "a file that changes meanwhile is a failure" test "$status" = 1
check "it keeps what came into it" test \
	"$(tail -n 1 "$root/etc/apparmor.d/local/abstractions/libvirt-qemu")" = "# mine"
check "the others are not written, either" test ! -e "$root/etc/modules-load.d/kvmfr.conf"
case $said in
*"kvmfrctl: '/etc/apparmor.d/local/abstractions/libvirt-qemu' has changed since it was shown, so nothing was written"*) ok "and it says so" ;;
*) not_ok "and it says so" "$said" ;;
esac
healthy
rm "$root/etc/modules-load.d/kvmfr.conf"
said=$(MEANWHILE="echo other >$root/etc/modules-load.d/kvmfr.conf" asked y)
check "nor is a file that comes meanwhile replaced" test "$(cat "$root/etc/modules-load.d/kvmfr.conf")" = other
# A link in the place of a file, and a file that everybody may write.
healthy
rm "$root/etc/modules-load.d/kvmfr.conf"
ln -s /no/such/file "$root/etc/modules-load.d/kvmfr.conf"
said=$(doctor --fix --yes 2>&1)
status=$?
check "--fix leaves a link alone" test -L "$root/etc/modules-load.d/kvmfr.conf"
case $said in
*"cannot write '/etc/modules-load.d/kvmfr.conf': it is a link"*) ok "and says so" ;;
*) not_ok "and says so" "$said" ;;
esac
check "that is a failure" test "$status" = 1
rm "$root/etc/modules-load.d/kvmfr.conf"
local=etc/apparmor.d/local/abstractions/libvirt-qemu
# In a directory where nobody can replace what is another's.
healthy
put "$local" "/dev/other rw,"
chmod 1777 "$root/${local%/*}"
chmod 755 "$top"
said=$(asked y setpriv --reuid=2 --regid=2 --clear-groups)
status=$?
chmod 755 "$root/${local%/*}"
check "EPERM of a write is a failure, too" test "$status" = 1
case $said in
*"nobody is here"*) not_ok "and not for lack of an answer" "$said" ;;
*"cannot write '/$local': Operation not permitted"*) ok "and not for lack of an answer" ;;
*) not_ok "and not for lack of an answer" "$said" ;;
esac
healthy
put "$local" "/dev/other rw,"
chmod 666 "$root/$local"
said=$(doctor --fix --yes)
check "what --fix writes is not for everybody to write" test "$(
	stat -c %a "$root/$local"* | tr '\n' ' ')" = "644 644 "
healthy
rm -r "$root/etc/modules-load.d"
said=$(doctor --fix --yes)
check "without the directory --fix leaves it to people" test ! -e "$root/etc/modules-load.d"

# Names of directories do not become commands of the undo.
healthy
rm "$root/etc/modules-load.d/kvmfr.conf"
mv "$root" "$top/a';touch owned;'"
said=$(kvmfrctl --root "$top/a';touch owned;'" doctor --user alice --fix --yes)
printf '%s\n' "$said" | sed -n 's/^    rm /rm /p' >"$top/undo"
(cd "$top" && bash -eu undo)
if [ ! -e "$top/owned" ] && [ ! -e "$top/a';touch owned;'/etc/modules-load.d/kvmfr.conf" ]; then
	ok "the undo quotes a root with quotes"
else
	not_ok "the undo quotes a root with quotes" "$(cat "$top/undo")"
fi

# --json stays JSON.
healthy
printf '# Z\374rich\t1\n/dev/other rw,\n' >"$root/etc/apparmor.d/local/abstractions/libvirt-qemu"
said=$(field apparmor-kvmfr writes)
case $said in
*"'# Z?rich\\t1\\n/dev/other rw,\\n/dev/kvmfr* rw,\\n'"*) ok "bytes that are not UTF-8 are question marks" ;;
*) not_ok "bytes that are not UTF-8 are question marks" "$said" ;;
esac

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
