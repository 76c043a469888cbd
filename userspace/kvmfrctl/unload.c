// SPDX-License-Identifier: GPL-2.0
/* kvmfrctl unload: refuses while somebody holds a device, and says who. */
#include <argp.h>

#include "change.h"
#include "command.h"
#include "holding.h"

int command_unload(const struct kvmfr_root *root, int argc, char **argv)
{
	static const struct argp argp = {
		.doc = "Unloads the module kvmfr. What is in its memory is lost.",
	};
	struct change change;

	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	if (!change_is_loaded(root))
		return command_fail("cannot unload kvmfr: it is not loaded");
	if (!holding_free(root, "unload"))
		return COMMAND_FAILED;
	if (!change_allowed(root))
		return COMMAND_USAGE;
	change = change_unload();
	if (!change.error)
		return COMMAND_OK;
	change_explain_unload(root, &change);
	return COMMAND_FAILED;
}
