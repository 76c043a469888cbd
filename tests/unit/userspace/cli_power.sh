#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# kvmfrctl power, on trees that are laptops.
set -u
here=${0%/*}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/tree
port=0000:00:01.0
schema=$here/../../../Documentation/schema/kvmfrctl-power-report.json
# shellcheck source=tests/unit/userspace/slot-tree.sh
. "$here/slot-tree.sh"

result()
{
	if [ "$2" -eq 0 ]; then
		echo "ok - $1"
	else
		sed 's/^/# /' "$work/out" "$work/err"
		echo "not ok - $1"
	fi
}

check()
{
	text=$1
	shift
	"$@"
	result "$text" $?
}

# power STATUS TEXT ARGUMENTS...: that exit status
power()
{
	want=$1 text=$2
	shift 2
	kvmfrctl --root "$tree" power "$@" >"$work/out" 2>"$work/err"
	check "$text" [ $? -eq "$want" ]
}

has()
{
	grep -qE -- "$2" "$work/out"
	result "$1" $?
}

says()
{
	grep -qE -- "$2" "$work/err"
	result "$1" $?
}

mkdir -p "$tree"
power 1 "no module is a failure" report
says "that tells what is next" 'not loaded; next: modprobe vfio_pci_pm'
power 2 "no subcommand is a usage error"
power 2 "nor is there any other" dance
power 2 "an unknown option is a usage error" report --nonsense
power 2 "so is a second port" report a b
power 2 "so is an interval out of range" watch --interval 0
says "which names value and range" "'0' is not 1 to 3600 seconds"
power 2 "or one that is no number" watch --seconds 1e3
put sys/module/vfio_pci_pm/version 1.0.0
power 1 "no slot is a failure" report
says "of its own kind" 'has found no GPU slot'

make_laptop
power 0 "report of the only slot" report
has "verdict and watts" 'saves: D3cold draws 3\.0 W less than D3hot \(15\.0 W, 18\.0 W\)'
has "rounds and spread" ' rounds, 1 rejected, spread 120 mW'
has "times" 'd3cold 1 h 30 min \(90 %\), d3hot 9 min \(9 %\), d0 1 min \(1 %\)'
has "energy, in Wh" '4\.51 Wh'
has "wakes" '17 x, taken by virtual machines 17 x, awake within 412 ms'
check "no line is longer than 80 columns" [ "$(wc -L <"$work/out")" -le 80 ]
power 0 "a slot by its port" report $port
power 0 "by a function" report 0000:01:00.1
power 0 "and without the domain" report 01:00.0
power 2 "what is none is a usage error" report 0000:09:00.0
says "that lists what there is" "$port  with 0000:01:00.0"
make_slot 0000:00:1c.0 02
power 2 "of several slots one has to be named" report
says "from this list" '0000:00:1c.0  with 0000:02:00.0'
power 0 "which is then shown" report 0000:00:1c.0
has "and no other" '^GPU slot 0000:00:1c.0'
power 0 "watch needs no name" watch --seconds 1
has "and has both" "^20[0-9-]+T[0-9:]+Z 15\.2 W $port decided d3cold saves 0000:00:1c.0 decided"
rm -r "$tree/sys/class/vfio_pm/0000:00:1c.0"

power 0 "watch ends after some seconds" watch --seconds 2 --interval 1
check "with a line for each sample" [ "$(wc -l <"$work/out")" -ge 2 ]
put sys/class/power_supply/BAT0/status Charging
power 0 "watch on AC" watch --seconds 1
has "has no watts, and says why" 'Z n/a \(on AC\) '
put sys/class/power_supply/BAT0/status Discharging
rm "$tree/sys/class/power_supply/BAT0/power_now"
put sys/class/power_supply/BAT0/current_now 1250000
put sys/class/power_supply/BAT0/voltage_now 12000000
power 0 "a battery with current and voltage" watch --seconds 1
has "is watts as well" 'Z 15\.0 W '
power 0 "recording" watch --record "$work/history" --seconds 2 --interval 1
printf '{"time_ms":1' >>"$work/history"
power 0 "recording more" watch --record "$work/history" --seconds 2 --interval 1
power 1 "where it cannot be" watch --record "$work" --seconds 1
says "is told" "cannot write '$work'"
power 1 "a full disk is told" watch --record /dev/full --seconds 1

terminal()
{
	LC_ALL=$1 script -qec \
		"TERM=xterm timeout --foreground -s INT 4 kvmfrctl --root $tree power watch" \
		/dev/null >"$work/out" </dev/null
}
terminal C.UTF-8
has "a terminal shows blocks" '▁ d3cold   ▄ d3hot   █ d0'
grep -q "$(printf '\033')\[?25l" "$work/out" &&
	tail -c 20 "$work/out" | grep -q "$(printf '\033')\[?25h$(printf '\033')\[?1049l"
result "and is as before in the end, with a cursor" $?
terminal C
has "letters where it is not UTF-8" '_ d3cold   - d3hot   # d0'

# Pictures.
power 0 "a picture of what was recorded" report --history "$work/history" --svg "$work/a.svg"
says "a torn line is told" "1 lines make no sense"
has "samples are counted" "a.svg: [4-6] samples"
has "watts in each state as well" 'recorded.*samples'
check "it is XML" python3 -c "import xml.dom.minidom, sys; xml.dom.minidom.parse(sys.argv[1])" "$work/a.svg"
power 0 "a picture of now" report --svg "$work/b.svg" --seconds 2
says "says that it takes time" 'recording for 2 s'
grep -q 'class="power"' "$work/b.svg"
result "there are watts in it" $?
echo old >"$work/c.svg"
power 1 "no file of that name" report --history "$work/none" --svg "$work/c.svg"
power 1 "a file without a sample of the slot" report --history "$work/c.svg" --svg "$work/c.svg"
check "what was there stays" [ "$(cat "$work/c.svg")" = old ]
power 1 "no such directory" report --svg "$work/no/d.svg" --seconds 1
says "is told with the path" "cannot write '$work/no/d.svg': No such file"
python3 - "$port" >"$work/long" <<'END'
import json, sys
for i in range(3000):
    cold = i // 300 % 2 == 0
    watts = (15000000 if cold else 18000000) + i * 37 % 400000
    slot = {"port": sys.argv[1], "level": "d3cold" if cold else "d3hot", "state": "measuring"}
    print(json.dumps({"time_ms": 1763800000000 + i * 2000,
                      "power_uw": None if i % 50 == 49 else watts, "slots": [slot]}))
END
printf '%s\n' null 7 '[]' '{}' '{"time_ms":"x","slots":[]}' \
	'{"time_ms":-1,"slots":[]}' '{"time_ms":9e99,"slots":[]}' \
	'{"time_ms":9223372036854775807,"slots":[]}' '{"time_ms":5,"slots":[7,{"port":7}]}' \
	"{\"time_ms\":5,\"slots\":[{\"port\":\"$port\"}]}" >>"$work/long"
power 0 "much of it, and nonsense" report --history "$work/long" --svg "$work/e.svg"
has "means for each state" 'on: d3cold 15\.0 W,$'
says "the nonsense is counted" '9 lines make no sense'

# The same as JSON.
# valid TEXT EXPRESSION: as the schema says, and so is the Python expression of it
valid()
{
	python3 -c '
import json, jsonschema, sys
d = json.load(open(sys.argv[1]))
jsonschema.validate(d, json.load(open(sys.argv[2])))
sys.exit(not eval("(" + sys.argv[3] + ")"))' "$work/out" "$schema" "$2" 2>>"$work/err"
	result "$1" $?
}

power 0 "JSON" report --json
valid "has no sample without being asked" 'd["samples"] == [] and d["mean"]["d3cold_uw"] is None and
	d["port"] == "0000:00:01.0" and d["verdict"] == "saves" and d["meter"]["round_count"] == 6 and
	d["time"] == {"d0_ms": 60000, "d3hot_ms": 540000, "d3cold_ms": 5400000} and
	d["energy_saved_uj"] == 16264800000'
power 0 "JSON of now" report --json --seconds 2
valid "has what was recorded" 'len(d["samples"]) >= 2 and
	d["samples"][0]["level"] == "d3cold" and d["samples"][0]["power_uw"] == d["mean"]["d3cold_uw"]'
power 0 "JSON of much of it, and a picture" report --json --history "$work/long" --svg "$work/f.svg"
valid "has every sample" 'len(d["samples"]) == 3000 and d["gap_ms"] == 15000 and
	sum(s["power_uw"] is None for s in d["samples"]) == 60 and
	d["samples"][0] == {"time_ms": 1763800000000, "power_uw": 15000000, "level": "d3cold",
		"state": "measuring"} and
	15000000 < d["mean"]["d3cold_uw"] < 15400000 and 18000000 < d["mean"]["d3hot_uw"] < 18400000'
check "and the picture is the same" cmp "$work/e.svg" "$work/f.svg"
slot_put "$port" reason 'a\0377\033[31m'
power 0 "JSON whatever the system says" report --json
valid "is JSON" 'd["reason"] == "a??[31m"'
slot_put "$port" reason "D3cold draws 3012 mW less than D3hot"
rm -r "$tree/sys/class/vfio_pm/$port/counters"
power 0 "JSON without counters" report --json
valid "has null for them" 'set(d["time"].values()) == {None} and d["energy_saved_uj"] is None'
make_slot "$port"
[ -z "${KVMFR_KEEP-}" ] || cp "$work"/*.svg "$KVMFR_KEEP"

# Measuring: the kernel's part is played by files.
unwritten()
{
	[ -z "$(cat "$tree/sys/class/vfio_pm/$port/measure")" ]
	result "$1, and nothing was asked for" $?
}

slot_put $port policy d3hot
power 1 "another policy" measure
says "is named with what helps" 'its policy is d3hot; next: echo auto > /sys/class/vfio_pm/0000:00:01.0/policy'
unwritten "it is not measured"
slot_put $port policy auto
slot_put $port state in_use
power 1 "a virtual machine" measure
says "has to be shut down" 'a virtual machine has it'
slot_put $port state observed
slot_put $port reason "0000:01:00.1 has a driver of the host"
power 1 "a driver of the host" measure
says "has to go" 'has a driver of the host; next: bind'
slot_put $port state blocked
slot_put $port blockers "0000:01:00.1\truntime_pm_forbidden\tit is kept on\techo auto > /x"
power 1 "a blocker" measure
says "is told" 'runtime_pm_forbidden: it is kept on'
says "with what helps" '^ +echo auto > /x$'
slot_put $port blockers ""
slot_put $port reason "it does not sleep, for no known reason"
power 1 "a blocker without a name" measure
says "is told by the reason" 'for no known reason; next: kvmfrctl doctor'
slot_put $port state decided
slot_put $port meter/source none
power 1 "no meter" measure
says "what can be done" 'unplug the charger, or run vfio-powerd'
unwritten "it is not measured"
slot_put $port meter/source battery

chmod 755 "$work"
chmod 444 "$tree/sys/class/vfio_pm/$port/measure"
setpriv --reuid 65534 --clear-groups kvmfrctl --root "$tree" power measure >"$work/out" 2>"$work/err"
check "without root it fails" [ $? -eq 1 ]
says "and says so" 'Permission denied; run it as root'
chmod 644 "$tree/sys/class/vfio_pm/$port/measure"

slot_put $port verdict undecided
slot_put $port state measuring
slot_put $port level d3hot
(
	sleep 3
	slot_put $port level d3cold
	sleep 2
	slot_put $port verdict costs_more
	slot_put $port meter/saving_uw -2500000
	slot_put $port chosen d3hot
	slot_put $port state decided
) &
power 0 "it waits for the verdict" measure
wait
says "joins what goes on already" 'is being measured already'
says "tells how far it is" "$port: measuring for .*, d3hot now, 15\.0 W, about 0 rounds"
paste -sd' ' "$work/out" >"$work/line"
mv "$work/line" "$work/out"
has "and what came of it" 'costs_more: D3cold draws 2\.5 W more than D3hot \(15\.0 W, 18\.0 W\); 6 rounds.*; it goes to'
unwritten "it joined"

kvmfrctl --root "$tree" power measure >"$work/out" 2>"$work/err" &
pid=$!
sleep 0.5
slot_put $port verdict undecided
check "it asks for a measurement" [ "$(cat "$tree/sys/class/vfio_pm/$port/measure")" = 1 ]
sleep 2
kill -INT $pid
wait $pid
check "a signal ends it without a verdict" [ $? -eq 1 ]
says "but not the kernel" 'the kernel goes on measuring'

slot_put $port state measuring
(
	sleep 2
	slot_put $port meter/source none
) &
power 1 "a charger that is plugged in for good" measure
wait
says "ends the wait" 'unplug the charger'
slot_put $port meter/source battery
(
	sleep 2
	rm -r "$tree/sys/class/vfio_pm/$port"
) &
power 1 "a slot that goes" measure
wait
says "is told" "cannot read slot $port any more"
