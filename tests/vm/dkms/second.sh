# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154
# Installed, by signing.sh, then the distribution brings another kernel.

# Headers of the same series that are not here yet, the newest ones. Real-time
# and cloud kernels have one more word in their names.
second_kernel()
{
	series=$(echo "$release" | grep -oE '^[0-9]+\.')
	apt-cache pkgnames linux-headers-"$series" |
		sed -n 's/^linux-headers-\([0-9][^-]*\(-[0-9]*\)\{0,1\}-amd64\)$/\1/p' |
		sort -V | while read -r other; do
		[ -e "/lib/modules/$other/build" ] || echo "$other"
	done | tail -n 1
}

expect "package lists" apt-get update
second=$(second_kernel)
expect "the distribution has a second kernel: $second" test -n "$second"
expect "its headers can be installed" apt-get install -y --no-install-recommends \
	"linux-headers-$second"
# Nobody can load it before that kernel itself is there, and DKMS 3.2 does not
# run depmod before that.
expect "the package's hook has built the module for it" built "$second"
expect "and signed it" signed "$second" "$key.der"
expect "and left the first one alone" installed "$release"
