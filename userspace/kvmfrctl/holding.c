// SPDX-License-Identifier: GPL-2.0
/* What stands in the way of loading and unloading kvmfr. */
#include "holding.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "device.h"
#include "holder.h"
#include "terminal.h"

static void print_holder(const struct kvmfr_holder *holder)
{
	char name[sizeof(holder->comm)];
	const char *comma = "";

	fprintf(stderr, "  %s (pid %d, uid %u):",
		kvmfr_terminal_safe(name, sizeof(name), holder->comm),
		holder->pid, holder->uid);
	if (holder->open) {
		fputs(" open", stderr);
		comma = ",";
	}
	if (holder->mapped) {
		fprintf(stderr, "%s mapped", comma);
		comma = ",";
	}
	if (holder->exports)
		fprintf(stderr, "%s %u dma-buf%s", comma, holder->exports,
			holder->exports == 1 ? "" : "s");
	fputc('\n', stderr);
}

static void print_blind(unsigned int blind)
{
	if (blind)
		fprintf(stderr, "  %u process%s could not be looked into%s\n",
			blind, blind == 1 ? "" : "es",
			geteuid() ? "; root sees them" : "");
}

/* As kvmfr_holder_list(), for all devices at once. */
static int list_holders(const struct kvmfr_root *root,
			struct kvmfr_holder **holders, unsigned int *blind)
{
	struct kvmfr_device devices[KVMFR_DEVICES_MAX];
	dev_t numbers[KVMFR_DEVICES_MAX];
	int count = kvmfr_device_list(root, devices);

	*holders = NULL;
	*blind = 0;
	for (int i = 0; i < count; i++)
		numbers[i] = devices[i].number;
	if (count <= 0)
		return count;
	return kvmfr_holder_list_numbers(root, numbers, (size_t)count, holders,
					 blind);
}

bool holding_free(const struct kvmfr_root *root, const char *verb)
{
	struct kvmfr_holder *holders;
	unsigned int blind;
	int count = list_holders(root, &holders, &blind);

	if (!count)
		return true;
	if (count < 0) {
		command_fail("cannot %s kvmfr: cannot find out who uses it: %s",
			     verb, strerror(-count));
		return false;
	}
	command_fail(
		"cannot %s kvmfr: it is in use; nothing has been changed. End these first:",
		verb);
	for (int i = 0; i < count; i++)
		print_holder(&holders[i]);
	print_blind(blind);
	free(holders);
	return false;
}

void holding_explain(const struct kvmfr_root *root)
{
	struct kvmfr_device devices[KVMFR_DEVICES_MAX];
	struct kvmfr_names modules;
	struct kvmfr_holder *holders;
	unsigned int blind;
	int count = list_holders(root, &holders, &blind);

	for (int i = 0; i < count; i++)
		print_holder(&holders[i]);
	free(holders);
	print_blind(blind);
	if (!kvmfr_list(root, &modules, "sys/module/kvmfr/holders")) {
		for (size_t i = 0; i < modules.count; i++)
			fprintf(stderr, "  the module %s\n", modules.name[i]);
		kvmfr_names_free(&modules);
	}
	count = kvmfr_device_list(root, devices);
	for (int i = 0; i < count; i++) {
		if (devices[i].mappings > 0 || devices[i].exports > 0)
			fprintf(stderr,
				"  /dev/%s: %lld mappings, %lld dma-bufs\n",
				devices[i].name, (long long)devices[i].mappings,
				(long long)devices[i].exports);
	}
}

static void explain_trap(const struct kvmfr_root *root, const char *path)
{
	struct kvmfr_holder *holders;
	unsigned int blind;
	int count = kvmfr_holder_list(root, path, &holders, &blind);

	command_fail(
		"/%s is a regular file in the place of the device: a program was started before kvmfr was loaded and made it",
		path);
	if (count > 0)
		fputs("  End what uses it (shut down the virtual machine):\n",
		      stderr);
	for (int i = 0; i < count; i++)
		print_holder(&holders[i]);
	free(holders);
	print_blind(blind);
	fprintf(stderr, "  %s: rm /%s\n",
		count > 0 ? "Then" :
		blind	  ? "If nobody has it open" :
			    "Nobody has it open; remove it",
		path);
}

bool holding_trap(const struct kvmfr_root *root, size_t count)
{
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		char path[32];
		struct stat st;

		snprintf(path, sizeof(path), "dev/kvmfr%zu", i);
		if (kvmfr_lstat(root, &st, "%s", path) || !S_ISREG(st.st_mode))
			continue;
		explain_trap(root, path);
		any = true;
	}
	return any;
}
