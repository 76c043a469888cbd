#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# README's commands as a newcomer runs them, on a fresh Debian that has nothing
# but git and apt: newcomer.sh bookworm|trixie demo|check
# Takes as long as they do with nothing cached, and some GB; not part of
# "make check", which it may run.
set -eu
tests=$(cd "${0%/*}" && pwd)
vm=$tests/vm
# shellcheck source=vm/lib.sh
. "$vm/lib.sh"

[ $# -eq 2 ] || usage "newcomer.sh bookworm|trixie demo|check"
release=$1
case $2 in
demo) commands='apt-get update && apt-get install -y make && make demo' ;;
check) commands='apt-get update && apt-get install -y make && make check' ;;
*) usage "newcomer.sh bookworm|trixie demo|check" ;;
esac

# The new machine's mirror is this machine's.
main=$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' |
	sed -n 's/^Debian //p' | head -n 1)
machine=$BUILD/newcomer/$release-$2
rm -rf "$machine"
mkdir -p "$BUILD/newcomer"
say "making a fresh $release (about 20 s)..."
mmdebstrap --variant=minbase --include=git --aptopt='Acquire::Check-Valid-Until "false"' \
	"$release" "$machine" "deb $main $release main" 2>"$machine.log"
git clone -q "$TOP" "$machine/root/kvmfr-suite"

unshare -m sh -ec '
	mount -t proc proc "$1/proc"
	mount --rbind /sys "$1/sys"
	mount --rbind /dev "$1/dev"
	exec chroot "$1" env -i HOME=/root PATH="$PATH" TERM=dumb \
		sh -c "cd /root/kvmfr-suite && $2"
' sh "$machine" "$commands" </dev/null
