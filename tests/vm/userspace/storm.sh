# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2046,SC2086,SC2154 # addresses, set by lib.sh
# kvmfrd and vfio-powerd through a storm: memory devices and the GPU's port are
# removed and found again, both modules are unloaded and loaded with other sizes,
# the machine suspends in the middle of that, policies, rights of nodes and
# settings change, and all of it in a random order. Afterwards what the daemons
# have made has to be what the kernel says.
# shellcheck source=tests/vm/laptops/lib.sh
. /lib/kvmfr/lib.sh
seed=1	# unless set
# shellcheck source=/dev/null
. /lib/kvmfr/seed
conf=/etc/kvmfr.conf
state=/run/vfio-powerd/state.json
steps=80
shared=$(grep -l '^0x1af4$' $pci/*/vendor | while read -r file; do
	[ "$(cat ${file%vendor}device)" != 0x1110 ] || basename ${file%/vendor}
done)

# random N: sets $picked to one of 0 to N - 1
random()
{
	seed=$(((seed * 1103515245 + 12345) & 0x7fffffff))
	picked=$((seed / 256 % $1))
}

# pick WORD...: sets $picked to one of them
pick()
{
	random $#
	shift $picked
	picked=$1
}

# A name that may be gone by the time it is used is no failure.
write()
{
	{ echo "$1" >"$2"; } 2>/dev/null || :
}

# fall_asleep HOW-FAR: "core" is all of a suspend to RAM but the firmware's part, from
# which QEMU comes back, but then cannot be switched off.
fall_asleep()
{
	write 0 /sys/module/suspend/parameters/pm_test_delay
	write $1 /sys/power/pm_test
	write mem /sys/power/state
	write none /sys/power/pm_test
	echo x >>/tmp/suspends
}

# Whatever comes next is frozen on its way.
nap()
{
	wait $sleeper
	pick freezer devices platform core
	fall_asleep $picked &
	sleeper=$!
}

remove_shared()
{
	pick $shared
	write 1 $pci/$picked/remove
}

# Everything that was removed, among it the card, which libvirt would bind again.
rescan()
{
	echo 1 >/sys/bus/pci/rescan
	bind_functions 2>/dev/null
	allow_d3cold 2>/dev/null
}

switch_kvmfr()
{
	if [ -d /sys/module/kvmfr ]; then
		modprobe -r kvmfr
	else
		pick 1 2,1 4,1,2 1,1,1,1
		modprobe kvmfr static_size_mb=$picked
	fi
}

switch_vfio_pm()
{
	if [ -d /sys/module/vfio_pci_pm ]; then
		modprobe -r vfio_pci_pm
	else
		modprobe vfio_pci_pm
	fi
}

# Four times at most: a fight would be given up, as it should be.
spoil_node()
{
	spoiled=$((spoiled + 1))
	[ $spoiled -le 4 ] || return 0
	random 4
	case $picked in
	0) chmod 0606 /dev/kvmfr0 ;;
	1) rm -f /dev/kvmfr1 ;;
	2) chgrp tty /dev/kvmfr0 ;;
	3) setfacl -b /dev/kvmfr1 ;;
	esac 2>/dev/null
}

change_policy()
{
	pick auto d3hot d3cold observe
	write $picked $slot/policy
}

events()
{
	count=0
	while [ $count -lt 30 ]; do
		write change $slot/uevent
		for device in /sys/class/kvmfr/*; do
			write change $device/uevent
		done
		count=$((count + 1))
	done
}

use_card()
{
	/lib/kvmfr/vfio_open $(functions) >/dev/null 2>&1
}

# Most steps are switches: what comes and goes is what daemons stumble over.
step()
{
	random 20
	case $picked in
	0 | 1 | 2) remove_shared ;;
	3 | 4 | 5) rescan ;;
	6 | 7 | 8 | 9) switch_kvmfr ;;
	10 | 11) switch_vfio_pm ;;
	12) spoil_node ;;
	13) change_policy ;;
	14) events ;;
	15) use_card ;;
	16) write 1 $pci/$port/remove ;;
	17) kill -HUP $nodes $power ;;
	18 | 19) nap ;;
	esac
}

descriptors()
{
	find /proc/$1/fd -type l | wc -l
}

children()
{
	cat /proc/$1/task/*/children | xargs
}

# All nodes that there should be, with what the settings say of them.
rights()
{
	for device in /sys/class/kvmfr/*; do
		[ -e $device/dev ] || continue
		name=${device##*/}
		echo $name $(cat $device/dev) $(stat -c '%Hr:%Lr %F %U:%G %a' /dev/$name) \
			$(getfacl -cp /dev/$name | grep '^user:alice:')
	done
}

# What rights has to print.
right_rights()
{
	for device in /sys/class/kvmfr/*; do
		[ -e $device/dev ] || continue
		number=$(cat $device/dev)
		echo ${device##*/} $number $number character special file root:lg 660 user:alice:rw-
	done
}

