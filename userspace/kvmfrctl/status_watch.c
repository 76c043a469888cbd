// SPDX-License-Identifier: GPL-2.0
/* Shows the status again whenever it changes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "live.h"
#include "status.h"

/* At most once a second; and for what no event tells, like the level. */
#define GAP_MS 1000
#define PERIOD_MS 5000

/* To be freed. */
static char *print(const struct status *status, const struct style *style)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	status_print(status, style, out);
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

/* The same text as long as nothing has changed: without the time that passes. */
static char *fingerprint(struct status *status)
{
	static const struct style plain = { .width = 1000 };
	double now_s = status->now_s;
	char *text;

	status->now_s = 0;
	text = print(status, &plain);
	status->now_s = now_s;
	return text;
}

static void print_json(const struct status *status)
{
	struct json_object *object = status_json(status);

	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN));
	json_object_put(object);
}

static void print_block(const struct status *status)
{
	struct style style = style_of(STDOUT_FILENO);
	time_t now = time(NULL);
	char text[32] = "";

	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	printf("-- %s\n", text);
	status_print(status, &style, stdout);
	putchar('\n');
}

static int draw(const struct live *live, const struct status *status)
{
	struct style style = style_of(STDOUT_FILENO);
	char *text = print(status, &style);

	if (!text)
		return -ENOMEM;
	live_draw(live, text);
	free(text);
	return 0;
}

/* On a terminal always, as times pass; elsewhere if there is something new. */
static int show(const struct live *live, struct status *status, bool json,
		char **before)
{
	char *now;

	if (live->screen)
		return draw(live, status);
	now = fingerprint(status);
	if (!now)
		return -ENOMEM;
	if (*before && !strcmp(*before, now)) {
		free(now);
		return 0;
	}
	free(*before);
	*before = now;
	if (json)
		print_json(status);
	else
		print_block(status);
	return fflush(stdout) ? -errno : 0;
}

int status_watch(const struct kvmfr_root *root, bool json)
{
	struct status status;
	char *before = NULL;
	struct live live;
	int ret;

	live_open(&live, root, !json && isatty(STDOUT_FILENO));
	do {
		ret = status_read(root, &status);
		if (ret)
			break;
		ret = show(&live, &status, json, &before);
		status_free(&status);
	} while (!ret && live_wait(&live, GAP_MS, PERIOD_MS));
	live_close(&live);
	free(before);
	if (ret)
		return command_fail("cannot show the status: %s",
				    strerror(-ret));
	return COMMAND_OK;
}
