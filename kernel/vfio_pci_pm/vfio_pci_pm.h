/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of vfio_pci_pm know of each other.
 *
 * A slot is one power supply that firmware can cut: the port that has it, and
 * every device below that port. Everything about a slot happens in its work
 * item; whatever takes place in the machine only kicks that.
 *
 * Locks, the outermost first:
 *   pci_lock_rescan_remove()  topology work
 *   vfio_pm_slots_lock        list of slots
 *   slot->lock                everything in a slot, unless said otherwise
 *   slot->track.lock          what the sensor writes, with interrupts off
 *   vfio_pm_reading_lock      what the batteries said
 *   a power supply's device   while it is asked (meter.c)
 *   vfio_pm_group_lock        innermost, for a moment (driver.c)
 * No other device lock is ever taken.
 */
#ifndef VFIO_PCI_PM_H
#define VFIO_PCI_PM_H

#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "policy.h"

#define VFIO_PM_WAKERS 8
#define VFIO_PM_COMM 16

/* The power states of policy.h; their number is VFIO_PM_D3COLD + 1. */
#define VFIO_PM_LEVELS 3

/**
 * enum vfio_pm_mode - what the administrator wants of a slot
 * @VFIO_PM_MODE_AUTO: what measures lowest
 * @VFIO_PM_MODE_D3COLD: D3cold, without measuring
 * @VFIO_PM_MODE_D3HOT: D3hot
 * @VFIO_PM_MODE_D0: always on
 * @VFIO_PM_MODE_OBSERVE: what the kernel does by itself
 */
enum vfio_pm_mode {
	VFIO_PM_MODE_AUTO,
	VFIO_PM_MODE_D3COLD,
	VFIO_PM_MODE_D3HOT,
	VFIO_PM_MODE_D0,
	VFIO_PM_MODE_OBSERVE,
};

/**
 * enum vfio_pm_state - what is being done about a slot
 * @VFIO_PM_OBSERVED: nothing: so the mode says, or the slot is a host driver's
 * @VFIO_PM_BLOCKED: something keeps it out of D3cold
 * @VFIO_PM_IN_USE: a virtual machine has it
 * @VFIO_PM_VERIFY_WAKE: it is tried whether it comes back from D3cold
 * @VFIO_PM_MEASURING: states are being compared
 * @VFIO_PM_DECIDED: nothing, it is where it belongs
 * @VFIO_PM_FAULT: it did not come back from D3cold, or is lost: that is off for it now
 */
enum vfio_pm_state {
	VFIO_PM_OBSERVED,
	VFIO_PM_BLOCKED,
	VFIO_PM_IN_USE,
	VFIO_PM_VERIFY_WAKE,
	VFIO_PM_MEASURING,
	VFIO_PM_DECIDED,
	VFIO_PM_FAULT,
};

/**
 * enum vfio_pm_wake - does the slot come back from D3cold?
 * @VFIO_PM_WAKE_UNKNOWN: not tried
 * @VFIO_PM_WAKE_VERIFIED: tried, it does
 * @VFIO_PM_WAKE_FAILED: tried, it does not
 */
enum vfio_pm_wake {
	VFIO_PM_WAKE_UNKNOWN,
	VFIO_PM_WAKE_VERIFIED,
	VFIO_PM_WAKE_FAILED,
};

/**
 * enum vfio_pm_sta - what _STA of the resources in _PR3 says
 * @VFIO_PM_STA_NONE: there is no _PR3
 * @VFIO_PM_STA_UNKNOWN: a _STA could not be evaluated
 * @VFIO_PM_STA_OFF: all of them are off
 * @VFIO_PM_STA_ON: one of them is on
 */
enum vfio_pm_sta {
	VFIO_PM_STA_NONE,
	VFIO_PM_STA_UNKNOWN,
	VFIO_PM_STA_OFF,
	VFIO_PM_STA_ON,
};

