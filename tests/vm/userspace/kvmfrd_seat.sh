# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # kvmfrd_lib.sh sets them
# Who sits in front of the machine: the file is written as systemd-logind does,
# which udevd's own builtin "uaccess" reads, too.

seats=/run/systemd/seats
base="user::rw- group::rw- other::---"

# sits USER: nobody if it is empty
sits()
{
	prepare "$1"
	mv $seats/.next $seats/seat0
}

prepare()
{
	{
		echo "# This is private data. Do not parse."
		echo "IS_SEAT0=1"
		[ -z "$1" ] || printf 'ACTIVE=1\nACTIVE_UID=%s\n' "$(id -u "$1")"
	} >$seats/.next
}

with()
{
	echo "root:kvm 660 user::rw- user:$1:rw- group::rw- mask::rw- other::---"
}

printf '[nodes]\nseat = yes\n' >"$conf"
load static_size_mb=1
udevadm settle
kvmfrd_start
becomes "without a seat the group has access" 5 "root:kvm 660 $base" node_is kvmfr0
is "that there is none is said once" 1 "$(said "'seat = yes' has no effect")"
mkdir -p "$seats"
sits alice
becomes "who sits down gets access" 5 "$(with alice)" node_is kvmfr0
sits bob
becomes "who takes over gets it instead" 5 "$(with bob)" node_is kvmfr0
is "really" "no yes" "$(can_use alice kvmfr0) $(can_use bob kvmfr0)"
sits ''
becomes "with nobody there nobody has it" 5 "root:kvm 660 $base" node_is kvmfr0

# Not ours to give, but udev's.
printf '[nodes]\nseat = no\n' >"$conf"
kill -HUP "$pid"
sits alice
sleep 1
is "with seat = no nobody gets access" "root:kvm 660 $base" "$(node_is kvmfr0)"
unload
load static_size_mb=1
udevadm settle
# The rule that acts on the tag is systemd's, not udev's, in Debian 12.
[ -e /usr/lib/udev/rules.d/73-seat-late.rules ] || setfacl -m u:alice:rw /dev/kvmfr0
sleep 1
is "what udev's uaccess gave is left alone" "$(with alice)" "$(node_is kvmfr0)"
setfacl -m u:bob:rw /dev/kvmfr0
becomes "anybody else's entry is not" 5 "$(with alice)" node_is kvmfr0
# In this order systemd-logind does it.
prepare bob
setfacl -x u:alice -m u:bob:rw /dev/kvmfr0 && mv $seats/.next $seats/seat0
sleep 1
is "nor does it get in the way of systemd-logind" "$(with bob)" "$(node_is kvmfr0)"
kvmfrd_stop
unload
