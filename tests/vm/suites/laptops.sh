# SPDX-License-Identifier: GPL-2.0
# Sourced by the suites of simulated laptops, after they have set what is
# special about theirs:
#   slot, gauge   definitions for tables in tests/vm/laptops
#   bios          the BIOS's date
#   port          properties of the root port
#   card          QEMU's arguments for what is behind it
#   iommu         QEMU's arguments for the IOMMU, empty for none
# Time is QEMU's: it jumps ahead whenever the machine is idle.
# shellcheck shell=sh disable=SC2034,SC2154 # read by the harness, set by it

program=laptop
args=${suite#laptop_}
modules="vfio_pci vfio_iommu_type1 battery ac ${stock-}"
append="intel_iommu=on"
accel=tcg,thread=single
smp=1
timeout=${seconds:-180}
tables="slot gauge ${more_tables-}"

: "${card=-device virtio-gpu-pci,bus=rp0,addr=0.0,multifunction=on
	-device e1000e,bus=rp0,addr=0.1}"
qemu="${clock=-icount shift=0,sleep=off}
	-smbios type=0,date=${bios-01/01/2022}
	${iommu--device intel-iommu,intremap=off}
	-device pcie-root-port,id=rp0,bus=pcie.0,addr=2.0,chassis=1,${port-hotplug=off,x-speed=5}
	$card ${more_qemu-}"
for table in $tables; do
	qemu="$qemu -acpitable file=@DIR@/$table.aml"
done

# table NAME SOURCE DEFINITION...
table()
{
	name=$1 source=$2
	shift 2
	"$vm/in-root.sh" trixie /src/tests/vm/laptops/table.sh "$name" \
		"/src/tests/vm/laptops/$source.asl" "$@"
}

setup()
{
	# shellcheck disable=SC2086 # definitions are separated by blanks
	{
		table slot slot ${slot-}
		table gauge gauge ${gauge-}
		case " $tables " in
		*" liar "*) table liar liar ;;
		esac
		[ -z "${slot2+set}" ] || table slot2 slot '-DPORT=\_SB.PCI0.S18' $slot2
	}
	cp "$vm/tap.sh" "$vm/laptops/lib.sh" "$vm/laptops/$args.sh" tree/lib/kvmfr/
	"$vm/programs.sh" vfio_open
	cp "$BUILD/selftests/vfio_open" tree/lib/kvmfr/
}
