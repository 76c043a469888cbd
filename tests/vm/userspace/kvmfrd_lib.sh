# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154 # for those who source it, or set it
# Words for the tests of kvmfrd: all look from outside, with stat, getfacl and
# processes of ordinary users.

log=/tmp/kvmfrd.log
conf=/etc/kvmfr.conf

groupadd -r lg
groupadd -r other
for user in alice bob; do
	getent passwd $user >/dev/null || useradd -r -M $user
done
getent group kvm >/dev/null || groupadd -r kvm

start_udevd()
{
	/lib/systemd/systemd-udevd --daemon
	udevadm trigger --subsystem-match=kvmfr --settle
}

# kvmfrd_start [OPTION...]: sets "$pid"
kvmfrd_start()
{
	: >"$log"
	# With the capabilities that userspace/systemd/kvmfrd.service leaves it.
	setpriv --bounding-set="-all,+chown,+fowner,+mknod,+sys_ptrace,+dac_read_search" \
		kvmfrd 2>"$log" &
	pid=$!
	until_is 5 waits kvmfrd_state
}

# It waits for events, so it has looked at everything once.
kvmfrd_state()
{
	grep -q poll "/proc/$pid/wchan" && echo waits
}

# kvmfrd_stop [SIGNAL]: sets $status
kvmfrd_stop()
{
	kill "-${1-TERM}" "$pid"
	wait "$pid"
	status=$?
}

load()
{
	modprobe kvmfr "$@"
}

unload()
{
	[ ! -d /sys/module/kvmfr ] || modprobe -r kvmfr
}

# node_is NAME: owner, mode, ACL in one line
node_is()
{
	echo "$(stat -c '%U:%G %a' "/dev/$1")" \
		"$(getfacl -cp "/dev/$1" | sed 's/[[:space:]]*#.*//; /^$/d' | paste -sd' ')"
}

both_nodes()
{
	echo "$(node_is kvmfr0) $(node_is kvmfr1)"
}

# What of ours is in /dev, hidden or not.
names()
{
	find /dev -maxdepth 1 -name '*kvmfr*' -printf '%f '
}

# Milliseconds from the birth of the node to the last change of its rights.
age()
{
	stat -c '%.3W %.3Z' /dev/kvmfr0 | awk '{ printf "%d", ($2 - $1) * 1000 + 0.5 }'
}

# as USER COMMAND...: with that user's own group alone
as()
{
	user=$1
	shift
	setpriv --reuid="$user" --regid="$user" --clear-groups "$@"
}

# can_use USER NODE: open it for reading and writing, which changes nothing
can_use()
{
	if as "$1" sh -c ": <>/dev/$2" 2>/dev/null; then
		echo yes
	else
		echo no
	fi
}

# said PATTERN: how many lines of the log have it
said()
{
	grep -cE -e "$1" "$log"
}

switches()
{
	sed -n 's/^voluntary_ctxt_switches:[[:space:]]*//p' "/proc/$pid/status"
}

# hold FILE: a process that has it open; sets "$holder"
hold()
{
	sh -c 'exec sleep 1000 <"$1"' sh "$1" &
	holder=$!
	until_is 5 yes sh -c "readlink /proc/$holder/fd/0 | grep -q '^$1' && echo yes"
}

release()
{
	kill "$holder"
	wait "$holder" 2>/dev/null
}
