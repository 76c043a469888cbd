// SPDX-License-Identifier: GPL-2.0
/* A program with one command. */
static const struct command commands[] = {
	{ "sample", "does nothing", sample_run },
};
