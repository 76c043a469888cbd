/* SPDX-License-Identifier: GPL-2.0 */
/* A slot as text for people, for kvmfrctl status and power report. */
#ifndef KVMFRCTL_STATUS_TEXT_H
#define KVMFRCTL_STATUS_TEXT_H

#include <stdio.h>

#include "paragraph.h"
#include "slot.h"

/* "saves: D3cold draws 3.0 W less than D3hot (15.0 W, 18.0 W)" */
void slot_add_verdict(struct text *text, const struct vfio_pm_slot *slot);

/* "; 6 rounds, 1 rejected, spread 120 mW", if there was a comparison. */
void slot_add_rounds(struct text *text, const struct vfio_pm_slot *slot);

/* "GPU slot 0000:00:01.0: decided, d3cold now" */
void slot_print_heading(const struct vfio_pm_slot *slot,
			const struct style *style, FILE *out);

/* Its functions, a line each. */
void slot_print_functions(const struct vfio_pm_slot *slot, FILE *out);

/* What keeps it out of D3cold; with the remedies, if wanted. */
void slot_print_blockers(const struct vfio_pm_slot *slot, bool remedies,
			 const struct style *style, FILE *out);

/* All of it. @now_s as in struct status. */
void status_print_slot(const struct vfio_pm_slot *slot, double now_s,
		       const struct style *style, FILE *out);

#endif
