#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# kvmfrctl load, unload and resize on canned systems: what they refuse, what they
# say, and the files of --persist. That they load is seen in a virtual machine.
set -u
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# check TEXT COMMAND...
check()
{
	text=$1
	shift
	if "$@"; then
		echo "ok - $text"
	else
		echo "not ok - $text"
	fi
}

# A system with devices of SIZES: system NAME [SIZES]
system()
{
	root=$dir/$1
	mkdir -p "$root/proc" "$root/dev" "$root/etc" "$root/sys/class"
	[ -n "${2-}" ] || return 0
	mkdir -p "$root/sys/module/kvmfr/parameters"
	echo "$2" >"$root/sys/module/kvmfr/parameters/static_size_mb"
	number=0
	for size in $(echo "$2" | tr , ' '); do
		at=$root/sys/class/kvmfr/kvmfr$number
		mkdir -p "$at"
		echo "240:$number" >"$at/dev"
		echo static >"$at/kind"
		echo $((size * 1048576)) >"$at/size"
		echo 0 >"$at/mappings"
		echo 0 >"$at/exports"
		mknod "$root/dev/kvmfr$number" c 240 "$number"
		number=$((number + 1))
	done
}

# process PID NAME
process()
{
	at=$root/proc/$1
	mkdir -p "$at/fd" "$at/fdinfo"
	printf '%b\n' "$2" >"$at/comm"
	printf 'Name:\tx\nUid:\t1000\t1000\t1000\t1000\n' >"$at/status"
	: >"$at/maps"
}

# ctl STATUS ARGUMENT...: on the system, has to end so
ctl()
{
	want=$1
	shift
	kvmfrctl --root "$root" "$@" >"$dir/out" 2>"$dir/err"
	got=$?
	[ "$got" -eq "$want" ] && return
	echo "# status $got of $*:"
	sed 's/^/# /' "$dir/out" "$dir/err"
	return 1
}

# said TEXT: a line of its own on stderr
said()
{
	grep -qxF -- "$1" "$dir/err" && return
	echo "# wanted '$1' in:"
	sed 's/^/# /' "$dir/err"
	return 1
}

one_line()
{
	[ "$(wc -l <"$dir/err")" -eq 1 ] && [ ! -s "$dir/out" ]
}

system empty
for size in 0 2048 -- -1 64M 0x '64,,128' ',64' '64,' '' 1e3 99999999999999999999 '64 '; do
	check "load '$size' is a mistake" ctl 2 load -- "$size"
	check "of one line ($size)" one_line
done
ctl 2 load 4096
check "that has the value and the range" said "kvmfrctl: '4096' is not a size of 1 to 2047 MiB"
ctl 2 resize 64,70000
check "of the size that is wrong" said "kvmfrctl: '70000' is not a size of 1 to 2047 MiB"
ctl 2 load "$(printf '\377\033[31m')"
check "without what commands a terminal" said "kvmfrctl: '??[31m' is not a size of 1 to 2047 MiB"
check "eleven sizes are too many" ctl 2 load 1 1 1 1 1 1 1 1 1 1,1
check "which is told" said "kvmfrctl: more than 10 sizes, and kvmfr makes at most that many devices"
check "resize needs a size" ctl 2 resize
check "or --forget alone" ctl 2 resize --forget 64
check "unload takes nothing" ctl 2 unload 64
check "another system's module cannot be loaded" ctl 2 load 64
check "and it says so" said "kvmfrctl: only the module of the running system can be changed; leave out --root, or use --dry-run"
check "what is not loaded cannot be unloaded" ctl 1 unload
check "nor resized" ctl 1 resize 64
check "which names load" said "kvmfrctl: cannot resize: kvmfr is not loaded; see kvmfrctl load"

system trap
truncate -s 64M "$root/dev/kvmfr0"
check "a regular file stops load" ctl 1 load 64
check "nobody has it" said "  Nobody has it open; remove it: rm /dev/kvmfr0"
process 812 'qemu\033]0;x'
ln -s /dev/kvmfr0 "$root/proc/812/fd/9"
check "so does one that is open" ctl 1 load
check "by whom is told" said "  qemu?]0;x (pid 812, uid 1000): open"
check "and what to do then" said "  Then: rm /dev/kvmfr0"
check "a file beyond the devices is none of our business" sh -c '
	mv "$0/dev/kvmfr0" "$0/dev/kvmfr3"; kvmfrctl --root "$0" load 64 64 64 2>&1 | grep -q "leave out --root"' "$root"

system used 64,128
process 4 bystander
process 30 qemu
ln -s /dev/kvmfr1 "$root/proc/30/fd/9"
printf '7f00-7f10 rw-s 00000000 00:05 77 /dev/kvmfr1\n' >"$root/proc/30/maps"
mkdir "$root/proc/30/map_files"
ln -s /dev/kvmfr1 "$root/proc/30/map_files/7f00-7f10"
process 31 client
for fd in 5 6; do
	ln -s /dmabuf: "$root/proc/31/fd/$fd"
	printf 'pos:\t0\nino:\t9%s\nexp_name:\tkvmfr\n' "$fd" >"$root/proc/31/fdinfo/$fd"
