#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# kvmfrctl status, in trees that are laptops: a good one, and others.
set -u
here=${0%/*}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/tree
port=0000:00:01.0
# shellcheck source=tests/unit/userspace/slot-tree.sh
. "$here/slot-tree.sh"
schema=$here/../../../Documentation/schema/kvmfrctl-status.json

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

status()
{
	kvmfrctl --root "$tree" status "$@" >"$work/out" 2>"$work/err"
}

# has TEXT REGEX
has()
{
	grep -qE -- "$2" "$work/out"
	result "$1" $?
}

lacks()
{
	! grep -qE -- "$2" "$work/out"
	result "$1" $?
}

# valid TEXT: the output, as one document or one per line
valid()
{
	python3 -c '
import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
text = open(sys.argv[2]).read()
try:
    documents = [json.loads(text)]
except ValueError:
    documents = [json.loads(line) for line in text.splitlines()]
assert documents
for document in documents:
    jsonschema.validate(document, schema)
' "$schema" "$work/out" 2>>"$work/err"
	result "$1" $?
}

# value TEXT EXPRESSION: a Python expression about the document d
value()
{
	python3 -c '
import json, sys
d = json.load(open(sys.argv[1]))
sys.exit(not eval(sys.argv[2]))' "$work/out" "$2" 2>>"$work/err"
	result "$1" $?
}

mkdir -p "$tree"
status
result "nothing loaded is no failure" $?
check "and is told in one line" [ "$(wc -l <"$work/out")" = 1 ]
has "which says what is next" 'not loaded.*kvmfrctl doctor'
status --json
valid "nothing loaded is valid JSON"

make_laptop
status
result "a laptop's status ends well" $?
has "size, kind and huge share" 'kvmfr0 +128 MiB, static, huge 98 %, 1 mapping, 0 dma-bufs'
has "a node that is missing" '/dev/kvmfr0 is missing'
has "slot, state and level" "^GPU slot $port: decided, d3cold now"
has "function, class and driver" '0000:01:00\.0  VGA controller +vfio-pci +suspended +D3cold'
has "verdict and watts" 'saves: D3cold draws 3\.0 W less than D3hot \(15\.0 W, 18\.0 W\)'
has "the last waker" '17 x, last by lspci \(4711\), config'
! grep -q '.\{81\}' "$work/out"
result "no line is longer than 80 columns" $?
COLUMNS=50 kvmfrctl --root "$tree" status >"$work/out" 2>&1
! sed '/^  0000/d' "$work/out" | grep -q '.\{51\}'
result "nor than 50, but for the table" $?
lacks "no colours in a file" "$(printf '\033')"
script -qec "TERM=xterm kvmfrctl --root $tree status" /dev/null >"$work/out" </dev/null
has "colours on a terminal" "$(printf '\033')\\[32m"
script -qec "NO_COLOR=1 TERM=xterm kvmfrctl --root $tree status" /dev/null >"$work/out" </dev/null
lacks "none with NO_COLOR" "$(printf '\033')\\[[0-9]+m"

echo data >"$tree/dev/kvmfr0"
chmod 640 "$tree/dev/kvmfr0"
status
has "a regular file in the node's place" '/dev/kvmfr0 is a regular file'
has "owner and mode are told" '0:0 0640'
status --json
valid "JSON is as documented"
value "and says what is there" \
	'd["devices"][0]["node"] == {"path": "/dev/kvmfr0", "state": "regular_file", "mode": "0640", "uid": 0, "gid": 0}'
value "figures are as in the files" \
	'(d["slots"][0]["meter"]["saving_uw"], d["slots"][0]["meter"]["d0_uw"], d["slots"][0]["counters"]["energy_saved_uj"]) == (3012000, None, 16264800000)'
value "ages of another machine are unknown" \
	'd["slots"][0]["wakers"] == [{"time_ms": 12034, "age_ms": None, "name": "lspci", "pid": 4711, "kind": "config"}]'

slot_put $port state blocked
slot_put $port level d0
slot_put $port blockers "0000:01:00.1\truntime_pm_forbidden\tit is kept on\techo auto > /x\n$port\tno_pr3\tthe \033[2Jfirmware\t-"
slot_put $port wakers '12.034\t\0377\033[31mevil\t4711\topen'
status
has "blockers, the first line of each" '0000:01:00\.1 runtime_pm_forbidden: it is kept on'
has "what helps is the doctor's" 'kvmfrctl doctor'
lacks "nothing from sysfs reaches the terminal raw" "$(printf '\033')"
has "a name that is not UTF-8 is shown with question marks" 'last by \?\?\[31mevil \(4711\), open'
status --json
valid "which is valid JSON, too"

chmod 0 "$tree/sys/class/vfio_pm/$port/wakers"
chmod 755 "$work"
setpriv --reuid 65534 --clear-groups kvmfrctl --root "$tree" status >"$work/out" 2>"$work/err"
has "wakers are root's, which is told quietly" '17 x; only root can see by whom'
setpriv --reuid 65534 --clear-groups kvmfrctl --root "$tree" status --json >"$work/out" 2>"$work/err"
value "and null in JSON" 'd["slots"][0]["wakers"] is None'
chmod 644 "$tree/sys/class/vfio_pm/$port/wakers"

# Another kvmfr.ko, and half a slot.
rm -r "$tree/sys/class/kvmfr/kvmfr0" "$tree/sys/class/vfio_pm/$port"
put sys/class/kvmfr/kvmfr0/dev 240:0
slot_put $port state nonsense
status
has "a foreign kvmfr.ko" 'size not shown by this kvmfr.ko'
status --json
valid "unknown figures are valid JSON"
value "as null" 'd["devices"][0]["size_bytes"] is None and d["slots"][0]["level"] is None'
rm -r "$tree/sys/class"
status
has "modules without devices" 'kvmfr is loaded and has no devices'
has "and without slots" 'vfio_pci_pm is loaded and has found none'

# Another tree has no events: the clock alone.
make_laptop
kvmfrctl --root "$tree" status --watch >"$work/out" 2>"$work/err" &
watch=$!
sleep 1
slot_put $port level d3hot
sleep 6
rm -r "$tree/sys/class/vfio_pm" "$tree/sys/module/vfio_pci_pm"
sleep 6
kill -INT $watch
wait $watch
result "watching ends well at a signal" $?
check "one block for each change, none else" \
	[ "$(grep -c '^-- 20..-..-..T' "$work/out")" = 3 ]
has "the first state" 'decided, d3cold now'
has "the change" 'decided, d3hot now'
has "and a module that went" 'vfio_pci_pm is not loaded'
kvmfrctl --root "$tree" status --watch --json >"$work/out" 2>"$work/err" &
watch=$!
sleep 1
put sys/class/kvmfr/kvmfr0/mappings 2
sleep 6
kill -TERM $watch
wait $watch
check "one line of JSON for each change" [ "$(wc -l <"$work/out")" = 2 ]
valid "each of them as documented"

script -qec "TERM=xterm timeout --foreground -s INT 2 kvmfrctl --root $tree status --watch" \
	/dev/null >"$work/out" </dev/null
has "on a terminal it is drawn in place" "$(printf '\033')\[\?1049h.*$(printf '\033')\[H"
tail -c 20 "$work/out" | grep -q "$(printf '\033')\[?25h$(printf '\033')\[?1049l"
result "which is as before in the end" $?

put sys/class/kvmfr/kvmfr1/dev 240:1
put sys/class/kvmfr/kvmfr1/kind ivshmem
put sys/class/kvmfr/kvmfr1/size 1536000
ln -s ../../../0000:00:05.0 "$tree/sys/class/kvmfr/kvmfr1/device"
ln -s kvmfr0 "$tree/dev/kvmfr1"
status
has "memory of a PCI device" 'kvmfr1 +1500 KiB, ivshmem 0000:00:05\.0'
has "a link in the node's place" '/dev/kvmfr1 is something else than this device'

status unexpected
[ $? = 2 ]
result "an argument is a usage error" $?
status --nonsense
[ $? = 2 ]
result "so is an unknown option" $?
kvmfrctl status --help | grep -q -- --watch
result "--help tells the options" $?
kvmfrctl --root "$tree" status >/dev/full 2>"$work/err"
[ $? = 1 ]
result "a full disk is a failure" $?
mkdir -p "$work/odd/sys/class"
: >"$work/odd/sys/class/vfio_pm"
kvmfrctl --root "$work/odd" status >"$work/out" 2>"$work/err"
[ $? = 1 ] && [ "$(wc -l <"$work/err")" = 1 ]
result "what cannot be read is one line and a failure" $?
