// SPDX-License-Identifier: GPL-2.0
/* The parser of libvirt's XML, fed with anything. */
#include <stdlib.h>
#include <string.h>

#include "domain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kvmfr_domain *domain;
	char error[256];

	if (kvmfr_domain_parse((const char *)data, size, "fuzz", &domain,
			       error)) {
		/* A reason fits, and a failure leaves nothing behind. */
		if (domain || strnlen(error, sizeof(error)) == sizeof(error))
			abort();
		return 0;
	}
	for (size_t i = 0; i < domain->arg_count; i++) {
		const struct kvmfr_domain_arg *arg = &domain->arg[i];

		if (kvmfr_domain_kvmfr(arg) > 9 ||
		    kvmfr_domain_size(kvmfr_domain_option(arg, "size")) < -4095)
			abort();
		kvmfr_domain_bool(kvmfr_domain_option(arg, "share"));
		kvmfr_domain_device(domain, arg);
	}
	kvmfr_domain_free(domain);
	return 0;
}