done
check "a module that is used cannot be unloaded" ctl 1 unload
check "nothing has been changed, it says" said "kvmfrctl: cannot unload kvmfr: it is in use; nothing has been changed. End these first:"
check "it names who has it open and mapped" said "  qemu (pid 30, uid 1000): open, mapped"
check "and who has dma-bufs" said "  client (pid 31, uid 1000): 2 dma-bufs"
check "and nobody else" [ "$(wc -l <"$dir/err")" -eq 3 ]
check "nor can it be resized" ctl 1 resize --dry-run 64
check "by the same" said "  qemu (pid 30, uid 1000): open, mapped"
check "load is refused where it is loaded" ctl 1 load 64
check "and tells the sizes" said "kvmfrctl: kvmfr is loaded already, with 64,128 MiB; kvmfrctl resize changes that"

system idle 64
check "--dry-run of resize" ctl 0 resize --dry-run --persist 96 128
check "says what there would be" grep -qx 'static_size_mb: 64 -> 96,128' "$dir/out"
check "and that QEMU wants another size" said "kvmfrctl: 96 MiB is not a power of two: QEMU will not take /dev/kvmfr0; use 128"
check "and the lines of files" grep -qx '+options kvmfr static_size_mb=96,128' "$dir/out"
check "and writes none" [ -z "$(ls "$root/etc")" ]
check "without it a root is refused" ctl 2 resize 128
rm "$root/sys/module/kvmfr/parameters/static_size_mb"
check "another kvmfr.ko does not tell its sizes" ctl 1 resize 64
check "so that there is no way back" grep -q "no way back" "$dir/err"

system files 64
mkdir -p "$root/etc/modprobe.d"
printf '1\n2\n3\n4\n5\noptions kvmfr\ta=1 static_size_mb=16\n7\n8\n9\n10\n11' >"$root/etc/modprobe.d/kvmfr.conf"
cp "$root/etc/modprobe.d/kvmfr.conf" "$dir/before"
ctl 0 resize --dry-run --persist 32
sed -n '/^---/,$p' "$dir/out" >"$dir/diff"
cat >"$dir/want" <<END
--- /etc/modprobe.d/kvmfr.conf
+++ /etc/modprobe.d/kvmfr.conf
@@ -3,7 +3,7 @@
 3
 4
 5
-options kvmfr	a=1 static_size_mb=16
+options kvmfr	a=1 static_size_mb=32
 7
 8
 9
--- /dev/null
+++ /etc/modules-load.d/kvmfr.conf
@@ -0,0 +1,2 @@
+# Written by kvmfrctl resize --persist; see kvmfrctl-load(8).
+kvmfr
END
check "the diff has context and both files" cmp "$dir/diff" "$dir/want"
lines=300000
{
	yes '' | head -n "$lines"
	echo 'options kvmfr static_size_mb=16'
	yes '' | head -n "$lines"
} >"$root/etc/modprobe.d/kvmfr.conf"
timeout 20 kvmfrctl --root "$root" resize --dry-run --persist 32 >"$dir/out"
check "a file of many lines takes no time" grep -qx "@@ -$((lines - 2)),7 +$((lines - 2)),7 @@" "$dir/out"
cp "$dir/before" "$root/etc/modprobe.d/kvmfr.conf"
check "nothing to forget is a failure" ctl 1 resize --forget
check "that says so" said "kvmfrctl: there is nothing to forget: no --persist before"
# As --persist leaves it, which needs a module that can be loaded.
cp "$dir/before" "$root/etc/modprobe.d/kvmfr.conf.kvmfrctl-old"
sed 's/=16/=32/' "$dir/before" >"$root/etc/modprobe.d/kvmfr.conf"
check "--forget can be tried" ctl 0 resize --forget --dry-run
check "it shows what would be put back" grep -qx '+options kvmfr	a=1 static_size_mb=16' "$dir/out"
check "and changes nothing" grep -q =32 "$root/etc/modprobe.d/kvmfr.conf"
check "--forget puts it back" ctl 0 resize --forget
check "to the byte" cmp "$root/etc/modprobe.d/kvmfr.conf" "$dir/before"
check "and leaves nothing" [ "$(ls "$root/etc/modprobe.d")" = kvmfr.conf ]
cp "$dir/before" "$root/etc/modprobe.d/kvmfr.conf.kvmfrctl-old"
echo '# mine' >>"$root/etc/modprobe.d/kvmfr.conf"
check "what has been edited since is not lost" ctl 1 resize --forget
check "and where the old one is, is told" grep -q 'kvmfrctl-old' "$dir/err"
check "the edit is still there" grep -q '# mine' "$root/etc/modprobe.d/kvmfr.conf"

for command in load unload resize; do
	check "$command --help tells what is lost or done" sh -c "kvmfrctl $command --help | grep -q kvmfr"
done
