# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2119,SC2154 # words are those of tap.sh
# udev's rule with systemd: two people log in at the machine, at one virtual
# terminal each, and a third from elsewhere. Who is in front gets the node, by
# the tag uaccess, with kvmfrd and without it.
useradd -M -s /bin/sh alice
useradd -M -s /bin/sh bob
useradd -M -s /bin/sh carol
# shellcheck source=tests/vm/userspace/kvmfrd_lib.sh
. /lib/kvmfr/kvmfrd_lib.sh
rule=/run/udev/rules.d/70-kvmfr.rules
group="user::rw- group::rw- other::---"

with()
{
	echo "root:kvm 660 user::rw- user:$1:rw- group::rw- mask::rw- other::---"
}

# What udev says against its rules, when it reads all of them for the device.
complaints()
{
	udevadm test --action=add /sys/class/kvmfr/kvmfr0 2>&1 |
		grep -iE "$1.*(invalid|unknown|ignor|failed)"
}

# terminal N USER: a getty there, which logs that user in
terminal()
{
	mkdir -p "/run/systemd/system/getty@tty$1.service.d"
	cat >"/run/systemd/system/getty@tty$1.service.d/login.conf" <<-EOF
	[Service]
	Type=simple
	ExecStart=
	ExecStart=-/sbin/agetty --autologin $2 --noclear %I linux
	EOF
	systemctl daemon-reload
	systemctl start "getty@tty$1.service"
}

# session USER: seat, terminal and state of the session that somebody has
session()
{
	id=$(loginctl --no-legend list-sessions | awk -v user="$1" '$3 == user { print $1; exit }')
	[ -z "$id" ] || loginctl show-session "$id" -p Seat -p TTY -p State --value | paste -sd' '
}

# may: who of the three can open the node
may()
{
	for user in alice bob carol; do
		[ "$(can_use $user kvmfr0)" = no ] || echo $user
	done | paste -sd' '
}

rules()
{
	case $(udevadm --version | sed 's/[^0-9].*//') in
	252) skip "udevadm verify" "udevadm has it from 254 on" ;;
	*)
		passes "udevadm verify" udevadm verify $rule
		sed 's/uaccess"/uaccess/' $rule >/tmp/70-bad.rules
		is "it tells a bad line" 1 "$(udevadm verify /tmp/70-bad.rules >/dev/null 2>&1; echo $?)"
		;;
	esac
	load static_size_mb=1
	udevadm settle
	is "udevadm test finds nothing wrong" "" "$(complaints 70-kvmfr)"
	echo 'SUBSYSTEM=="kvmfr", NO_SUCH_KEY="1"' >/run/udev/rules.d/71-bad.rules
	like "it does in a bad line" "71-bad.rules:1" "$(complaints 71-bad)"
	rm /run/udev/rules.d/71-bad.rules
	like "the node has its tag" ":uaccess:" \
		"$(udevadm info -q property --property=TAGS --value /dev/kvmfr0)"
	is "owner, group and mode" "root:kvm 660 $group" "$(node_is kvmfr0)"
	is "nobody is logged in, and nobody may use it" "" "$(may)"
}

log_in()
{
	systemctl start systemd-user-sessions.service systemd-logind.service
	terminal 1 alice
	becomes "alice logs in at the first terminal" 60 "seat0 tty1 active" session alice
	becomes "and gets the node" 10 "$(with alice)" node_is kvmfr0
	terminal 2 bob
	becomes "bob does at the second" 60 "seat0 tty2 online" session bob
	systemd-run -q --unit=elsewhere -p PAMName=login -p User=carol sleep 10000
	becomes "carol from elsewhere" 60 " active" session_of_carol
	is "alice alone may use the node" alice "$(may)"
}

# Some releases say nothing for a value that is empty, others an empty line.
session_of_carol()
{
	echo " $(session carol | tr -d ' ')"
}

# The two that are at the machine take turns.
turns()
{
	busybox chvt 2
	becomes "bob's terminal is the one in front" 20 "seat0 tty2 active" session bob
	becomes "the node is his" 10 "$(with bob)" node_is kvmfr0
	is "and nobody else's" bob "$(may)"
	unload
	load static_size_mb=1
	udevadm settle
	is "a node that is new is his, too" "$(with bob)" "$(node_is kvmfr0)"
	busybox chvt 1
	becomes "and alice's when she is back" 10 "$(with alice)" node_is kvmfr0
	is "really" alice "$(may)"
}

# What it does on top: it keeps the rights against whoever changes them.
beside_kvmfrd()
{
	printf '[nodes]\n' >"$conf"
	kvmfrd_start
	is "kvmfrd leaves what uaccess has given" "$(with alice)" "$(node_is kvmfr0)"
	setfacl -m u:carol:rw /dev/kvmfr0
	becomes "and takes away what somebody else has" 10 "$(with alice)" node_is kvmfr0
	busybox chvt 2
	becomes "it is not in the way of a change" 10 "$(with bob)" node_is kvmfr0
	printf '[nodes]\nseat = yes\n' >"$conf"
	kill -HUP "$pid"
	rm /dev/kvmfr0
	becomes "a node that it makes again is his who is in front" 10 "$(with bob)" node_is kvmfr0
	busybox chvt 1
	becomes "and goes on with the next" 10 "$(with alice)" node_is kvmfr0
	is "really" alice "$(may)"
	kvmfrd_stop
	is "kvmfrd ends well" 0 "$status"
}

log_out()
{
	systemctl stop getty@tty1.service
	becomes "alice has gone" 20 "" session alice
	becomes "nobody has the node" 10 "" may
	busybox chvt 2
	becomes "but bob, when he is in front" 10 bob may
	systemctl stop getty@tty2.service elsewhere.service
	becomes "until he goes as well" 20 "" may
	unload
}

udevadm --version | sed 's/^/# systemd /'
udevadm control --reload
rules
log_in
turns
beside_kvmfrd
log_out
