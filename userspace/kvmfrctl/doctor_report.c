// SPDX-License-Identifier: GPL-2.0
/* The doctor's notes: findings, what --fix may write, what was skipped. */
#include "doctor.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

char *doctor_text(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	return text;
}

#define PLAIN \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:=+@,-"

/*
 * $'...' is for what cannot be written on one line. No quote is in it, so that
 * a shell that does not know it takes another word, but no command.
 */
char *doctor_quote(const char *text)
{
	bool plain = *text && !text[strspn(text, PLAIN)];
	bool print = true;
	char *word = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&word, &size);

	if (!out)
		return NULL;
	for (const char *c = text; *c; c++)
		print = print && *c >= ' ' && *c <= '~' && *c != '\'';
	fputs(plain ? "" : print ? "'" : "$'", out);
	for (const char *c = text; *c; c++) {
		if (print || (*c >= ' ' && *c <= '~' && !strchr("'\\", *c)))
			fputc(*c, out);
		else
			fprintf(out, "\\%03o", (unsigned char)*c);
	}
	fputs(plain ? "" : "'", out);
	if (fclose(out)) {
		free(word);
		return NULL;
	}
	return word;
}

/* Names may hold a newline, and what follows would look like a remedy. */
static void make_one_line(char *text)
{
	for (; *text; text++)
		if (*text == '\n')
			*text = '?';
}

struct doctor_finding *doctor_report(struct doctor *doctor, const char *id,
				     enum doctor_level level, char *what,
				     char *why, char *remedy)
{
	struct doctor_finding *grown = NULL;

	if (what && why && remedy)
		grown = reallocarray(doctor->findings, doctor->count + 1,
				     sizeof(*grown));
	if (!grown) {
		free(what);
		free(why);
		free(remedy);
		doctor->error = -ENOMEM;
		return NULL;
	}
	make_one_line(what);
	make_one_line(why);
	doctor->findings = grown;
	grown[doctor->count] = (struct doctor_finding){
		.id = id,
		.level = level,
		.what = what,
		.why = why,
		.remedy = remedy,
	};
	return &grown[doctor->count++];
}

void doctor_fix_write(struct doctor *doctor, struct doctor_finding *finding,
		      const char *text, const char *format, ...)
{
	struct doctor_write write = { .text = strdup(text) };
	struct doctor_write *grown = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&write.path, format, args) < 0)
		write.path = NULL;
	va_end(args);
	if (finding && write.text && write.path)
		grown = reallocarray(finding->writes, finding->write_count + 1,
				     sizeof(*grown));
	if (!grown) {
		free(write.text);
		free(write.path);
		doctor->error = -ENOMEM;
		return;
	}
	finding->writes = grown;
	grown[finding->write_count++] = write;
}

static bool is_skipped(const struct doctor *doctor, const char *text)
{
	for (size_t i = 0; i < doctor->skipped_count; i++)
		if (!strcmp(doctor->skipped[i], text))
			return true;
	return false;
}

void doctor_skip(struct doctor *doctor, char *text)
{
	char **grown = NULL;

	if (text)
		make_one_line(text);
	if (text && is_skipped(doctor, text)) {
		free(text);
		return;
	}
	if (text)
		grown = reallocarray(doctor->skipped, doctor->skipped_count + 1,
				     sizeof(*grown));
	if (!grown) {
		free(text);
		doctor->error = -ENOMEM;
		return;
	}
	doctor->skipped = grown;
	grown[doctor->skipped_count++] = text;
}

static void forget_finding(struct doctor_finding *finding)
{
	while (finding->write_count) {
		finding->write_count--;
		free(finding->writes[finding->write_count].path);
		free(finding->writes[finding->write_count].text);
	}
	free(finding->writes);
	free(finding->what);
	free(finding->why);
	free(finding->remedy);
}

void doctor_forget(struct doctor *doctor)
{
	while (doctor->count)
		forget_finding(&doctor->findings[--doctor->count]);
	free(doctor->findings);
	doctor->findings = NULL;
	while (doctor->skipped_count)
		free(doctor->skipped[--doctor->skipped_count]);
	free(doctor->skipped);
	doctor->skipped = NULL;
	while (doctor->domain_count)
		kvmfr_domain_free(doctor->domains[--doctor->domain_count]);
	free(doctor->domains);
	doctor->domains = NULL;
}
