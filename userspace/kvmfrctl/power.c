// SPDX-License-Identifier: GPL-2.0
/* kvmfrctl power: watch, measure, report. */
#include "power.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "terminal.h"

static const struct command commands[] = {
	{ "watch", "watts and states as they change", power_watch },
	{ "measure", "compare D3cold with D3hot now", power_measure },
	{ "report", "verdict, times, energy saved, and a picture",
	  power_report },
	{ NULL, NULL, NULL },
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	int *first = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		*first = state->next - 1;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "watch, measure or report?");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

int command_power(const struct kvmfr_root *root, int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse,
		.args_doc = "watch|measure|report [ARGUMENT...]",
		.doc = "Shows and compares what GPU slots draw.\v\n"
		       "  watch      watts and states as they change\n"
		       "  measure    compare D3cold with D3hot now\n"
		       "  report     verdict, times, energy saved, a picture\n\n"
		       "kvmfrctl power watch --help tells more about one.",
	};
	static char name[64];
	int first = 0;

	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &first);
	for (const struct command *command = commands; command->name;
	     command++) {
		if (strcmp(command->name, argv[first]))
			continue;
		snprintf(name, sizeof(name), "kvmfrctl power %s",
			 command->name);
		program_invocation_name = name;
		argv[first] = name;
		return command->run(root, argc - first, argv + first);
	}
	command_fail("there is no '%s' of power; see kvmfrctl power --help",
		     argv[first]);
	return COMMAND_USAGE;
}

bool power_parse_seconds(const char *option, const char *text, int most,
			 int *seconds)
{
	int64_t value;

	if (kvmfr_parse_s64(text, &value) || value < 1 || value > most) {
		command_fail("--%s '%s' is not 1 to %d seconds", option, text,
			     most);
		return false;
	}
	*seconds = (int)value;
	return true;
}

/* "01:00.0" means domain 0. */
static bool is_address(const char *address, const char *wanted)
{
	return !strcmp(address, wanted) ||
	       (!strncmp(address, "0000:", 5) && !strcmp(address + 5, wanted));
}

static bool is_wanted(const struct vfio_pm_slot *slot, const char *wanted)
{
	if (!wanted || is_address(slot->port, wanted))
		return true;
	for (size_t i = 0; i < slot->function_count; i++)
		if (is_address(slot->functions[i].address, wanted))
			return true;
	return false;
}

static void list_slots(const struct vfio_pm_slot *slots, int count)
{
	for (int i = 0; i < count; i++)
		fprintf(stderr, "  %s%s%s\n", slots[i].port,
			slots[i].function_count ? "  with " : "",
			slots[i].function_count ?
				slots[i].functions[0].address :
				"");
}

static int fail_none(const struct kvmfr_root *root)
{
	if (kvmfr_exists(root, "sys/module/vfio_pci_pm"))
		return command_fail("vfio_pci_pm has found no GPU slot%s",
				    "; next: kvmfrctl doctor");
	return command_fail("vfio_pci_pm is not loaded%s",
			    "; next: modprobe vfio_pci_pm");
}

/* The only one that is wanted, or NULL; says what is wrong then. */
static const struct vfio_pm_slot *find(const struct vfio_pm_slot *slots,
				       int count, const char *wanted)
{
	const struct vfio_pm_slot *found = NULL;
	char safe[64];
	int matches = 0;

	for (int i = 0; i < count; i++) {
		if (!is_wanted(&slots[i], wanted))
			continue;
		found = &slots[i];
		matches++;
	}
	if (matches == 1)
		return found;
	if (matches)
		command_fail("there are several slots; name one:");
	else
		command_fail("there is no slot '%s'; there are:",
			     kvmfr_terminal_safe(safe, sizeof(safe), wanted));
	list_slots(slots, count);
	return NULL;
}

int power_pick(const struct kvmfr_root *root, const char *wanted,
	       struct vfio_pm_slot **slot)
{
	const struct vfio_pm_slot *found;
	struct vfio_pm_slot *slots;
	int count;
	int ret;

	*slot = NULL;
	count = vfio_pm_slots_read(root, &slots);
	if (count < 0)
		return command_fail("cannot read '/sys/class/vfio_pm': %s",
				    strerror(-count));
	if (!count)
		return fail_none(root);
	found = find(slots, count, wanted);
	if (!found) {
		vfio_pm_slots_free(slots, (size_t)count);
		return COMMAND_USAGE;
	}
	/* So that there is one to be freed. */
	ret = vfio_pm_slot_read(root, found->port, slot);
	if (ret)
		command_fail("cannot read slot %s: %s", found->port,
			     strerror(-ret));
	vfio_pm_slots_free(slots, (size_t)count);
	return ret ? COMMAND_FAILED : COMMAND_OK;
}
