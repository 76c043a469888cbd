#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs a command inside a root: the checkout at /src, the cache at /cache, own
# /tmp and /run, mounts that nobody else sees. The root itself is read-only;
# with --scratch it is writable and the changes are thrown away.
set -eu
vm=$(cd "${0%/*}" && pwd)
. "$vm/lib.sh"

# Runs in the new mount namespace; @at is where the root is mounted.
enter()
{
	mode=$1 root=$2 at=$3 where=$4
	shift 4

	# A mount of its own can be made private and read-only.
	mount --bind "$root" "$at"
	mount --make-private "$at"
	root=$at
	case $mode in
	scratch)
		mount -t tmpfs -o mode=755 scratch "$root/mnt"
		mkdir "$root/mnt/upper" "$root/mnt/work" "$root/mnt/root"
		mount -t overlay -o "lowerdir=$root,upperdir=$root/mnt/upper,workdir=$root/mnt/work" \
			scratch "$root/mnt/root"
		root=$root/mnt/root
		;;
	esac
	mount -t proc proc "$root/proc"
	mount --rbind /dev "$root/dev"
	mount -t tmpfs -o mode=1777 tmp "$root/tmp"
	mount -t tmpfs -o mode=755 run "$root/run"
	mount --rbind "$TOP" "$root/src"
	mount --bind "$CACHE" "$root/cache"
	if [ -e /etc/resolv.conf ] && [ -e "$root/etc/resolv.conf" ]; then
		mount --bind /etc/resolv.conf "$root/etc/resolv.conf"
	fi
	[ "$mode" != keep ] || mount -o remount,bind,ro "$root"

	exec env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS -u TMPDIR -u XDG_CACHE_HOME \
		HOME=/tmp LC_ALL=C.UTF-8 KVMFR_CACHE=/cache \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		chroot "$root" sh -c 'cd "$1" && shift && exec "$@"' sh "$where" "$@"
}

mode=keep
case ${1-} in
--enter) shift; enter "$@" ;;
--scratch) mode=scratch; shift ;;
--at) mode=change; shift ;;	# root.sh: a root in the making, by its path
esac
[ $# -ge 2 ] || usage "in-root.sh [--scratch] NAME COMMAND..."

case $mode in
change) root=$1 ;;
*)
	root=$("$vm/root.sh" "$1")
	# Kept open by the command: root.sh removes no root in use.
	exec 9<"$root.lock"
	flock -s 9
	;;
esac
shift

case $PWD/ in
"$TOP"/* | "$CACHE"/*) where=$(inside "$PWD") ;;
*) where=/src ;;
esac

if unshare -m true 2>/dev/null; then
	exec unshare -m "$0" --enter "$mode" "$root" "$root" "$where" "$@"
fi

# The machine is itself a chroot: what its / is mounted on is out of reach, and
# may pass the first mount on to others. It is taken back afterwards.
at=$(mktemp -d "$CACHE/mnt.XXXXXX")
trap 'umount -l "$at" 2>/dev/null || :; rmdir "$at"' EXIT
# In the background, so that a signal can be passed on; that has no stdin
# unless it is given one.
exec 6<&0
unshare -m --propagation unchanged "$0" --enter "$mode" "$root" "$at" "$where" "$@" <&6 &
child=$!
trap 'kill "$child"' INT TERM
status=0
wait "$child" || status=$?
trap - INT TERM
# The wait that a signal ended is not the last one.
while kill -0 "$child" 2>/dev/null; do
	wait "$child" || status=$?
done
exit "$status"
