// SPDX-License-Identifier: GPL-2.0
/* A slot as text for people. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "status_text.h"
#include "terminal.h"

#define INDENT 12

/* A word of a file that could be read, or not. */
static const char *known(const char *word)
{
	return *word ? word : "?";
}

static enum kvmfr_colour slot_colour(const struct vfio_pm_slot *slot)
{
	if (!strcmp(slot->state, "fault"))
		return KVMFR_RED;
	if (!strcmp(slot->state, "blocked"))
		return KVMFR_YELLOW;
	return strcmp(slot->level, "d3cold") ? KVMFR_BOLD : KVMFR_GREEN;
}

void slot_print_heading(const struct vfio_pm_slot *slot,
			const struct style *style, FILE *out)
{
	paragraph(style, out, slot_colour(slot), "", 0,
		  "GPU slot %s: %s, %s now", slot->port, known(slot->state),
		  known(slot->level));
}

void slot_print_functions(const struct vfio_pm_slot *slot, FILE *out)
{
	for (size_t i = 0; i < slot->function_count; i++) {
		const struct vfio_pm_function *function = &slot->functions[i];
		char class[24], line[256], safe[256];

		snprintf(line, sizeof(line), "%s  %-14s  %-14s  %-9s  %s",
			 function->address, class_name(function->class, class),
			 *function->driver ? function->driver : "no driver",
			 known(function->rpm_status),
			 known(function->pci_state));
		fprintf(out, "  %s\n",
			kvmfr_terminal_safe(safe, sizeof(safe), line));
	}
}

void slot_add_verdict(struct text *text, const struct vfio_pm_slot *slot)
{
	const struct vfio_pm_meter *meter = &slot->meter;
	char saving[16], hot[16], cold[16];
	bool less = meter->saving_uw >= 0;

	text_add(text, "%s", known(slot->verdict));
	if (meter->saving_uw == INT64_MIN)
		return;
	kvmfr_terminal_watts(saving,
			     less ? meter->saving_uw : -meter->saving_uw);
	text_add(text, ": D3cold draws %s %s than D3hot (%s, %s)", saving,
		 less ? "less" : "more",
		 kvmfr_terminal_watts(cold, meter->d3cold_uw),
		 kvmfr_terminal_watts(hot, meter->d3hot_uw));
}

void slot_add_rounds(struct text *text, const struct vfio_pm_slot *slot)
{
	const struct vfio_pm_meter *meter = &slot->meter;
	char spread[16];

	if (meter->rounds >= 0)
		text_add(text, "; %lld rounds", (long long)meter->rounds);
	if (meter->rejected > 0)
		text_add(text, ", %lld rejected", (long long)meter->rejected);
	if (meter->spread_uw >= 0)
		text_add(text, ", spread %s",
			 kvmfr_terminal_watts(spread, meter->spread_uw));
}

static void print_power(const struct vfio_pm_slot *slot,
			const struct style *style, FILE *out)
{
	struct text text = { 0 };

	paragraph(style, out, KVMFR_PLAIN, "  policy", INDENT,
		  "%s, may go to %s", known(slot->policy), known(slot->chosen));
	slot_add_verdict(&text, slot);
	paragraph(style, out, KVMFR_PLAIN, "  verdict", INDENT, "%s; meter: %s",
		  text.data, known(slot->meter.source));
	paragraph(style, out, KVMFR_PLAIN, "  reason", INDENT, "%s",
		  known(slot->reason));
	if (!strcmp(slot->level, "d3cold") && !strcmp(slot->acpi_sta, "on"))
		paragraph(style, out, KVMFR_YELLOW, "  power", INDENT,
			  "firmware says that it is still on (acpi_sta)");
}

void slot_print_blockers(const struct vfio_pm_slot *slot, bool remedies,
			 const struct style *style, FILE *out)
{
	for (size_t i = 0; i < slot->blocker_count; i++) {
		const struct vfio_pm_blocker *blocker = &slot->blockers[i];

		paragraph(style, out, KVMFR_YELLOW, i ? "" : "  blocked by",
			  INDENT + 2, "%s %s: %s", blocker->address,
			  blocker->code, blocker->text);
		if (remedies && *blocker->remedy)
			paragraph(style, out, KVMFR_PLAIN, "", INDENT + 4, "%s",
				  blocker->remedy);
	}
}

static void print_waker(const struct vfio_pm_slot *slot, double now_s,
			const struct style *style, FILE *out)
{
	const struct vfio_pm_waker *last;
	struct text text = { 0 };
	long long age_ms;
	char ago[32];

	if (slot->counters.wakeups >= 0)
		text_add(&text, "%lld x", (long long)slot->counters.wakeups);
	if (slot->wakers_errno == EACCES || slot->wakers_errno == EPERM) {
		text_add(&text, "; only root can see by whom");
	} else if (slot->waker_count) {
		last = &slot->wakers[slot->waker_count - 1];
		text_add(&text, "%slast by %s (%d), %s", text.used ? ", " : "",
			 last->comm, last->pid, last->kind);
		age_ms = (long long)((now_s - last->time_s) * 1000);
		if (now_s > 0 && age_ms >= 0)
			text_add(&text, ", %s ago",
				 kvmfr_terminal_duration(ago, age_ms));
	}
	if (text.used)
		paragraph(style, out, KVMFR_PLAIN, "  woken", INDENT, "%s",
			  text.data);
}

void status_print_slot(const struct vfio_pm_slot *slot, double now_s,
		       const struct style *style, FILE *out)
{
	slot_print_heading(slot, style, out);
	slot_print_functions(slot, out);
	print_power(slot, style, out);
	slot_print_blockers(slot, false, style, out);
	print_waker(slot, now_s, style, out);
}
