// SPDX-License-Identifier: GPL-2.0
/* kvmfrctl status: devices and slots on one screen. */
#include "status.h"

#include <argp.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

#define JSON_STYLE                                           \
	(JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | \
	 JSON_C_TO_STRING_NOSLASHESCAPE)

struct options {
	bool json;
	bool watch;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'j':
		options->json = true;
		return 0;
	case 'w':
		options->watch = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument '%s'", text);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static void show(const struct status *status, bool json)
{
	struct style style = style_of(STDOUT_FILENO);
	struct json_object *object;

	if (!json) {
		status_print(status, &style, stdout);
		return;
	}
	object = status_json(status);
	puts(json_object_to_json_string_ext(object, JSON_STYLE));
	json_object_put(object);
}

int command_status(const struct kvmfr_root *root, int argc, char **argv)
{
	static const struct argp_option list[] = {
		{ "json", 'j', NULL, 0,
		  "print JSON; one line per change with --watch", 0 },
		{ "watch", 'w', NULL, 0, "show it again whenever it changes",
		  0 },
		{ 0 }
	};
	static const struct argp argp = {
		.options = list,
		.parser = parse,
		.doc = "Shows shared memory, who uses it, and GPU slots.",
	};
	struct options options = { 0 };
	struct status status;
	int ret;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	if (options.watch)
		return status_watch(root, options.json);
	ret = status_read(root, &status);
	if (ret)
		return command_fail("cannot read the status: %s",
				    strerror(-ret));
	show(&status, options.json);
	status_free(&status);
	return COMMAND_OK;
}
