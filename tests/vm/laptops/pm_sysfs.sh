# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2046,SC2086,SC2116,SC2154 # set by lib.sh
document=/lib/kvmfr/sysfs-class-vfio_pm
writable=policy
write_only="measure meter/sample"
root_only=wakers

documented()
{
	sed -n 's|^What:.*/<port>/\(..*[^/]\)$|\1|p' $document | sort
}

# But for what every device has.
existing()
{
	(cd $slot && find . -type f) | sed 's|^[.]/||' |
		grep -vE '^(uevent|power/.*)$' | sort
}

readable()
{
	for name in $(documented); do
		case " $write_only " in
		*" $name "*) ;;
		*) echo $name ;;
		esac
	done
}

# Everything there is to read but for what goes on with time.
snapshot()
{
	(cd $slot && grep -H '' $(readable |
		grep -vE '^counters/(time_.*_ms|energy_saved_uj)$') 2>&1)
}

# How long each device was awake, which only waking it changes.
awake_ms()
{
	for address in $port $(below $port); do
		echo $address $(power_of $address) \
			$(cat $pci/$address/power/runtime_active_time)
	done
}

# as_nobody COMMAND: without any rights
as_nobody()
{
	su -s /bin/sh nobody -c "$1"
}

# give FILE TEXT: what printf makes of it, in one write
give()
{
	# shellcheck disable=SC2059 # with its escapes
	printf "$2" >/tmp/text
	dd if=/tmp/text of=$slot/$1 bs=8192 2>&1
}

# refuses FILE WHAT TEXT
refuses()
{
	snapshot >/tmp/values
	like "$1 refuses $2" 'Invalid argument' "$(give $1 "$3")"
	snapshot >/tmp/values.then
	passes "and nothing has changed" diff /tmp/values /tmp/values.then
}

# What is nonsense for all three.
refuses_nonsense()
{
	refuses $1 "nothing but a newline" '\n'
	refuses $1 "a blank" ' '
	refuses $1 "blanks" '    \n'
	refuses $1 "a sign" -
	refuses $1 "minus one" -1
	refuses $1 "two to the 32" 4294967296
	refuses $1 "two to the 64" 18446744073709551616
	refuses $1 "zero bytes" '\0\0'
	refuses $1 "a page of letters" "$(printf %4096s '' | tr ' ' a)"
	refuses $1 "a page of ones" "$(printf %4096s '' | tr ' ' 1)"
	refuses $1 "a page of blanks" "$(printf %4096s '')"
	refuses $1 "bytes above 127" '\377\376'
	refuses $1 "format directives" '%%s%%n'
}

begin
verdict_is saves d3cold

is "port leads to the device" $(readlink -f $pci/$port) \
	"$(readlink -f $slot/port)"
is "it is a virtual device" /sys/devices/virtual/vfio_pm/$port \
	"$(readlink -f $slot)"
is "what is documented is what there is" "$(documented)" "$(existing)"
echo "# attributes: $(existing | wc -l)"
for name in $(existing); do
	mode=444
	case " $writable , $write_only ; $root_only " in
	*" $name "*,*) mode=644 ;;
	*,*" $name "*\;*) mode=200 ;;
	*\;*" $name "*) mode=400 ;;
	esac
	is "mode and owner of $name" "$mode 0 0" "$(stat -c '%a %u %g' $slot/$name)"
done
for name in $(readable); do
	[ $name != $writable ] || continue
	error=$({ echo 1 >$slot/$name; } 2>&1)
	like "$name cannot be written" 'Permission denied' "$error"
done
for name in $write_only; do
	like "$name cannot be read" 'Permission denied' "$(show $name 2>&1)"
done
for name in state chosen level policy verdict rpm_status pci_state acpi_target \
	acpi_sta wake_verified meter/source; do
	like "$name is a word" '^[a-z0-9_]+$|^D3hot$|^D3cold$' "$(show $name)"
done
for name in $(existing | grep -E '^counters/|^meter/.*_uw$'); do
	like "$name is a number" '^-?[0-9]+$|: No data available$' \
		"$(show $name 2>&1)"
