# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # $vm is set by those who source it
# Modules of others, to be compared with ours: PEER_KO="path/to/another/kvmfr.ko
# ...". Each takes part on the kernel that it was built for.

# peer_field FILE FIELD: of modinfo, which wants a file that ends in .ko; empty
# for what is no module
peer_field()
{
	"$vm/in-root.sh" trixie modinfo -F "$2" "$(inside "$1")" 2>/dev/null || :
}

# label_releases LABEL...: each with its kernel
label_releases()
{
	for label; do
		echo "$label $(label_release "$label")"
	done
}

# peer_take FILE DIR LABEL...
peer_take()
{
	ko=$1 into=$2
	shift 2
	[ -f "$ko" ] || usage "PEER_KO: there is no file '$ko'"
	cp "$ko" "$into/kvmfr.ko"
	release=$(peer_field "$into/kvmfr.ko" vermagic)
	release=${release%% *}
	[ -n "$release" ] || usage "PEER_KO: '$ko' is not a kernel module"
	name=$(peer_field "$into/kvmfr.ko" name)
	[ "$name" = kvmfr ] || usage "PEER_KO: '$ko' is the module $name, not kvmfr"
	kernels=$(label_releases "$@")
	label=$(echo "$kernels" | awk -v release="$release" '$2 == release { print $1 }')
	[ -n "$label" ] ||
		usage "PEER_KO: '$ko' is for kernel $release, not for" \
			"$(echo "$kernels" | cut -d ' ' -f 2 | paste -sd' ')"
	[ ! -e "$into/$label.ko" ] ||
		usage "PEER_KO: '$ko' is the second one for kernel $release"
	mv "$into/kvmfr.ko" "$into/$label.ko"
}

# peers_take DIR LABEL...: checks them all and copies each to DIR/LABEL.ko.
# Nothing is left out silently.
peers_take()
{
	peers=$1
	shift
	rm -rf "$peers"
	mkdir -p "$peers"
	for file in ${PEER_KO-}; do
		peer_take "$file" "$peers" "$@"
	done
}
