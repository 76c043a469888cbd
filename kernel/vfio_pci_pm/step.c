// SPDX-License-Identifier: GPL-2.0
/*
 * DOC: What is done about a slot
 *
 * One function looks at everything there is to know about a slot and decides
 * what to do now, each time anew. So an event need not say what it was, none
 * can be missed for good, and the first rule that applies wins:
 *
 * 1. the administrator says observe, or a host driver is at work: leave it;
 * 2. a virtual machine has it: stay out of its way;
 * 3. it did not come back from D3cold, or is lost: D3hot;
 * 4. the administrator says D3hot or D0, or a comparison has: that;
 * 5. it is not in D3cold: find out why;
 * 6. nobody has tried to wake it yet: try;
 * 7. there is a meter, and no verdict yet: compare;
 * 8. D3cold.
 */
#include <linux/jiffies.h>

#include "vfio_pci_pm.h"

/* While something has to happen that nobody tells us about: 4 times a minute. */
#define LOOK_WAITING_MS 15000
/* While the slot should be on its way to D3cold; the port's delay is 100 ms. */
#define LOOK_SOON_MS 500
/* If it does not go by itself it is kicked, and again. */
#define KICK_MS 2000
#define KICKS 2
/* Until a device that is being unplugged has gone, after others that are. */
#define UNPLUG_NS (30 * NSEC_PER_SEC)
/* From resuming a device to its being open. */
#define OPENING_NS (3 * NSEC_PER_SEC)
/* While a verdict waits to be doubted. */
#define LOOK_LATE_MS (24 * 3600 * 1000)
#define LOOK_OVERDUE_MS (3600 * 1000)

/**
 * vfio_pm_explain - say why the slot is where it is
 * @slot: the slot
 * @format: the reason
 */
void vfio_pm_explain(struct vfio_pm_slot *slot, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vscnprintf(slot->reason, sizeof(slot->reason), format, args);
	va_end(args);
}

/* What to return when only an event can change something. */
static unsigned int vfio_pm_wait_for_event(void)
{
	return vfio_pm_poll ? LOOK_WAITING_MS : 0;
}

/*
 * The same for devices of vfio. Who opens one resumes it first, which we see,
 * and some time later it is in use.
 */
static unsigned int vfio_pm_wait_for_open(struct vfio_pm_slot *slot)
{
	u64 touched_ns = vfio_pm_track_touched_ns(slot);

	if (touched_ns && ktime_get_ns() - touched_ns < OPENING_NS)
		return LOOK_SOON_MS;
	return vfio_pm_wait_for_event();
}

static bool vfio_pm_slot_is_in_use(const struct vfio_pm_slot *slot)
{
	const struct vfio_pm_member *member;

	list_for_each_entry(member, &slot->members, node)
		if (vfio_pm_is_open(member->pdev))
			return true;
	return false;
}

/* Our business if vfio has a function, and nobody else has one. */
static bool vfio_pm_slot_is_ours(struct vfio_pm_slot *slot)
{
	struct vfio_pm_member *member;
	bool vfio = false;

	list_for_each_entry(member, &slot->members, node) {
		if (vfio_pm_is_bridge(member->pdev))
			continue;
		if (vfio_pm_has_vfio_driver(member->pdev)) {
			vfio = true;
		} else if (vfio_pm_has_driver(member->pdev)) {
			vfio_pm_explain(slot, "%s has a driver of the host",
					pci_name(member->pdev));
			return false;
		}
	}
	if (!vfio)
		vfio_pm_explain(slot, "no function is bound to vfio-pci");
	return vfio;
}

/*
 * What is known to kill the devices stays forbidden, as they may be given back
 * to vfio and suspended long before that is noticed here.
 */
static unsigned int vfio_pm_observe(struct vfio_pm_slot *slot)
{
	slot->lost_ns = 0;
	slot->chosen = VFIO_PM_D3COLD;
	if (slot->wake == VFIO_PM_WAKE_FAILED &&
	    slot->mode != VFIO_PM_MODE_OBSERVE)
		slot->chosen = VFIO_PM_D3HOT;
	vfio_pm_measure_interrupt(slot);
	vfio_pm_allow(slot, slot->chosen);
	slot->state = VFIO_PM_OBSERVED;
	return vfio_pm_wait_for_event();
}

static void vfio_pm_follow_mode(struct vfio_pm_slot *slot)
{
	if (slot->mode == VFIO_PM_MODE_D3HOT)
		slot->chosen = VFIO_PM_D3HOT;
	else if (slot->mode == VFIO_PM_MODE_D0)
		slot->chosen = VFIO_PM_D0;
}