/**
 * enum vfio_pm_wake_kind - who wakes a slot
 * @VFIO_PM_WAKER_OTHER: something else
 * @VFIO_PM_WAKER_CONFIG: an access to configuration space; the kernel resumes
 *                        the port first for it
 * @VFIO_PM_WAKER_OPEN: an open of the vfio device
 */
enum vfio_pm_wake_kind {
	VFIO_PM_WAKER_OTHER,
	VFIO_PM_WAKER_CONFIG,
	VFIO_PM_WAKER_OPEN,
};

/**
 * enum vfio_pm_source - where readings of power come from
 * @VFIO_PM_SOURCE_NONE: nowhere
 * @VFIO_PM_SOURCE_BATTERY: from the batteries
 * @VFIO_PM_SOURCE_PUSHED: from the attribute meter/sample
 */
enum vfio_pm_source {
	VFIO_PM_SOURCE_NONE,
	VFIO_PM_SOURCE_BATTERY,
	VFIO_PM_SOURCE_PUSHED,
};

/**
 * struct vfio_pm_member - the port of a slot, or a device below it
 * @hash: in the sensor's table
 * @node: in the slot's list, the port first. A bridge comes before what is below
 *        it, but for one that there was no memory for at first: then a walk names
 *        another device first, or wakes one for nothing
 * @slot: the slot
 * @pdev: the device, with a reference
 * @held: the actuator keeps it in D0
 * @stale: not seen by the running look at the topology
 * @idle_uses: consecutive looks that found it used by nobody and yet not idle
 * @blockers: mask of enum vfio_pm_blocker (blockers.c)
 * @rcu: for freeing it behind the sensor's back
 */
struct vfio_pm_member {
	struct hlist_node hash;
	struct list_head node;
	struct vfio_pm_slot *slot;
	struct pci_dev *pdev;
	bool held;
	bool stale;
	u8 idle_uses;
	u32 blockers;
	struct rcu_head rcu;
};

/**
 * struct vfio_pm_waker - who woke a slot
 * @time_ns: when, on CLOCK_MONOTONIC
 * @comm: name of the task
 * @pid: its number, in the initial namespace
 * @kind: by what
 */
struct vfio_pm_waker {
	u64 time_ns;
	char comm[VFIO_PM_COMM];
	pid_t pid;
	enum vfio_pm_wake_kind kind;
};

/**
 * struct vfio_pm_track - what the sensor knows of a slot
 * @lock: for all of it; taken with a device's power.lock held, takes none
 * @actor: the task that runs the slot's work, whose doings are not wake-ups
 * @level: where the slot is
 * @since_ns: since when
 * @changes: how often that changed
 * @time_ns: how long it was on each level, without the running stay
 * @entries: how often it came to each level
 * @touched_ns: when somebody last resumed a function
 * @awake: the wake-up that is going on has been recorded
 * @wakeups: wake-ups by others
 * @wakers: the last of them, at @wakeups modulo their number
 * @resume_ns: when the port began to wake, 0 if it does not
 * @resume_last_us: how long that took, last
 * @resume_max_us: at most
 * @gain_level: level whose stay saves energy
 * @gain_uw: how much power, compared with the next best level; 0 if unknown
 * @gain_ns: time that was spent there since, without the running stay
 * @gain_uj: energy saved by earlier gains
 */
struct vfio_pm_track {
	raw_spinlock_t lock;
	struct task_struct *actor;
	enum vfio_pm_power level;
	u64 since_ns;
	u64 changes;
	u64 time_ns[VFIO_PM_LEVELS];
	u64 entries[VFIO_PM_LEVELS];
	u64 touched_ns;
	bool awake;
	u64 wakeups;
	struct vfio_pm_waker wakers[VFIO_PM_WAKERS];
	u64 resume_ns;
	u64 resume_last_us;
	u64 resume_max_us;
	enum vfio_pm_power gain_level;
	u32 gain_uw;
	u64 gain_ns;
	u64 gain_uj;
};

