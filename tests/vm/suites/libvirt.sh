# SPDX-License-Identifier: GPL-2.0
# Sourced by the suites that have a real libvirt, whose virtual machines AppArmor
# confines; the words are those of tests/vm/userspace/libvirt_lib.sh.
# shellcheck shell=sh disable=SC2034,SC2154 # read by the harness, set by it
kernels=7.x	# whose root has a copy with libvirt
root=libvirt
# shellcheck source=tests/vm/suites/userspace.sh
. "$vm/suites/userspace.sh"
quick=none	# they take too long for make check
systemd=1
memory=1536
timeout=900
# Debian's hundred profiles take half a minute; the two that count are loaded later.
append="systemd.mask=apparmor.service systemd.mask=libvirt-guests.service"

setup()
{
	setup_programs
	cp "$vm/userspace/doctor_lib.sh" "$vm/userspace/libvirt_lib.sh" tree/lib/kvmfr/
}