/*
 * The guest decides how deep a function sleeps, so none is held in D0. D3cold
 * stays forbidden where it is not chosen: a function that is closed sleeps, and
 * the port soon after, before that is noticed here.
 */
static unsigned int vfio_pm_serve(struct vfio_pm_slot *slot)
{
	if (slot->state != VFIO_PM_IN_USE) {
		slot->count.opens++;
		vfio_pm_track_opened(slot);
	}
	slot->lost_ns = 0;
	vfio_pm_measure_interrupt(slot);
	vfio_pm_follow_mode(slot);
	vfio_pm_allow(slot, slot->chosen == VFIO_PM_D0 ? VFIO_PM_D3HOT :
							 slot->chosen);
	slot->state = VFIO_PM_IN_USE;
	slot->wait_ns = 0;
	vfio_pm_explain(slot, "a virtual machine has it");
	/* A function that must not sleep says nothing when it is closed. */
	return LOOK_WAITING_MS;
}

static unsigned int vfio_pm_fail(struct vfio_pm_slot *slot)
{
	vfio_pm_measure_forget(slot);
	vfio_pm_allow(slot, VFIO_PM_D3HOT);
	slot->chosen = VFIO_PM_D3HOT;
	slot->state = VFIO_PM_FAULT;
	if (slot->count.recoveries)
		vfio_pm_explain(slot,
				"found again without D3cold, which failed");
	else
		vfio_pm_explain(slot, "it does not answer, D3cold is off now");
	if (vfio_pm_recover && !slot->recovered)
		vfio_pm_topology_update();
	return vfio_pm_wait_for_open(slot);
}

/**
 * vfio_pm_decide - the slot stays on a level
 * @slot: the slot
 * @level: the deepest it may go to
 *
 * Return: milliseconds until it is looked at again, 0 for not before an event.
 */
unsigned int vfio_pm_decide(struct vfio_pm_slot *slot, enum vfio_pm_power level)
{
	vfio_pm_allow(slot, level);
	slot->chosen = level;
	slot->state = VFIO_PM_DECIDED;
	return vfio_pm_wait_for_open(slot);
}

static unsigned int vfio_pm_block(struct vfio_pm_slot *slot, u32 blockers)
{
	if (slot->state != VFIO_PM_BLOCKED)
		slot->count.d3cold_failures++;
	slot->state = VFIO_PM_BLOCKED;
	if (blockers)
		vfio_pm_blockers_first(slot, slot->reason,
				       sizeof(slot->reason));
	else
		vfio_pm_explain(slot, "it does not sleep, for no known reason");
	return LOOK_WAITING_MS;
}

/*
 * It wakes a function. That this sleeps again, or does not wake, is a reason to look
 * at the slot: where it does not help it would have itself called for ever.
 */
static void vfio_pm_repair(struct vfio_pm_slot *slot)
{
	u64 now = ktime_get_ns();

	if (slot->repaired_ns &&
	    now - slot->repaired_ns < LOOK_WAITING_MS * NSEC_PER_MSEC)
		return;
	if (vfio_pm_blockers_repair(slot))
		slot->repaired_ns = now;
}

/*
 * Waits for D3cold, or says what is in its way. Once it has been there, being
 * awake for a moment is no reason to search.
 *
 * Return: milliseconds to wait; 0, it is there.
 */
static unsigned int vfio_pm_approach(struct vfio_pm_slot *slot)
{
	u32 blockers;
	u64 changes;
	u64 ms;

	if (vfio_pm_track_get(slot, &changes) == VFIO_PM_D3COLD) {
		slot->wait_ns = 0;
		slot->repaired_ns = 0;
		return 0;
	}
	if (!slot->wait_ns || changes != slot->wait_changes) {
		slot->wait_ns = ktime_get_ns();
		slot->wait_changes = changes;
		slot->wait_kicks = 0;
	}
	ms = (ktime_get_ns() - slot->wait_ns) / NSEC_PER_MSEC;
	if (slot->state == VFIO_PM_DECIDED && ms < KICK_MS)
		return LOOK_SOON_MS;
	vfio_pm_repair(slot);
	blockers = vfio_pm_blockers_update(slot);
	if (blockers) {
		slot->wait_ns = 0;
		return vfio_pm_block(slot, blockers);
	}
	if (ms < KICK_MS * (slot->wait_kicks + 1))
		return LOOK_SOON_MS;
	if (slot->wait_kicks == KICKS)
		return vfio_pm_block(slot, 0);
	slot->wait_kicks++;
	vfio_pm_repair_leak(slot);
	vfio_pm_kick_port(slot);
	return LOOK_SOON_MS;
}

