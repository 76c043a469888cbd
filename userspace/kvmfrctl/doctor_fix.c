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

/**
 * struct change - a write that is to be done
 * @old: what was there when it was shown, NULL if nothing
 * @blind: an attribute that cannot be read; it can be written all the same
 */
struct change {
	const struct doctor_write *write;
	char *old;
	bool blind;
};

static int read_old(const struct kvmfr_root *root, struct change *change)
{
	const char *path = change->write->path;
	int ret = kvmfr_read_all(root, &change->old, FILE_MAX, "%s", path);

	change->blind = ret < 0 && is_attribute(change->write);
	if (ret >= 0 || ret == -ENOENT || change->blind)
		return 0;
	return command_fail("cannot read '/%s': %s", path, strerror(-ret));
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
		      const struct change *change, FILE *out)
{
	const struct doctor_write *write = change->write;
	char at[PATH_MAX];
	char *path, *saved, *text;

	root_path(root, at);
	path = quote("%s/%s", at, write->path);
	saved = quote("%s/%s" SAVED, at, write->path);
	text = quote("%s", change->old ? change->old : "");
	if (!path || !saved || !text)
		fprintf(out, "    # out of memory\n");
	else if (change->blind)
		fprintf(out, "    # %s could not be read before\n", path);
	else if (!change->old)
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

struct changes {
	struct change *change;
	size_t count;
};

/* Two findings may want the same. */
static bool is_known(const struct changes *changes,
		     const struct doctor_write *write)
{
	for (size_t i = 0; i < changes->count; i++)
		if (!strcmp(changes->change[i].write->path, write->path))
			return true;
	return false;
}

/* A write of what the file says already is none. */
static int add_change(const struct kvmfr_root *root, struct changes *changes,
		      const struct doctor_write *write)
{
	struct change change = { .write = write };
	struct change *grown;

	if (is_known(changes, write))
		return 0;
	if (read_old(root, &change))
		return -EIO;
	if (is_done(write, change.old)) {
		free(change.old);
		return 0;
	}
	grown = reallocarray(changes->change, changes->count + 1,
			     sizeof(*grown));
	if (!grown) {
		free(change.old);
		command_fail("out of memory");
		return -ENOMEM;
	}
	changes->change = grown;
	grown[changes->count++] = change;
	return 0;
}

static int find_changes(const struct doctor *doctor, struct changes *changes)
{
	int ret = 0;

	for (size_t i = 0; i < doctor->count; i++)
		for (size_t j = 0; j < doctor->findings[i].write_count && !ret;
		     j++)
			ret = add_change(doctor->root, changes,
					 &doctor->findings[i].writes[j]);
	return ret;
}

static void free_changes(struct changes *changes)
{
	while (changes->count)
		free(changes->change[--changes->count].old);
	free(changes->change);
}

static void show(const struct changes *changes, FILE *out)
{
	for (size_t i = 0; i < changes->count; i++) {
		const struct change *change = &changes->change[i];

		fprintf(out, "/%s\n", change->write->path);
		show_lines(out, "-", change->old ? change->old : "");
		show_lines(out, "+", change->write->text);
	}
}

/* Whoever agreed has seen what is there now. */
static int check_same(const struct kvmfr_root *root,
		      const struct changes *changes)
{
	for (size_t i = 0; i < changes->count; i++) {
		const struct change *change = &changes->change[i];
		struct change now = { .write = change->write };
		bool same;

		if (read_old(root, &now))
			return -EIO;
		same = now.blind == change->blind && !now.old == !change->old &&
		       (!now.old || !strcmp(now.old, change->old));
		free(now.old);
		if (same)
			continue;
		command_fail(
			"'/%s' has changed since it was shown, so nothing was written",
			change->write->path);
		return -ESTALE;
	}
	return 0;
}

static int apply(const struct kvmfr_root *root, const struct changes *changes,
		 FILE *out)
{
	fprintf(out, "Done. Each is taken back by:\n");
	for (size_t i = 0; i < changes->count; i++) {
		const struct change *change = &changes->change[i];
		int ret = do_write(root, change->write, change->old);

		if (ret) {
			command_fail(
				"cannot write '/%s': %s", change->write->path,
				ret == -EEXIST ?
					"it is a link or something else that is no file" :
					strerror(-ret));
			return -EIO;
		}
		show_undo(root, change, out);
	}
	return (int)changes->count;
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
	struct changes changes = { 0 };
	int ret = find_changes(doctor, &changes);

	if (!ret)
		show(&changes, out);
	if (!ret && changes.count && !yes && !isatty(STDIN_FILENO))
		ret = -ENOTTY;
	else if (!ret && changes.count && (yes || agrees(out)))
		ret = check_same(doctor->root, &changes) ?:
			      apply(doctor->root, &changes, out);
	free_changes(&changes);
	return ret;
}