/**
 * struct vfio_pm_counters - what happened to a slot, shown in counters/
 * @d3cold_attempts: the slot was let go to D3cold, or told again
 * @d3cold_failures: it did not get there, or did not come back
 * @fallbacks: a shallower state than D3cold was chosen
 * @measurements: comparisons that were started
 * @opens: a virtual machine took it
 * @wake_failures: it did not come back
 * @recoveries: its devices were removed and found again
 * @kicks: an idle port had to be told so
 * @stale_cleared: a driver that is gone had forbidden D3cold
 * @leaks_repaired: an aborted system suspend had left the port on
 */
struct vfio_pm_counters {
	u64 d3cold_attempts;
	u64 d3cold_failures;
	u64 fallbacks;
	u64 measurements;
	u64 opens;
	u64 wake_failures;
	u64 recoveries;
	u64 kicks;
	u64 stale_cleared;
	u64 leaks_repaired;
};

/**
 * struct vfio_pm_meter - readings of the power of the whole machine
 * @source: where the last one came from
 * @pushed_uw: last value written to meter/sample
 * @pushed_ns: when that was, 0 if never
 * @used_ns: time of the last reading that was used, of whatever source
 * @idle_us: idle time of all processors at the last reading
 * @wall_us: time at the last reading
 */
struct vfio_pm_meter {
	enum vfio_pm_source source;
	u32 pushed_uw;
	u64 pushed_ns;
	u64 used_ns;
	u64 idle_us;
	u64 wall_us;
};

/**
 * struct vfio_pm_measure - a comparison of the states of a slot
 * @policy: the decision
 * @started: a comparison is going on, or interrupted
 * @done: there is a verdict
 * @versus_d0: D0 is being compared, which comes after D3hot with D3cold
 * @step: what comes next
 * @since_ns: when the slot was told to switch
 * @sampled_ns: time of the last sample
 * @changes: changes of level until then
 * @verdict: of D3cold over D3hot
 * @result: of that
 * @d0_uw: draw in D0, if that was measured
 * @source: what it was measured with
 * @chosen: the state that the verdict is for
 * @cold_sta: what _STA said in D3cold
 * @retry: jiffies of the next comparison, if @verdict is not VFIO_PM_SAVES
 */
struct vfio_pm_measure {
	struct vfio_pm_policy policy;
	bool started;
	bool done;
	bool versus_d0;
	enum vfio_pm_step step;
	u64 since_ns;
	u64 sampled_ns;
	u64 changes;
	enum vfio_pm_verdict verdict;
	struct vfio_pm_result result;
	s32 d0_uw;
	enum vfio_pm_source source;
	enum vfio_pm_power chosen;
	enum vfio_pm_sta cold_sta;
	unsigned long retry;
};

/**
 * struct vfio_pm_slot - a power supply that can be cut, and what hangs on it
 * @node: in vfio_pm_slots
 * @dev: the class device, NULL before and after
 * @port: the port that has it, with a reference
 * @has_power: firmware can cut its power
 * @stale: not seen by the running look at the topology
 * @lock: for everything below
 * @work: runs the slot
 * @members: port and devices
 * @mode: what the administrator wants
 * @state: what is being done
 * @chosen: state that the slot may go to
 * @wake: does it come back?
 * @reason: why @state and @chosen are what they are
 * @cold_off: the actuator has forbidden D3cold
 * @wait_ns: since when it should be on its way to D3cold, 0 if it need not
 * @wait_changes: changes of level until then
 * @wait_kicks: kicks since then
 * @repaired_ns: when it was last tried to put right what is in its way to D3cold, 0
 *               if it has been there since
 * @lost_ns: when it was first seen that the PCI core has given up a device, 0 if it
 *           has not, or if that is nobody's business now
 * @asleep: a system suspend is going on
 * @slept: the slot did when that began
 * @resumed: a system suspend is over, look for what it left
 * @recovered: the devices were removed and found again
 * @sta: what _STA said last
 * @sta_ns: when, 0 if never
 * @sta_changes: changes of level until then
 * @target: where firmware lets the port sink, as it said last
 * @target_ns: when, 0 if never
 * @count: what happened
 * @measure: the comparison
 * @meter: readings of power
 * @track: what the sensor knows; has its own lock
 * @told_state: @state in the last uevent
 * @told_chosen: @chosen in it
 * @told_verdict: the verdict in it
 */
