# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # kvmfrd_lib.sh sets them
# What kvmfrd does to nodes, under kvmfrd.service: no capability, system call or
# device that it needs is missing there.
# shellcheck source=tests/vm/userspace/kvmfrd_lib.sh
. /lib/kvmfr/kvmfrd_lib.sh

# journal PATTERN: how many lines have it
journal()
{
	journalctl --sync
	journalctl -q -o cat -u kvmfrd.service | grep -cE -e "$1"
}

right="root:lg 660 user::rw- user:alice:rw- group::rw- mask::rw- other::---"
printf '[nodes]\ngroup = lg\nusers = alice\n' >"$conf"
install -m 755 /lib/kvmfr/bin/kvmfrd /usr/sbin/
cp /lib/kvmfr/kvmfrd.service /etc/systemd/system/
passes "the unit is found" systemctl daemon-reload
load static_size_mb=1
udevadm settle
passes "it starts" systemctl start kvmfrd.service
is "the node is right by then" "$right" "$(node_is kvmfr0)"
unload
load static_size_mb=1
becomes "a new node gets its rights" 10 "$right" node_is kvmfr0
echo "# $(age) ms from the birth of the node to its rights"
chmod 666 /dev/kvmfr0
becomes "a changed one is set right" 10 "$right" node_is kvmfr0
rm /dev/kvmfr0
becomes "one that was removed is made again" 10 "$right" node_is kvmfr0
unload
becomes "it goes with its device" 10 "" names

truncate -s 1M /dev/kvmfr0
load static_size_mb=1
becomes "a file in its place is replaced" 10 "$right" node_is kvmfr0
unload
truncate -s 1M /dev/kvmfr0
setpriv --reuid=bob --clear-groups sleep 1000 <"/dev/kvmfr0" &
holder=$!
load static_size_mb=1
becomes "a file in use by another user is not, and the process is named" 10 1 \
	journal "in use by (setpriv|sleep) \\($holder\\)"
passes "it is a file still" [ -f /dev/kvmfr0 ]
release
becomes "until that ends" 10 "$right" node_is kvmfr0

echo 'users = bob' >>"$conf"
passes "systemctl reload with a bad file" systemctl reload kvmfrd.service
is "says what is wrong" 1 "$(journal "line 4: 'users' is there twice")"
is "and changes nothing" "$right" "$(node_is kvmfr0)"
sed -i 2,3d "$conf"
passes "systemctl reload with a good one" systemctl reload kvmfrd.service
is "the new rights are there when it returns" \
	"root:kvm 660 user::rw- user:bob:rw- group::rw- mask::rw- other::---" "$(node_is kvmfr0)"
like "systemctl status tells what it does" '1 device, 0 not usable' \
	"$(systemctl status --no-pager kvmfrd.service)"
passes "systemctl stop" systemctl stop kvmfrd.service
is "it ended well" success "$(systemctl show -P Result kvmfrd.service)"
unload
