#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# kvmfrctl size: the published table, and what is not a picture.
set -u
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# check TEXT COMMAND...
check()
{
	text=$1
	shift
	if "$@"; then
		echo "ok - $text"
	else
		echo "not ok - $text"
	fi
}

# row MODE B7 HDR IDD SIZE SIZE_HDR: the columns of kvmfrctl size MODE
row()
{
	kvmfrctl size "$1" >"$dir/sdr" && kvmfrctl size --hdr "$1" >"$dir/hdr" || return 1
	is_row "$dir/sdr" "$1 $2 MiB $4 MiB $5 MiB" && is_row "$dir/hdr" "$1 $3 MiB $4 MiB $6 MiB" &&
		grep -qxF "options kvmfr static_size_mb=$5" "$dir/sdr" &&
		grep -qF "($(($6 * 1048576)) bytes)" "$dir/hdr" &&
		grep -qF "\"size\":$(($6 * 1048576))," "$dir/hdr"
}

is_row()
{
	[ "$(sed -n 2p "$1" | tr -s ' ')" = "$2" ] && return
	echo "# wanted '$2' in:"
	sed 's/^/# /' "$1"
	return 1
}

# refuses TEXT ARGUMENT...: exit 2, one line, nothing on stdout, and it names TEXT
refuses()
{
	part=$1
	shift
	kvmfrctl size "$@" >"$dir/out" 2>"$dir/err"
	[ $? -eq 2 ] && [ ! -s "$dir/out" ] && [ "$(wc -l <"$dir/err")" -eq 1 ] &&
		grep -qF -- "$part" "$dir/err" && return
	sed 's/^/# /' "$dir/err"
	return 1
}

while read -r mode b7 hdr idd size size_hdr; do
	check "$mode is as published" row "$mode" "$b7" "$hdr" "$idd" "$size" "$size_hdr"
done <<END
1280x720 17.03 24.06 14.55 32 32
1920x1080 25.82 41.64 27.73 32 64
1920x1200 27.58 45.16 30.37 32 64
2560x1080 31.09 52.19 35.64 64 64
2560x1440 38.12 66.25 46.19 64 128
2560x1600 41.25 72.50 50.88 64 128
2880x1800 49.55 89.10 63.33 64 128
3440x1440 47.79 85.59 60.95 64 128
3840x1600 56.88 103.75 74.31 128 128
3840x2160 73.28 136.56 98.92 128 256
5120x1440 66.25 122.50 88.38 128 128
5120x2160 94.38 178.75 130.56 256 256
5120x2880 122.50 235.00 172.75 256 256
7680x2160 136.56 263.12 193.84 256 512
7680x4320 263.12 516.25 383.69 512 1024
END

kvmfrctl size --host b7 3840x1600 >"$dir/b7"
check "--host b7 has its column only" is_row "$dir/b7" "3840x1600 56.88 MiB 64 MiB"
kvmfrctl size --host idd 1280x720 --hdr >"$dir/idd"
check "--host idd has its column only" is_row "$dir/idd" "1280x720 14.55 MiB 16 MiB"
kvmfrctl size 1920x1080 3840x2160 2560x1440 >"$dir/several"
check "the largest of several counts" grep -q "^One device of 128 MiB (134217728 bytes)" "$dir/several"
check "each has its line" [ "$(grep -c 'MiB  .*MiB  .*MiB$' "$dir/several")" -eq 3 ]

awk '/qemu:commandline>/ && !started { started = 1; print "<domain xmlns:qemu=\"http://libvirt.org/schemas/domain/qemu/1.0\">" }
	started { print }
	END { print "</domain>" }' "$dir/several" >"$dir/domain.xml"
python3 - "$dir/domain.xml" >"$dir/arguments" <<'END'
import json, sys, xml.etree.ElementTree as tree
arguments = [a.get('value') for a in tree.parse(sys.argv[1]).getroot()[0]]
assert arguments[0::2] == ['-device', '-object'], arguments
device, memory = (json.loads(a) for a in arguments[1::2])
assert device['driver'] == 'ivshmem-plain' and device['memdev'] == memory['id']
assert memory['qom-type'] == 'memory-backend-file' and memory['mem-path'] == '/dev/kvmfr0'
assert memory['size'] == 134217728 and memory['share'] is True and memory['align'] == 2097152
END
check "the XML is well-formed and its arguments are JSON" [ $? -eq 0 ]

# The example of a whole machine has the same words.
kvmfrctl size 2560x1440 | sed -n '/^<qemu:commandline>/,$p' >"$dir/words"
sed -n '/^  <qemu:commandline>/,/^  <\/qemu:commandline>/s/^  //p' \
	"${0%/*}/../../../Documentation/libvirt-domain.xml" >"$dir/example"
check "Documentation/libvirt-domain.xml says the same" cmp "$dir/words" "$dir/example"

kvmfrctl size --json --hdr 1920x1080 3840x2160 >"$dir/json"
python3 - "$dir/json" <<'END'
import json, sys
answer = json.load(open(sys.argv[1]))
assert answer['mib'] == 256 and answer['bytes'] == 268435456 and answer['hdr'] is True
assert answer['host'] == 'both' and answer['modprobe'] == 'options kvmfr static_size_mb=256'
assert '"size":268435456' in answer['xml']
first, second = answer['modes']
assert first == {'width': 1920, 'height': 1080, 'b7_bytes': 43663360, 'idd_bytes': 29077504, 'mib': 64}, first
assert second['mib'] == 256
END
check "--json says the same" [ $? -eq 0 ]

check "no mode is a mistake" sh -c 'kvmfrctl size >"$0" 2>&1; [ $? -eq 2 ] && grep -q 3840x2160 "$0"' "$dir/none"
check "an unknown option is one" sh -c 'kvmfrctl size --sdr 1x1 >"$0" 2>&1; [ $? -eq 2 ] && grep -q sdr "$0"' "$dir/unknown"
for mode in 0x10 0 3840 3840X2160 3840x2160x '3840x2160 ' -- 3840*2160 x '' 99999 1e3x100; do
	check "'$mode' is not a mode" refuses "'$mode'" -- "$mode"
done
for mode in 10x0 99999x1080 1920x32769 99999999999999999999x1; do
	check "'$mode' is out of range" refuses "32768" "$mode"
done
check "the first of several mistakes is told" refuses "'bad'" 1920x1080 bad worse
check "what is not UTF-8 does not reach the terminal" refuses "'19?0x1080'" "$(printf '19\3770x1080')"
check "nor do escape sequences" refuses "'?[31m'" "$(printf '\033[31m')"
check "an unknown host is a mistake" refuses "--host 'b6' is not b7, idd or both" --host b6 1920x1080
kvmfrctl size 1920x1080 16384x16384 >"$dir/out" 2>"$dir/err"
check "too large is an error" [ $? -eq 1 ]
check "that says what the largest is" grep -qx "kvmfrctl: 16384x16384 needs 4096 MiB, and the largest .* has 1024 MiB" "$dir/err"
check "and prints nothing else" [ ! -s "$dir/out" ]
kvmfrctl size 1920x1080 >/dev/full 2>"$dir/err"
check "output that cannot be written is a failure" [ $? -eq 1 ]
check "--help explains the hosts" sh -c 'kvmfrctl size --help | grep -q "display driver"'
check "what README shows works" sh -c 'kvmfrctl size 3840x2160 >/dev/null'
