# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # words are those of tap.sh
# Two guests with KVM, whose shared memory is /dev/kvmfr0 of this machine; our
# module is in them, too. The first one has a virtiofs share besides, so that
# virtiofsd has all of its memory, that of /dev/kvmfr0 included.
# shellcheck source=tests/acceptance/machine.sh
. /lib/kvmfr/machine.sh
mib=16
bytes=$((mib * 1048576))
share=/var/tmp/share
memory=mem-path=$node,size=${mib}M,align=2M
plug=ivshmem-plain,id=shared,memdev=shm,bus=rp

# guest_start NAME [ARGUMENT...]
guest_start()
{
	guest=$1
	shift
	rm -f "/tmp/$guest-shell".*
	mkfifo "/tmp/$guest-shell.in" "/tmp/$guest-shell.out"
	vm_run "$guest" "$memory" \
		-accel kvm -cpu host -m 256 -no-reboot \
		-object memory-backend-memfd,id=ram,size=256M,share=on \
		-M memory-backend=ram \
		-kernel /lib/kvmfr/vmlinuz -initrd /lib/kvmfr/guest.img \
		-append "console=ttyS0 quiet oops=panic panic=-1" \
		-serial "file:/tmp/$guest.console" -serial "pipe:/tmp/$guest-shell" \
		-device pcie-root-port,id=rp,chassis=1 -device "$plug" "$@"
}

# guest_ready NAME
guest_ready()
{
	answer=$(timeout 400 sed -u '/^ready/q' "/tmp/$1-shell.out" | tr -d '\r')
	if [ "$answer" != ready ]; then
		logs
		echo "Bail out! guest $1 does not boot"
		exit 1
	fi
	is "guest $1: QEMU has nothing to say" "" "$(cat "/tmp/$1.err")"
}

# at WHERE COMMAND: in that guest, or on the host
at()
{
	if [ "$1" = host ]; then
		eval "$2"
	else
		vm_ask "$1-shell" "$2" | sed '$d'
	fi
}

# has_node GUEST TEXT
has_node()
{
	becomes "$2: size and kind of guest $1's device" 30 "$bytes ivshmem" \
		at "$1" 'echo $(cat /sys/class/kvmfr/kvmfr0/size /sys/class/kvmfr/kvmfr0/kind)'
	is "$2: its node" "character special file" "$(at "$1" "stat -c %F $node")"
}

# passes_data FROM TO [HOW]: what one writes is what the other one reads. HOW is
# by what FROM writes it.
passes_data()
{
	how=${3-map}
	seed=$(($(od -A n -N 4 -t u4 /dev/urandom) & 0xffffff))
	wrote=$(at "$1" "shared_memory write $how $seed")
	echo "# seed $seed"
	text="$1 ($how) to $2"
	is "$text (map)" "${wrote:-a checksum}" "$(at "$2" "shared_memory sum map")"
	is "$text (dma-buf)" "${wrote:-a checksum}" "$(at "$2" "shared_memory sum dmabuf")"
}

all_directions()
{
	passes_data host one
	passes_data one host
	passes_data one two dmabuf
	passes_data two one
	passes_data two host dmabuf
	passes_data host two dmabuf
}

share_start()
{
	mkdir $share
	/usr/libexec/virtiofsd --socket-path=/tmp/fs.sock --shared-dir=$share \
		--sandbox none 2>/tmp/fs.err &
	virtiofsd=$!
	becomes "virtiofsd starts" 30 "socket" stat -c %F /tmp/fs.sock
}

# share_works TEXT: the guest reads a file that has never been there before
share_works()
{
	head -c 300000 /dev/urandom >$share/file
	sum=$(sha256sum <$share/file)
	is "$1: guest one reads a file" "$sum" "$(at one 'sha256sum </mnt/file')"
	is "$1: virtiofsd is alive" virtiofsd "$(cat "/proc/$virtiofsd/comm")"
}

# Mappings of the device by virtiofsd
shared_with_virtiofsd()
{
	grep -c " $node\$" "/proc/$virtiofsd/maps"
}

