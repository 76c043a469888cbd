#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# vfio-powerd on a fixture tree: its files, what it says, samples it pushes.
# Events of the kernel are in tests/vm/userspace/powerd.sh.
here=$(cd "${0%/*}" && pwd)
schema=$here/../../../Documentation/schema/vfio-powerd-state.json
tmp=$(mktemp -d)
root=$tmp/root
class=$root/sys/class/vfio_pm
conf=$tmp/kvmfr.conf
state=$tmp/out/state.json
metrics=$tmp/out/vfio.prom
said=$tmp/said
daemon='' exporter=''

clean_up()
{
	[ -z "$daemon" ] || kill -9 "$daemon" 2>/dev/null
	[ -z "$exporter" ] || kill -9 "$exporter" 2>/dev/null
	umount "$tmp/tiny" 2>/dev/null
	rm -rf "$tmp"
}
trap clean_up EXIT

# check TEXT COMMAND...
check()
{
	text=$1
	shift
	if "$@" >"$tmp/check" 2>&1; then
		echo "ok - $text"
	else
		echo "not ok - $text"
		sed 's/^/# /' "$tmp/check" "$said" 2>/dev/null
	fi
}

is()
{
	check "$1" test "$2" = "$3"
	[ "$2" = "$3" ] || printf '# wanted: %s\n# got:    %s\n' "$2" "$3"
}

# within SECONDS COMMAND...: whether it succeeds in that time
within()
{
	tries=$(($1 * 10))
	shift
	while ! "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.1
	done
}

fails_with()
{
	want=$1
	shift
	status=0
	"$@" >"$said" 2>&1 || status=$?
	[ "$status" -eq "$want" ]
}

# put FILE TEXT: a file of sysfs
put()
{
	mkdir -p "${1%/*}"
	printf '%s\n' "$2" >"$1"
}

# slot PORT STATE VERDICT SOURCE
make_slot()
{
	at=$class/$1
	put "$at/state" "$2"
	put "$at/chosen" d3cold
	put "$at/level" d3cold
	put "$at/reason" "D3cold draws 3000 mW less than D3hot"
	put "$at/policy" auto
	put "$at/verdict" "$3"
	put "$at/rpm_status" suspended
	put "$at/pci_state" D3cold
	put "$at/acpi_target" D3cold
	put "$at/acpi_sta" off
	put "$at/wake_verified" yes
	put "$at/functions" "0000:01:00.0	0x030000	vfio-pci	suspended	D3hot"
	put "$at/blockers" "$1	d3cold_not_allowed	d3cold_allowed is 0	echo 1 >/sys/x"
	put "$at/wakers" "12.345	secretd	77	config"
	put "$at/meter/source" "$4"
	put "$at/meter/sample" ""
	put "$at/meter/d3hot_uw" 18000000
	put "$at/meter/d3cold_uw" 15000001
	put "$at/meter/saving_uw" -3000000
	put "$at/meter/spread_uw" 90
	put "$at/meter/rounds" 8
	put "$at/meter/rejected" 1
	put "$at/meter/settle_ms" 5000
	for name in d3cold_attempts d3cold_entries d3cold_failures fallbacks measurements \
		wakeups opens wake_failures recoveries kicks stale_cleared leaks_repaired \
		time_d0_ms time_d3hot_ms energy_saved_uj resume_last_us resume_max_us; do
		put "$at/counters/$name" 7
	done
	put "$at/counters/time_d3cold_ms" 9223372036854775807
}

settings()
{
	printf '[power]\nstate = %s\nmetrics = %s\n' "$state" "$metrics" >"$conf"
	for line; do
		printf '%s\n' "$line" >>"$conf"
	done
}

valid()
{
	python3 - "$schema" "$1" <<-'END'
	import json, jsonschema, sys
	schema = json.load(open(sys.argv[1]))
	jsonschema.Draft202012Validator.check_schema(schema)
	jsonschema.Draft202012Validator(schema).validate(json.load(open(sys.argv[2])))
	END
}

# value EXPRESSION: of the state, which is d
value()
{
	python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' \
		"$state" "$1"
}

start()
{
	vfio-powerd --root "$root" --config "$conf" 2>"$said" &
	daemon=$!
}

