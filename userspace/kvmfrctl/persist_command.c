// SPDX-License-Identifier: GPL-2.0
/* kvmfrctl resize --persist and --forget. */
#include "persist_command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "change.h"
#include "command.h"
#include "diff.h"
#include "module.h"
#include "persist.h"
#include "sizes.h"
#include "terminal.h"

static void show(const struct kvmfr_persist_file files[KVMFR_PERSIST_FILES])
{
	for (int i = 0; i < KVMFR_PERSIST_FILES; i++)
		if (kvmfr_persist_changes(&files[i]))
			diff_print(files[i].path, files[i].before,
				   files[i].after);
}

/* -EEXIST: it may be a mask, or of a program that looks after such files. */
static int refuse_other(const struct kvmfr_persist_file *file)
{
	return command_fail(
		"/%s is a link or something else that is no file, and stays so; remove it first",
		file->path);
}

int persist_show(const struct kvmfr_root *root, const char *sizes)
{
	struct kvmfr_persist_file files[KVMFR_PERSIST_FILES];
	int ret = kvmfr_persist_plan(root, sizes, files);

	if (ret == -EEXIST)
		return refuse_other(&files[0]);
	if (ret)
		return command_fail(
			"cannot read /etc/modprobe.d and /etc/modules-load.d: %s",
			strerror(-ret));
	show(files);
	kvmfr_persist_free(files);
	return COMMAND_OK;
}

/* A file that is read later may say otherwise, and then it counts. */
static int check_effect(const struct kvmfr_root *root, const char *sizes)
{
	char counts[SIZES_TEXT], safe[SIZES_TEXT];
	char *options;

	if (root->fd >= 0 || kvmfr_module_options(CHANGE_MODULE, &options))
		return COMMAND_OK;
	kvmfr_persist_last_size(options, counts, sizeof(counts));
	free(options);
	if (!strcmp(counts, sizes))
		return COMMAND_OK;
	return command_fail(
		"static_size_mb=%s is set elsewhere in modprobe.d or on the kernel's command line, and that counts; see modprobe -c | grep kvmfr",
		kvmfr_terminal_safe(safe, sizeof(safe), counts));
}

int persist_write(const struct kvmfr_root *root, const char *sizes)
{
	struct kvmfr_persist_file files[KVMFR_PERSIST_FILES];
	int ret = kvmfr_persist_plan(root, sizes, files);

	if (ret == -EEXIST)
		return refuse_other(&files[0]);
	if (!ret) {
		ret = kvmfr_persist_apply(root, files);
		for (int i = 0; !ret && i < KVMFR_PERSIST_FILES; i++)
			if (kvmfr_persist_changes(&files[i]))
				printf("wrote /%s\n", files[i].path);
		kvmfr_persist_free(files);
	}
	if (!ret)
		return check_effect(root, sizes);
	return command_fail(
		"cannot write /etc/modprobe.d/kvmfr.conf and /etc/modules-load.d/kvmfr.conf, which are as before: %s",
		strerror(-ret));
}

int persist_forget(const struct kvmfr_root *root, bool dry_run)
{
	struct kvmfr_persist_file files[KVMFR_PERSIST_FILES];
	int ret = kvmfr_persist_plan_undo(root, files);

	if (ret == -ENOENT)
		return command_fail(
			"there is nothing to forget: no --persist before");
	if (ret == -ESTALE)
		return command_fail(
			"/%s has been changed since --persist: edit it yourself; what it was before is beside it, in *.kvmfrctl-old",
			files[0].path);
	if (ret == -EEXIST)
		return refuse_other(&files[0]);
	if (ret)
		return command_fail("cannot read what was before --persist: %s",
				    strerror(-ret));
	show(files);
	if (!dry_run)
		ret = kvmfr_persist_apply_undo(root, files);
	kvmfr_persist_free(files);
	return ret ? command_fail("cannot put the files back: %s",
				  strerror(-ret)) :
		     COMMAND_OK;
}
