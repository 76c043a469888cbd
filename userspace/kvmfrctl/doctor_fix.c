// SPDX-License-Identifier: GPL-2.0
/*
 * kvmfrctl doctor --fix: shows the writes that the findings propose, asks, does
 * them, and says how each is taken back.
 */
#include "doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "file.h"
#include "terminal.h"

#define FILE_MAX (1024 * 1024)
#define SAVED ".before-kvmfrctl" /* nothing reads a file of that name */

/* Attributes take a value; everything else is a file that is replaced. */
static bool is_attribute(const struct doctor_write *write)
{
	return !strncmp(write->path, "sys/", 4) ||
	       !strncmp(write->path, "proc/", 5);
}

/* What is there now, to be freed; NULL if nothing. Else it cannot be kept. */
static int old_text(const struct kvmfr_root *root,
		    const struct doctor_write *write, char **text)
{
	int ret = kvmfr_read_all(root, text, FILE_MAX, "%s", write->path);

	if (ret >= 0 || ret == -ENOENT)
		return 0;
	command_fail("cannot read '/%s': %s", write->path, strerror(-ret));
	return ret;
}

/* Files are read without their last newline. */
static bool is_done(const struct doctor_write *write, const char *old)
{
	size_t length = strlen(write->text);

	if (!old)
		return false;
	if (length && write->text[length - 1] == '\n')
		length--;
	return strlen(old) == length && !strncmp(old, write->text, length);
}

static void show_lines(FILE *out, const char *sign, const char *text)
{
	char safe[512];

	while (*text) {
		size_t length = strcspn(text, "\n");
		char *line = strndup(text, length);

		if (line)
			fprintf(out, "    %s %s\n", sign,
				kvmfr_terminal_safe(safe, sizeof(safe), line));
		free(line);
		text += length + (text[length] == '\n');
	}
}

/* Where the root is, for commands that people paste: "" for the machine's. */
static void root_path(const struct kvmfr_root *root, char path[PATH_MAX])
{
	char link[64];
	ssize_t length = 0;

	if (root->fd >= 0) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", root->fd);
		length = readlink(link, path, PATH_MAX - 1);
	}
	path[length > 0 ? length : 0] = '\0';
}

/* A word of the shell, to be freed. */
__attribute__((format(printf, 1, 2))) static char *quote(const char *format,
							 ...)
{
	char *text, *word;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	word = text ? doctor_quote(text) : NULL;
	free(text);
	return word;
}

static void show_undo(const struct kvmfr_root *root,
		      const struct doctor_write *write, const char *old,
		      FILE *out)
{
	char at[PATH_MAX];
	char *path, *saved, *text;

	root_path(root, at);
	path = quote("%s/%s", at, write->path);
	saved = quote("%s/%s" SAVED, at, write->path);
	text = quote("%s", old ? old : "");
	if (!path || !saved || !text)
		fprintf(out, "    # out of memory\n");
	else if (!old)
		fprintf(out, "    rm %s\n", path);
	else if (is_attribute(write))
		fprintf(out, "    echo %s >%s\n", text, path);
	else
		fprintf(out, "    mv %s %s\n", saved, path);
	free(text);
	free(saved);
	free(path);
}

/* Opens the directory of @path, so that no link leads out of the root. */
static int replace_file(const struct kvmfr_root *root, const char *path,
			const char *text, mode_t mode)
{
	char directory[PATH_MAX];
	char name[PATH_MAX];
	char full[PATH_MAX];
	int ret;
	int fd;

	if (strlen(path) >= PATH_MAX - 64)
		return -ENAMETOOLONG;
	strcpy(directory, path);
	strcpy(name, path);
	fd = kvmfr_open(root, O_PATH | O_DIRECTORY, "%s", dirname(directory));
	if (fd < 0)
		return fd;
	if (snprintf(full, sizeof(full), "/proc/self/fd/%d/%s", fd,
		     basename(name)) >= (int)sizeof(full))
		ret = -ENAMETOOLONG;
	else
		ret = kvmfr_file_replace(full, text, strlen(text), mode);
	close(fd);
	return ret;
}

/* The old file, with the newline that reading took away, beside the new one. */
static int save_file(const struct kvmfr_root *root, const char *path,
		     const char *old, mode_t mode)
{
	char *saved = doctor_text("%s%s", path, SAVED);
	char *text = doctor_text("%s\n", old);
	int ret = saved && text ? replace_file(root, saved, text, mode) :
				  -ENOMEM;

	free(text);
	free(saved);
	return ret;
}

static int do_write(const struct kvmfr_root *root,
		    const struct doctor_write *write, const char *old)
{
	mode_t mode = 0644;
	struct stat st;
	int ret;

	if (is_attribute(write))
		return kvmfr_write(root, write->text, "%s", write->path);
	ret = kvmfr_lstat(root, &st, "%s", write->path);
	if (ret && ret != -ENOENT)
		return ret;
	/* Not the mode of what a link leads to: /dev/null is everybody's. */
	if (!ret && !S_ISREG(st.st_mode))
		return -EEXIST;
	if (!ret && !old)
		return -EAGAIN; /* somebody has just made it */
	if (old) {
		mode = st.st_mode & 0755;
		ret = ret ? ret : save_file(root, write->path, old, mode);
		if (ret)
			return ret;
	}
	return replace_file(root, write->path, write->text, mode);
}

typedef int (*write_fn)(const struct kvmfr_root *root,
			const struct doctor_write *write, const char *old,
			FILE *out);

/* Calls @each for the writes that are not what the file says already. */
static int look_at_writes(const struct doctor *doctor, FILE *out, write_fn each)
{
	int count = 0;
	int ret = 0;

	for (size_t i = 0; i < doctor->count && !ret; i++) {
		const struct doctor_finding *finding = &doctor->findings[i];

		for (size_t j = 0; j < finding->write_count && !ret; j++) {
			char *old;

			ret = old_text(doctor->root, &finding->writes[j], &old);
			if (!ret && !is_done(&finding->writes[j], old)) {
				ret = each(doctor->root, &finding->writes[j],
					   old, out);
				count++;
			}
			free(old);
		}
	}
	return ret ? ret : count;
}

static int show(const struct kvmfr_root *root, const struct doctor_write *write,
		const char *old, FILE *out)
{
	fprintf(out, "/%s\n", write->path);
	show_lines(out, "-", old ? old : "");
	show_lines(out, "+", write->text);
	return 0;
}

static int apply(const struct kvmfr_root *root,
		 const struct doctor_write *write, const char *old, FILE *out)
{
	int ret = do_write(root, write, old);

	if (ret)
		command_fail(
			"cannot write '/%s': %s", write->path,
			ret == -EEXIST ?
				"it is a link or something else that is no file" :
				strerror(-ret));
	else
		show_undo(root, write, old, out);
	return ret;
}

static bool agrees(FILE *out)
{
	char answer[16] = "";

	fprintf(out, "Write that? [y/N] ");
	fflush(out);
	if (!fgets(answer, sizeof(answer), stdin))
		return false;
	return answer[0] == 'y' || answer[0] == 'Y';
}

int doctor_fix(const struct doctor *doctor, FILE *out, bool yes)
{
	int count = look_at_writes(doctor, out, show);

	if (count <= 0)
		return count;
	if (!yes && !isatty(STDIN_FILENO))
		return -ENOTTY;
	if (!yes && !agrees(out))
		return 0;
	fprintf(out, "Done. Each is taken back by:\n");
	return look_at_writes(doctor, out, apply);
}
