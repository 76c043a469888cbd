# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # names are used by the scripts
# Names and small helpers of the VM bench; sourced by the scripts beside it,
# which set $vm to this directory.

TOP=$(cd "${vm:?}/../.." && pwd)
CACHE=${KVMFR_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/kvmfr-suite}
mkdir -p "$CACHE"
CACHE=$(cd "$CACHE" && pwd)
BUILD=$TOP/build
LABELS="6.1 6.12 7.x"
export KVMFR_CACHE="$CACHE"

say()
{
	printf '%s\n' "$*" >&2
}

die()
{
	say "${0##*/}: $*"
	exit 1
}

usage()
{
	say "usage: $*"
	exit 2
}

# The root that carries the kernel of a label.
label_root()
{
	case $1 in
	6.1) echo bookworm ;;
	6.12) echo trixie ;;
	7.x) echo backports ;;
	sanitizer) echo sanitizer ;;
	*) return 1 ;;
	esac
}

# The kernel release of a label: the newest one in its root.
label_release()
{
	newest_release "$("$vm/root.sh" "$(label_root "$1")")"
}

newest_release()
{
	find "$1/boot" -name 'vmlinuz-*' | sed 's/.*vmlinuz-//' | sort -V | tail -n 1
}

# A path of this machine as seen from inside a root; see in-root.sh.
inside()
{
	case $1 in
	"$TOP") echo /src ;;
	"$TOP"/*) echo "/src${1#"$TOP"}" ;;
	"$CACHE"/*) echo "/cache${1#"$CACHE"}" ;;
	*) die "'$1' is neither in the checkout nor in the cache" ;;
	esac
}

# lock FD FILE: one at a time, until FD is used again, closed, or the end of
# this process and its children.
lock()
{
	mkdir -p "${2%/*}"
	eval "exec $1>\"\$2\""
	flock "$1"
}
