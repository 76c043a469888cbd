/* SPDX-License-Identifier: GPL-2.0 */
/* What the machine draws, as its batteries tell. */
#ifndef KVMFR_BATTERY_H
#define KVMFR_BATTERY_H

#include <stdint.h>

#include "root.h"

/*
 * The sum of all batteries that feed the machine, in microwatts: power_now, or
 * current_now times voltage_now. A mouse's battery is none of them; one that waits
 * until another one is empty gives nothing.
 *
 * Return: 0; -ENODEV if there is no battery; -EAGAIN if one of them is charged, or
 * none discharges, as on AC power: what they say is not what the machine draws
 * then; -ENODATA if one that discharges does not tell.
 */
int kvmfr_battery_read(const struct kvmfr_root *root, int64_t *power_uw);

#endif
