# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# What installing and uninstalling have in common; sourced by the scripts
# beside it, which set $here to this directory.
#
# USERSPACE=no leaves the programs out.
# DESTDIR  where a package is being put together; nothing of the running
#          system is asked or changed then
# PREFIX   /usr/local or /usr: udev reads no other

# shellcheck disable=SC2034,SC2154 # used and set by the scripts
TOP=$(cd "$here/.." && pwd)
DESTDIR=${DESTDIR-}
PREFIX=${PREFIX:-/usr/local}
NAME=kvmfr-suite
USERSPACE=${USERSPACE:-yes}
UNITS="kvmfrd.service vfio-powerd.service"
LIBRARIES="libudev libkmod inih json-c libxml-2.0 libacl"
VERSION=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"$/\1/p' "$TOP/dkms.conf")

DKMS_TREE=/var/lib/dkms
# The subdirectory of /lib/modules/RELEASE that install.sh has to itself.
MODULE_DIR=updates/$NAME
RULES=$DESTDIR$PREFIX/lib/udev/rules.d/70-kvmfr.rules
OPTIONS=$DESTDIR/etc/modprobe.d
CONFIG=$DESTDIR/etc/kvmfr.conf

say()
{
	printf '%s\n' "$*"
}

# die WHAT [NEXT-STEP]
die()
{
	say "$NAME: $1" >&2
	[ $# -lt 2 ] || printf '\t%s\n' "$2" >&2
	exit 1
}

# make, ours and the kernel's, splits them.
case $DESTDIR$PREFIX in
*[[:space:]]*) die "DESTDIR and PREFIX cannot have blanks: '$DESTDIR', '$PREFIX'" ;;
esac

need_root()
{
	[ -n "$DESTDIR" ] || [ "$(id -u)" -eq 0 ] ||
		die "this needs root. Next:" "sudo make $(basename "$0" .sh)"
}

# The directory to build for a kernel release in.
need_headers()
{
	[ -e "/lib/modules/$1/build/Makefile" ] ||
		die "the headers of kernel $1 are missing. Next:" \
			"apt-get install linux-headers-$1"
}

# What the programs are built with, before anything is changed.
need_userspace()
{
	[ "$USERSPACE" != no ] || return 0
	# shellcheck disable=SC2086 # separated by blanks
	if command -v cc >/dev/null && command -v pkg-config >/dev/null &&
		pkg-config --exists $LIBRARIES; then
		return
	fi
	die "libraries for the programs are missing (or leave them out: USERSPACE=no). Next:" \
		"apt-get install gcc make pkgconf libudev-dev libkmod-dev libinih-dev libjson-c-dev libxml2-dev libacl1-dev"
}

userspace()
{
	make -s -C "$TOP/userspace" DESTDIR="$DESTDIR" PREFIX="$PREFIX" "$@"
}