start()
{
	load $mib
	share_start
	guest_start one -chardev socket,id=fs,path=/tmp/fs.sock \
		-device vhost-user-fs-pci,chardev=fs,tag=share
	one=$vm
	guest_start two
	two=$vm
	for guest in one two; do
		guest_ready $guest
		is "guest $guest loads the module" 0 \
			"$(at $guest 'insmod /lib/kvmfr/kvmfr.ko; echo $?')"
		has_node $guest "at first"
	done
	is "guest one mounts the share" 0 "$(at one 'mount -t virtiofs share /mnt; echo $?')"
	is "the device is memory that virtiofsd has" 1 "$(shared_with_virtiofsd)"
	share_works "with that"
}

gone='mapping: BUS
mapping of the dma-buf: BUS
size: ENODEV
new dma-buf: ENODEV
new mapping: ENODEV
new mapping of the dma-buf: ENODEV
sync of the dma-buf: ENODEV
end'

# The device is taken from guest one while a program there uses it.
unplug()
{
	at one 'shared_memory use >/tmp/use 2>&1 & user=$!'
	becomes "a program uses the device" 30 "in use" at one 'cat /tmp/use'
	is "by two mappings and a dma-buf" "2 1" \
		"$(at one 'cd /sys/class/kvmfr/kvmfr0; echo $(cat mappings exports); cd /')"
	vm_ask one "device_del shared" >/tmp/device_del
	becomes "unplugged: QEMU's device is gone" 60 0 devices_of one
	is "unplugged: the guest's is gone" "0 1" \
		"$(at one "echo \$(ls /sys/class/kvmfr | wc -l) \$(test -e $node; echo \$?)")"
	becomes "unplugged: what the program sees" 30 "$gone" at one "sed 1d /tmp/use"
	becomes "unplugged: virtiofsd does not have it any more" 30 0 shared_with_virtiofsd
	vm_ask one "object_del shm" >/tmp/object_del
	becomes "unplugged: nor QEMU, it is the other guest's alone" 30 1 attribute mappings
	share_works "unplugged"
	passes_data two host
}

# devices_of NAME: how many there are for QEMU
devices_of()
{
	vm_ask "$1" "info qtree" | grep -c "dev: ivshmem-plain"
}

# QEMU 10 gives up when an ivshmem device gets memory that another one has had.
replug()
{
	vm_ask one "object_add memory-backend-file,id=shm,share=on,$memory" >/tmp/object_add
	vm_ask one "device_add $plug" >/tmp/device_add
	has_node one "plugged in"
	becomes "plugged in: virtiofsd has it again" 30 1 shared_with_virtiofsd
	share_works "plugged in"
	passes_data host one
	passes_data one two dmabuf
	passes_data two one
	is "the program has what it had until it ends" 143 \
		"$(at one 'kill $user; wait $user 2>/dev/null; echo $?')"
}

# guest_ends NAME PROCESS
guest_ends()
{
	is "guest $1 unloads the module" 0 "$(at "$1" 'rmmod kvmfr; echo $?')"
	is "guest $1: its kernel is content" "tainted: 12288" "$(at "$1" complaints)"
	at "$1" 'umount /mnt 2>/dev/null; poweroff -f' >/dev/null
	passes "guest $1 powers off" wait "$2"
	is "guest $1: QEMU has nothing to say" "" "$(cat "/tmp/$1.err")"
}

end()
{
	is "both guests have the device" no "$(modprobe -r kvmfr 2>/dev/null || echo no)"
	guest_ends two "$two"
	guest_ends one "$one"
	passes "virtiofsd ends with its guest" wait "$virtiofsd"
	is "nothing is left" "0 0" "$(attribute mappings) $(attribute exports)"
	unload "after the guests"
}

# What the tools had to say, if something went wrong.
logs()
{
	for log in /tmp/one.err /tmp/two.err /tmp/fs.err /tmp/one.console /tmp/two.console; do
		tail -n 20 "$log" 2>&1 | tr -d '\r' | sed "s,^,# ${log##*/}: ,"
	done
}

qemu-system-x86_64 --version | sed 's/^/# /;q'
echo "# $(/usr/libexec/virtiofsd --version)"
/lib/systemd/systemd-udevd --daemon
start
all_directions
unplug
replug
end
[ "$failed" = 0 ] || logs
