/* SPDX-License-Identifier: GPL-2.0 */
/* What keeps a slot out of D3cold, as findings; see Documentation/blockers.md. */
#ifndef KVMFRCTL_DOCTOR_BLOCKER_H
#define KVMFRCTL_DOCTOR_BLOCKER_H

#include "doctor_gpu.h"
#include "slot.h"

/* What vfio_pci_pm says. What is found already by the other checks is left out. */
void doctor_blocker_report(struct doctor *doctor,
			   const struct doctor_gpus *gpus,
			   const struct vfio_pm_slot *slot,
			   const struct vfio_pm_blocker *blocker);

/* Without the module: what can be seen of a port and the functions below it. */
void doctor_blocker_guess(struct doctor *doctor, const struct doctor_gpus *gpus,
			  const struct kvmfr_pci *port);

#endif
