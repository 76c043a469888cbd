#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# kvmfrd from outside, in namespaces with a /sys and a /dev that are put together
# here, and no processes but ours: whether there are any that may not be looked
# into is up to us. What needs the kernel's events is tests/vm/userspace/kvmfrd.sh.
set -u
if [ "${1-}" != inside ]; then
	dir=$(mktemp -d)
	trap 'rm -rf "$dir"' EXIT
	unshare -mnpf --propagation private --mount-proc sh "$0" inside "$dir"
	exit
fi
dir=$2
conf=$dir/conf
log=$dir/log
pid=''

# shellcheck source=tests/unit/userspace/is.sh
. "${0%/*}/is.sh"

# becomes TEXT WANT COMMAND...: within five seconds
becomes()
{
	text=$1 want=$2 tries=50
	shift 2
	while [ "$("$@" 2>/dev/null)" != "$want" ] && [ $tries -gt 0 ]; do
		tries=$((tries - 1))
		sleep 0.1
	done
	is "$text" "$want" "$("$@" 2>&1)"
}

# says TEXT STATUS OUTPUT OPTION...: exit status, and a pattern for all it printed
says()
{
	text=$1 want=$2 pattern=$3
	shift 3
	output=$(kvmfrd "$@" 2>&1)
	is "$text: status" "$want" $?
	printf '%s\n' "$output" | grep -qE -e "$pattern" && output=$pattern
	is "$text" "$pattern" "$output"
}

node_is()
{
	echo "$(stat -c '%F %U:%G %a' "/dev/$1")" \
		"$(getfacl -cp "/dev/$1" | sed 's/[[:space:]]*#.*//; /^$/d' | paste -sd' ')"
}

# What is in /dev, hidden or not.
names()
{
	find /dev -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | tr '\n' ' '
}

said()
{
	grep -cE -e "$1" "$log"
}

# device N NUMBER
device()
{
	mkdir -p "/sys/class/kvmfr/kvmfr$1" "/sys/dev/char/$2"
	echo "$2" >"/sys/class/kvmfr/kvmfr$1/dev"
	echo static >"/sys/class/kvmfr/kvmfr$1/kind"
}

# start [OPTION...]: kvmfrd, until it waits for events
start()
{
	kvmfrd "$@" 2>"$log" &
	pid=$!
	tries=50
	until grep -q poll "/proc/$pid/wchan" || [ $tries -eq 0 ]; do
		tries=$((tries - 1))
		sleep 0.1
	done
}

# stop [SIGNAL]: sets $status
stop()
{
	kill "-${1-TERM}" "$pid"
	wait "$pid"
	status=$?
}

mknod -m 666 "$dir/null" c 1 3
mount -t tmpfs sys /sys
mount -t tmpfs -o mode=755 dev /dev
cp -a "$dir/null" /dev/null
plain="character special file root:kvm 660 user::rw- group::rw- other::---"
daemon="character special file root:daemon 660 user::rw- user:bin:rw- group::r-- mask::rw- other::---"

# Options and the file.
says "--help" 0 'Usage: kvmfrd' --help
says "--version" 0 '^kvmfrd [0-9.]*$' --version
says "an unknown option" 2 'unrecognized option' --nonsense
says "an argument" 2 "not 'x' either" x
says "without a file, --check is silent" 0 '^$' --check
says "a named file that is missing" 1 "^kvmfrd: cannot read '$conf': No such file" -c "$conf" --check
says "a directory" 1 "^kvmfrd: cannot read '/': Is a directory" -c / --check
printf '[nodes]\nmode = 999\n' >"$conf"
says "a bad value" 1 "^kvmfrd: $conf: line 2: mode '999' is not 0600 to 0666" -c "$conf" --check
says "a bad value, for the daemon" 1 "^kvmfrd: $conf: line 2: mode '999'" -c "$conf"
printf '[nodes]\ngroup = nosuch\n' >"$conf"
says "a group that does not exist" 1 "no group 'nosuch'; make it with 'groupadd --system nosuch'" -c "$conf" --check
printf '[nodes kvmfr3]\nusers = nosuch\n' >"$conf"
says "a user that does not exist" 1 "there is no user 'nosuch'" -c "$conf" --once
printf '[nodes]\ngroup = daemon\nmode = 0640\nusers = bin\n[nodes kvmfr1]\ngroup = kvm\nmode = 0660\nusers =\n' >"$conf"
says "a good file" 0 '^$' --config="$conf" --check

