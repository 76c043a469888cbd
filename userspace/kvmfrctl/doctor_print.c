// SPDX-License-Identifier: GPL-2.0
/* What the doctor says, for people and as JSON. */
#include "doctor.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "terminal.h"
#include "utf8.h"

static const struct {
	const char *name;
	enum kvmfr_colour colour;
} levels[] = {
	[DOCTOR_ERROR] = { "error", KVMFR_RED },
	[DOCTOR_WARNING] = { "warning", KVMFR_YELLOW },
	[DOCTOR_NOTE] = { "note", KVMFR_BOLD },
};

/* Every line of @text, made safe, with @indent before it. */
static void put_lines(FILE *out, const char *indent, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");
		char *line = strndup(text, length);
		char *safe = malloc(length + 1);

		if (line && safe)
			fprintf(out, "%s%s\n", indent,
				kvmfr_terminal_safe(safe, length + 1, line));
		free(safe);
		free(line);
		text += length + (text[length] == '\n');
	}
}

static void print_finding(const struct doctor_finding *finding, bool colours)
{
	printf("%s%s %s%s\n",
	       kvmfr_terminal_colour(colours, levels[finding->level].colour),
	       levels[finding->level].name, finding->id,
	       kvmfr_terminal_colour(colours, KVMFR_PLAIN));
	put_lines(stdout, "  ", finding->what);
	put_lines(stdout, "  ", finding->why);
	put_lines(stdout, "      ", finding->remedy);
	putchar('\n');
}

void doctor_print(const struct doctor *doctor)
{
	bool colours = kvmfr_terminal_colours(STDOUT_FILENO);

	for (size_t i = 0; i < doctor->count; i++)
		print_finding(&doctor->findings[i], colours);
	for (size_t i = 0; i < doctor->skipped_count; i++)
		put_lines(stdout, "not checked: ", doctor->skipped[i]);
	if (!doctor->count && isatty(STDOUT_FILENO))
		puts("Nothing is wrong.");
}

/* What comes into a file, but for bytes that JSON cannot hold. */
static struct json_object *describe_contents(const char *text)
{
	const char *end = text + strlen(text);
	struct json_object *string;
	char *copy = strdup(text);
	uint32_t character;

	if (!copy)
		return NULL;
	for (char *at = copy; text < end;) {
		size_t length = kvmfr_utf8_decode(text, (size_t)(end - text),
						  &character);

		if (!length)
			*at = '?';
		at += length ? length : 1;
		text += length ? length : 1;
	}
	string = json_object_new_string(copy);
	free(copy);
	return string;
}

static struct json_object *describe_writes(const struct doctor_finding *finding)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < finding->write_count; i++) {
		struct json_object *write = json_object_new_object();
		char *path = doctor_text("/%s", finding->writes[i].path);

		json_object_object_add(write, "path",
				       describe_contents(path ? path : ""));
		json_object_object_add(
			write, "text",
			describe_contents(finding->writes[i].text));
		json_object_array_add(list, write);
		free(path);
	}
	return list;
}

/* A string that is UTF-8, whatever the system gave us; lines stay lines. */
static struct json_object *describe_text(const char *text)
{
	struct json_object *string;
	char *lines = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&lines, &size);

	if (!out)
		return NULL;
	put_lines(out, "", text);
	if (fclose(out))
		size = 0;
	string = json_object_new_string_len(lines ? lines : "",
					    size ? (int)size - 1 : 0);
	free(lines);
	return string;
}

static struct json_object *describe(const struct doctor_finding *finding)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(
		object, "level",
		json_object_new_string(levels[finding->level].name));
	json_object_object_add(object, "id",
			       json_object_new_string(finding->id));
	json_object_object_add(object, "what", describe_text(finding->what));
	json_object_object_add(object, "why", describe_text(finding->why));
	json_object_object_add(object, "remedy",
			       describe_text(finding->remedy));
	json_object_object_add(object, "writes", describe_writes(finding));
	return object;
}

int doctor_print_json(const struct doctor *doctor)
{
	struct json_object *top = json_object_new_object();
	struct json_object *findings = json_object_new_array();
	struct json_object *skipped = json_object_new_array();
	const char *text;

	json_object_object_add(top, "version", json_object_new_int(1));
	json_object_object_add(top, "findings", findings);
	json_object_object_add(top, "skipped", skipped);
	for (size_t i = 0; i < doctor->count; i++)
		json_object_array_add(findings, describe(&doctor->findings[i]));
	for (size_t i = 0; i < doctor->skipped_count; i++)
		json_object_array_add(skipped,
				      describe_text(doctor->skipped[i]));
	text = json_object_to_json_string_ext(
		top, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		puts(text);
	json_object_put(top);
	return text ? 0 : -ENOMEM;
}