done
is "every value is one line" "" "$(
	for name in $(readable | grep -vE '^(blockers|functions|wakers)$'); do
		[ "$(show $name 2>/dev/null | wc -l)" -le 1 ] || echo $name
	done
)"
like "functions are listed" "^$(functions | head -n 1)	0x[0-9a-f]{6}	vfio-pci	suspended	D3cold$" \
	"$(show functions)"
is "all of them" "$(functions)" "$(show functions | cut -f 1)"

# From here: nothing wakes it.
mkdir -p /etc
chmod 755 /
echo 'nobody:x:65534:65534::/:/bin/sh' >/etc/passwd
is "there is somebody without rights" 65534 "$(as_nobody 'id -u')"
awake_ms >/tmp/awake
snapshot >/tmp/before
wakeups=$(show counters/wakeups)
files=$(for name in $(readable); do echo $slot/$name; done)
for round in $(seq 200); do
	cat $files
done >/tmp/read 2>/dev/null
lines=$(wc -l </tmp/read)
for round in $(seq 20); do
	as_nobody "cat $(echo $files)"
done >/tmp/read.nobody 2>/dev/null
between "lines read by root" 7000 20000 $lines
is "the same number per round by nobody" $((lines / 10)) \
	"$(wc -l </tmp/read.nobody)"
awake_ms >/tmp/awake.then
snapshot >/tmp/after
passes "no device was awake meanwhile" diff /tmp/awake /tmp/awake.then
passes "no value has changed" diff /tmp/before /tmp/after
is "nothing was counted as waking it" $wakeups "$(show counters/wakeups)"
draws "draw of the laptop" 15000
for name in $writable $write_only; do
	like "nobody cannot write $name" 'Permission denied' \
		"$(as_nobody "echo 1 >$slot/$name" 2>&1)"
done

refuses_nonsense policy
for text in AUTO Auto autox aut ' auto' 'auto ' 'auto x' '+auto' '-auto' \
	'auto\n\n' 'auto\nd0' 'auto\0' 'au\0to' 'd3cold\0x' d3 D3cold D0 0 1 \
	0x0 saves; do
	refuses policy "'$text'" "$text"
done
refuses_nonsense measure
for text in 0 2 01 11 +1 ' 1' '1 ' '1 1' 0x1 1.0 '1\0' '1\n\n' '1\n1' one auto \
	4294967297 18446744073709551617; do
	refuses measure "'$text'" "$text"
done
refuses_nonsense meter/sample
for text in 0 00 +5 ' 5' '5 ' '5 5' 0x5 5.0 5e6 5W '5\0' '5\0005' '5\n\n' \
	500000001 4294967301 18446744073709551621; do
	refuses meter/sample "'$text'" "$text"
done
is "it has slept through all of this" $wakeups "$(show counters/wakeups)"
awake_ms >/tmp/awake.then
passes "no device was awake meanwhile" diff /tmp/awake /tmp/awake.then

for name in $root_only $write_only; do
	like "nobody cannot read $name" 'Permission denied' \
		"$(as_nobody "cat $slot/$name" 2>&1)"
done

# Nonsense that was refused has not used up what makes sense.
for text in 1 500000000; do
	like "sample takes $text" '^0[+]1 records out$' \
		"$(give meter/sample $text)"
done
is "the battery comes first" battery "$(show meter/source)"
give policy d3hot >/dev/null
becomes "policy takes its words without a newline" 10 d3hot show level
measurements=$(show counters/measurements)
give policy 'auto\n' >/dev/null
becomes "and with one" 60 measuring show state
give measure 1 >/dev/null
becomes "measure takes 1" 60 $((measurements + 2)) show counters/measurements

# With a slot.
passes "it can be unloaded" unload
# shellcheck disable=SC2317 # called by name
sys()
{
	find /sys -path /sys/kernel/slab -prune -o -path /sys/kernel/debug -prune \
		-o -print | sort
}
sys >/tmp/before
for round in $(seq 20); do
	load && sleep 0.5 && unload || echo "round $round failed"
done >/tmp/rounds 2>&1
is "it can be loaded and unloaded twenty times" "" "$(cat /tmp/rounds)"
sys >/tmp/after
passes "what is in /sys is what was before" diff /tmp/before /tmp/after
becomes "the port is in D3cold" 10 "D3cold suspended" power_of $port
