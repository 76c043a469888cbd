# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2086,SC2154 # addresses, set by lib.sh
# A person with the tool alone: what blocks, measuring, what came of it. Time is
# QEMU's and jumps ahead, so minutes are cheap.
# shellcheck source=tests/vm/laptops/lib.sh
. /lib/kvmfr/lib.sh

active()
{
	cat $pci/$port/power/runtime_active_time
}

# Both devices are asleep before and after, and were so all the time.
asleep()
{
	what=$1
	shift
	before=$(active)
	"$@" >/tmp/out 2>/tmp/err
	is "$what ends well" 0 $?
	is "$what wakes nothing" "$before" "$(active)"
}

# fails TEXT PATTERN COMMAND...
fails()
{
	what=$1 pattern=$2
	shift 2
	"$@" >/tmp/out 2>/tmp/err
	is "$what: exit status" 1 $?
	like "$what is told" "$pattern" "$(tr '\n' ' ' </tmp/err)"
}

fails "no module" 'not loaded; next: modprobe vfio_pci_pm' kvmfrctl power report
allow_vfio
bind_functions
passes "vfio_pci_pm is loaded" load
becomes "the port blocks D3cold" 30 blocked show state
fails "what blocks a measurement" 'd3cold_not_allowed.*echo 1 >' kvmfrctl power measure
like "status shows it, too" "$port d3cold_not_allowed: " "$(kvmfrctl status)"
sed -n 's/^ *\(echo 1 > .*\)/\1/p' /tmp/err >/tmp/remedy
fails "a user who measures" "cannot be measured|run it as root" \
	setpriv --reuid 65534 --clear-groups kvmfrctl power measure
is "the remedy is one line" 1 "$(wc -l </tmp/remedy)"
echo observe >$slot/policy
sh /tmp/remedy
fails "another policy" 'policy is observe; next: echo auto' kvmfrctl power measure
sed 's/.*next: //' /tmp/err >/tmp/remedy
sh /tmp/remedy
becomes "with what it says, the slot is measured" 60 measuring show state

like "a user is told that root has to do it" 'already|run it as root' "$(
	setpriv --reuid 65534 --clear-groups timeout -s INT 3 kvmfrctl power measure 2>&1
)"
kvmfrctl power watch --interval 2 --record /tmp/history >/tmp/watch 2>&1 &
watch=$!
kvmfrctl power measure >/tmp/out 2>/tmp/err
is "it waits for the verdict" 0 $?
sed 's/^/# /' /tmp/out /tmp/err
like "which is right" ': D3cold draws [23]\.[0-9] W less than D3hot' "$(tr '\n' ' ' </tmp/out)"
is "and is the module's" "decided saves" "$(show state) $(show verdict)"
kill -INT $watch
wait $watch
is "watching ends well" 0 $?
like "it has seen both states" d3hot "$(cat /tmp/watch)"
like "and watts" '^20.*Z 1[0-9]\.[0-9] W 0000:00:02\.0 measuring d3cold undecided' "$(cat /tmp/watch)"

becomes "the slot is in D3cold" 10 d3cold show level
sleep 300
asleep "status" kvmfrctl status
sed 's/^/# /' /tmp/out
is "no line of it is longer than 80" "" "$(grep '.\{81\}' /tmp/out)"
like "it has the verdict" 'saves: D3cold draws' "$(cat /tmp/out)"
asleep "status --json" kvmfrctl status --json
for member in '"level": "d3cold"' '"driver": "vfio-pci"' '"source": "battery"' \
	'"kind": "config"'; do
	like "JSON has $member" "$member" "$(cat /tmp/out)"
done
asleep "a few seconds of watching" kvmfrctl power watch --seconds 5
like "the draw is D3cold's" ' 1[3-7]\.[0-9] W 0000:00:02\.0 decided d3cold saves' "$(cat /tmp/out)"
asleep "report with a picture of now" kvmfrctl power report --svg /tmp/now.svg --seconds 10
sed 's/^/# /' /tmp/out
like "some energy was saved" 'saved +0\.[0-9]*[1-9][0-9]* Wh' "$(cat /tmp/out)"
asleep "report with a picture of the measurement" \
	kvmfrctl power report --history /tmp/history --svg /tmp/history.svg
like "the recorder saw what was measured" 'd3cold 1[45]\.[0-9] W, *d3hot 1[78]\.[0-9] W' \
	"$(tr '\n' ' ' </tmp/out | tr -s ' ')"
for picture in now history; do
	is "picture '$picture' is whole" "</svg>" "$(tail -n 1 /tmp/$picture.svg)"
done
between "states that were recorded, as rectangles" 5 400 "$(grep -c 'height="22.0"' /tmp/history.svg)"

read_config "$(functions | head -n 1)"
becomes "it sleeps again" 10 d3cold show level
like "who woke it is named" 'last by [a-z]+ \([0-9]+\), config, [0-9.]+ s ago' \
	"$(kvmfrctl status | tr '\n' ' ')"
like "only root sees who" 'only root can see by whom' \
	"$(setpriv --reuid 65534 --clear-groups kvmfrctl status)"

kvmfrctl power measure >/tmp/out 2>/tmp/err &
measure=$!
becomes "measuring again" 30 measuring show state
kill -INT $measure
wait $measure
is "Ctrl-C ends the waiting" 1 $?
like "and says that the kernel goes on" 'the kernel goes on measuring' "$(cat /tmp/err)"
is "which it does" measuring "$(show state)"
echo 2000 >$battery/alarm
becomes "the charger is plugged in" 5 1 cat /sys/class/power_supply/ADP1/online
fails "measuring on AC" 'unplug the charger, or run vfio-powerd' kvmfrctl power measure
like "watch says why it has no watts" 'n/a \(on AC\)' "$(kvmfrctl power watch --seconds 1)"
echo 1000 >$battery/alarm