static unsigned int vfio_pm_lose(struct vfio_pm_slot *slot,
				 struct pci_dev *lost, const char *how)
{
	pci_err(lost, "%s, D3cold is off for %s now\n", how,
		pci_name(slot->port));
	slot->wake = VFIO_PM_WAKE_FAILED;
	slot->count.wake_failures++;
	slot->count.d3cold_failures++;
	return vfio_pm_fail(slot);
}

/*
 * When the link stays down as the port wakes, the PCI core gives up what is below
 * (pci_pm_bridge_power_up_actions()), and whoever woke the port is not told. Not
 * pci_channel_offline(): that is true while an error is being handled, too.
 */
static bool vfio_pm_is_lost(struct pci_dev *pdev)
{
	return !vfio_pm_is_bridge(pdev) && device_is_registered(&pdev->dev) &&
	       READ_ONCE(pdev->error_state) == pci_channel_io_perm_failure;
}

static struct pci_dev *vfio_pm_slot_lost(const struct vfio_pm_slot *slot)
{
	const struct vfio_pm_member *member;

	list_for_each_entry(member, &slot->members, node)
		if (vfio_pm_is_lost(member->pdev))
			return member->pdev;
	return NULL;
}

/* It also gives up what was unplugged, some time before it removes that. */
static unsigned int vfio_pm_step_lost(struct vfio_pm_slot *slot,
				      struct pci_dev *lost)
{
	if (!slot->lost_ns)
		slot->lost_ns = ktime_get_ns();
	if (ktime_get_ns() - slot->lost_ns >= UNPLUG_NS)
		return vfio_pm_lose(slot, lost, "is lost");
	vfio_pm_measure_interrupt(slot);
	vfio_pm_allow(slot, VFIO_PM_D3HOT);
	slot->chosen = VFIO_PM_D3HOT;
	slot->state = VFIO_PM_BLOCKED;
	vfio_pm_explain(slot, "%s is lost, or about to be removed",
			pci_name(lost));
	return LOOK_WAITING_MS;
}

static unsigned int vfio_pm_verify(struct vfio_pm_slot *slot)
{
	struct pci_dev *lost;

	slot->state = VFIO_PM_VERIFY_WAKE;
	vfio_pm_explain(slot, "it is tried whether it comes back from D3cold");
	lost = vfio_pm_wake(slot);
	if (!lost) {
		slot->wake = VFIO_PM_WAKE_VERIFIED;
		return LOOK_SOON_MS;
	}
	/* Whoever opens a device resets it, and it is away for a moment. */
	if (vfio_pm_slot_is_in_use(slot))
		return vfio_pm_serve(slot);
	if (vfio_pm_is_lost(lost))
		return vfio_pm_step_lost(slot, lost);
	return vfio_pm_lose(slot, lost, "did not come back from D3cold");
}

static void vfio_pm_explain_cold(struct vfio_pm_slot *slot, bool compare)
{
	if (slot->measure.verdict == VFIO_PM_SAVES)
		vfio_pm_explain(slot, "D3cold draws %d mW less than D3hot",
				slot->measure.result.saving_uw / 1000);
	else if (slot->measure.done)
		vfio_pm_explain(slot,
				"the readings do not tell what D3cold saves");
	else if (compare)
		vfio_pm_explain(slot, "not measured: %s",
				vfio_pm_meter_excuse());
	else
		vfio_pm_explain(slot, "the policy is d3cold");
}

/* D3cold, once that is tried out; with a comparison if @compare. */
static unsigned int vfio_pm_step_cold(struct vfio_pm_slot *slot, bool compare)
{
	bool running = compare && slot->measure.started &&
		       slot->state == VFIO_PM_MEASURING;
	unsigned int ms;

	if (!running) {
		vfio_pm_allow(slot, VFIO_PM_D3COLD);
		slot->chosen = VFIO_PM_D3COLD;
		ms = vfio_pm_approach(slot);
		if (ms)
			return ms;
		if (slot->wake != VFIO_PM_WAKE_VERIFIED)
			return vfio_pm_verify(slot);
	}
	if (compare && vfio_pm_meter_find(slot) != VFIO_PM_SOURCE_NONE) {
		if (vfio_pm_measure_claim(slot)) {
			slot->state = VFIO_PM_MEASURING;
			return vfio_pm_measure_step(slot);
		}
		vfio_pm_explain(slot, "waits while another slot is measured");
		slot->measure.verdict = VFIO_PM_UNDECIDED;
		vfio_pm_decide(slot, VFIO_PM_D3COLD);
		return LOOK_WAITING_MS;
	}
	vfio_pm_measure_interrupt(slot);
	vfio_pm_explain_cold(slot, compare);
	ms = vfio_pm_decide(slot, VFIO_PM_D3COLD);
	/* A reading may have failed for once, of which no event tells. */
	if (compare && !ms &&
	    (slot->measure.started || vfio_pm_meter_is_slow()))
		ms = LOOK_WAITING_MS;
	return ms;
}

