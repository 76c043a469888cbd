// SPDX-License-Identifier: GPL-2.0
/* A program with one command. */
#include <stdlib.h>

struct command {
	const char *name;
	const char *help;
	int (*run)(void);
};

static int sample_run(void)
{
	char *text = malloc(1);
	int status = text ? EXIT_SUCCESS : EXIT_FAILURE;

	free(text);
	return status;
}

static const struct command commands[] = {
	{ "sample", "does nothing", sample_run },
};

int main(void)
{
	return commands[0].run();
}
