// SPDX-License-Identifier: GPL-2.0
/* kvmfrctl: sets up, shows and diagnoses kvmfr and vfio_pci_pm. */
#include <argp.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

static const struct command commands[] = {
	{ "status", "show devices, who uses them, and GPU slots",
	  command_status },
	{ "doctor", "say what is wrong, and what helps", command_doctor },
	{ "size", "say how large a device has to be for a picture",
	  command_size },
	{ "load", "load kvmfr", command_load },
	{ "unload", "unload kvmfr, if nobody uses it", command_unload },
	{ "resize", "load kvmfr again, with other sizes", command_resize },
	{ "power", "watch, measure and report what GPU slots draw",
	  command_power },
	{ NULL, NULL, NULL },
};

const char *argp_program_version = "kvmfrctl " VERSION;

struct options {
	const char *root;
	int command; /* index in argv of its name */
};

int command_fail(const char *format, ...)
{
	va_list args;

	fputs("kvmfrctl: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return COMMAND_FAILED;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'r':
		options->root = text;
		return 0;
	case ARGP_KEY_ARG:
		/* All that follows is the command's. */
		options->command = state->next - 1;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no command given");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* The list of commands, where argp puts what comes after the options. */
static char *list_commands(int key, const char *text, void *input)
{
	size_t size;
	char *list;
	FILE *out;

	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	out = open_memstream(&list, &size);
	if (!out)
		return (char *)text;
	fputs("Commands:\n", out);
	for (const struct command *command = commands; command->name; command++)
		fprintf(out, "  %-10s %s\n", command->name, command->summary);
	fputs("\nkvmfrctl COMMAND --help tells more about one.", out);
	return fclose(out) ? (char *)text : list;
}

static int run(const struct kvmfr_root *root, int argc, char **argv)
{
	char name[64];

	for (const struct command *command = commands; command->name;
	     command++) {
		if (strcmp(command->name, argv[0]))
			continue;
		snprintf(name, sizeof(name), "kvmfrctl %s", command->name);
		program_invocation_name = name;
		argv[0] = name;
		return command->run(root, argc, argv);
	}
	command_fail("there is no command '%s'; see kvmfrctl --help", argv[0]);
	return COMMAND_USAGE;
}

int main(int argc, char **argv)
{
	static const struct argp_option list[] = {
		{ "root", 'r', "DIR", 0,
		  "look at the system below DIR instead of this one", 0 },
		{ 0 }
	};
	static const struct argp argp = {
		.options = list,
		.parser = parse,
		.args_doc = "COMMAND [ARGUMENT...]",
		.doc = "Sets up, shows and diagnoses kvmfr and vfio_pci_pm.\v",
		.help_filter = list_commands,
	};
	struct options options = { 0 };
	struct kvmfr_root root;
	int ret;

	setlocale(LC_ALL, "");
	argp_err_exit_status = COMMAND_USAGE;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &options);
	ret = kvmfr_root_open(&root, options.root);
	if (ret)
		return command_fail("cannot open '%s': %s", options.root,
				    strerror(-ret));
	ret = run(&root, argc - options.command, argv + options.command);
	kvmfr_root_close(&root);
	if (fflush(stdout) || ferror(stdout))
		return command_fail("cannot write the output");
	return ret;
}
