# SPDX-License-Identifier: GPL-2.0
# Sourced by the suites in which a driver's DMA to a dma-buf takes another way: the
# tests that have such a driver, with a function that is unbound, and removed.
# shellcheck shell=sh disable=SC2034,SC2154 # read by the harness, set by it
# shellcheck source=tests/vm/suites/unplug-devices.sh
. "$vm/suites/unplug-devices.sh"
quick=7.x
args="-V unbind_pfn -V remove_pfn -V device_del_pages -V device_del_pfn
	-t attached -t imported -t importer_lets_go -t importer_writes_on -t importer_exits"
qemu="$qemu -device edu,dma_mask=0xffffffffffffffff"
