/* SPDX-License-Identifier: GPL-2.0 */
/* The doctor: shell that edits a virtual machine's XML, line by line. */
#ifndef KVMFRCTL_DOCTOR_XML_H
#define KVMFRCTL_DOCTOR_XML_H

#include "doctor.h"

/* A script for sed, and what tells libvirt; to be freed. */
__attribute__((format(printf, 2, 3))) char *
doctor_xml_edit(const struct kvmfr_domain *domain, const char *script, ...);

/* What a person has to do, as a comment of one line; to be freed. */
__attribute__((format(printf, 2, 3))) char *
doctor_xml_words(const struct kvmfr_domain *domain, const char *format, ...);

/*
 * Gives an argument these options, the others stay. Where the XML is not
 * written as libvirt does it, this is a sentence.
 */
char *doctor_xml_set(const struct kvmfr_domain *domain,
		     const struct kvmfr_domain_arg *arg,
		     const struct kvmfr_domain_option *options, size_t count);

/* Adds a device that has the memory @id, after the argument. */
char *doctor_xml_add_device(const struct kvmfr_domain *domain,
			    const struct kvmfr_domain_arg *arg, const char *id);

#endif