# Each reload ends with the files written again.
reload()
{
	lines=$(grep -c . "$said")
	kill -HUP "$daemon"
	within 10 sh -c "[ \$(grep -c . '$said') -gt $lines ]"
	sleep 0.3
}

# stop: ends the daemon; its exit status
stop()
{
	kill "$daemon"
	ended=0
	wait "$daemon" || ended=$?
	daemon=''
	return $ended
}

once()
{
	vfio-powerd --root "$root" --config "$conf" --once 2>"$said"
}

mkdir -p "$tmp/out" "$class"
settings "meter = none"

check "--help" sh -c 'vfio-powerd --help | grep -q -- --config'
check "--version" sh -c 'vfio-powerd --version | grep -q "^vfio-powerd [0-9]"'
check "an unknown option is wrong usage" fails_with 2 vfio-powerd --frequency
check "an argument is wrong usage" fails_with 2 vfio-powerd now
check "settings that are not there" fails_with 1 vfio-powerd --once --config "$tmp/none"
check "are named, with the reason" grep -q "^vfio-powerd: .*$tmp/none.*No such file" "$said"
is "in one line" 1 "$(wc -l <"$said")"
printf '[power]\nmeter = sundial\n' >"$tmp/bad"
check "a wrong setting" fails_with 1 vfio-powerd --once --config "$tmp/bad"
check "is named with its file and line" grep -q "$tmp/bad.*line 2.*sundial" "$said"
check "a root that is not there" fails_with 1 vfio-powerd --once --root "$tmp/none"

check "without the module the files are written" once
check "the state has no slots" test "$(value 'd["slots"]')" = "[]"
check "it is as the schema says" valid "$state"
check "promtool likes the metrics" promtool check metrics <"$metrics"

make_slot 0000:00:02.0 decided saves battery
make_slot 0000:00:03.0 blocked unmeasured none
printf '0000:01:00.0\t0x030000\tvf\377io"\\\033\tactive\tD0\n' >"$class/0000:00:03.0/functions"
printf 'd3cold\n' >"$class/0000:00:03.0/meter/d3hot_uw"
rm "$class/0000:00:03.0/acpi_sta" "$class/0000:00:03.0/counters/opens"
check "with slots they are written" once
is "nothing is wrong" "" "$(grep cannot "$said")"
check "the state is as the schema says" valid "$state"
is "slots" "['0000:00:02.0', '0000:00:03.0']" "$(value '[s["port"] for s in d["slots"]]')"
is "state of the first" decided "$(value 'd["slots"][0]["state"]')"
is "draw in D3cold" 15000001 "$(value 'd["slots"][0]["comparison"]["d3cold_uw"]')"
is "a saving that is a loss" -3000000 "$(value 'd["slots"][0]["comparison"]["saving_uw"]')"
is "what is no number is null" None "$(value 'd["slots"][1]["comparison"]["d3hot_uw"]')"
is "what cannot be read is null" "None None" \
	"$(value 'd["slots"][1]["acpi_sta"]') $(value 'd["slots"][1]["counters"]["opens"]')"
is "bytes that are no text" 'vf?io"\?' "$(value 'd["slots"][1]["functions"][0]["driver"]')"
is "a blocker's code" d3cold_not_allowed "$(value 'd["slots"][0]["blockers"][0]["code"]')"
is "who woke it is told to nobody" "" "$(grep -l secretd "$state" "$metrics")"
is "modes" "644 644" "$(stat -c %a "$state" "$metrics" | paste -sd' ')"
check "no other file was left" test "$(find "$tmp/out" -type f | wc -l)" -eq 2
sed 's/"saves"/"certainly"/' "$state" >"$tmp/wrong"
check "the schema refuses another word" fails_with 1 valid "$tmp/wrong"
sed 's/"wakeups": *7/"wakeups": -7/' "$state" >"$tmp/wrong"
check "and a negative count" fails_with 1 valid "$tmp/wrong"

