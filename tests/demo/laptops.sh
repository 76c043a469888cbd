# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154 # dir, demo, vm and more: of run.sh
# The second half of the demo; sourced by run.sh. Two laptops made of QEMU and
# ACPI tables, as tests/vm/suites/laptops.sh describes them: one with a card that
# can be switched off, one whose firmware leaves it on. Their clock jumps ahead
# when they are idle, so minutes of measuring take seconds.

# laptop_is KIND: sets the definitions for slot.asl.
laptop_is()
{
	suite=laptop_$1
	case $1 in
	honest) slot='' ;;
	lying) slot=-DOFF_IGNORED ;;
	esac
	# shellcheck source=tests/vm/suites/laptops.sh
	. "$vm/suites/laptops.sh"
}

# laptop_tables KIND: in the directory of that name.
laptop_tables()
{
	mkdir -p "$dir/$1"
	(
		laptop_is "$1"
		cd "$dir/$1" || exit
		# shellcheck disable=SC2086 # definitions are separated by blanks
		table slot slot $slot
		table gauge gauge
	)
}

laptops_make()
{
	rm -rf "$dir/tree/laptop"
	mkdir -p "$dir/tree/laptop/lib/kvmfr"
	cp "$demo/laptop/init" "$dir/tree/laptop/init"
	"$vm/build.sh" 6.12
	cp "$BUILD/modules/6.12/vfio_pci_pm.ko" "$vm/tap.sh" "$vm/laptops/lib.sh" \
		"$vm/guest/bad-lines" "$dir/tree/laptop/lib/kvmfr/"
	# shellcheck disable=SC2046 # module names are separated by blanks
	initramfs_make laptop "$dir/laptop.initrd" \
		$(laptop_is honest && echo "$modules")
	laptop_tables honest
	laptop_tables lying
}

# laptop_run KIND
laptop_run()
{
	# shellcheck disable=SC2046 # several arguments
	machine_run "$dir/$1" -k "$root/boot/vmlinuz-$release" \
		-i "$dir/laptop.initrd" -c 1 -t 180 -x tcg,thread=single \
		-a "intel_iommu=on demo.laptop=$1" -- \
		$(laptop_is "$1" && echo "$qemu")
	[ "$(tail -n 1 "$dir/$1/result")" = end ] ||
		fail "this laptop does not do what it should"
	sed -n 's/^result:\([^:]*\):/\1:\t/p' "$dir/$1/result" |
		expand -t 14 >>"$dir/laptops"
}

laptops_run()
{
	step "two simulated laptops, to see what vfio_pci_pm does"
	# Not as part of the condition: there it would go on after an error.
	laptops_make >"$dir/laptops.log" 2>&1 &
	jobs=$!
	wait "$jobs" || fail "cannot make them, see $dir/laptops.log"
	jobs=''
	step "booting one whose card can be switched off"
	laptop_run honest
	step "booting one whose firmware leaves the card on in D3cold"
	laptop_run lying
}