/* How long until a verdict is to be doubted, as far as that can be said. */
static unsigned int vfio_pm_ms_until(unsigned long when)
{
	unsigned long latest = msecs_to_jiffies(LOOK_LATE_MS);
	unsigned long now = jiffies;

	/* Overdue: there is no meter. That it has come back is an event. */
	if (time_after_eq(now, when))
		return LOOK_OVERDUE_MS;
	return jiffies_to_msecs(min(when - now, latest));
}

/* A verdict that is not for D3cold is doubted after some hours. */
static unsigned int vfio_pm_step_auto(struct vfio_pm_slot *slot)
{
	struct vfio_pm_measure *measure = &slot->measure;
	bool retry = measure->done && measure->verdict != VFIO_PM_SAVES &&
		     measure->retry;
	unsigned int ms;

	if (retry && time_after_eq(jiffies, measure->retry) &&
	    vfio_pm_meter_find(slot) != VFIO_PM_SOURCE_NONE) {
		vfio_pm_measure_forget(slot);
		retry = false;
	}
	if (!measure->done)
		return vfio_pm_step_cold(slot, true);
	if (measure->chosen == VFIO_PM_D3COLD)
		ms = vfio_pm_step_cold(slot, false);
	else
		ms = vfio_pm_decide(slot, measure->chosen);
	if (!ms && retry)
		ms = vfio_pm_ms_until(measure->retry);
	return ms;
}

static void vfio_pm_after_sleep(struct vfio_pm_slot *slot)
{
	if (!slot->resumed)
		return;
	slot->resumed = false;
	if (slot->slept)
		vfio_pm_repair_leak(slot);
}

static unsigned int vfio_pm_step_any(struct vfio_pm_slot *slot)
{
	struct pci_dev *lost;

	if (slot->mode == VFIO_PM_MODE_OBSERVE) {
		vfio_pm_explain(slot, "the policy is observe");
		return vfio_pm_observe(slot);
	}
	if (!vfio_pm_slot_is_ours(slot))
		return vfio_pm_observe(slot);
	vfio_pm_after_sleep(slot);
	if (vfio_pm_slot_is_in_use(slot))
		return vfio_pm_serve(slot);
	if (slot->wake == VFIO_PM_WAKE_FAILED)
		return vfio_pm_fail(slot);
	lost = vfio_pm_slot_lost(slot);
	if (lost)
		return vfio_pm_step_lost(slot, lost);
	slot->lost_ns = 0;
	if (slot->mode == VFIO_PM_MODE_AUTO)
		return vfio_pm_step_auto(slot);
	vfio_pm_measure_interrupt(slot);
	if (slot->mode == VFIO_PM_MODE_D3COLD)
		return vfio_pm_step_cold(slot, false);
	vfio_pm_explain(slot, "the policy is %s",
			vfio_pm_mode_name(slot->mode));
	vfio_pm_follow_mode(slot);
	return vfio_pm_decide(slot, slot->chosen);
}

/**
 * vfio_pm_step - look at the slot and do what is to be done
 * @slot: the slot
 *
 * Return: milliseconds until it is looked at again, 0 for not before an event.
 *
 * Context: process, slot->lock held.
 */
unsigned int vfio_pm_step(struct vfio_pm_slot *slot)
{
	unsigned int ms;

	lockdep_assert_held(&slot->lock);
	vfio_pm_track_level(slot);
	if (slot->asleep)
		return 0;
	ms = vfio_pm_step_any(slot);
	if (slot->state != VFIO_PM_MEASURING)
		vfio_pm_measure_unclaim(slot);
	return ms;
}

/**
 * vfio_pm_slot_wants_recovery - shall its devices be removed and found again?
 * @slot: the slot
 *
 * Return: true once after a failure, and never while a virtual machine or a
 * driver of the host uses it: removing a device waits for its user.
 */
bool vfio_pm_slot_wants_recovery(struct vfio_pm_slot *slot)
{
	bool wants;

	mutex_lock(&slot->lock);
	wants = vfio_pm_recover && slot->state == VFIO_PM_FAULT &&
		slot->wake == VFIO_PM_WAKE_FAILED && !slot->recovered &&
		vfio_pm_slot_is_ours(slot) && !vfio_pm_slot_is_in_use(slot);
	if (wants)
		slot->recovered = true;
	mutex_unlock(&slot->lock);
	return wants;
}
