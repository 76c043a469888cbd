# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # kvmfrd_lib.sh sets them
# What has to be the same with udevd and without.

lg="root:lg 660 user::rw- user:alice:rw- group::r-- mask::rw- other::---"
one="root:other 600 user::rw- group::--- other::---"
cat >"$conf" <<'END'
[nodes]
group = lg
mode = 0640
users = alice
[nodes kvmfr1]
group = other
mode = 0600
users =
END

# Before the daemon, and without it.
load static_size_mb=1,2
[ -z "$udevd" ] || udevadm settle
is "alice cannot use the node at first" no "$(can_use alice kvmfr0)"
passes "kvmfrd --check says nothing" [ -z "$(kvmfrd --check 2>&1)" ]
passes "kvmfrd --once" kvmfrd --once
is "it sets group, mode and ACL" "$lg" "$(node_is kvmfr0)"
is "and those of a section of its own" "$one" "$(node_is kvmfr1)"
is "alice can use the node now" yes "$(can_use alice kvmfr0)"
is "bob cannot" no "$(can_use bob kvmfr0)"
is "alice cannot use the other one" no "$(can_use alice kvmfr1)"
unload
passes "kvmfrd --once without the module" kvmfrd --once

# The daemon: nodes that were there before, and new ones.
load static_size_mb=1,2
[ -z "$udevd" ] || udevadm settle
kvmfrd_start
is "the daemon sets what is there already" "$lg $one" \
	"$(both_nodes)"
unload
load static_size_mb=1,2
becomes "a new device gets its rights" 5 "$lg" node_is kvmfr0
echo "# $(age) ms from the birth of the node to its rights"
becomes "the other one, too" 5 "$one" node_is kvmfr1
is "alice can use the new node" yes "$(can_use alice kvmfr0)"
is "bob cannot use the new node" no "$(can_use bob kvmfr0)"
is "nothing was said" "" "$(cat "$log")"

# Idle.
sleep 2
before=$(switches)
sleep 10
is "no wake-up in ten idle seconds" "$before" "$(switches)"

# Drift.
chmod 0666 /dev/kvmfr0
becomes "a changed mode is set right" 5 "$lg" node_is kvmfr0
chgrp other /dev/kvmfr0
becomes "a changed group is set right" 5 "$lg" node_is kvmfr0
setfacl -m u:bob:rw,u:alice:- /dev/kvmfr0
becomes "a changed ACL is set right" 5 "$lg" node_is kvmfr0
is "each repair was said" 3 "$(said 'changed by another program')"
for _ in 1 2 3 4 5 6 7 8 9 10; do
	chmod 0604 /dev/kvmfr0
	sleep 0.5
done
is "a fight ends after five repairs" 5 "$(said 'changed by another program')"
is "and that is said once" 1 "$(said 'left alone')"
like "it names what to do" 'reload kvmfrd' "$(grep 'left alone' "$log")"
is "the fight is lost" 604 "$(stat -c %a /dev/kvmfr0)"
kill -HUP "$pid"
becomes "SIGHUP sets it right again" 5 "$lg" node_is kvmfr0
rm /dev/kvmfr0
becomes "a node that was removed is made again" 5 "$lg" node_is kvmfr0
is "and is the device" "$(cat /sys/class/kvmfr/kvmfr0/dev)" \
	"$(stat -c '%Hr:%Lr' /dev/kvmfr0)"
chmod 0666 /dev/kvmfr0
becomes "it is watched, too" 5 "$lg" node_is kvmfr0
unload
becomes "and goes with its device" 5 "" names

# Reloading.
load static_size_mb=1,2
becomes "rights before the reload" 5 "$lg" node_is kvmfr0
cp "$conf" /tmp/conf
sed -i 's/^mode = 0640/mode = 0999/' "$conf"
: >"$log"
kill -HUP "$pid"
becomes "a bad mode is refused with file, line, value and range" 5 1 \
	said "^kvmfrd: $conf: line 3: mode '0999' is not 0600 to 0666, octal"
