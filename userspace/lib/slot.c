// SPDX-License-Identifier: GPL-2.0
/* The slots of vfio_pci_pm.ko, as /sys/class/vfio_pm shows them. */
#include "slot.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLASS "sys/class/vfio_pm"

#define COUNTER(field, text) \
	{ #field, offsetof(struct vfio_pm_counters, field), text }

const struct vfio_pm_counter vfio_pm_counter_table[] = {
	COUNTER(d3cold_attempts, "How often the slot was let go to D3cold"),
	COUNTER(d3cold_entries, "How often it went to D3cold"),
	COUNTER(d3cold_failures, "How often it did not get to D3cold or back"),
	COUNTER(fallbacks,
		"How often a comparison ended with a shallower state than D3cold"),
	COUNTER(measurements, "How many comparisons were started"),
	COUNTER(wakeups,
		"How often something else than the module woke the slot"),
	COUNTER(opens, "How often a virtual machine was seen to take it"),
	COUNTER(wake_failures,
		"How often it was woken as a test and did not come back"),
	COUNTER(recoveries,
		"How often its devices were removed and found again"),
	COUNTER(kicks, "How often the port was idle and had to be told so"),
	COUNTER(stale_cleared,
		"How often a ban of D3cold by a driver that is gone was lifted"),
	COUNTER(leaks_repaired,
		"How often an aborted system suspend had left the port on"),
	COUNTER(time_d0_ms, "Time that the slot was on, in milliseconds"),
	COUNTER(time_d3hot_ms,
		"Time that the slot was in D3hot, in milliseconds"),
	COUNTER(time_d3cold_ms,
		"Time that the slot was in D3cold, in milliseconds"),
	COUNTER(energy_saved_uj, "Energy saved, in microjoules"),
	COUNTER(resume_last_us,
		"How long the port took to wake last, in microseconds"),
	COUNTER(resume_max_us,
		"The longest that the port took to wake, in microseconds"),
	{ NULL, 0, NULL },
};

#define WORD 16

/* A file of a slot that has one word; "" if that cannot be read. */
static void read_word(const struct kvmfr_root *root, const char *port,
		      const char *file, char word[WORD])
{
	kvmfr_read(root, word, WORD, CLASS "/%s/%s", port, file);
}

/* "0000:01:00.0": the rest of the library puts it into paths. */
static bool is_address(const char *text)
{
	size_t length = strlen(text);

	return length >= 7 &&
	       length < sizeof(((struct vfio_pm_slot *)0)->port) &&
	       strspn(text, "0123456789abcdef:.") == length &&
	       strchr(text, ':') && text[length - 2] == '.';
}

/* Exactly @count fields; false otherwise. */
static bool split(char *line, char **fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		fields[i] = strsep(&line, "\t");
		if (!fields[i])
			return false;
	}
	return !line;
}

/* What is too long is cut off: better than not to know of it. */
static void copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from);
}