check "promtool likes the metrics of slots" promtool check metrics <"$metrics"
has()
{
	check "metric: $1" grep -qxF "$1" "$metrics"
}
has 'vfio_pm_state{port="0000:00:02.0",state="decided"} 1'
has 'vfio_pm_state{port="0000:00:02.0",state="fault"} 0'
has 'vfio_pm_verdict{port="0000:00:03.0",verdict="unmeasured"} 1'
has 'vfio_pm_draw_watts{port="0000:00:02.0",level="d3cold"} 15.000001'
has 'vfio_pm_saving_watts{port="0000:00:02.0"} -3.000000'
has 'vfio_pm_spread_watts{port="0000:00:02.0"} 0.000090'
has 'vfio_pm_comparison_settle_seconds{port="0000:00:02.0"} 5.000'
has 'vfio_pm_time_d3cold_seconds_total{port="0000:00:02.0"} 9223372036854775.807'
has 'vfio_pm_energy_saved_joules_total{port="0000:00:02.0"} 0.000007'
has 'vfio_pm_resume_max_seconds{port="0000:00:02.0"} 0.000007'
has 'vfio_pm_wakeups_total{port="0000:00:02.0"} 7'
has 'vfio_pm_blocker{port="0000:00:02.0",address="0000:00:02.0",code="d3cold_not_allowed"} 1'
has 'vfio_pm_slots 2'
is "what was not measured is left out" "" "$(grep 'draw_watts.*3.0.*d3hot' "$metrics")"
is "one state holds per slot" 2 "$(grep -c '^vfio_pm_state{.*} 1$' "$metrics")"

# A real node_exporter, of which Prometheus would have it.
prometheus-node-exporter --collector.disable-defaults --collector.textfile \
	--collector.textfile.directory="$tmp/out" --web.listen-address=127.0.0.1:19100 \
	>"$tmp/exporter" 2>&1 &
exporter=$!
fetch()
{
	python3 -c 'import sys, urllib.request as r
sys.stdout.write(r.urlopen("http://127.0.0.1:19100/metrics").read().decode())' >"$tmp/fetched"
}
check "node_exporter answers" within 20 fetch
check "it had no trouble with the file" \
	grep -qx 'node_textfile_scrape_error 0' "$tmp/fetched"
is "it hands on every sample" "$(grep -c '^vfio' "$metrics")" "$(grep -c '^vfio' "$tmp/fetched")"
check "with its value" grep -qxF \
	'vfio_pm_draw_watts{level="d3cold",port="0000:00:02.0"} 15.000001' \
	"$tmp/fetched"
echo 'vfio_pm_state{port=' >"$tmp/out/broken.prom"
fetch
check "a broken file would be trouble" grep -qx 'node_textfile_scrape_error 1' "$tmp/fetched"
kill "$exporter"
exporter=''
rm "$tmp/out/broken.prom"

check "a missing directory" sh -c "
	sed 's|^state.*|state = $tmp/nowhere/state.json|' '$conf' >'$conf.nowhere'
	! vfio-powerd --root '$root' --config '$conf.nowhere' --once 2>'$said'"
is "is one line that names it" 1 "$(grep -c "cannot write '$tmp/nowhere/state.json': No such" "$said")"

# A daemon, from here on.
rm -f "$state" "$metrics"
start
check "the daemon writes the state" within 10 test -s "$state"
check "and the metrics" within 10 test -s "$metrics"
check "it says what there is" grep -q \
	'0000:00:02.0: decided, d3cold, saves: .* less than D3hot; .* 15.0 W in D3cold, 18.0 W' \
	"$said"
put "$class/0000:00:02.0/state" in_use
put "$class/0000:00:02.0/level" d0
reload
is "a change is one line" 1 "$(grep -c '0000:00:02.0: in_use' "$said")"
is "what has not changed is none" 1 "$(grep -c '0000:00:03.0:' "$said")"
is "the state has it" in_use "$(value 'd["slots"][0]["state"]')"
rm -r "$class/0000:00:03.0"
reload
check "a slot that went is told" grep -q '0000:00:03.0: is gone' "$said"
is "and is in the state no more" 1 "$(value 'len(d["slots"])')"
cp "$conf" "$conf.good"
echo "colour = red" >>"$conf"
reload
check "settings that are wrong are told" grep -q "$conf.*colour.*stay" "$said"
put "$class/0000:00:02.0/state" decided
cp "$conf.good" "$conf"
reload
is "and the daemon goes on" decided "$(value 'd["slots"][0]["state"]')"
check "it ends when it is told to" stop

