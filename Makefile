# SPDX-License-Identifier: GPL-2.0
# Commands of the suite; kernel/Kbuild is what builds the modules, here and
# under DKMS.

VERSION := 1.0.0
KDIR ?= /lib/modules/$(shell uname -r)/build

.DEFAULT_GOAL := modules
.PHONY: help modules userspace install dkms-install uninstall lint check-unit check-vm \
	check-acceptance check-long sanitizer-kernel check bench demo clean clean-cache

help:
	@echo 'make [modules] [KDIR=...]     build the modules for a kernel'
	@echo 'make userspace                build kvmfrctl, kvmfrd and vfio-powerd'
	@echo 'make install                  install them for that kernel, and the programs'
	@echo 'make dkms-install             the same for every kernel, by DKMS'
	@echo 'make uninstall                undo either'
	@echo 'make demo                     see it work in a virtual machine'
	@echo 'make check                    run the tests, but for the slowest'
	@echo 'make lint                     run the static checks'
	@echo "make check-unit               test the bench's judgement and the power decision"
	@echo 'make check-vm [KERNEL=6.1|6.12|7.x|sanitizer|all] [SUITE=prefix]'
	@echo '                              run suites in virtual machines'
	@echo 'make sanitizer-kernel         build the kernel with every checker there is'
	@echo 'make check-acceptance [KERNEL=...] [SUITE=prefix] [PEER_KO=...]'
	@echo '                              run the real client and the real QEMU'
	@echo 'make check-long [KERNEL=...] [SUITE=prefix] [KVMFR_LONG=percent]'
	@echo '                              do the same thing thousands of times'
	@echo 'make bench [KERNEL=] [PEER_KO=...]'
	@echo '                              count what the memory costs'
	@echo 'make clean                    remove what was built'
	@echo 'make clean-cache              remove the downloaded roots as well'

modules:
	$(MAKE) -C $(KDIR) M=$(CURDIR)/kernel modules

userspace:
	@$(MAKE) -C userspace

# KVER=, KDIR=, DESTDIR=, PREFIX= and USERSPACE= reach the scripts in their environment.
dkms-install:
	@packaging/dkms-install.sh

install:
	@packaging/install.sh

uninstall:
	@packaging/uninstall.sh

lint:
	@tests/lint/run.sh

check-unit:
	@tests/unit/run.sh

check-vm:
	@tests/vm/check.sh

check-acceptance:
	@tests/acceptance/run.sh

check-long:
	@tests/long/run.sh

sanitizer-kernel:
	@tests/vm/root.sh sanitizer

check:
	@tests/check.sh

bench:
	@tests/bench/run.sh

demo:
	@tests/demo/run.sh

clean:
	rm -rf build
	find kernel tests \( -name '*.o' -o -name '*.ko' -o -name '*.mod' \
		-o -name '*.mod.c' -o -name '.*.cmd' -o -name modules.order \
		-o -name Module.symvers \) -delete

clean-cache: clean
	@tests/vm/clean-cache.sh
