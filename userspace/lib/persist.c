// SPDX-License-Identifier: GPL-2.0
/* What makes the module come with the same devices after the next boot. */
#include "persist.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

#define FILE_LIMIT (1024 * 1024)
#define FILE_NAME "kvmfr.conf"
#define KEY "static_size_mb"
#define HEAD "# Written by kvmfrctl resize --persist; see kvmfrctl-load(8).\n"
#define SIZES_MAX 128

/* Kept beside a file: what it was, or that there was none. */
#define OLD ".kvmfrctl-old"
#define NONE ".kvmfrctl-none"

static const char *const directories[KVMFR_PERSIST_FILES] = {
	"modprobe.d", "modules-load.d"
};

/* How long the word is; a line that goes on may do so within one. */
static size_t word_length(const char *text)
{
	size_t length = 0;

	while (text[length] && !strchr(" \t\n", text[length]))
		length += text[length] == '\\' && text[length + 1] == '\n' ? 2 :
									     1;
	return length;
}

static bool is_word(const char *text, size_t length, const char *word)
{
	return length == strlen(word) && !strncmp(text, word, length);
}

/* To the kernel - and _ are the same in the names of parameters. */
static bool is_size(const char *text, size_t length)
{
	if (length <= strlen(KEY) || text[strlen(KEY)] != '=')
		return false;
	for (size_t i = 0; i < strlen(KEY); i++)
		if ((text[i] == '-' ? '_' : text[i]) != KEY[i])
			return false;
	return true;
}

static void keep(char *sizes, const char *text, size_t length)
{
	size_t skip = strlen(KEY) + 1;

	snprintf(sizes, SIZES_MAX, "%.*s", (int)(length - skip), text + skip);
}

/*
 * Copies modprobe.d's @text to @out with @sizes in each line "options kvmfr"
 * that has some. @last becomes what the last of them was.
 */
static void edit_options(const char *text, const char *sizes, FILE *out,
			 char last[SIZES_MAX])
{
	bool options = false, ours = false;
	unsigned int words = 0;

	last[0] = '\0';
	while (*text) {
		size_t length = strspn(text, " \t");

		if (!length && *text == '\n') {
			length = 1;
			words = 0;
		} else if (!length && text[0] == '\\' && text[1] == '\n') {
			length = 2;
		} else if (!length) {
			length = word_length(text);
			options = words ? options :
					  is_word(text, length, "options");
			ours = words == 1 ? options && is_word(text, length,
							       "kvmfr") :
					    words && ours;
			words++;
			if (ours && words > 2 && is_size(text, length)) {
				keep(last, text, length);
				fprintf(out, KEY "=%s", sizes);
				text += length;
				continue;
			}
		}
		fwrite(text, 1, length, out);
		text += length;
	}
}

static bool has_line(const char *text, const char *line)
{
	while (*text) {
		size_t blank = strspn(text, " \t");
		size_t length = strcspn(text, "\n");
		size_t end = length;

		while (end > blank && strchr(" \t", text[end - 1]))
			end--;
		if (end >= blank && is_word(text + blank, end - blank, line))
			return true;
		text += length + (text[length] == '\n');
	}
	return false;
}

/* Where a new line can begin: not within the last one, nor as a part of it. */
static void end_line(const char *text, FILE *out)
{
	size_t length = strlen(text);

	if (!length)
		fputs(HEAD, out);
	else if (text[length - 1] != '\n' ||
		 (length > 1 && text[length - 2] == '\\'))
		fputc('\n', out);
}

/* The new text of file @index, whose text is @text. */
static char *edit(int index, const char *text, const char *sizes)
{
	char last[SIZES_MAX];
	char *result = NULL;
	size_t size;
	FILE *out = open_memstream(&result, &size);

	if (!out)
		return NULL;
	if (!index) {
		edit_options(text, sizes, out, last);
		if (!last[0]) {
			end_line(text, out);
			fprintf(out, "options kvmfr " KEY "=%s\n", sizes);
		}
	} else {
		fputs(text, out);
		if (!has_line(text, "kvmfr")) {
			end_line(text, out);
			fputs("kvmfr\n", out);
		}
	}
	if (fclose(out)) {
		free(result);
		return NULL;
	}
	return result;
}

/* *@text is NULL if there is no file. */
static int read_text(const struct kvmfr_root *root, char **text,
		     const char *path)
{
	struct stat st;
	int ret;

	ret = kvmfr_read_all(root, text, FILE_LIMIT, "%s", path);
	if (ret == -ENOENT)
		return 0;
	if (ret < 0 || kvmfr_stat(root, &st, "%s", path))
		return ret < 0 ? ret : -EAGAIN;
	/* A newline at the end is part of it here. */
	if (st.st_size > ret) {
		char *grown = realloc(*text, (size_t)ret + 2);

		if (!grown) {
			free(*text);
			*text = NULL;
			return -ENOMEM;
		}
		strcpy(grown + ret, "\n");
		*text = grown;
	}
	return 0;
}

