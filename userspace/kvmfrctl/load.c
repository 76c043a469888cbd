// SPDX-License-Identifier: GPL-2.0
/* kvmfrctl load: kvmfr with the sizes that are named, or those of modprobe.d. */
#include "command.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>

#include "change.h"
#include "holding.h"
#include "module.h"
#include "persist.h"
#include "sizes.h"

struct load_options {
	struct sizes sizes;
	int status;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct load_options *options = state->input;

	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	if (!options->status)
		options->status = sizes_add(&options->sizes, text);
	return 0;
}

/* Without sizes on the command line it is modprobe.d that has them, if any. */
static void read_configured(struct sizes *sizes)
{
	char text[SIZES_TEXT];
	char *options;

	if (kvmfr_module_options(CHANGE_MODULE, &options))
		return;
	kvmfr_persist_last_size(options, text, sizeof(text));
	sizes_read(sizes, text);
	free(options);
}

static int load(const struct kvmfr_root *root, const struct sizes *given)
{
	struct sizes sizes = *given;
	char text[SIZES_TEXT];
	struct change change;

	if (change_is_loaded(root)) {
		if (change_current(root, text, sizeof(text)))
			return command_fail(
				"kvmfr is loaded already; see kvmfrctl unload");
		return command_fail(
			"kvmfr is loaded already, with %s%s; kvmfrctl resize changes that",
			text[0] ? text : "no size", text[0] ? " MiB" : "");
	}
	if (!sizes.count)
		read_configured(&sizes);
	if (holding_trap(root, sizes.count ? sizes.count : SIZES_MAX))
		return COMMAND_FAILED;
	if (!change_allowed(root))
		return COMMAND_USAGE;
	sizes_warn(&sizes);
	change = change_load(given->text, "");
	if (change.error) {
		change_explain_load(root, &change,
				    sizes.count ? sizes.text : "0");
		return COMMAND_FAILED;
	}
	change_print_devices(root);
	return COMMAND_OK;
}

int command_load(const struct kvmfr_root *root, int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse,
		.args_doc = "[SIZE...]",
		.doc = "Loads the module kvmfr with one device of each SIZE in MiB, or as modprobe.d says.",
	};
	struct load_options options = { 0 };

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	return options.status ? options.status : load(root, &options.sizes);
}
