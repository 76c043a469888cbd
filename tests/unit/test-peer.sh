# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # sourced by run.sh
# PEER_KO: what is not a kvmfr.ko for one of the kernels is refused before
# anything is built or booted. Canned modules are object files that say what
# modinfo reads.

# canned_module NAME RELEASE: as $dir/peer.ko
canned_module()
{
	printf 'const char info[] __attribute__((section(".modinfo"))) = %s;\n' \
		"\"name=$1\\0vermagic=$2 SMP preempt\"" |
		"$vm/in-root.sh" trixie gcc -c -x c - -o "$(inside "$dir/peer.ko")"
}

# peer_refused PATTERN FILE: by both that take it
peer_refused()
{
	for script in acceptance bench; do
		refused "$1" env KERNEL=6.12 PEER_KO="$2" timeout 60 \
			"$vm/../$script/run.sh" || { cat "$dir/refusal"; return 1; }
	done
}

# shellcheck source=../vm/peer.sh
peer_taken()
(
	. "$vm/peer.sh"
	PEER_KO=$dir/peer.ko peers_take "$dir/peers" 6.12
	[ "$(ls "$dir/peers")" = 6.12.ko ] && cmp "$dir/peer.ko" "$dir/peers/6.12.ko"
)

check "peer: no file" peer_refused "no file '$dir/none.ko'" "$dir/none.ko"
echo "int main" >"$dir/text.ko"
check "peer: a file that is no module" peer_refused "not a kernel module" "$dir/text.ko"
here=$(label_release 6.12)
check "peer: a module of another kernel can be canned" canned_module kvmfr 5.10.0-1-amd64
check "peer: it is refused, and both kernels are named" \
	peer_refused "is for kernel 5.10.0-1-amd64, not for $here" "$dir/peer.ko"
check "peer: a module of another name can be canned" canned_module dummy "$here"
check "peer: it is refused by its name" peer_refused "the module dummy, not kvmfr" "$dir/peer.ko"
check "peer: a right one can be canned" canned_module kvmfr "$here"
check "peer: two for one kernel are one too many" \
	peer_refused "second one for kernel $here" "$dir/peer.ko $dir/peer.ko"
check "peer: the right one is taken, for its kernel" peer_taken
