/* SPDX-License-Identifier: GPL-2.0 */
/* kvmfrctl size: the device for a picture, and what to write where. */
#ifndef KVMFRCTL_SIZE_H
#define KVMFRCTL_SIZE_H

#include <stdint.h>

#include "root.h"

/* The lines of libvirt's XML for /dev/kvmfr0 of @bytes, to be freed, or NULL. */
char *size_domain_xml(uint64_t bytes);

#endif