struct vfio_pm_slot {
	struct list_head node;
	struct device *dev;
	struct pci_dev *port;
	bool has_power;
	bool stale;

	struct mutex lock; /* protects what follows */
	struct delayed_work work;
	struct list_head members;
	enum vfio_pm_mode mode;
	enum vfio_pm_state state;
	enum vfio_pm_power chosen;
	enum vfio_pm_wake wake;
	char reason[192];
	bool cold_off;
	u64 wait_ns;
	u64 wait_changes;
	u8 wait_kicks;
	u64 repaired_ns;
	u64 lost_ns;
	bool asleep;
	bool slept;
	bool resumed;
	bool recovered;
	enum vfio_pm_sta sta;
	u64 sta_ns;
	u64 sta_changes;
	pci_power_t target;
	u64 target_ns;
	struct vfio_pm_counters count;
	struct vfio_pm_measure measure;
	struct vfio_pm_meter meter;
	struct vfio_pm_track track;
	enum vfio_pm_state told_state;
	enum vfio_pm_power told_chosen;
	enum vfio_pm_verdict told_verdict;
};

/* main.c */
extern struct workqueue_struct *vfio_pm_wq;

/* params.c */
extern bool vfio_pm_recover;
extern bool vfio_pm_poll;
enum vfio_pm_mode vfio_pm_default_mode(void);
void vfio_pm_policy_parameters(struct vfio_pm_policy_params *params);
unsigned long vfio_pm_retry_jiffies(void);
bool vfio_pm_device_is_wanted(struct pci_dev *pdev);

/* names.c: words in sysfs and parameters, lower case */
const char *vfio_pm_mode_name(enum vfio_pm_mode mode);
int vfio_pm_mode_parse(const char *text, enum vfio_pm_mode *mode);
const char *vfio_pm_state_name(enum vfio_pm_state state);
const char *vfio_pm_power_name(enum vfio_pm_power power);
const char *vfio_pm_verdict_name(enum vfio_pm_verdict verdict);
const char *vfio_pm_wake_name(enum vfio_pm_wake wake);
const char *vfio_pm_sta_name(enum vfio_pm_sta sta);
const char *vfio_pm_wake_kind_name(enum vfio_pm_wake_kind kind);
const char *vfio_pm_source_name(enum vfio_pm_source source);

/* topology.c */
int vfio_pm_topology_init(void);
void vfio_pm_topology_exit(void);
void vfio_pm_topology_update(void);
void vfio_pm_topology_retry(void);
void vfio_pm_topology_kick(void);

/* slot.c */
int vfio_pm_class_init(void);
void vfio_pm_class_exit(void);
struct vfio_pm_slot *vfio_pm_slot_create(struct pci_dev *port);
void vfio_pm_slot_destroy(struct vfio_pm_slot *slot);
void vfio_pm_slot_refresh(struct vfio_pm_slot *slot);
void vfio_pm_slot_kick(struct vfio_pm_slot *slot);
void vfio_pm_slot_measure_again(struct vfio_pm_slot *slot);
void vfio_pm_slot_suspend(struct vfio_pm_slot *slot);
void vfio_pm_slot_resume(struct vfio_pm_slot *slot);

/* step.c */
unsigned int vfio_pm_step(struct vfio_pm_slot *slot);
unsigned int vfio_pm_decide(struct vfio_pm_slot *slot,
			    enum vfio_pm_power level);
