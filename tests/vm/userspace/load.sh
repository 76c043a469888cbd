# SPDX-License-Identifier: GPL-2.0
# kvmfrctl load, unload and resize: what the kernel has afterwards, and what is
# said. The kernel's command line has kvmfr.static_size_mb=32.
# shellcheck shell=sh # sourced
conf=/etc/modprobe.d/kvmfr.conf
at_boot=/etc/modules-load.d/kvmfr.conf
modules=/lib/modules/$(uname -r)/updates
rm -f "$conf" "$at_boot"

sizes()
{
	cat /sys/module/kvmfr/parameters/static_size_mb 2>/dev/null || echo unloaded
}

# ctl ARGUMENT...: sets $status, $out and $err
ctl()
{
	status=0
	kvmfrctl "$@" >/tmp/out 2>/tmp/err || status=$?
	out=$(cat /tmp/out)
	err=$(cat /tmp/err)
}

# hold WHAT: a process that has /dev/kvmfr0 open, mapped, or a dma-buf of it; its
# pid is $holder
hold()
{
	rm -f /tmp/ready
	perl -e '
		my ($what, $path, $fd, $address) = ($ARGV[0], $ARGV[1]);
		open(my $node, "+<", $path) or die "$path: $!";
		if ($what eq "mapped" || $what eq "private") {
			# mmap(NULL, 4096, PROT_READ, MAP_SHARED or MAP_PRIVATE)
			$address = syscall(9, 0, 4096, 1, $what eq "mapped" ? 1 : 2, fileno($node), 0);
			die "mmap: $!" if $address == -1;
		}
		if ($what =~ /dmabuf/) {
			my $request = pack("C x7 Q Q", 0, 0, 4096);
			$fd = ioctl($node, 0x40187542, $request) or die "ioctl: $!";
		}
		if ($what eq "mapped dmabuf") {
			$address = syscall(9, 0, 4096, 1, 1, $fd, 0);
			die "mmap: $!" if $address == -1;
		}
		close($node) unless $what eq "open";
		open(my $ready, ">", "/tmp/ready");
		close($ready);
		sleep 600;
	' "$1" "${2-/dev/kvmfr0}" &
	holder=$!
	until_is 20 yes sh -c '[ -e /tmp/ready ] && echo yes'
}

release()
{
	kill "$holder"
	wait "$holder" 2>/dev/null
	rm -f /tmp/ready
}

ctl unload
is "unload without the module fails" 1 "$status"
like "and says why" "is not loaded" "$err"
ctl resize 64
is "so does resize" 1 "$status"
like "and names load" "kvmfrctl load" "$err"

ctl load 64 128
is "load takes several sizes" 0 "$status"
is "the module has them, whatever the command line says" 64,128 "$(sizes)"
is "they are told" "/dev/kvmfr0 64 MiB, /dev/kvmfr1 128 MiB" "$out"
passes "the nodes are there" [ -c /dev/kvmfr1 ]
ctl load 64
is "load does not load twice" 1 "$status"
like "and says what there is" "with 64,128 MiB; kvmfrctl resize" "$err"
is "nothing has changed" 64,128 "$(sizes)"

for what in open mapped private dmabuf "mapped dmabuf"; do
	hold "$what"
	ctl unload
	is "unload refuses: $what" 1 "$status"
	like "and names the process ($what)" "^  perl \\(pid $holder, uid 0\\):" "$err"
	case $what in
	open) want='open$' ;;
	mapped | private) want='mapped$' ;;
	*) want='1 dma-buf$' ;;
	esac
	like "and says how ($what)" ": $want" "$err"
	ctl resize 32
	is "resize refuses: $what" 1 "$status"
	is "nothing has changed ($what)" 64,128 "$(sizes)"
	release
done

# A /dev of its own, as libvirt makes for QEMU.
rm -f /tmp/ready
unshare -m sh -c 'mkdir /tmp/private && mount -t tmpfs none /tmp/private &&
	mknod /tmp/private/other c "$((0x$(stat -c %t /dev/kvmfr0)))" 0 &&
	exec 3<>/tmp/private/other && : >/tmp/ready && exec sleep 600' &
holder=$!
until_is 20 yes sh -c '[ -e /tmp/ready ] && echo yes'
ctl unload
is "a holder with a node of its own is seen" 1 "$status"
like "by name" "^  sleep \\(pid [0-9]+, uid 0\\): open$" "$err"
release

ctl resize --dry-run 32
is "--dry-run says what it would do" "static_size_mb: 64,128 -> 32" "$out"
is "and changes nothing" 64,128 "$(sizes)"
ctl resize 32
is "resize works" 0 "$status"
is "the module has the new size" 32 "$(sizes)"
is "which is told" "/dev/kvmfr0 32 MiB" "$out"
ctl resize 48
like "not a power of two is a warning" "48 MiB is not a power of two.*use 64" "$err"
is "and works" 48 "$(sizes)"

ctl resize 64 2047 2047
is "more than there is fails" 1 "$status"
is "the old size is back" 48 "$(sizes)"
passes "with its node" [ -c /dev/kvmfr0 ]
like "it says why" "not enough memory" "$err"
like "with the kernel's own words" "The kernel says: kvmfr: .*only [0-9]+ MiB" "$err"
like "and that all is as before" "as before: 48" "$err"

bad=0
for delay in 0 0.01 0.02 0.05 0.1; do
	kvmfrctl resize 256 >/dev/null 2>&1 &
	child=$!
	sleep "$delay"
	kill -TERM "$child" 2>/dev/null
	kill -INT "$child" 2>/dev/null
	wait "$child" 2>/dev/null
	case $(sizes) in
	48 | 256) ;;
	*) bad=$((bad + 1)) ;;
	esac
	kvmfrctl resize 48 >/dev/null 2>&1
