#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs one suite on one kernel: run.sh SUITE LABEL
# Leaves build/results/<suite>-<label>.tap and .log (the console).
set -eu
vm=$(cd "${0%/*}" && pwd)
. "$vm/lib.sh"

[ $# -eq 2 ] || usage "run.sh SUITE 6.1|6.12|7.x|sanitizer"
suite=$1
label=$2
conf=${KVMFR_SUITES:-$vm/suites}/$suite.conf
[ -f "$conf" ] || usage "run.sh SUITE 6.1|6.12|7.x|sanitizer (no suite '$suite')"
name=$(label_root "$label") || usage "run.sh SUITE 6.1|6.12|7.x|sanitizer"

dir=$BUILD/run/$suite-$label
tap=$BUILD/results/$suite-$label.tap
log=$BUILD/results/$suite-$label.log
first=$BUILD/results/$suite-$label.first-boot.log

# What a suite may set; see Documentation/testing.md.
program=$suite args='' append='' qemu='' modules='' disk='' systemd='' expect='' accel='' monitor='' root=''
memory=1024 smp=2 timeout=120 taint=0 more_memory=0
setup() { :; }
verify() { return 99; }	# 99: there is none

# KASAN's shadow is an eighth of the memory, its quarantine a good deal of the
# rest; checked code takes its time. The third serial port is for gcov.
sanitize()
{
	memory=$((memory + more_memory))
	timeout=$((timeout * 4))
	append="kasan_multi_shot page_poison=1 $append"
	qemu="$qemu -serial file:coverage.tgz"
}

[ "$label" != sanitizer ] || more_memory=512
# shellcheck source=/dev/null
. "$conf"
name=${root:-$name}
[ "$label" != sanitizer ] || sanitize

# Ours are built here and now; check.sh has already built all the modules.
copy_modules()
{
	[ -n "${KVMFR_BUILT-}" ] || "$vm/build.sh" "$label"
	lock 8 "$BUILD/modules/$label.lock"
	cp "$BUILD/modules/$label"/*.ko "$dir/tree/lib/kvmfr/"
	exec 8>&-
}

# A program of the selftests, or a script for the guest beside us.
copy_program()
{
	if [ -e "$vm/guest/$program" ]; then
		cp "$vm/guest/$program" "$dir/tree/lib/kvmfr/"
		return
	fi
	"$vm/programs.sh" "$program"
	lock 8 "$BUILD/selftests.lock"
	cp "$BUILD/selftests/$program" "$dir/tree/lib/kvmfr/"
	exec 8>&-
}

# What goes into the machine beside busybox and stock modules. With a disk,
# the initramfs only brings it there.
make_tree()
{
	mkdir -p "$dir/tree/lib/kvmfr"
	cp "$vm/guest/init" "$vm/guest/bad-lines" "$dir/tree/lib/kvmfr/"
	if [ -n "$disk" ]; then
		[ "$disk" != 1 ] || disk=$name
		cp "$vm/guest/init-disk" "$dir/tree/init"
		modules="virtio_pci virtio_blk ext4 $modules"
		qemu="$("$vm/disk.sh" --qemu "$disk") $qemu"
	else
		ln -s lib/kvmfr/init "$dir/tree/init"
	fi
	[ -z "$systemd" ] ||
		cp "$vm/guest/systemd" "$vm/guest/test.service" "$dir/tree/lib/kvmfr/"
	[ -z "$monitor" ] || modules="virtio_pci virtio_console $modules"
	copy_modules
	copy_program
	printf "program='%s'\nargs='%s'\ntaint=%s\n" "$program" "$args" "$taint" \
		>"$dir/tree/lib/kvmfr/suite"
}

# Neither of the two on this side is run as part of a condition: there the shell
# would go on after a command that failed.
set_up()
{
	(cd "$dir" && setup) >"$dir/setup.log" 2>&1 &
	wait $! || {
		tail -n 20 "$dir/setup.log" >&2
		die "setup() of $suite failed"
	}
}

prepare()
{
	root=$("$vm/root.sh" "$name")
	exec 9<"$root.lock"	# nobody removes it under us, see root.sh
	flock -s 9
	release=$(newest_release "$root")
	make_tree
	set_up
	# shellcheck disable=SC2086 # module names are separated by blanks
	"$vm/in-root.sh" trixie /src/tests/vm/initramfs.sh "$(inside "$dir")/initrd" \
		"$(inside "$dir")/tree" "$(inside "$root")" "$release" $modules
}

boot_once()
{
	# shellcheck disable=SC2086 # arguments are separated by blanks
	"$vm/qemu.sh" -d "$dir" -k "$root/boot/vmlinuz-$release" -i "$dir/initrd" \
		-a "$append" -m "$memory" -c "$smp" -t "$timeout" \
		${accel:+-x "$accel"} ${monitor:+-M} -- $qemu
}

# A machine that stopped before it came to the program has run nothing of ours;
# QEMU's emulation does that now and then. It gets one more chance.
boot()
{
	ended=0
	boot_once || ended=$?
	if [ -n "$expect" ] || grep -qs '^@begin' "$dir/result"; then
		return "$ended"
	fi
	say "$suite on $label: stopped while booting, trying again"
	: >>"$dir/console"
	mv "$dir/console" "$first"
	boot_once
}

check_outside()
{
	verified=0
	(cd "$dir" && verify) >"$dir/verify" &
	wait $! || verified=$?
	case $verified in
	0) ;;
	99) rm "$dir/verify" ;;
	*) echo "not ok - verify() ended with status $verified" >>"$dir/verify" ;;
	esac
}

# A suite with "expect" tests the bench: exactly these failures are its pass.
judge()
{
	"$vm/verdict.sh" "$dir" "$1" >"$dir/verdict"
	[ ! -e "$first" ] ||
		echo "# the first boot stopped early, see ${first##*/}" >>"$dir/verdict"
	if [ -z "$expect" ]; then
		cat "$dir/verdict"
	else
		awk -v expect="$expect" -f "$vm/expect.awk" "$dir/verdict"
	fi
}

# Also when something before the boot went wrong: no verdict is a failure.
finish()
{
	[ -e "$dir/tap" ] ||
		printf 'not ok 1 - machine can be started\n1..1\n' >"$dir/tap"
	[ -z "${KVMFR_COPIES-}" ] || cp "$dir/tap" "$KVMFR_COPIES/${tap##*/}"
	mv "$dir/tap" "$tap"
	[ ! -e "$dir/console" ] || cp "$dir/console" "$log"
	if [ -s "$dir/coverage.tgz" ]; then
		mkdir -p "$BUILD/coverage"
		cp "$dir/coverage.tgz" "$BUILD/coverage/$suite.tgz"
	fi

	say "$suite on $label: $(awk -f "$vm/tally.awk" "$tap") ($(($(date +%s) - start)) s)"
	if grep -q '^not ok' "$tap"; then
		awk -f "$vm/failures.awk" "$tap" >&2
		[ ! -s "$dir/qemu.err" ] || head -n 3 "$dir/qemu.err" >&2
		say "  see $tap"
		say "  and $log"
		exit 1
	fi
	exit 0
}

lock 7 "$BUILD/run/$suite-$label.lock"
start=$(date +%s)
rm -rf "$dir"
mkdir -p "$dir" "$BUILD/results"
rm -f "$tap" "$log" "$first"
trap finish EXIT
prepare
status=0
boot || status=$?
check_outside
judge "$status" >"$dir/tap.new"
mv "$dir/tap.new" "$dir/tap"
