# SPDX-License-Identifier: GPL-2.0
# Commands of the suite; kernel/Kbuild is what builds the modules, here and
# under DKMS.

VERSION := 1.0.0
KDIR ?= /lib/modules/$(shell uname -r)/build

.DEFAULT_GOAL := modules
.PHONY: modules check-vm lint dkms-install install uninstall clean

modules:
	$(MAKE) -C $(KDIR) M=$(CURDIR)/kernel modules

check-vm:
	@tests/vm/check.sh

lint:
	@tests/lint/run.sh

# KVER=, KDIR=, DESTDIR= and PREFIX= reach the scripts in their environment.
dkms-install:
	@packaging/dkms-install.sh

install:
	@packaging/install.sh

uninstall:
	@packaging/uninstall.sh

clean:
	rm -rf build
