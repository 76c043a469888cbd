/* SPDX-License-Identifier: GPL-2.0 */
/* Between domain.c and domain_arg.c: arguments of QEMU. */
#ifndef KVMFR_DOMAIN_ARG_H
#define KVMFR_DOMAIN_ARG_H

#include "domain.h"

/*
 * Reads "type,key=value,..." or the same as JSON. What makes no sense leaves
 * @arg without a type. 0, -ENOMEM or -E2BIG; to be cleared in any case.
 */
int kvmfr_domain_arg_read(struct kvmfr_domain_arg *arg, const char *text);
void kvmfr_domain_arg_clear(struct kvmfr_domain_arg *arg);

#endif
