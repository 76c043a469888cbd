// SPDX-License-Identifier: GPL-2.0
/* kvmfrctl resize: unload and load with other sizes, and back if that fails. */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "change.h"
#include "command.h"
#include "holding.h"
#include "module.h"
#include "persist_command.h"
#include "sizes.h"

enum { OPTION_PERSIST = 0x100, OPTION_FORGET, OPTION_DRY_RUN = 'n' };

struct resize_options {
	struct sizes sizes;
	bool persist;
	bool dry_run;
	bool forget;
	int status;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct resize_options *options = state->input;

	switch (key) {
	case OPTION_PERSIST:
		options->persist = true;
		return 0;
	case OPTION_DRY_RUN:
		options->dry_run = true;
		return 0;
	case OPTION_FORGET:
		options->forget = true;
		return 0;
	case ARGP_KEY_ARG:
		if (!options->status)
			options->status = sizes_add(&options->sizes, text);
		return 0;
	case ARGP_KEY_END:
		if (options->status)
			return 0;
		if (options->forget &&
		    (options->sizes.count || options->persist))
			argp_error(
				state,
				"--forget goes with no size and not with --persist");
		else if (!options->forget && !options->sizes.count)
			argp_error(state, "no size given");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static void explain_lost(const struct kvmfr_root *root,
			 const struct change *back, const char *old,
			 const char *others)
{
	change_explain_load(root, back, old);
	command_fail("kvmfr is not loaded now; to get %s: modprobe kvmfr%s%s%s",
		     *old ? "the devices back that were there" :
			    "those of the next boot",
		     *old ? " static_size_mb=" : "", old, others);
}

/* Nobody may end us while there is no module. */
static int replace(const struct kvmfr_root *root, const char *old,
		   const char *new)
{
	struct change change, back;
	char others[256];

	change_others(root, others, sizeof(others));
	change = change_unload();
	if (change.error) {
		change_explain_unload(root, &change);
		return COMMAND_FAILED;
	}
	change = change_load(new, others);
	if (!change.error)
		return COMMAND_OK;
	back = change_back(old, others);
	change_explain_load(root, &change, new);
	if (back.error)
		explain_lost(root, &back, old, others);
	else
		command_fail("the devices are as before: %s",
			     old[0] ? old : "none");
	return COMMAND_FAILED;
}

static int replace_undisturbed(const struct kvmfr_root *root, const char *old,
			       const char *new)
{
	sigset_t all, before;
	int ret;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	ret = replace(root, old, new);
	if (ret == COMMAND_OK)
		change_print_devices(root);
	fflush(stdout);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return ret;
}

/* Without the module's file there would be no way back. */
static int check_file(void)
{
	struct change missing = { .error = -ENOENT };
	static const struct kvmfr_root machine = { .fd = -1 };
	struct kvmfr_module_info info;
	int ret = kvmfr_module_info(CHANGE_MODULE, &info);

	if (ret)
		return command_fail("cannot look for the module: %s",
				    strerror(-ret));
	if (info.path[0])
		return COMMAND_OK;
	change_explain_load(&machine, &missing, "");
	return COMMAND_FAILED;
}

/* Everything that can be known before something is changed. */
static int check(const struct kvmfr_root *root, const struct sizes *sizes,
		 char *old, size_t size)
{
	int ret;

	if (!change_is_loaded(root))
		return command_fail(
			"cannot resize: kvmfr is not loaded; see kvmfrctl load");
	ret = change_current(root, old, size);
	if (ret)
		return command_fail(
			"cannot read the sizes that kvmfr has now, so that there would be no way back: %s",
			strerror(-ret));
	if (!strcmp(old, sizes->text))
		return COMMAND_OK;
	if (!holding_free(root, "resize") || holding_trap(root, sizes->count))
		return COMMAND_FAILED;
	return COMMAND_OK;
}

static int resize(const struct kvmfr_root *root,
		  const struct resize_options *options)
{
	const struct sizes *sizes = &options->sizes;
	char old[256];
	int ret = check(root, sizes, old, sizeof(old));

	if (ret)
		return ret;
	sizes_warn(sizes);
	if (options->dry_run) {
		printf("static_size_mb: %s -> %s\n", old[0] ? old : "none",
		       sizes->text);
		return options->persist ? persist_show(root, sizes->text) :
					  COMMAND_OK;
	}
	if (!change_allowed(root))
		return COMMAND_USAGE;
	if (!strcmp(old, sizes->text)) {
		change_print_devices(root);
	} else {
		ret = check_file();
		if (!ret)
			ret = replace_undisturbed(root, old, sizes->text);
	}
	if (ret || !options->persist)
		return ret;
	return persist_write(root, sizes->text);
}

int command_resize(const struct kvmfr_root *root, int argc, char **argv)
{
	static const struct argp_option list[] = {
		{ "persist", OPTION_PERSIST, NULL, 0,
		  "afterwards make the same sizes come with the next boot: /etc/modprobe.d/kvmfr.conf and /etc/modules-load.d/kvmfr.conf",
		  0 },
		{ "dry-run", OPTION_DRY_RUN, NULL, 0, "say what would be done",
		  0 },
		{ "forget", OPTION_FORGET, NULL, 0,
		  "put these files back to what they were before the first --persist",
		  0 },
		{ 0 }
	};
	static const struct argp argp = {
		.options = list,
		.parser = parse,
		.args_doc = "SIZE...\n--forget",
		.doc = "Unloads the module kvmfr and loads it with one device of each SIZE in MiB; if that fails, with the sizes as before. What is in its memory is lost.",
	};
	struct resize_options options = { 0 };

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	if (options.status)
		return options.status;
	if (options.forget)
		return persist_forget(root, options.dry_run);
	return resize(root, &options);
}
