#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Installs by DKMS for real, inside a scratch copy of a root, and makes a disk
# of the result: dkms.sh RELEASE RUNDIR
# One TAP line per check goes to RUNDIR/native; the disk is RUNDIR/disk.ext4.
set -eu
# shellcheck disable=SC2034 # read by the parts
release=$1
run=$2
here=$(cd "${0%/*}" && pwd)
export DEBIAN_FRONTEND=noninteractive INITRD=No
# shellcheck disable=SC2034 # read by the parts
fake=$here/dkms/fake

ok()
{
	echo "ok - $*" >>"$run/native"
}

not_ok()
{
	sed 's/^/# /' /tmp/out >>"$run/native"
	echo "not ok - $*" >>"$run/native"
}

# expect TEXT COMMAND...: the command succeeds
expect()
{
	text=$1
	shift
	if "$@" >/tmp/out 2>&1; then ok "$text"; else not_ok "$text"; fi
}

# refuses TEXT NEXT-STEP COMMAND...: it fails, names the next step on a line of
# its own, and changes no file
refuses()
{
	text=$1 next=$2
	shift 2
	files >/tmp/files.before
	if "$@" >/tmp/out 2>&1; then
		not_ok "$text: it succeeded"
	elif ! grep -qxF "	$next" /tmp/out; then
		not_ok "$text: it does not say '$next'"
	else
		ok "$text, and says: $next"
	fi
	files >/tmp/files.after
	expect "$text: nothing is changed" diff /tmp/files.before /tmp/files.after
}

# The checkout, as it comes from git: building leaves files beside the sources,
# and other kernels are tested at the same time.
checkout()
{
	mkdir /tmp/checkout
	cd /src
	find kernel packaging udev modprobe.d Makefile dkms.conf COPYING \
		\( -name '*.[ch]' -o -name '*.sh' -o -name '*.rules' -o -name '*.conf' \
		-o -name Kbuild -o -name Makefile -o -name COPYING \) ! -name '*.mod.c' \
		-exec cp --parents -t /tmp/checkout {} +
	cp -R userspace /tmp/checkout
	cd /tmp/checkout
}

# Everything that could be left behind, with size and time; not what depmod
# writes anew.
files()
{
	find /etc /usr /var/lib -xdev ! -type d ! -path '/var/lib/apt/*' \
		! -name 'modules.*' -printf '%p %s %T+ %l\n' | sort
}

# Their names alone, and directories: what an install and its undoing must not
# change. DKMS makes itself a signing key once.
names()
{
	find /etc /usr /var/lib -xdev ! -path '/var/lib/apt/*' \
		! -path '/var/lib/dkms/mok.*' | sort
}

# What the checkout is; upgrade.sh makes another of it.
version_set()
{
	version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"$/\1/p' dkms.conf)
}

# built RELEASE: DKMS says that the modules are installed, and they are for that
# kernel
built()
{
	dkms status -m kvmfr-suite -v "$version" -k "$1" | grep -q ': installed' || return
	for name in kvmfr vfio_pci_pm; do
		module=$(find "/lib/modules/$1/updates/dkms/" -name "$name.ko*")
		[ "$(modinfo -F version "$module")" = "$version" ] &&
			modinfo -F vermagic "$module" | grep -F "$1 " || return
	done
}

# installed RELEASE: and modprobe would take them
installed()
{
	built "$1" || return
	for name in kvmfr vfio_pci_pm; do
		module=$(find "/lib/modules/$1/updates/dkms/" -name "$name.ko*")
		[ "$(modinfo -k "$1" -n "$name")" = "$module" ] || return
	done
}

# The commands as README has them think that this is the running kernel.
uname_is()
{
	mkdir -p /tmp/bin
	cat >/tmp/bin/uname <<-EOF
	#!/bin/sh
	[ "\$*" = -r ] && echo $1 && exit
	exec /usr/bin/uname "\$@"
	EOF
	chmod +x /tmp/bin/uname
	PATH=/tmp/bin:$PATH
}

checkout
version_set
for part in missing conflict install staged modules signing second upgrade disk; do
	# shellcheck source=/dev/null
	. "$here/dkms/$part.sh"
done
ok "installing ended"