# --once
says "--once without devices" 0 '^$' --once
device 0 240:0
device 1 240:1
mknod -m 600 /dev/kvmfr0 c 240 0
mknod -m 600 /dev/kvmfr1 c 240 1
says "--once" 0 '^$' --once
is "gives the defaults" "$plain $plain" "$(node_is kvmfr0) $(node_is kvmfr1)"
says "--once with a file" 0 '^$' -c "$conf" --once
is "gives what it says" "$daemon $plain" "$(node_is kvmfr0) $(node_is kvmfr1)"
rm /dev/kvmfr0
says "--once with a node missing" 0 'set right again' -c "$conf" --once
is "makes it" "$daemon 240:0" "$(node_is kvmfr0) $(stat -c '%Hr:%Lr' /dev/kvmfr0)"
ln -sf null /dev/kvmfr1
says "--once with a link" 1 '^kvmfrd: /dev/kvmfr1 is a symbolic link, which is left alone' --once
rm /dev/kvmfr1
mkdir /dev/kvmfr1
says "--once with a directory" 1 '/dev/kvmfr1 is a directory' --once
rmdir /dev/kvmfr1
mkfifo /dev/kvmfr1
says "--once with a pipe" 1 '/dev/kvmfr1 is no character device' --once
rm /dev/kvmfr1
mknod -m 600 /dev/kvmfr1 b 240 1
says "--once with a disk" 1 '/dev/kvmfr1 is no character device' --once
rm /dev/kvmfr1
mknod -m 600 /dev/kvmfr1 c 1 3
mkdir /sys/dev/char/1:3
mount -o remount,bind,ro /dev
says "--once with a number that cannot be put right" 1 \
	'^kvmfrd: /dev/kvmfr1 is not its node and cannot be removed: Read-only' --once
mount -o remount,bind,rw /dev
says "--once with the number of another device" 0 'set right again' --once
is "makes it anew" "$plain 240:1" "$(node_is kvmfr1) $(stat -c '%Hr:%Lr' /dev/kvmfr1)"
mknod -m 660 /dev/.kvmfr0.kvmfrd c 1 3
mknod -m 660 /dev/.kvmfr5.kvmfrd c 1 3
says "--once after one that was killed" 0 '^$' --once
is "removes the nodes that this one left" "kvmfr0 kvmfr1 null " "$(names)"
chmod 6660 /dev/kvmfr0
says "--once with bits that mean nothing" 0 '^$' -c "$conf" --once
is "removes them" "$daemon" "$(node_is kvmfr0)"
chgrp root /dev/kvmfr0
output=$(setpriv --bounding-set=-all kvmfrd -c "$conf" --once 2>&1)
is "--once without rights: status" 1 $?
is "--once without rights says so" \
	"kvmfrd: /dev/kvmfr0 cannot be given its group, mode and ACL: Operation not permitted; kvmfrd has to run as root" "$output"

# The daemon.
mkdir -p /run/udev /run/systemd
: >/run/udev/control
start -c "$conf"
is "it sets what is there" "$daemon $plain" "$(node_is kvmfr0) $(node_is kvmfr1)"
setfacl -m u:games:r /dev/kvmfr0
becomes "drift is repaired" "$daemon" node_is kvmfr0
for _ in 1 2 3 4 5 6 7; do
	chmod 0606 /dev/kvmfr0
	sleep 0.5
done
is "not for ever" "5 1" "$(said 'changed by another program') $(said 'now it is left alone')"
sed -i 's/0640/0840/' "$conf"
kill -HUP "$pid"
becomes "a bad file is refused" 1 said "line 3: mode '0840'.*"
becomes "the settings from before stay in force" 1 said 'from before stay in force'
becomes "for nodes that were left alone, too" "$daemon" node_is kvmfr0
sed -i 's/0840/0640/; s/bin/games/' "$conf"
kill -HUP "$pid"
becomes "a good one is not" "$(echo "$daemon" | sed s/bin/games/)" node_is kvmfr0
rm /dev/kvmfr0
becomes "a node that was removed is made again" "$(echo "$daemon" | sed s/bin/games/)" node_is kvmfr0
stop INT
is "SIGINT ends it" 0 $status
is "and leaves the rights" "$plain" "$(node_is kvmfr1)"

# When the kernel has no memory for an answer, for example.
start
mv /sys/class/kvmfr /sys/class/aside
: >/sys/class/kvmfr
chmod 600 /dev/kvmfr0
becomes "devices that cannot be listed are told" 1 said "cannot read '/sys/class/kvmfr': Not a directory"
sleep 1
is "once" 1 "$(said 'cannot read')"
rm /sys/class/kvmfr
mv /sys/class/aside /sys/class/kvmfr
becomes "later they can" "$plain" node_is kvmfr0
stop

# Files in the place of the device.
rm /dev/kvmfr0
echo data >/dev/kvmfr0
sh -c 'exec sleep 1000 </dev/kvmfr0' &
holder=$!
sleep 0.3
output=$(setpriv --bounding-set=-sys_ptrace,-perfmon,-sys_admin kvmfrd --once 2>&1)
is "a file whose users may not be seen is not touched: status" "1 data" "$? $(cat /dev/kvmfr0)"
is "and what is missing is said" "kvmfrd: /dev/kvmfr0 is not the device and cannot be \
replaced by it: Permission denied; kvmfrd has to run as root, with CAP_MKNOD and CAP_SYS_PTRACE" "$output"
start
becomes "a file in use is not touched, and its user is named" 1 \
	said "kvmfr0 is a file, not the device, .* in use by sleep \\($holder\\): stop that, then reload"