# DKMS packages with a kvmfr.ko, as NAME/VERSION.
dkms_packages()
{
	for source in "$DKMS_TREE"/*/*/source; do
		[ -L "$source" ] || continue
		package=${source#"$DKMS_TREE/"}
		package=${package%/source}
		case $package in
		kvmfr/*) say "$package" ;;
		*)
			! grep -qsE '^BUILT_MODULE_NAME(\[[0-9]+\])?=["'\'']?kvmfr["'\'']?[[:space:]]*$' \
				"$source/dkms.conf" || say "$package"
			;;
		esac
	done
}

# Of those, ours (every version) or everybody else's.
own_dkms_packages()
{
	dkms_packages | sed -n "\|^$NAME/|p"
}

foreign_dkms_packages()
{
	dkms_packages | sed "\|^$NAME/|d"
}

# Module files that no DKMS package has put there, and not install.sh either.
foreign_modules()
{
	find /lib/modules/ -name 'kvmfr.ko*' | while read -r file; do
		release=${file#/lib/modules/}
		release=${release%%/*}
		case $file in
		"/lib/modules/$release/$MODULE_DIR"/*) continue ;;
		esac
		dkms_packages | while read -r package; do
			find "$DKMS_TREE/${package%/*}" -maxdepth 1 -name "kernel-$release-*"
		done | grep -q . || say "$file"
	done
}

# The Debian package that a file came with, if any.
package_of()
{
	{ dpkg -S "$1" || dpkg -S "/usr$1"; } 2>/dev/null | sed -n 's/:.*//p' | head -n 1
}

# removal PACKAGE COMMAND: the command, unless apt can do it
removal()
{
	if [ -n "$1" ]; then
		say "apt-get purge $1"
	else
		say "$2"
	fi
}

# One kvmfr.ko too many, and which of them is loaded is a matter of luck: stops
# before anything is changed.
refuse_foreign()
{
	[ -z "$DESTDIR" ] || return 0
	for package in $(foreign_dkms_packages); do
		owner=$(package_of "/usr/src/$(say "$package" | tr / -)/dkms.conf")
		die "the DKMS package $package provides kvmfr.ko, too. Nothing was changed. Next:" \
			"$(removal "$owner" "dkms remove $package --all")"
	done
	for file in $(foreign_modules); do
		owner=$(package_of "$file")
		die "there is another kvmfr.ko: $file. Nothing was changed. Next:" \
			"$(removal "$owner" "rm $file && depmod -a")"
	done
}

reload_udev()
{
	[ -z "$DESTDIR" ] && [ -S /run/udev/control ] || return 0
	udevadm control --reload
	udevadm trigger --subsystem-match=kvmfr
}

# What is the same whichever way the module is installed.
install_files()
{
	install -D -m 644 "$TOP/udev/70-kvmfr.rules" "$RULES"
	for file in "$TOP"/modprobe.d/*.conf; do
		options=$OPTIONS/${file##*/}
		if [ ! -e "$options" ]; then
			install -D -m 644 "$file" "$options"
		elif ! cmp -s "$file" "$options"; then
			say "$options was kept as it is"
		fi
	done
	[ "$USERSPACE" = no ] || install_userspace
	reload_udev
}

# systemd COMMAND...: asks it where it runs; what it refuses is not our failure
systemd()
{
	[ -z "$DESTDIR" ] && [ -d /run/systemd/system ] || return 0
	systemctl "$@" || :
}

install_userspace()
{
	userspace install
	[ -e "$CONFIG" ] || install -D -m 644 "$TOP/userspace/kvmfr.conf" "$CONFIG"
	systemd daemon-reload
	# shellcheck disable=SC2086 # separated by blanks
	systemd try-restart $UNITS
}

uninstall_userspace()
{
	# shellcheck disable=SC2086 # separated by blanks
	[ ! -e "$PREFIX/lib/systemd/system/${UNITS%% *}" ] || systemd disable --now $UNITS
	userspace uninstall
	systemd daemon-reload
	if cmp -s "$TOP/userspace/kvmfr.conf" "$CONFIG"; then
		rm -f "$CONFIG"
	elif [ -e "$CONFIG" ]; then
		say "$CONFIG was changed and is kept"
	fi
}

uninstall_files()
{
	rm -f "$RULES"
	for dir in "${RULES%/*}" "${RULES%/rules.d/*}"; do
		[ ! -d "$dir" ] || rmdir --ignore-fail-on-non-empty "$dir"
	done
	for file in "$TOP"/modprobe.d/*.conf; do
		options=$OPTIONS/${file##*/}
		if cmp -s "$file" "$options"; then
			rm -f "$options"
		elif [ -e "$options" ]; then
			say "$options was changed and is kept"
		fi
	done
	uninstall_userspace
	reload_udev
}

# What the user should know at the end.
note_loaded()
{
	[ -z "$DESTDIR" ] || return 0
	for module in kvmfr vfio_pci_pm; do
		[ ! -d "/sys/module/$module" ] ||
			say "$module $(cat "/sys/module/$module/version") is loaded until: modprobe -r $module"
	done
}
