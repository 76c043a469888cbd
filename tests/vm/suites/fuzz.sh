# SPDX-License-Identifier: GPL-2.0
# Random callers of everything: tests/hostile. KVMFR_SEED= makes the same ones
# again, KVMFR_SECONDS= makes it last. Two machines, side by side on two
# processors: three minutes for both together unless told. In make check the
# programs are the same ones each time, elsewhere other ones.
# shellcheck shell=sh disable=SC2034,SC2154 # read by the harness, set by it
# shellcheck source=tests/vm/suites/unplug-devices.sh
. "$vm/suites/unplug-devices.sh"
program=kvmfr_fuzz
quick=7.x
monitor=''
seconds=${KVMFR_SECONDS:-90}
args="$seconds ${KVMFR_SEED:-${QUICK:-0}} ${zeroing:-0} /lib/kvmfr/corpus /dev/vda"
timeout=$((seconds + 240))
modules="virtio_pci virtio_blk vgem"
qemu="$qemu -device edu,dma_mask=0xffffffffffffffff
	-drive file=@DIR@/programs.img,format=raw,if=virtio,cache=none
	-drive file=@DIR@/scratch.img,format=raw,if=virtio,cache=none"

setup()
{
	truncate -s 4M programs.img
	truncate -s 2M scratch.img
	cat "$vm"/../hostile/corpus/*.txt >tree/lib/kvmfr/corpus
}