/* What counts where there is no file below /etc: the first of these. */
static int read_hidden(const struct kvmfr_root *root, int index, char **text)
{
	static const char *const places[] = { "run", "usr/local/lib", "usr/lib",
					      "lib" };
	char path[64];
	int ret = 0;

	*text = NULL;
	for (size_t i = 0;
	     !ret && !*text && i < sizeof(places) / sizeof(*places); i++) {
		snprintf(path, sizeof(path), "%s/%s/" FILE_NAME, places[i],
			 directories[index]);
		ret = read_text(root, text, path);
	}
	return ret;
}

/* As edit(), for a file that may not be there. */
static int edit_file(const struct kvmfr_root *root, int index,
		     const char *before, const char *sizes, char **after)
{
	char *hidden = NULL;
	int ret = 0;

	if (!before)
		ret = read_hidden(root, index, &hidden);
	if (!ret) {
		*after = edit(index,
			      before ? before :
			      hidden ? hidden :
				       "",
			      sizes);
		ret = *after ? 0 : -ENOMEM;
	}
	free(hidden);
	return ret;
}

static int read_before(const struct kvmfr_root *root, int index,
		       struct kvmfr_persist_file *file)
{
	struct stat st;
	int ret;

	memset(file, 0, sizeof(*file));
	snprintf(file->path, sizeof(file->path), "etc/%s/" FILE_NAME,
		 directories[index]);
	file->mode = 0644;
	ret = kvmfr_lstat(root, &st, "%s", file->path);
	if (ret == -ENOENT)
		return 0;
	if (ret)
		return ret;
	/* A link to /dev/null is a mask, and whoever masks it means it. */
	if (!S_ISREG(st.st_mode))
		return -EEXIST;
	file->mode = st.st_mode & 0755;
	return read_text(root, &file->before, file->path);
}

/* Which file it was that failed. */
static void name_first(struct kvmfr_persist_file *files, int index)
{
	memmove(files[0].path, files[index].path, sizeof(files[0].path));
}

int kvmfr_persist_plan(const struct kvmfr_root *root, const char *sizes,
		       struct kvmfr_persist_file files[KVMFR_PERSIST_FILES])
{
	int ret = 0;

	memset(files, 0, sizeof(*files) * KVMFR_PERSIST_FILES);
	for (int i = 0; !ret && i < KVMFR_PERSIST_FILES; i++) {
		ret = read_before(root, i, &files[i]);
		if (!ret)
			ret = edit_file(root, i, files[i].before, sizes,
					&files[i].after);
		if (ret)
			name_first(files, i);
	}
	if (ret)
		kvmfr_persist_free(files);
	return ret;
}

/* Whether the file is what became of @old by us, whatever the sizes. */
static int check_unchanged(const struct kvmfr_root *root, int index,
			   const struct kvmfr_persist_file *file,
			   const char *old)
{
	char sizes[SIZES_MAX] = "";
	char *expected = NULL;
	FILE *nowhere;
	int ret;

	if (!file->before)
		return -ESTALE;
	nowhere = fopen("/dev/null", "we");
	if (!nowhere)
		return -errno;
	if (!index)
		edit_options(file->before, "", nowhere, sizes);
	fclose(nowhere);
	ret = edit_file(root, index, old, sizes, &expected);
	if (!ret && strcmp(expected, file->before))
		ret = -ESTALE;
	free(expected);
	return ret;
}

bool kvmfr_persist_changes(const struct kvmfr_persist_file *file)
{
	if (!file->before || !file->after)
		return file->before != file->after;
	return strcmp(file->before, file->after);
}

/* 1 if there is a backup and the file can be put back. */
static int plan_undo(const struct kvmfr_root *root, int index,
		     struct kvmfr_persist_file *file)
{
	int ret = read_before(root, index, file);
	char path[96];

	if (ret)
		return ret;
	snprintf(path, sizeof(path), "%s" OLD, file->path);
	ret = read_text(root, &file->after, path);
	if (ret)
		return ret;
	if (!file->after && !kvmfr_exists(root, "%s" NONE, file->path)) {
		if (!file->before)
			return 0;
		file->after = strdup(file->before);
		return file->after ? 0 : -ENOMEM;
	}
	/* Interrupted right after the backup: nothing to compare. */
	if (!kvmfr_persist_changes(file))
		return 1;
	ret = check_unchanged(root, index, file, file->after);
	return ret ? ret : 1;
}

int kvmfr_persist_plan_undo(const struct kvmfr_root *root,
			    struct kvmfr_persist_file files[KVMFR_PERSIST_FILES])
{
	bool any = false;
	int ret = 0;

