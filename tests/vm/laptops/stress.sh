# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2046,SC2086,SC2154 # addresses, set by lib.sh
# Whoever opens the functions or binds them has them for himself, as libvirt's
# lock does it. All else happens at any time.
locked()
{
	until mkdir /tmp/lock 2>/dev/null; do
		sleep 0.05
	done
	result=0
	"$@" || result=$?
	rmdir /tmp/lock
	return $result
}

opener()
{
	while [ ! -e /tmp/stop ]; do
		if locked /lib/kvmfr/vfio_open -m 20 $all >/dev/null 2>>/tmp/open.err; then
			echo >>/tmp/opens
		else
			echo >>/tmp/refused
		fi
		sleep 0.5
	done
}

rebinder()
{
	while [ ! -e /tmp/stop ]; do
		for function in $all; do
			# shellcheck disable=SC2016 # for the other shell
			locked sh -c 'echo $1 >/sys/bus/pci/drivers/vfio-pci/unbind
				sleep 0.1
				echo $1 >/sys/bus/pci/drivers/vfio-pci/bind' sh $function ||
				echo >>/tmp/unbound
			echo >>/tmp/binds
			sleep 0.7
		done
	done
}

reader()
{
	while [ ! -e /tmp/stop ]; do
		for address in $port $all; do
			read_config $address
			sleep 0.3
		done
	done
}

level_is()
{
	read -r level <$slot/level && [ "$level" = "$1" ]
}

# Half a second for each, then the next one: the card may be in use.
toggle()
{
	until echo "$1" >$slot/policy; do
		sleep 0.1	# the module is just not there
	done
	for moment in 1 2 3 4 5; do
		sleep 0.1
		if level_is "$1"; then
			reached=$((reached + 1))
			return
		fi
	done
}

allow_vfio
bind_functions
allow_d3cold
all=$(functions)
read_config "${all%%
*}"
becomes "port is in D3cold" 10 "D3cold suspended" power_of $port
traces >/tmp/before
load policy=d3cold

opener &
rebinder &
reader &
reloader 4 0 policy=d3cold &
reached=0
for round in $(seq 500); do
	toggle d3hot
	toggle d3cold
done 2>/dev/null
: >/tmp/stop
wait

echo "# toggles: 1000, $reached of them seen; opens: $(count /tmp/opens)," \
	"binds: $(count /tmp/binds), loads: $(count /tmp/loads)"
between "toggles that were seen" 300 1000 $reached
between "opens" 50 100000 "$(count /tmp/opens)"
is "opens that failed" "" "$(cat /tmp/open.err)"
between "times the functions were bound" 50 100000 "$(count /tmp/binds)"
is "times they could not be" "" "$(count /tmp/unbound)"
between "times the module was loaded" 10 100000 "$(count /tmp/loads)"
is "times it could not be, or not be unloaded" "" "$(count /tmp/stuck)"

for state in d3hot d0 d3cold; do
	echo $state >$slot/policy
	becomes "policy $state is obeyed afterwards" 30 $state show level
done
is "no wake-up failed" 0 "$(show counters/wake_failures)"
unload
becomes "port is in D3cold" 10 "D3cold suspended" power_of $port
traces >/tmp/after
passes "all is as it was" diff /tmp/before /tmp/after
draws "draw of the laptop" 15000
passes "a VM can open the card" /lib/kvmfr/vfio_open $all