void vfio_pm_explain(struct vfio_pm_slot *slot, const char *format, ...)
	__printf(2, 3);

bool vfio_pm_slot_wants_recovery(struct vfio_pm_slot *slot);

/* recover.c */
void vfio_pm_recover_slot(struct vfio_pm_slot *slot);

/* measure.c */
unsigned int vfio_pm_measure_step(struct vfio_pm_slot *slot);
void vfio_pm_measure_interrupt(struct vfio_pm_slot *slot);
void vfio_pm_measure_forget(struct vfio_pm_slot *slot);
bool vfio_pm_measure_claim(struct vfio_pm_slot *slot);
void vfio_pm_measure_unclaim(struct vfio_pm_slot *slot);

/* actuator.c */
int vfio_pm_allow(struct vfio_pm_slot *slot, enum vfio_pm_power deepest);
void vfio_pm_kick_port(struct vfio_pm_slot *slot);
struct pci_dev *vfio_pm_wake(struct vfio_pm_slot *slot);
void vfio_pm_repair_leak(struct vfio_pm_slot *slot);

/* sensor.c */
void vfio_pm_sensor_init(void);
void vfio_pm_sensor_exit(void);
void vfio_pm_track_init(struct vfio_pm_slot *slot);
void vfio_pm_track_member(struct vfio_pm_member *member);
void vfio_pm_untrack_member(struct vfio_pm_member *member);

/* track.c */
bool vfio_pm_track_level(struct vfio_pm_slot *slot);
enum vfio_pm_power vfio_pm_track_get(struct vfio_pm_slot *slot, u64 *changes);
void vfio_pm_track_snapshot(struct vfio_pm_slot *slot,
			    struct vfio_pm_track *track);
void vfio_pm_track_actor(struct vfio_pm_slot *slot, struct task_struct *task);
void vfio_pm_track_opened(struct vfio_pm_slot *slot);
u64 vfio_pm_track_touched_ns(struct vfio_pm_slot *slot);
void vfio_pm_track_gain(struct vfio_pm_slot *slot, enum vfio_pm_power level,
			u32 gain_uw);
u64 vfio_pm_track_energy_uj(const struct vfio_pm_track *track);

/* driver.c: what is bound to a device */
bool vfio_pm_is_bridge(const struct pci_dev *pdev);
bool vfio_pm_has_driver(struct pci_dev *pdev);
bool vfio_pm_has_vfio_driver(struct pci_dev *pdev);
void vfio_pm_driver_name(struct pci_dev *pdev, char *name, size_t size);
bool vfio_pm_is_open(struct pci_dev *pdev);
void vfio_pm_driver_barrier(void);

/* blockers.c */
u32 vfio_pm_blockers_update(struct vfio_pm_slot *slot);
bool vfio_pm_blockers_repair(struct vfio_pm_slot *slot);
void vfio_pm_blockers_first(struct vfio_pm_slot *slot, char *text, size_t size);
ssize_t vfio_pm_blockers_emit(struct vfio_pm_slot *slot, char *buf);

/* acpi.c */
bool vfio_pm_acpi_has_power(struct pci_dev *port);
enum vfio_pm_sta vfio_pm_acpi_sta(struct vfio_pm_slot *slot);
pci_power_t vfio_pm_acpi_target(struct vfio_pm_slot *slot);

/* meter.c */
int vfio_pm_meter_init(void);
void vfio_pm_meter_exit(void);
enum vfio_pm_source vfio_pm_meter_find(struct vfio_pm_slot *slot);
void vfio_pm_meter_push(struct vfio_pm_slot *slot, u32 power_uw);
const char *vfio_pm_meter_excuse(void);
bool vfio_pm_meter_is_slow(void);
int vfio_pm_meter_read(struct vfio_pm_slot *slot, s32 *power_uw, u16 *load);

/* sysfs.c */
extern const struct attribute_group *vfio_pm_slot_groups[];

#endif /* VFIO_PCI_PM_H */