	memset(files, 0, sizeof(*files) * KVMFR_PERSIST_FILES);
	for (int i = 0; ret >= 0 && i < KVMFR_PERSIST_FILES; i++) {
		ret = plan_undo(root, i, &files[i]);
		any |= ret > 0;
		if (ret < 0)
			name_first(files, i);
	}
	if (ret >= 0 && any)
		return 0;
	kvmfr_persist_free(files);
	return ret < 0 ? ret : -ENOENT;
}

/* Opens the directory of @file, which may be made. */
static int open_directory(const struct kvmfr_root *root, int index)
{
	int etc = kvmfr_open(root, O_PATH | O_DIRECTORY, "etc");
	int ret = 0;

	if (etc < 0)
		return etc;
	if (mkdirat(etc, directories[index], 0755) && errno != EEXIST)
		ret = -errno;
	close(etc);
	return ret ? ret :
		     kvmfr_open(root, O_RDONLY | O_DIRECTORY, "etc/%s",
				directories[index]);
}

/* Makes @name in @directory what @text is, or removes it if that is NULL. */
static int put(int directory, const char *name, const char *text, mode_t mode)
{
	char path[96];

	/* The directory itself, wherever links on the way to it lead. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", directory, name);
	if (text)
		return kvmfr_file_replace(path, text, strlen(text), mode);
	if (unlinkat(directory, name, 0) && errno != ENOENT)
		return -errno;
	return fsync(directory) && errno != EINVAL ? -errno : 0;
}

static int keep_before(int directory, const struct kvmfr_persist_file *file)
{
	struct stat st;

	if (!fstatat(directory, FILE_NAME OLD, &st, AT_SYMLINK_NOFOLLOW) ||
	    !fstatat(directory, FILE_NAME NONE, &st, AT_SYMLINK_NOFOLLOW))
		return 0;
	return put(directory, file->before ? FILE_NAME OLD : FILE_NAME NONE,
		   file->before ? file->before : "", file->mode);
}

static int apply_file(const struct kvmfr_root *root, int index,
		      const struct kvmfr_persist_file *file)
{
	int directory = open_directory(root, index);
	int ret;

	if (directory < 0)
		return directory;
	ret = keep_before(directory, file);
	if (!ret)
		ret = put(directory, FILE_NAME, file->after, file->mode);
	close(directory);
	return ret;
}

/* Puts @text back; @forget: and removes what was kept. */
static int undo_file(const struct kvmfr_root *root, int index, const char *text,
		     mode_t mode, bool forget)
{
	int directory = open_directory(root, index);
	int ret;

	if (directory < 0)
		return directory;
	ret = put(directory, FILE_NAME, text, mode);
	if (!ret && forget)
		ret = put(directory, FILE_NAME OLD, NULL, 0);
	if (!ret && forget)
		ret = put(directory, FILE_NAME NONE, NULL, 0);
	close(directory);
	return ret;
}

int kvmfr_persist_apply(
	const struct kvmfr_root *root,
	const struct kvmfr_persist_file files[KVMFR_PERSIST_FILES])
{
	int ret = 0;
	int i;

	for (i = 0; !ret && i < KVMFR_PERSIST_FILES; i++)
		if (kvmfr_persist_changes(&files[i]))
			ret = apply_file(root, i, &files[i]);
	while (ret && --i > 0)
		if (kvmfr_persist_changes(&files[i - 1]))
			undo_file(root, i - 1, files[i - 1].before,
				  files[i - 1].mode, false);
	return ret;
}

int kvmfr_persist_apply_undo(
	const struct kvmfr_root *root,
	const struct kvmfr_persist_file files[KVMFR_PERSIST_FILES])
{
	int ret = 0;

	for (int i = 0; !ret && i < KVMFR_PERSIST_FILES; i++)
		ret = undo_file(root, i, files[i].after, files[i].mode, true);
	return ret;
}

void kvmfr_persist_free(struct kvmfr_persist_file files[KVMFR_PERSIST_FILES])
{
	for (int i = 0; i < KVMFR_PERSIST_FILES; i++) {
		free(files[i].before);
		free(files[i].after);
		files[i].before = NULL;
		files[i].after = NULL;
	}
}

void kvmfr_persist_last_size(const char *options, char *sizes, size_t size)
{
	sizes[0] = '\0';
	while (*options) {
		size_t blank = strspn(options, " \t\n");
		size_t length = strcspn(options + blank, " \t\n");

		options += blank;
		if (is_size(options, length)) {
			size_t skip = strlen(KEY) + 1;

			snprintf(sizes, size, "%.*s", (int)(length - skip),
				 options + skip);
		}
		options += length;
	}
}
