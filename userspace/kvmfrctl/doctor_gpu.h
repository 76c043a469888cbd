/* SPDX-License-Identifier: GPL-2.0 */
/* Which graphics cards virtual machines get; the checks of the GPU share it. */
#ifndef KVMFRCTL_DOCTOR_GPU_H
#define KVMFRCTL_DOCTOR_GPU_H

#include <stdio.h>

#include "doctor.h"
#include "pci.h"

/**
 * struct doctor_function - what is known of a PCI device beside sysfs
 * @given: it is part of a card that virtual machines get: one has it in its
 *	XML, or one of the functions is bound to vfio-pci
 * @domain: a virtual machine that has this very function in its XML, or NULL
 * @managed: libvirt binds it to vfio-pci when that is started
 */
struct doctor_function {
	bool given;
	const struct kvmfr_domain *domain;
	bool managed;
};

/**
 * struct doctor_gpus - all PCI devices
 * @pci: they, @count of them, sorted by address
 * @function: of each, in the same order
 * @any: at least one is given
 */
struct doctor_gpus {
	struct kvmfr_pci *pci;
	struct doctor_function *function;
	int count;
	bool any;
};

/* False after a failure, then doctor->error is set. Free with doctor_gpus_free(). */
bool doctor_gpus_find(struct doctor *doctor, struct doctor_gpus *gpus);
void doctor_gpus_free(struct doctor_gpus *gpus);

/* Whether the power of a given function comes from the port at @address. */
bool doctor_gpus_port_given(const struct doctor_gpus *gpus,
			    const char *address);

/* The display that the machine was started with, if it is on this card; or NULL. */
const struct kvmfr_pci *doctor_gpus_boot_display(const struct doctor_gpus *gpus,
						 int index);

/* doctor_vfio_boot.c: a part of doctor_check_vfio(). */
void doctor_check_vfio_boot(struct doctor *doctor,
			    const struct doctor_gpus *gpus);

/* Lines of shell that take the function from its driver and give it to vfio-pci. */
char *doctor_gpus_bind_lines(const struct kvmfr_pci *function);

/* A module that drives the host's graphics cards of this vendor; NULL after the last. */
const char *doctor_gpus_driver(uint32_t vendor, size_t index);

/* Text that is put together line by line: NULL @out is allowed to be finished. */
struct doctor_script {
	FILE *out;
	char *text;
	size_t size;
};

void doctor_script_start(struct doctor_script *lines);
__attribute__((format(printf, 2, 3))) void
doctor_script_add(struct doctor_script *lines, const char *format, ...);
/* For doctor_report(): the text, or NULL without memory. */
char *doctor_script_end(struct doctor_script *lines);

#endif
