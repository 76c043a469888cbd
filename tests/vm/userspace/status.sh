# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # run by guest/userspace, with the words of tap.sh
# kvmfrctl status where kvmfr.ko comes and goes, with and without udev.

line()
{
	kvmfrctl status | grep -E "$1" || kvmfrctl status
}

# Like jq, but Debian 12's root has none: values of KEY, in their order
values()
{
	kvmfrctl status --json | sed -n "s/^ *\"$1\": *\"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" |
		paste -sd' '
}

# Milliseconds until the file has so many lines with a text.
until_lines()
{
	now_ms
	began=$now
	while [ "$(grep -c "$2" "$1")" -lt "$3" ] && [ "$now" -lt $((began + 8000)) ]; do
		sleep 0.05
		now_ms
	done
	took=$((now - began))
}

is "nothing is loaded" "kvmfr and vfio_pci_pm are not loaded; next: kvmfrctl doctor" \
	"$(kvmfrctl status)"
passes "kvmfr is loaded" modprobe kvmfr static_size_mb=2,4
like "two devices" '^  kvmfr1 +4 MiB, static' "$(line kvmfr1)"
like "nobody has one" '^  kvmfr0 +2 MiB, static, huge [0-9]+ %, 0 mappings, 0 dma-bufs, root:root 0660' \
	"$(line 'kvmfr0 ')"
chgrp kvm /dev/kvmfr1
chmod 660 /dev/kvmfr1
like "owner and mode of the node" 'root:kvm 0660' "$(line 'kvmfr1 ')"

# Somebody who maps one and has the other open.
# mmap(NULL, 4096, PROT_READ, MAP_SHARED) has the number 9.
perl -e '
	open(my $node, "+<", "/dev/kvmfr0") or die "kvmfr0: $!";
	die "mmap: $!" if syscall(9, 0, 4096, 1, 1, fileno($node), 0) == -1;
	close($node);
	open(my $other, "+<", "/dev/kvmfr1") or die "kvmfr1: $!";
	open(my $ready, ">", "/tmp/ready");
	close($ready);
	sleep 1000' &
holder=$!
becomes "somebody maps it" 20 yes sh -c '[ -e /tmp/ready ] && echo yes'
like "mappings are counted" '1 mapping,' "$(line 'kvmfr0 ')"
like "who maps it is named" "mapped by perl \($holder\)" "$(line 'mapped by')"
like "and who has the other one open" "open in perl \($holder\)" "$(line 'open in')"
is "JSON knows it, too" "1 0 | $holder $holder | true false | false true" \
	"$(values mapping_count) | $(values pid) | $(values mapped) | $(values open)"
like "without rights some cannot be seen, which is told" \
	'[0-9]+ process(es)? not visible without root' \
	"$(setpriv --reuid 65534 --clear-groups kvmfrctl status)"
kill $holder
wait $holder
like "then nobody has it" '0 mappings' "$(line 'kvmfr0 ')"

rm /dev/kvmfr1
like "a node that is gone" '/dev/kvmfr1 is missing' "$(line 'is missing')"
echo data >/dev/kvmfr1
like "a regular file in its place" '/dev/kvmfr1 is a regular file' "$(line 'regular file')"
is "is told in JSON" "right regular_file" "$(values state)"
rm /dev/kvmfr1

# Events of the kernel: far sooner than the clock, which looks every 5 s.
watch_modules()
{
	kvmfrctl status --watch >/tmp/watch 2>&1 &
	watch=$!
	until_lines /tmp/watch '^-- ' 1
	for round in 1 2; do
		sleep 1.2
		rmmod kvmfr
		until_lines /tmp/watch 'kvmfr is not loaded\|are not loaded' $round
		between "$1, unloading is seen after ms" 0 2500 $took
		sleep 1.2
		modprobe kvmfr static_size_mb=8
		until_lines /tmp/watch 'kvmfr0 .* 8 MiB' $round
		between "$1, loading is seen after ms" 0 2500 $took
	done
	sleep 2	# for the rules of udev
	blocks=$(grep -c '^-- ' /tmp/watch)
	sleep 6
	is "$1, nothing is printed while nothing changes" "$blocks" "$(grep -c '^-- ' /tmp/watch)"
	kill -INT $watch
	wait $watch
	is "$1, it ends well" 0 $?
	is "$1, it complains of nothing" "" "$(grep kvmfrctl: /tmp/watch)"
}

is "udev does not run" no "$([ -e /run/udev/control ] && echo yes || echo no)"
watch_modules "without udev"
passes "udev runs" /lib/systemd/systemd-udevd --daemon
becomes "it can be talked to" 10 yes sh -c '[ -e /run/udev/control ] && echo yes'
watch_modules "with udev"
udevadm control --exit
rmmod kvmfr