wrong_rights()
{
	right_rights >/tmp/want
	rights 2>/dev/null | diff /tmp/want - | grep '^[<>]' | head -n 3
}

# Nodes of no device.
strays()
{
	for node in /dev/*kvmfr* /dev/.*kvmfr*; do
		[ ! -e $node ] || [ -e /sys/class/kvmfr/${node##*/} ] || echo $node
	done
}

# Milliseconds from the birth of the node to the last change of its rights, the
# longest of all.
slowest()
{
	stat -c '%.3W %.3Z' /dev/kvmfr* | awk '{
		ms = int(($2 - $1) * 1000 + 0.5)
		most = ms > most ? ms : most
	} END { print most }'
}

# What the state has of the slots, and what sysfs has; but for the level, which is
# another one every few seconds while the kernel compares.
told()
{
	perl -MJSON::PP -e '
		local $/;
		foreach my $slot (@{decode_json(<STDIN>)->{slots}}) {
			print join(" ", map { $slot->{$_} // "" }
				qw(port state chosen policy verdict)), " ",
				join(" ", map { "$_->{address}=$_->{driver}" }
				@{$slot->{functions}}), "\n";
		}' <$state
}

truth()
{
	for known in /sys/class/vfio_pm/*; do
		[ -e $known/state ] || continue
		echo ${known##*/} $(cat $known/state $known/chosen $known/policy $known/verdict) \
			$(for function in $(functions); do
				echo $function=$(driver_of $function)
			done)
	done
}

lies()
{
	truth >/tmp/truth
	told 2>&1 | diff /tmp/truth - | grep '^[<>]'
}

# loaded SIZES: both modules, everything there
settle()
{
	[ -d /sys/module/vfio_pci_pm ] || modprobe vfio_pci_pm
	[ ! -d /sys/module/kvmfr ] || modprobe -r kvmfr
	modprobe kvmfr static_size_mb=2,1
	rescan
	udevadm settle
}

count_devices()
{
	find /sys/class/kvmfr -type l | wc -l
}

groupadd -f -r lg
useradd -r -M alice
cat >$conf <<-END
	[nodes]
	group = lg
	mode = 0660
	users = alice
	[power]
	metrics = /run/metrics/vfio.prom
END
mkdir /run/metrics
/lib/systemd/systemd-udevd --daemon
becomes "udevd runs" 10 yes sh -c '[ -S /run/udev/control ] && echo yes'
allow_vfio
kvmfrd 2>/tmp/kvmfrd.log &
nodes=$!
vfio-powerd 2>/tmp/powerd.log &
power=$!
settle
is "static devices and the memory of three PCI devices" 5 "$(count_devices)"
becomes "all nodes have their rights" 10 "" wrong_rights
becomes "the slot is told" 10 "" lies
open="$(descriptors $nodes) $(descriptors $power)"
echo "# seed: $seed, descriptors: $open"

: >/tmp/suspends
true &
sleeper=$!
done=0 spoiled=0
now_ms
start=$now
while [ $done -lt $steps ]; do
	step
	done=$((done + 1))
	[ $((done % 20)) -ne 0 ] || nap
done
wait $sleeper
now_ms
echo "# steps: $steps, suspends: $(wc -l </tmp/suspends), seconds of the machine:" \
	"$(((now - start) / 1000))"
between "suspends in it" 4 $steps "$(wc -l </tmp/suspends)"

passes "kvmfrd is alive" kill -0 $nodes
passes "vfio-powerd is alive" kill -0 $power
becomes "what is left of the nodes has its rights" 5 "" wrong_rights
is "no node is there without a device" "" "$(strays)"
becomes "what is left of the slots is told" 5 "" lies
settle
is "all devices are there again" 5 "$(count_devices)"
becomes "with their rights" 5 "" wrong_rights
sleep 2
between "milliseconds until the last had them" 0 100 "$(slowest)"
becomes "the slot is told again" 10 "" lies
becomes "no descriptor was lost" 5 "$open" \
	eval 'echo $(descriptors $nodes) $(descriptors $power)'
becomes "no process was left" 10 "" children $nodes
is "they are the same processes" "kvmfrd vfio-powerd" \
	"$(cat /proc/$nodes/comm /proc/$power/comm | xargs)"
sed 's/^/# /' /tmp/kvmfrd.log /tmp/powerd.log | sort | uniq -c | sort -rn | head -n 30 |
	sed 's/^/# /'
is "nothing failed" "" "$(grep -hE 'cannot|error|fail' /tmp/kvmfrd.log /tmp/powerd.log)"
kill $nodes $power
wait $nodes
is "kvmfrd ends well" 0 $?
wait $power
is "so does vfio-powerd" 0 $?
