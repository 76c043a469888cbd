#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Makes a Debian root with mmdebstrap and prints its path. A root is never
# changed: a changed package list makes a new one, in a directory named by it.
set -eu
vm=$(cd "${0%/*}" && pwd)
. "$vm/lib.sh"

synopsis="root.sh bookworm|trixie|backports|tools|lint|virtiofsd|libvirt|sid|qemu-bookworm|qemu-sid|seat-RELEASE|kbuild|sanitizer"
[ $# -eq 1 ] || usage "$synopsis"
name=$1
list=$vm/roots/$name
# What it is a copy of, with more packages, and the lists of that; the release that
# it is, or that those packages come from first. None is named for trixie: apt
# would prefer it to its own security updates.
base='' lists='' release=''
case $name in
bookworm | trixie | sid) release=$name ;;
seat-bookworm | seat-trixie | seat-sid) release=${name#*-} list=$vm/roots/seat ;;
backports) base=trixie lists=trixie release=trixie-backports ;;
tools | lint | virtiofsd | kbuild) base=trixie lists=trixie ;;
sanitizer) base=trixie lists=trixie list=$vm/sanitizer/config ;;
libvirt) base=backports lists="trixie backports" ;;
# prune() takes roots by the beginning of their names: not "bookworm-qemu".
qemu-bookworm | qemu-sid) base=${name#*-} lists=${name#*-} ;;
*) usage "$synopsis" ;;
esac

# Packages named in a list, one per line; the symbols of a kernel's config.
packages()
{
	sed 's/#.*//; s/[[:space:]]//g; /^$/d' "$1" | sort -u
}

# The lists a root is made of, and how: any change here makes a new root.
recipe()
{
	for below in $lists; do
		packages "$vm/roots/$below"
	done
	echo "recipe 1 of $name:"
	packages "$list"
	[ "$name" != sanitizer ] || kernel_recipe
}

# What a kernel of our own is made of beside its config.
kernel_recipe()
{
	awk '/^Package: /{ source = $2 ~ /^linux-source-/ } source && /^Version: /' \
		"$("$vm/root.sh" kbuild)/var/lib/dpkg/status"
	cat "$vm/sanitizer/build.sh"
}

key=$(recipe | sha256sum | cut -c 1-12)
root=$CACHE/roots/$name-$key

if [ -e "$root" ]; then
	touch "$root.lock"
	echo "$root"
	exit 0
fi

# Where this machine gets Debian from: mirror main|security. A fresh machine
# may not have fetched its lists; the labels are known only then.
mirror()
{
	case $1 in
	main) wanted=Debian ;;
	security) wanted=Debian-Security ;;
	esac
	apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' |
		awk -v wanted="$wanted" '$1 == wanted { print $2; exit }'
}

# This machine's way to the mirror (proxies, checks it had to switch off), as
# options for mmdebstrap.
apt_options()
{
	echo '--aptopt=Acquire::Check-Valid-Until "false"'
	apt-config dump --no-empty --format '%f "%v"%n' |
		sed -n 's/^Acquire::\(https\{0,1\}::Proxy\|Check-\|Retries\)/--aptopt=&/p'
}

bootstrap()
{
	[ -n "$(mirror main)" ] || apt-get update >"$log" 2>&1 ||
		die "apt-get update failed, see $log"
	main=$(mirror main)
	security=''
	[ "$release" = sid ] || security=$(mirror security)
	[ -n "$main" ] || die "apt knows no Debian mirror on this machine"

	set -- "deb $main $release main"
	[ "$name" != trixie ] || set -- "$@" "deb $main trixie-backports main"
	[ -z "$security" ] || set -- "$@" "deb $security $release-security main"
	# One option per line; none holds a newline.
	IFS='
'
	# INITRD=No: the kernel package builds no initrd that nobody boots.
	# Without the locks and pipes of whoever calls: mmdebstrap has sh write to a
	# descriptor of its own, by a number of one digit.
	# shellcheck disable=SC2046
	INITRD=No mmdebstrap --variant=minbase $(apt_options) \
		--include="$(packages "$list" | paste -sd,)" \
		--customize-hook='mkdir "$1/src" "$1/cache"' \
		"$release" "$new" "$@" >"$log" 2>&1 \
		3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- || return
	unset IFS
}

upgrade()
{
	cp -a --reflink=auto "$("$vm/root.sh" "$base")" "$new"
	# shellcheck disable=SC2046 # package names
	"$vm/in-root.sh" --at "$new" sh -ec '
		export INITRD=No DEBIAN_FRONTEND=noninteractive
		release=$1
		shift
		apt-get update
		apt-get install -y --no-install-recommends ${release:+-t "$release"} "$@"
		apt-get clean
		rm -rf /var/lib/apt/lists/*
	' sh "$release" $(packages "$list") >"$log" 2>&1
}

# The base with our kernel in place of Debian's.
change_kernel()
{
	cp -a --reflink=auto "$("$vm/root.sh" "$base")" "$new" &&
	rm -rf "${new:?}"/boot/* "$new"/usr/lib/modules/* "$new"/usr/src/linux-* &&
	mkdir "$new.work" &&
	"$vm/in-root.sh" kbuild /src/tests/vm/sanitizer/build.sh \
		/src/tests/vm/sanitizer/config "$(inside "$new")" \
		"$(inside "$new.work")" 3>&2 >"$log" 2>&1
}

# Roots of other lists, unused for a day: in-root.sh holds their lock while it
# runs something there, and each use dates it.
prune()
{
	find "$CACHE/roots" -maxdepth 1 -name "$name-*.lock" ! -name '*.ext4.lock' -mtime +0 |
		while read -r old; do
			if flock -n "$old" true; then
				rm -rf "${old%.lock}" "${old%.lock}".ext4* "$old"
			fi
		done
}

make_root()
{
	case $name:$base in
	sanitizer:*) change_kernel ;;
	*:) bootstrap ;;
	*) upgrade ;;
	esac
}

# The one package that this machine itself needs.
install_mmdebstrap()
{
	say "installing mmdebstrap..."
	{
		apt-get update &&
			DEBIAN_FRONTEND=noninteractive apt-get install -y \
				--no-install-recommends mmdebstrap
	} >"$CACHE/mmdebstrap.log" 2>&1 ||
		die "cannot install mmdebstrap, see $CACHE/mmdebstrap.log"
}

[ "$(id -u)" -eq 0 ] || die "making a root needs root"
lock 8 "$CACHE/mmdebstrap.lock"
command -v mmdebstrap >/dev/null || install_mmdebstrap
exec 8>&-
[ -z "$base" ] || "$vm/root.sh" "$base" >/dev/null

lock 8 "$CACHE/roots/$name.lock"
if [ ! -e "$root" ]; then
	case $name in
	sanitizer) say "making root $name, a kernel is compiled (about 10 min)..." ;;
	*) say "making root $name (about 60 s)..." ;;
	esac
	log=$CACHE/roots/$name.log
	new=$CACHE/roots/$name-$key.new.$$
	trap 'rm -rf "$new" "$new.work"' EXIT
	make_root || {
		tail -n 20 "$log" >&2
		die "cannot make root $name, see $log"
	}
	: >"$root.lock"
	mv "$new" "$root"
	prune
fi
echo "$root"