static size_t count_lines(const char *text)
{
	size_t count = 1;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

/*
 * An array with an element of @size bytes for each line of a file that @parse
 * takes: 1 if it did, 0 if the line makes no sense, or -ENOMEM. What was taken
 * before an error is returned all the same. *@error is 0 or a negative errno.
 */
static void *read_lines(const struct kvmfr_root *root, const char *port,
			const char *file, size_t size,
			int (*parse)(char *line, void *element), size_t *count,
			int *error)
{
	char text[KVMFR_TEXT_MAX];
	char *rest = text;
	char *list, *line;
	int ret;

	*count = 0;
	ret = kvmfr_read(root, text, sizeof(text), CLASS "/%s/%s", port, file);
	*error = ret < 0 ? ret : 0;
	if (*error)
		return NULL;
	list = calloc(count_lines(text), size);
	if (!list)
		*error = -ENOMEM;
	while (!*error && (line = strsep(&rest, "\n"))) {
		ret = parse(line, list + *count * size);
		if (ret < 0)
			*error = ret;
		else
			*count += (size_t)ret;
	}
	return list;
}

static int parse_function(char *line, void *element)
{
	struct vfio_pm_function *function = element;
	char *fields[5];
	int64_t class;

	if (!split(line, fields, 5) || !is_address(fields[0]) ||
	    kvmfr_parse_s64(fields[1], &class) || class < 0 || class > 0xffffff)
		return 0;
	function->class = (uint32_t)class;
	copy(function->address, sizeof(function->address), fields[0]);
	if (strcmp(fields[2], "-"))
		copy(function->driver, sizeof(function->driver), fields[2]);
	copy(function->rpm_status, sizeof(function->rpm_status), fields[3]);
	copy(function->pci_state, sizeof(function->pci_state), fields[4]);
	return 1;
}

static int parse_blocker(char *line, void *element)
{
	struct vfio_pm_blocker *blocker = element;
	char *fields[4];

	if (!split(line, fields, 4) || !is_address(fields[0]) || !*fields[1])
		return 0;
	copy(blocker->address, sizeof(blocker->address), fields[0]);
	copy(blocker->code, sizeof(blocker->code), fields[1]);
	blocker->text = strdup(fields[2]);
	blocker->remedy = strdup(strcmp(fields[3], "-") ? fields[3] : "");
	if (blocker->text && blocker->remedy)
		return 1;
	free(blocker->text);
	free(blocker->remedy);
	return -ENOMEM;
}

/* "1234.567"; strtod() would want the comma of some languages. */
static bool parse_seconds(char *text, double *seconds)
{
	char *point = strchr(text, '.');
	int64_t whole, thousandths;

	if (!point || strlen(point + 1) != 3)
		return false;
	*point = '\0';
	if (kvmfr_parse_s64(text, &whole) || whole < 0)
		return false;
	if (strspn(point + 1, "0123456789") != 3 ||
	    kvmfr_parse_s64(point + 1, &thousandths))
		return false;
	*seconds = (double)whole + (double)thousandths / 1000;
	return true;
}

/* A task's name can hold a tab: its field is what the others leave over. */
static int parse_waker(char *line, void *element)
{
	struct vfio_pm_waker *waker = element;
	char *comm, *pid, *kind;
	int64_t number;

	comm = strchr(line, '\t');
	kind = strrchr(line, '\t');
	if (!comm || comm == kind)
		return 0;
	*comm++ = '\0';
	*kind++ = '\0';
	pid = strrchr(comm, '\t');
	if (!pid)
		return 0;
	*pid++ = '\0';
	if (kvmfr_parse_s64(pid, &number) || number < 0 || number > INT_MAX ||
	    !parse_seconds(line, &waker->time_s))
		return 0;
	waker->pid = (int)number;
	copy(waker->comm, sizeof(waker->comm), comm);
	copy(waker->kind, sizeof(waker->kind), kind);
	return 1;
}

static int read_reason(const struct kvmfr_root *root, struct vfio_pm_slot *slot)
{
	char text[KVMFR_TEXT_MAX];

	if (kvmfr_read(root, text, sizeof(text), CLASS "/%s/reason",
		       slot->port) < 0)
		text[0] = '\0';
	slot->reason = strdup(text);
	return slot->reason ? 0 : -ENOMEM;
}

/* A file that is not there, or has ENODATA, is something not measured. */
static int64_t read_meter(const struct kvmfr_root *root, const char *port,
			  const char *file)
{
	int64_t value;

	if (kvmfr_read_s64(root, &value, CLASS "/%s/meter/%s", port, file))
		return INT64_MIN;
	return value;
}

static void read_meters(const struct kvmfr_root *root,
			struct vfio_pm_slot *slot)
{
	struct vfio_pm_meter *meter = &slot->meter;

	kvmfr_read(root, meter->source, sizeof(meter->source),
		   CLASS "/%s/meter/source", slot->port);
	meter->d0_uw = read_meter(root, slot->port, "d0_uw");
	meter->d3hot_uw = read_meter(root, slot->port, "d3hot_uw");
	meter->d3cold_uw = read_meter(root, slot->port, "d3cold_uw");
	meter->saving_uw = read_meter(root, slot->port, "saving_uw");
	meter->spread_uw = read_meter(root, slot->port, "spread_uw");
	meter->rounds = read_meter(root, slot->port, "rounds");
	meter->rejected = read_meter(root, slot->port, "rejected");
	meter->settle_ms = read_meter(root, slot->port, "settle_ms");
}

static void read_counters(const struct kvmfr_root *root,
			  struct vfio_pm_slot *slot)
{
	const struct vfio_pm_counter *counter;
	int64_t value;

	for (counter = vfio_pm_counter_table; counter->name; counter++) {
		if (kvmfr_read_s64(root, &value, CLASS "/%s/counters/%s",
				   slot->port, counter->name) ||
		    value < 0)
			value = -1;
		memcpy((char *)&slot->counters + counter->offset, &value,
		       sizeof(value));
	}
}

static int read_lists(const struct kvmfr_root *root, struct vfio_pm_slot *slot)
{
	int error;

	slot->functions = read_lines(root, slot->port, "functions",
				     sizeof(*slot->functions), parse_function,
				     &slot->function_count, &error);
	if (error == -ENOMEM)
		return error;
	slot->blockers = read_lines(root, slot->port, "blockers",
				    sizeof(*slot->blockers), parse_blocker,
				    &slot->blocker_count, &error);
	if (error == -ENOMEM)
		return error;
	slot->wakers = read_lines(root, slot->port, "wakers",
				  sizeof(*slot->wakers), parse_waker,
				  &slot->waker_count, &error);
	slot->wakers_errno = -error;
	return error == -ENOMEM ? error : 0;
}

/* 0, -ENODEV if there is none (any more), or -ENOMEM: then free it all the same. */
static int read_slot(const struct kvmfr_root *root, const char *port,
		     struct vfio_pm_slot *slot)
{
	struct stat st;
	int ret;

	if (!is_address(port))
		return -ENODEV;
	copy(slot->port, sizeof(slot->port), port);
	read_word(root, port, "state", slot->state);
	read_word(root, port, "chosen", slot->chosen);
	read_word(root, port, "level", slot->level);
	read_word(root, port, "policy", slot->policy);
	read_word(root, port, "verdict", slot->verdict);
	read_word(root, port, "rpm_status", slot->rpm_status);
	read_word(root, port, "pci_state", slot->pci_state);
	read_word(root, port, "acpi_target", slot->acpi_target);
	read_word(root, port, "acpi_sta", slot->acpi_sta);
	read_word(root, port, "wake_verified", slot->wake_verified);
	ret = read_reason(root, slot);
	if (!ret)
		ret = read_lists(root, slot);
	if (ret)
		return ret;
	read_meters(root, slot);
	read_counters(root, slot);
	/* Last: if it went meanwhile, all of the above is worth nothing. */
	if (kvmfr_stat(root, &st, CLASS "/%s", port) || !S_ISDIR(st.st_mode))
		return -ENODEV;
	return 0;
}

static void clear_slot(struct vfio_pm_slot *slot)
{
	for (size_t i = 0; i < slot->blocker_count; i++) {
		free(slot->blockers[i].text);
		free(slot->blockers[i].remedy);
	}
	free(slot->reason);
	free(slot->functions);
	free(slot->blockers);
	free(slot->wakers);
	memset(slot, 0, sizeof(*slot));
}

void vfio_pm_slots_free(struct vfio_pm_slot *slots, size_t count)
{
	for (size_t i = 0; slots && i < count; i++)
		clear_slot(&slots[i]);
	free(slots);
}

static int read_named(const struct kvmfr_root *root,
		      const struct kvmfr_names *names,
		      struct vfio_pm_slot *slots)
{
	int count = 0;
	int ret;

	for (size_t i = 0; i < names->count; i++) {
		ret = read_slot(root, names->name[i], &slots[count]);
		if (!ret) {
			count++;
			continue;
		}
		clear_slot(&slots[count]);
		if (ret != -ENODEV) {
			while (count)
				clear_slot(&slots[--count]);
			return ret;
		}
	}
	return count;
}

int vfio_pm_slots_read(const struct kvmfr_root *root,
		       struct vfio_pm_slot **slots)
{
	struct kvmfr_names names;
	int ret;

	*slots = NULL;
	ret = kvmfr_list(root, &names, CLASS);
	if (ret)
		return ret == -ENOENT ? 0 : ret;
	*slots = calloc(names.count + 1, sizeof(**slots));
	ret = *slots ? read_named(root, &names, *slots) : -ENOMEM;
	kvmfr_names_free(&names);
	if (ret > 0)
		return ret;
	free(*slots);
	*slots = NULL;
	return ret;
}

int vfio_pm_slot_read(const struct kvmfr_root *root, const char *port,
		      struct vfio_pm_slot **slot)
{
	int ret;

	*slot = calloc(1, sizeof(**slot));
	if (!*slot)
		return -ENOMEM;
	ret = read_slot(root, port, *slot);
	if (ret) {
		vfio_pm_slots_free(*slot, 1);
		*slot = NULL;
	}
	return ret;
}