# Nobody ever reads half a file, whenever it dies.
once
python3 - "$state" "$metrics" "$tmp/stop" >"$tmp/reader" 2>&1 <<'END' &
import json, os, sys
reads = texts = 0
last = None
while not os.path.exists(sys.argv[3]):
    text = open(sys.argv[1]).read()
    json.loads(text)
    assert text.endswith("}\n")
    assert open(sys.argv[2]).read().endswith("\n")
    reads += 1
    texts += text != last
    last = text
print(reads, texts)
END
reader=$!
killed=0
while [ $killed -lt 40 ]; do
	put "$class/0000:00:02.0/counters/wakeups" $killed
	start
	sleep 0.0$((killed % 10))
	kill -HUP "$daemon" 2>/dev/null
	sleep 0.1$((killed % 7))
	kill -9 "$daemon"
	wait "$daemon" 2>/dev/null
	killed=$((killed + 1))
done
daemon=''
touch "$tmp/stop"
check "a reader always saw whole files while the daemon was killed 40 times" wait $reader
sed 's/^/# reads, different files: /' "$tmp/reader"
check "and saw many of them" sh -c "read -r reads texts <'$tmp/reader' && [ \$texts -ge 10 ]"
rm -f "$tmp"/out/*.??????

# A full disk.
mkdir "$tmp/tiny"
if mount -t tmpfs -o size=16k,mode=755 tiny "$tmp/tiny"; then
	settings "meter = none"
	sed -i "s|^state.*|state = $tmp/tiny/state.json|" "$conf"
	state=$tmp/tiny/state.json
	put "$class/0000:00:02.0/state" decided
	start
	check "there is room for the state" within 10 test -s "$state"
	dd if=/dev/zero of="$tmp/tiny/full" bs=1k 2>/dev/null
	cp "$state" "$tmp/before"
	for word in blocked in_use blocked; do
		put "$class/0000:00:02.0/state" $word
		reload
	done
	is "a full disk is told once" 1 "$(grep -c "cannot write '$state': No space left" "$said")"
	check "the old state is still whole" cmp "$state" "$tmp/before"
	is "nothing else was left there" 2 "$(find "$tmp/tiny" -type f | wc -l)"
	check "other files go on" grep -q '"blocked"} 1' "$metrics"
	rm "$tmp/tiny/full"
	reload
	is "with room there it is written" blocked "$(value 'd["slots"][0]["state"]')"
	check "and that is told" grep -q "'$state' can be written again" "$said"
	mount -o remount,ro "$tmp/tiny"
	reload
	check "a read-only file system is told" grep -q "cannot write '$state': Read-only" "$said"
	check "the daemon still ends well" stop
	umount "$tmp/tiny"
	state=$tmp/out/state.json
else
	echo "# no mounts here: full disks were not tried"
fi

# Files that are no longer written are not taken for the present.
settings "meter = none"
rm -f "$state" "$metrics"
start
within 10 test -s "$metrics"
sed -i "s|^metrics.*|metrics = $tmp/out/other.prom|; s|^state.*|state = $tmp/out/other.json|" "$conf"
reload
check "with other settings there are other files" within 5 test -s "$tmp/out/other.prom"
is "and the old ones are gone" "" "$(ls "$state" "$metrics" 2>/dev/null)"
mkfifo "$tmp/out/pipe.prom"
sed -i "s|^metrics.*|metrics = $tmp/out/pipe.prom|; s|^state.*|state = $tmp/nowhere/state|" "$conf"
reload
check "what cannot be written is told" within 5 grep -q "cannot write '$tmp/nowhere/state'" "$said"
settings "meter = none"
reload
check "files that are written again" within 5 test -s "$metrics"
is "were never told of" "" "$(grep 'can be written again' "$said")"
check "what is not ours stays" test -p "$tmp/out/pipe.prom"
check "it ends" stop
is "metrics end with it, the state does not" "$state" "$(ls "$state" "$metrics" 2>/dev/null)"
rm "$tmp/out/pipe.prom"

# A daemon that somebody starts who wants to be alone.
mkdir "$tmp/empty"
sh -c "umask 077 && exec vfio-powerd --root '$tmp/empty' --once" 2>"$said"
is "everybody may read the state" "755 644" \
	"$(stat -c %a /run/vfio-powerd /run/vfio-powerd/state.json | paste -sd' ')"

# Samples, from a program that is run without a shell.
cat >"$tmp/meter" <<END
#!/bin/sh
echo "\$@" >>$tmp/calls
cat $tmp/power
END
chmod +x "$tmp/meter"
echo 15000000 >"$tmp/power"
: >"$tmp/calls"
settings "meter = command" "command = $tmp/meter \$HOME && touch $tmp/shell"
put "$class/0000:00:02.0/state" measuring
put "$class/0000:00:02.0/verdict" undecided
put "$class/0000:00:02.0/meter/source" pushed
sample=$class/0000:00:02.0/meter/sample
calls()
{
	grep -c . "$tmp/calls"
}

start
check "while it measures there are samples" within 5 grep -qx 15000000 "$sample"
before=$(calls)
sleep 5
check "about one a second ($(($(calls) - before)) in 5 s)" \
	sh -c "[ $(($(calls) - before)) -ge 3 ] && [ $(($(calls) - before)) -le 6 ]"
# shellcheck disable=SC2016 # as it is in the settings
is "words are passed as they are" '$HOME && touch '"$tmp/shell" "$(head -n 1 "$tmp/calls")"
check "no shell was there" test ! -e "$tmp/shell"
make_slot 0000:00:01.0 measuring undecided pushed
rm "$class/0000:00:01.0/meter/sample"
mkdir "$class/0000:00:01.0/meter/sample"
reload
sleep 4
is "a slot that takes none is told once" 1 "$(grep -c 'cannot give slot 0000:00:01.0' "$said")"
rm -r "$class/0000:00:01.0"
reload
echo "15 W" >"$tmp/power"
check "what is no number is told" within 5 grep -q "$tmp/meter.*no number" "$said"
sleep 2
is "once" 1 "$(grep -c "no number" "$said")"
is "and not given to the kernel" 15000000 "$(cat "$sample")"
echo 500000001 >"$tmp/power"
check "so is too much" within 5 grep -q "500000000" "$said"
is "neither given" 15000000 "$(cat "$sample")"
echo 16000000 >"$tmp/power"
check "when it is right again samples go on" within 5 grep -qx 16000000 "$sample"
put "$class/0000:00:02.0/state" decided
put "$class/0000:00:02.0/verdict" saves
reload
is "the state tells of the meter" "command 16000000" \
	"$(value 'd["meter"]["kind"]') $(value 'd["meter"]["power_uw"]')"
check "so do the metrics" grep -qxF 'vfio_powerd_machine_watts{meter="command"} 16.000000' "$metrics"
check "promtool likes them" promtool check metrics <"$metrics"
before=$(calls)
switches=$(awk '/^voluntary/ { print $2 }' "/proc/$daemon/status")
sleep 6
is "with a verdict the meter is left alone" "$before" "$(calls)"
is "and the daemon sleeps" "$switches" "$(awk '/^voluntary/ { print $2 }' "/proc/$daemon/status")"
put "$class/0000:00:02.0/state" measuring
put "$class/0000:00:02.0/meter/source" battery
reload
is "a battery is read by the kernel itself" "$before" "$(calls)"
put "$class/0000:00:02.0/state" decided
put "$class/0000:00:02.0/verdict" unmeasured
put "$class/0000:00:02.0/meter/source" none
reload
is "one sample lets a comparison begin" $((before + 1)) "$(calls)"
sleep 2
is "one" $((before + 1)) "$(calls)"
put "$class/0000:00:02.0/policy" d3cold
reload
is "but not with another policy" $((before + 1)) "$(calls)"
put "$class/0000:00:02.0/policy" auto
printf '#!/bin/sh\necho $$ >%s/hanging\nexec sleep 1000\n' "$tmp" >"$tmp/meter"
reload
check "a meter that hangs is killed" within 10 grep -q "did not end within 5 seconds" "$said"
check "dead" sh -c "! kill -0 \$(cat '$tmp/hanging')"
check "and the daemon ends well" stop
