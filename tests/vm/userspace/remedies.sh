# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # set by lib.sh
# On a laptop everything about the GPU is as wrong as it can be made. What
# kvmfrctl doctor gives as remedies is run, and nothing else is done, until it
# finds nothing: then the card has to be off, by the battery.
# shellcheck source=tests/vm/laptops/lib.sh
. /lib/kvmfr/lib.sh
gpu=$(functions | head -n 1)
other=$(functions | tail -n 1)
findings=/tmp/findings
rounds=12

hostdev()
{
	printf "<hostdev mode='subsystem' type='pci' managed='yes'><source>"
	printf "<address domain='0x0000' bus='0x01' slot='0x00' function='0x%s'/>" "$1"
	echo "</source></hostdev>"
}

# The machine that the user has got in virt-manager.
make_domain()
{
	mkdir -p /etc/libvirt/qemu
	cat >/etc/libvirt/qemu/win11.xml <<XML
<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>win11</name>
  <devices>
    $(hostdev 0)
    $(hostdev 1)
    <memballoon model='none'/>
  </devices>
  <qemu:commandline>
    <qemu:arg value='-device'/>
    <qemu:arg value='{"driver":"ivshmem-plain","id":"shmem","memdev":"looking-glass"}'/>
    <qemu:arg value='-object'/>
    <qemu:arg value='{"qom-type":"memory-backend-file","id":"looking-glass","mem-path":"/dev/kvmfr0","size":67108864,"share":true,"align":2097152}'/>
  </qemu:commandline>
</domain>
XML
}

# What only counts after the next boot is there: the ids of both functions, with
# an option out of a guide, and the modules of the initramfs.
make_boot()
{
	printf 'options vfio-pci ids=%s,%s disable_idle_d3=1\n' "$(id_of "$gpu")" \
		"$(id_of "$other")" >/etc/modprobe.d/vfio.conf
	printf '%s\n' vfio_pci vfio vfio_iommu_type1 >>/etc/initramfs-tools/modules
}

id_of()
{
	sed 's/^0x//' "$pci/$1/vendor" "$pci/$1/device" | paste_ids
}

paste_ids()
{
	tr '\n' ':' | sed 's/:$//'
}

# A program that likes to know how the card is.
make_monitor()
{
	sh -c 'while sleep 5; do read -r header <"$1"; done' monitor "$pci/$gpu/config" &
}

make_trouble()
{
	modprobe e1000e
	make_domain
	make_boot
	for address in $port $gpu $other; do
		echo on >"$pci/$address/power/control"
	done
	echo 0 >"$pci/$other/d3cold_allowed"
	make_monitor
}

# Splits the report into files: $findings/01-error-iommu-off.
# Prints how many of them are more than notes.
visit()
{
	rm -rf "$findings"
	mkdir "$findings"
	kvmfrctl doctor --json >/tmp/doctor.json
	status=$?
	perl -MJSON::PP -e '
		local $/;
		my $found = 0;
		my $number = 0;
		foreach my $f (@{decode_json(<STDIN>)->{findings}}) {
			$found++ if $f->{level} ne "note";
			print STDERR "# $f->{level} $f->{id}: $f->{what}\n";
			my $name = sprintf("%02d-%s-%s", ++$number, $f->{level}, $f->{id});
			open(my $out, ">", "$ARGV[0]/$name") or die;
			print $out "$f->{remedy}\n";
		}
		print "$found\n";
	' "$findings" </tmp/doctor.json 2>/tmp/told >/tmp/found
	cat /tmp/told
	ids="$ids $(sed -n 's/^# [a-z]* \([a-z0-9-]*\): .*/\1/p' /tmp/told | tr '\n' ' ')"
}

# As somebody would who pastes it; notes are no findings.
follow()
{
	for remedy in "$findings"/*-error-* "$findings"/*-warning-*; do
		[ -e "$remedy" ] || continue
		echo "# doing what ${remedy##*/} says:"
		sed 's/^/#   /' "$remedy"
		sh "$remedy" >/tmp/out 2>&1 || echo "# that ended with status $?"
		sed 's/^/#   > /' /tmp/out
	done
}

names()
{
	case $ids in
	*" $1 "*) is "the doctor named $1" yes yes ;;
	*) is "the doctor named $1" "$1" "$ids" ;;
	esac
}

/lib/systemd/systemd-udevd --daemon
make_trouble
is "the GPU is the host's" virtio-pci "$(driver_of "$gpu")"
is "its other function is, too" e1000e "$(driver_of "$other")"
is "kvmfr is not loaded" "" "$(find /sys/module -maxdepth 1 -name kvmfr)"
is "vfio_pci_pm is not either" "" "$(find /sys/module -maxdepth 1 -name vfio_pci_pm)"
draws "draw of the laptop before" 25000

ids='' round=0
while [ "$round" -lt "$rounds" ]; do
	round=$((round + 1))
	echo "# round $round:"
	visit
	[ "$(cat /tmp/found)" != 0 ] || break
	is "round $round: findings are status 1" 1 "$status"
	follow
	sleep 45	# vfio_pci_pm looks four times a minute
done
is "in the end there is no finding" 0 "$(cat /tmp/found)"
is "and the doctor's status is 0" 0 "$status"
for id in module-not-loaded module-options-missing iommu-unsafe-interrupts gpu-not-vfio \
	gpu-function-not-vfio disable-idle-d3 vfio-pm-not-loaded vfio-pm-not-at-boot \
	slot-runtime-pm-forbidden slot-d3cold-not-allowed slot-waker; do
	names "$id"
done

is "the GPU is vfio-pci's" vfio-pci "$(driver_of "$gpu")"
is "so is its other function" vfio-pci "$(driver_of "$other")"
is "/dev/kvmfr0 is a device" "character special file" "$(stat -c %F /dev/kvmfr0)"
is "it is what the virtual machine expects" 67108864 "$(cat /sys/class/kvmfr/kvmfr0/size)"
# The program that woke the card came between the readings.
note=$(find "$findings" -name '*-note-slot-inconclusive')
[ -z "$note" ] || sed -n 's/^# echo/echo/p' "$note" | sh
verdict_is saves d3cold
draws "draw of the laptop afterwards" 15000
visit
is "measured, there is still no finding" 0 "$(cat /tmp/found)"

active=$(cat "$pci/$port/power/runtime_active_time")
kvmfrctl doctor >/tmp/out 2>&1
is "the doctor did not wake the card" "$active" "$(cat "$pci/$port/power/runtime_active_time")"
# shellcheck disable=SC2046 # they are separated by newlines
passes "a virtual machine can open the card" /lib/kvmfr/vfio_open $(functions)
becomes "and leaves it in D3cold" 20 "D3cold suspended" power_of "$port"
