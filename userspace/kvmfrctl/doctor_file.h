/* SPDX-License-Identifier: GPL-2.0 */
/* The doctor: files of kvmfr.ko, its packages of DKMS, its signature. */
#ifndef KVMFRCTL_DOCTOR_FILE_H
#define KVMFRCTL_DOCTOR_FILE_H

#include <fcntl.h>

#include "doctor.h"

/*
 * The file of @module, written with '_', for a kernel by its modules.dep,
 * relative to the root; "" if none.
 */
void doctor_module_find(const struct doctor *doctor, const char *module,
			const char *release, char *path, size_t size);

/* Whether @module is a part of that kernel. */
bool doctor_module_built_in(const struct doctor *doctor, const char *module,
			    const char *release);

/* Kernels other than @release that have one: "6.1.0-1, 6.12.0-2". */
bool doctor_module_elsewhere(struct doctor *doctor, const char *release,
			     char *others, size_t size);

/* Who signed it, "" if nobody; false if that cannot be seen here. */
bool doctor_module_signer(const struct doctor *doctor, const char *path,
			  char signer[128]);

/* How far DKMS has come with kvmfr-suite, a part of a sentence; to be freed. */
char *doctor_dkms_state(const struct doctor *doctor, const char *release);

/* Shell that builds the module for a kernel, headers first; to be freed. */
char *doctor_dkms_remedy(const struct doctor *doctor, const char *release);

/* The same for a module with a signature that the kernel knows. */
char *doctor_sign_remedy(const struct doctor *doctor, const char *release);

/* Where DKMS has the key that it signs with, relative to the root. */
const char *doctor_mok_path(const struct doctor *doctor);

/* "kvmfr/0.0.12", another package with a kvmfr.ko; NULL if there is none. */
char *doctor_dkms_foreign(const struct doctor *doctor);

#endif