is "the old settings stay" "$lg" "$(node_is kvmfr0)"
chmod 0600 /dev/kvmfr0
becomes "and are in force" 5 "$lg" node_is kvmfr0
sed 's/^group = lg/group = nosuch/' /tmp/conf >"$conf"
kill -HUP "$pid"
becomes "an unknown group is named" 5 1 said "no group 'nosuch'"
sed 's/^users = alice/users = alice nobodyhere/' /tmp/conf >"$conf"
kill -HUP "$pid"
becomes "an unknown user is named" 5 1 said "no user 'nobodyhere'"
is "the old settings still stay" "$lg" "$(node_is kvmfr0)"
sed 's/alice/bob/' /tmp/conf >"$conf"
kill -HUP "$pid"
becomes "a good file takes effect, and alice's entry goes" 5 \
	"$(echo "$lg" | sed s/alice/bob/)" node_is kvmfr0
is "alice cannot use it any more" "no yes" "$(can_use alice kvmfr0) $(can_use bob kvmfr0)"

# Death.
kvmfrd_stop KILL
cp /tmp/conf "$conf"
kvmfrd_start
is "after kill -9 the next one removes what is no longer configured" "$lg" \
	"$(node_is kvmfr0)"
kvmfrd_stop
is "SIGTERM ends it with 0" 0 "$status"
is "and leaves the rights" "$lg $one" "$(both_nodes)"
unload

# A file where the device should be, and nobody has it.
kvmfrd_start
truncate -s 1M /dev/kvmfr0
load static_size_mb=1
becomes "a file in the device's place is replaced" 5 "$lg" node_is kvmfr0
is "by the device" "character special file $(cat /sys/class/kvmfr/kvmfr0/dev)" \
	"$(stat -c '%F %Hr:%Lr' /dev/kvmfr0)"
is "alice can use that" yes "$(can_use alice kvmfr0)"
is "it was said once" 1 "$(said 'now it is the device')"
is "nothing else is left in /dev" "kvmfr0 " "$(names)"
unload
becomes "the node goes with its device" 5 "" names

# The same, but in use.
: >"$log"
truncate -s 1M /dev/kvmfr0
file=$(stat -c '%i %a %U' /dev/kvmfr0)
hold /dev/kvmfr0
load static_size_mb=1
becomes "a file in use is warned about with name and pid" 5 1 \
	said "is in use by sleep \\($holder\\): stop that, then reload kvmfrd"
kill -HUP "$pid"
sleep 1
is "and not touched" "$file" "$(stat -c '%i %a %U' /dev/kvmfr0)"
release
becomes "once it is closed, the device takes its place" 5 "$lg" node_is kvmfr0
unload
becomes "that one goes, too" 5 "" names

# With another name, a link: nothing of that is touched. Another device's node is
# not left with that name.
: >"$log"
truncate -s 1M /dev/kvmfr0
ln /dev/kvmfr0 /dev/elsewhere
load static_size_mb=1,2
becomes "a file with two names is warned about" 5 1 said 'kvmfr0 is a file with 2 names'
touch /tmp/victim
ln -s /tmp/victim /dev/.link
mv -T /dev/.link /dev/kvmfr0
rm /dev/elsewhere
kill -HUP "$pid"
becomes "a link is warned about" 5 1 said 'kvmfr0 is a symbolic link'
is "and not followed" "root:root 644" "$(stat -c '%U:%G %a' /tmp/victim)"
mknod -m 600 /dev/.null c 1 3
mv -T /dev/.null /dev/kvmfr0
kill -HUP "$pid"
becomes "the node of another device is replaced" 5 "$lg" node_is kvmfr0
is "by the device's" "$(cat /sys/class/kvmfr/kvmfr0/dev)" "$(stat -c '%Hr:%Lr' /dev/kvmfr0)"
unload
becomes "nothing is left of all that" 5 "" names

# Without the module.
truncate -s 1M /dev/kvmfr0
: >"$log"
kill -HUP "$pid"
becomes "a file without the module is warned about with the remedy" 5 1 \
	said "rm /dev/kvmfr0 && modprobe kvmfr"
passes "and stays" [ -f /dev/kvmfr0 ]
rm /dev/kvmfr0

# Storms.
for _ in $(seq 20); do
	load static_size_mb=1,2
	unload
done
: >"$log"
becomes "after 20 loads and unloads no node is left" 5 "" names
for round in $(seq 10); do
	load static_size_mb=1,2
	chmod 0666 /dev/kvmfr0
	unload
	load static_size_mb=1
	[ $((round % 2)) -eq 0 ] || rm -f /dev/kvmfr0
	unload
done
load static_size_mb=1,2
becomes "after a storm with changes rights are right" 10 "$lg $one" \
	both_nodes
kvmfrd_stop
is "it survived that" 0 "$status"
unload
