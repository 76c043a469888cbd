// SPDX-License-Identifier: GPL-2.0
/* libFuzzer: whatever /etc/kvmfr.conf holds, it is a configuration or an error. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is promised about settings, whoever wrote them. */
static void check_nodes(const struct kvmfr_config_nodes *nodes)
{
	if (!*nodes->group || (nodes->mode & 0600) != 0600 ||
	    nodes->mode & ~0666U)
		abort();
	for (char **user = nodes->users; *user; user++)
		if (!**user || strpbrk(*user, " \t/:"))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kvmfr_config_error error;
	struct kvmfr_config *config;
	int ret = kvmfr_config_parse((const char *)data, size, &config, &error);

	if (ret) {
		if (ret != -EINVAL || config || !*error.text ||
		    strlen(error.text) >= sizeof(error.text))
			abort();
		return 0;
	}
	check_nodes(&config->defaults);
	for (int i = 0; i < 10; i++)
		if (config->node[i])
			check_nodes(config->node[i]);
	if (!!*config->power.command != !strcmp(config->power.meter, "command"))
		abort();
	kvmfr_config_free(config);
	return 0;
}