is "it is still there" data "$(cat /dev/kvmfr0)"
kill "$holder"
becomes "once it is closed, the node takes its place" "$plain" node_is kvmfr0
stop
echo data >/dev/file
mv /dev/file /dev/kvmfr0
ln /dev/kvmfr0 /dev/other
says "a file with two names is not touched" 1 'kvmfr0 is a file with 2 names' --once
rm /dev/other
says "one that nobody has is replaced" 0 'kvmfr0 was a file, .*; now it is the device' --once
is "by the node" "$plain" "$(node_is kvmfr0)"
is "and nothing is left over" "kvmfr0 kvmfr1 null " "$(names)"
echo data >/dev/.kvmfr0.kvmfrd
sh -c 'exec sleep 1000 </dev/.kvmfr0.kvmfrd' &
holder=$!
sleep 0.3
says "a file that was replaced by one that was killed, in use" 0 '^$' --once
is "stays" data "$(cat /dev/.kvmfr0.kvmfrd)"
rm /dev/kvmfr0
says "keeps the node from being made" 1 \
	'kvmfr0 cannot be made: /dev/.kvmfr0.kvmfrd, .* is in use: stop that, then reload kvmfrd' --once
kill "$holder"
wait "$holder" 2>/dev/null
says "not in use, the node is made" 0 'kvmfr0 was changed by another program, and is set right again' --once
is "is removed" "kvmfr0 kvmfr1 null " "$(names)"
echo data >/dev/file
mv /dev/file /dev/kvmfr0
mount -o remount,bind,ro /dev
says "in a /dev that cannot be written to" 1 'kvmfr0 is not the device and cannot be replaced by it: Read-only' --once
mount -o remount,bind,rw /dev
rm -r /sys/class/kvmfr/kvmfr0
says "a file without a device is not touched" 1 "stop the VM, then 'rm /dev/kvmfr0 && modprobe kvmfr'" --once
is "it is there yet" data "$(cat /dev/kvmfr0)"
rm -r /dev/kvmfr0 /sys/class/kvmfr/kvmfr1
says "a node without a device" 0 '^$' --once
is "is removed" "null " "$(names)"

# Who sits in front of the machine.
device 0 240:0
mknod -m 600 /dev/kvmfr0 c 240 0
printf '[nodes]\nseat = yes\n' >"$conf"
start -c "$conf"
is "that nobody keeps track of seats is said" 1 "$(said "'seat = yes' has no effect without '/run/systemd/seats/seat0'")"
mkdir /run/systemd/seats
echo ACTIVE_UID="$(id -u bin)" >/run/systemd/seats/.new
mv /run/systemd/seats/.new /run/systemd/seats/seat0
with="character special file root:kvm 660 user::rw- user:bin:rw- group::rw- mask::rw- other::---"
becomes "who sits there gets access" "$with" node_is kvmfr0
echo ACTIVE_UID="$(id -u games)" >/run/systemd/seats/.new
mv /run/systemd/seats/.new /run/systemd/seats/seat0
becomes "until somebody else does" "$(echo "$with" | sed s/bin/games/)" node_is kvmfr0
rm -r /run/systemd/seats
becomes "or nobody" "$plain" node_is kvmfr0
stop
is "that was all" 2 "$(wc -l <"$log")"

# More events than there is room for, made while it cannot read them.
cat >"$dir/flood.py" <<'END'
import os, sys
for _ in range(int(sys.argv[1])):
    os.utime("/dev/null")
    os.utime("/dev/full")
END
: >/dev/full
start -c "$conf"
kill -STOP "$pid"
python3 "$dir/flood.py" 9000
mkdir /run/systemd/seats
kill -CONT "$pid"
sleep 1
echo ACTIVE_UID="$(id -u bin)" >/run/systemd/seats/.new
mv /run/systemd/seats/.new /run/systemd/seats/seat0
becomes "events that got lost could have been of the seat" "$with" node_is kvmfr0
stop
is "and it ends" 0 $status

# Whoever reads what it says may end before it does.
mkfifo "$dir/pipe"
{ sleep 2; } <"$dir/pipe" &
printf '[nodes]\n' >"$conf"
kvmfrd -c "$conf" 2>"$dir/pipe" &
pid=$!
sleep 1
printf '[nodes]\nmode = 1\n' >"$conf"
sleep 2
kill -HUP $pid
sleep 1
is "it goes on when nobody reads that" yes "$(kill -0 $pid && echo yes)"
kill $pid
