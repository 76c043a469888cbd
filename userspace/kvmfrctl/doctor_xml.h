/* SPDX-License-Identifier: GPL-2.0 */
/* The doctor: shell that edits a virtual machine's XML, line by line. */
#ifndef KVMFRCTL_DOCTOR_XML_H
#define KVMFRCTL_DOCTOR_XML_H

#include "doctor.h"

/* A script for sed, and what tells libvirt; to be freed. */
__attribute__((format(printf, 2, 3))) char *
doctor_xml_edit(const struct kvmfr_domain *domain, const char *script, ...);

/*
 * Gives an argument these options, the others stay. Where the XML is not
 * written as libvirt does it, this is a sentence.
 */
char *doctor_xml_set(const struct kvmfr_domain *domain,
		     const struct kvmfr_domain_arg *arg,
		     const struct kvmfr_domain_option *options, size_t count);

/* Adds "-device TEXT" after the argument. */
char *doctor_xml_add_device(const struct kvmfr_domain *domain,
			    const struct kvmfr_domain_arg *arg,
			    const char *text);

#endif