done
is "no signal leaves the machine without the module" 0 "$bad"

# The way back may be one to no device, which the kernel's command line is not.
modprobe -r kvmfr
insmod "$modules/kvmfr.ko"
ctl resize 64 2047 2047
is "what does not fit fails without devices, too" 1 "$status"
is "there is none again, whatever the command line says" "" "$(sizes)"
like "which is told" "as before: none" "$err"
modprobe -r kvmfr
modprobe kvmfr static_size_mb=32 numa_node=0
ctl resize 48
is "other parameters stay" 0 "$(cat /sys/module/kvmfr/parameters/numa_node)"

# A person who waits is told why; the line is only for a terminal.
echo 'install kvmfr sleep 3; /sbin/modprobe --ignore-install kvmfr $CMDLINE_OPTS' >/etc/modprobe.d/slow.conf
script -qec 'kvmfrctl resize 64' /dev/null </dev/null >/tmp/screen 2>&1
like "after two seconds a terminal is told" "still loading kvmfr" "$(cat /tmp/screen)"
is "and it works" 64 "$(sizes)"
ctl resize 48
is "which a file is not" "kvmfrctl: 48 MiB is not a power of two: QEMU will not take /dev/kvmfr0; use 64" "$err"
rm /etc/modprobe.d/slow.conf

# Nothing can be loaded any more: neither the new sizes nor the old ones.
echo 'install kvmfr /bin/false' >/etc/modprobe.d/broken.conf
ctl resize 64
is "a failing way back fails" 1 "$status"
is "and there is no module" unloaded "$(sizes)"
like "the command that would help is told" "modprobe kvmfr static_size_mb=48" "$err"
rm /etc/modprobe.d/broken.conf

ctl load
is "load without sizes takes the configured ones" 0 "$status"
is "here of the kernel's command line" 32 "$(sizes)"
printf '# mine\noptions kvmfr numa_node=0 static_size_mb=16\n' >"$conf"
ctl resize --persist --dry-run 64
like "--persist --dry-run shows a diff" "^\\+options kvmfr numa_node=0 static_size_mb=64$" "$out"
like "the file is as before" static_size_mb=16 "$(cat "$conf")"
ctl resize --persist 64
is "what the command line says comes last, and that is an error" 1 "$status"
like "which is told" "static_size_mb=32 is set elsewhere" "$err"
is "the file keeps the rest" "# mine
options kvmfr numa_node=0 static_size_mb=64" "$(cat "$conf")"
is "the module is loaded at boot" kvmfr "$(grep -v '^#' "$at_boot")"
modprobe -r kvmfr
modprobe kvmfr
is "as was told, modprobe takes the command line's" 32 "$(sizes)"
sed 's/kvmfr.static_size_mb=32//' /proc/cmdline >/tmp/cmdline
mount --bind /tmp/cmdline /proc/cmdline
ctl resize --persist 128 64
is "--persist without it works" 0 "$status"
modprobe -r kvmfr
modprobe kvmfr
is "modprobe gives the sizes of --persist" 128,64 "$(sizes)"
ctl resize --forget
is "--forget works" 0 "$status"
is "the file is as it was" "# mine
options kvmfr numa_node=0 static_size_mb=16" "$(cat "$conf")"
passes "and the other one gone" [ ! -e "$at_boot" ]
passes "nothing is left over" sh -c '! ls /etc/modprobe.d /etc/modules-load.d | grep kvmfrctl'
rm -f "$conf"

ctl unload
is "unload works" 0 "$status"
is "and the module is gone" unloaded "$(sizes)"
setpriv --reuid 65534 --clear-groups kvmfrctl load 64 >/tmp/out 2>/tmp/err
is "only root can load" 1 $?
like "and that is told" "use sudo" "$(cat /tmp/err)"
is "nothing is loaded" unloaded "$(sizes)"

# QEMU was started first.
truncate -s 64M /dev/kvmfr0
hold open
ctl load 64
is "a regular file in the place of the node stops load" 1 "$status"
like "which says so" "/dev/kvmfr0 is a regular file" "$err"
like "and who has it" "^  perl \\(pid $holder, uid 0\\): open$" "$err"
like "and what to do" "rm /dev/kvmfr0" "$err"
is "nothing is loaded then" unloaded "$(sizes)"
release
ctl load 64
like "nobody has it any more" "Nobody has it open; remove it: rm /dev/kvmfr0" "$err"
rm /dev/kvmfr0
ctl load 64
is "the remedy helps" 0 "$status"
passes "and there is a node" [ -c /dev/kvmfr0 ]
truncate -s 1M /dev/kvmfr1
ctl resize 32 32
is "resize does not walk into it either" 1 "$status"
is "and changes nothing" 64 "$(sizes)"
rm /dev/kvmfr1

# No module for this kernel.
mv "$modules/kvmfr.ko" /tmp/kvmfr.ko
depmod -a
ctl resize 32
is "resize without the module's file fails" 1 "$status"
is "before anything is unloaded" 64 "$(sizes)"
ctl unload
is "unload needs no file" 0 "$status"
ctl load 32
is "load without it fails" 1 "$status"
like "and names the kernel" "not been built for this kernel, $(uname -r | sed 's/[.+]/\\&/g')" "$err"
like "and the next step" "dkms" "$err"
# Another kernel's.
head -c 4096 /dev/zero >"$modules/kvmfr.ko"
depmod -a 2>/dev/null
ctl load 32
is "a broken file is an error" 1 "$status"
like "that says so" "file is broken or for another kernel" "$err"
mv /tmp/kvmfr.ko "$modules/kvmfr.ko"
depmod -a
