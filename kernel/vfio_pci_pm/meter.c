// SPDX-License-Identifier: GPL-2.0
/*
 * What the whole machine draws: from its batteries while it runs on nothing
 * else, otherwise from whoever writes to meter/sample.
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/device.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/math.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/workqueue.h>

#include "compat-cpufreq.h"
#include "compat-power-supply.h"
#include "vfio_pci_pm.h"

/* Nobody is writing to meter/sample any more. */
#define VFIO_PM_PUSHED_MAX_NS (10 * NSEC_PER_SEC)

/* Events of power supplies can come in thousands. */
#define VFIO_PM_EVENT_MS 200

/* Counters of different processors are not read at the same time. */
#define VFIO_PM_LOAD_SLACK 16

/*
 * Whoever answers as slowly as this is not asked a second thing, for a while; each
 * time that it is slow again for twice as long.
 */
#define VFIO_PM_PATIENCE_NS (5 * NSEC_PER_SEC)
#define VFIO_PM_PAUSE_MIN_NS (60 * NSEC_PER_SEC)
#define VFIO_PM_PAUSE_MAX_NS (3600 * NSEC_PER_SEC)

/*
 * Asking may be dear, firmware may complain in the log each time, and anybody
 * can make us ask by reading an attribute: an answer is good for a second.
 */
#define VFIO_PM_READING_NS NSEC_PER_SEC

/**
 * struct vfio_pm_batteries - what the batteries say together
 * @power_uw: power taken from them
 * @count: how many of them tell
 * @idle: there is one that nothing is taken from
 * @until_ns: when the patience with the one that is asked ends
 */
struct vfio_pm_batteries {
	u64 power_uw;
	unsigned int count;
	bool idle;
	u64 until_ns;
};

static bool vfio_pm_supply_is_slow(const struct vfio_pm_batteries *batteries)
{
	return ktime_get_ns() > batteries->until_ns;
}

static bool vfio_pm_supply_says(struct power_supply *psy,
				const struct vfio_pm_batteries *batteries,
				enum power_supply_property property, int *value)
{
	union power_supply_propval answer;

	if (vfio_pm_supply_is_slow(batteries) ||
	    power_supply_get_property(psy, property, &answer))
		return false;
	*value = answer.intval;
	return true;
}

/* Drivers differ in the sign of what is taken from a battery. */
static bool vfio_pm_battery_power(struct power_supply *psy,
				  const struct vfio_pm_batteries *batteries,
				  u64 *power_uw)
{
	int power, current_ua, voltage_uv;

	if (vfio_pm_supply_says(psy, batteries, POWER_SUPPLY_PROP_POWER_NOW,
				&power)) {
		*power_uw = abs((s64)power);
		return true;
	}
	if (!vfio_pm_supply_says(psy, batteries, POWER_SUPPLY_PROP_CURRENT_NOW,
				 &current_ua) ||
	    !vfio_pm_supply_says(psy, batteries, POWER_SUPPLY_PROP_VOLTAGE_NOW,
				 &voltage_uv))
		return false;
	*power_uw = div_u64(abs((s64)current_ua * voltage_uv), 1000000);
	return true;
}

/* A mouse's, and not the machine's. */
static bool vfio_pm_supply_is_devices(struct power_supply *psy,
				      const struct vfio_pm_batteries *batteries)
{
	size_t i;
	int value;

	for (i = 0; i < psy->desc->num_properties; i++)
		if (psy->desc->properties[i] == POWER_SUPPLY_PROP_SCOPE)
			return vfio_pm_supply_says(psy, batteries,
						   POWER_SUPPLY_PROP_SCOPE,
						   &value) &&
			       value == POWER_SUPPLY_SCOPE_DEVICE;
	return false;
}

/* 0, or why what the others tell is not all of the power. */
static int vfio_pm_battery_take(int status, bool tells, u64 power_uw,
				struct vfio_pm_batteries *batteries)
{
	if (status == POWER_SUPPLY_STATUS_DISCHARGING) {
		if (!tells)
			return -ENODATA;
		batteries->power_uw += power_uw;
		batteries->count++;
		return 0;
	}
	/* Of two batteries one waits until the other one is empty. */
	if (status == POWER_SUPPLY_STATUS_CHARGING || (tells && power_uw))
		return -EBUSY;
	batteries->idle = true;
	return 0;
}

/*
 * The power comes first: for the status the ACPI driver asks all supplies, and
 * firmware twice.
 */
static int vfio_pm_battery_add(struct power_supply *psy,
			       struct vfio_pm_batteries *batteries)
{
	u64 power_uw = 0;
	bool tells = vfio_pm_battery_power(psy, batteries, &power_uw);
	int value;

	if (vfio_pm_supply_says(psy, batteries, POWER_SUPPLY_PROP_STATUS,
				&value))
		return vfio_pm_battery_take(value, tells, power_uw, batteries);
	/* An empty bay. */
	if (vfio_pm_supply_says(psy, batteries, POWER_SUPPLY_PROP_PRESENT,
				&value) &&
	    !value)
		return 0;
	return -EBUSY;
}

/* Ends with an error at whatever says that this is not all of the power. */
static int vfio_pm_supply_add(struct power_supply *psy,
			      struct vfio_pm_batteries *batteries)
{
	int value, ret = 0;

	batteries->until_ns = ktime_get_ns() + VFIO_PM_PATIENCE_NS;
	if (vfio_pm_supply_is_devices(psy, batteries))
		return 0;
	if (psy->desc->type == POWER_SUPPLY_TYPE_BATTERY)
		ret = vfio_pm_battery_add(psy, batteries);
	else if (vfio_pm_supply_says(psy, batteries, POWER_SUPPLY_PROP_ONLINE,
				     &value) &&
		 value)
		ret = -EBUSY;
	return vfio_pm_supply_is_slow(batteries) ? -ETIMEDOUT : ret;
}

/*
 * A driver frees what it is asked about once power_supply_unregister() has
 * returned. That waits for readers of its files, but for nobody who has found
 * it in the list: power_supply_is_system_supplied() and a plain walk use freed
 * memory then. It takes away the last use first and then deletes the device, for
 * which it needs this lock: who holds it and finds it in use is safe.
 */
static int vfio_pm_supply_visit(struct power_supply *psy, void *data)
{
	int ret = 0;

	device_lock(&psy->dev);
	if (atomic_read(&psy->use_cnt) > 0)
		ret = vfio_pm_supply_add(psy, data);
	device_unlock(&psy->dev);
	return ret;
}

/*
 * Power that the batteries give, if that is all that the machine draws. Asks
 * the drivers, which may sleep. 0 or -errno.
 */
static int vfio_pm_batteries_ask(u64 *power_uw)
{
	struct vfio_pm_batteries batteries = {};
	int ret;

	ret = power_supply_for_each_psy(&batteries, vfio_pm_supply_visit);
	if (ret)
		return ret;
	if (!batteries.count)
		return batteries.idle ? -EBUSY : -ENODEV;
	/* Some firmware says 0 where it does not know. */
	if (!batteries.power_uw || batteries.power_uw > VFIO_PM_POWER_LIMIT_UW)
		return -ERANGE;
	*power_uw = batteries.power_uw;
	return 0;
}

/**
 * struct vfio_pm_reading - what the batteries said last
 * @time_ns: when, since boot with all sleep, 0 if never
 * @error: 0, or why @power_uw says nothing
 * @pause_ns: how long they are not asked, 0 unless they were slow
 * @power_uw: power that they gave
 */
struct vfio_pm_reading {
	u64 time_ns;
	int error;
	u64 pause_ns;
	u64 power_uw;
};

static DEFINE_MUTEX(vfio_pm_reading_lock); /* protects what follows */
static struct vfio_pm_reading vfio_pm_reading;

/*
 * The answer of the batteries that all slots know of, 1 for none. Only the work
 * says what it is; who gets another one says that it is not that any more.
 */
static int vfio_pm_told = 1;

/* Slow firmware would keep everybody waiting who wants to know anything. */
static bool vfio_pm_reading_is_good(const struct vfio_pm_reading *reading,
				    u64 age_ns)
{
	age_ns = max(age_ns, reading->pause_ns);
	return reading->time_ns &&
	       ktime_get_boottime_ns() - reading->time_ns < age_ns;
}

static u64 vfio_pm_reading_pause_ns(const struct vfio_pm_reading *reading)
{
	if (reading->error != -ETIMEDOUT)
		return 0;
	return clamp_t(u64, 2 * reading->pause_ns, VFIO_PM_PAUSE_MIN_NS,
		       VFIO_PM_PAUSE_MAX_NS);
}

/* Make vfio_pm_reading not older than @age_ns, unless that is slow. */
static void vfio_pm_reading_renew_locked(u64 age_ns)
{
	struct vfio_pm_reading *last = &vfio_pm_reading;

	lockdep_assert_held(&vfio_pm_reading_lock);
	if (vfio_pm_reading_is_good(last, age_ns))
		return;
	WRITE_ONCE(last->error, vfio_pm_batteries_ask(&last->power_uw));
	last->pause_ns = vfio_pm_reading_pause_ns(last);
	/* From the end: firmware that is slow gets a pause, too. */
	last->time_ns = ktime_get_boottime_ns();
}

/* What the batteries say, for one slot. */
static struct vfio_pm_reading vfio_pm_batteries_read(void)
{
	struct vfio_pm_reading reading;

	mutex_lock(&vfio_pm_reading_lock);
	vfio_pm_reading_renew_locked(VFIO_PM_READING_NS);
	reading = vfio_pm_reading;
	/* Else the event that it is as before again would be no news. */
	if (reading.error != vfio_pm_told)
		vfio_pm_told = 1;
	mutex_unlock(&vfio_pm_reading_lock);
	return reading;
}

/**
 * vfio_pm_meter_excuse - why the batteries could not be used, last time
 *
 * Return: the end of a sentence for people.
 */
const char *vfio_pm_meter_excuse(void)
{
	switch (READ_ONCE(vfio_pm_reading.error)) {
	case -EBUSY:
		return "the machine does not run on its batteries alone";
	case -ERANGE:
		return "what the batteries tell cannot be true";
	case -ETIMEDOUT:
		return "the batteries take too long to answer";
	default:
		return "no battery tells what the machine draws";
	}
}

/**
 * vfio_pm_meter_is_slow - did the batteries take too long to answer, last time?
 *
 * Return: true if they did; no event tells that they have become quicker.
 */
bool vfio_pm_meter_is_slow(void)
{
	return READ_ONCE(vfio_pm_reading.error) == -ETIMEDOUT;
}

static bool vfio_pm_pushed_is_fresh(const struct vfio_pm_meter *meter)
{
	u64 age_ns = ktime_get_boottime_ns() - meter->pushed_ns;

	return meter->pushed_ns && age_ns <= VFIO_PM_PUSHED_MAX_NS;
}

/**
 * vfio_pm_meter_find - where a reading would come from now
 * @slot: the slot
 *
 * Context: process context; asks the drivers of the power supplies, none of
 * which wakes the slot. The caller holds slot->lock.
 *
 * Return: the source, VFIO_PM_SOURCE_NONE if nothing can be measured.
 */
enum vfio_pm_source vfio_pm_meter_find(struct vfio_pm_slot *slot)
{
	lockdep_assert_held(&slot->lock);
	if (!vfio_pm_batteries_read().error)
		return VFIO_PM_SOURCE_BATTERY;
	if (vfio_pm_pushed_is_fresh(&slot->meter))
		return VFIO_PM_SOURCE_PUSHED;
	return VFIO_PM_SOURCE_NONE;
}

/**
 * vfio_pm_meter_push - somebody has measured what the machine draws
 * @slot: the slot
 * @power_uw: how much, 1 to VFIO_PM_POWER_LIMIT_UW
 *
 * Context: process context. The caller holds slot->lock.
 */
void vfio_pm_meter_push(struct vfio_pm_slot *slot, u32 power_uw)
{
	lockdep_assert_held(&slot->lock);
	slot->meter.pushed_uw = power_uw;
	/* Older than a sleep of the machine is too old, however short that. */
	slot->meter.pushed_ns = ktime_get_boottime_ns();
	vfio_pm_slot_kick(slot);
}

/* Permille of the time since the last call that processors were not idle. */
static u16 vfio_pm_meter_load(struct vfio_pm_meter *meter)
{
	u64 wall_us = ktime_to_us(ktime_get());
	u64 idle_us = 0, total_us, idle_diff_us;
	bool first = !meter->wall_us;
	unsigned int cpu, nr_cpus = 0;
	u64 unused;

	for_each_online_cpu(cpu) {
		/* Waiting for a disk counts as idle, it draws no more. */
		idle_us += get_cpu_idle_time(cpu, &unused, 0);
		nr_cpus++;
	}
	total_us = (wall_us - meter->wall_us) * nr_cpus;
	idle_diff_us = idle_us - meter->idle_us;
	meter->wall_us = wall_us;
	meter->idle_us = idle_us;
	/* Processors came or went? Then the sum has jumped, up or down. */
	if (first || !total_us ||
	    idle_diff_us > total_us + total_us / VFIO_PM_LOAD_SLACK)
		return VFIO_PM_LOAD_UNKNOWN;
	if (idle_diff_us >= total_us)
		return 0;
	return div64_u64((total_us - idle_diff_us) * 1000, total_us);
}

/**
 * vfio_pm_meter_read - one reading of what the machine draws
 * @slot: the slot
 * @power_uw: set to the power if this returns 0
 * @load: set to how busy the machine was since the last reading, in permille,
 *        or to VFIO_PM_LOAD_UNKNOWN, if this returns 0
 *
 * slot->meter.source says afterwards where the reading came from.
 *
 * Context: process context. The caller holds slot->lock.
 *
 * Return: 0; -EAGAIN if there has been no other one since; -ENODEV if there is no
 * source.
 */
int vfio_pm_meter_read(struct vfio_pm_slot *slot, s32 *power_uw, u16 *load)
{
	struct vfio_pm_meter *meter = &slot->meter;
	struct vfio_pm_reading reading;

	lockdep_assert_held(&slot->lock);
	reading = vfio_pm_batteries_read();
	if (!reading.error) {
		meter->source = VFIO_PM_SOURCE_BATTERY;
	} else if (vfio_pm_pushed_is_fresh(meter)) {
		meter->source = VFIO_PM_SOURCE_PUSHED;
		reading.time_ns = meter->pushed_ns;
		reading.power_uw = meter->pushed_uw;
	} else {
		meter->source = VFIO_PM_SOURCE_NONE;
		return -ENODEV;
	}
	if (meter->used_ns == reading.time_ns)
		return -EAGAIN;
	meter->used_ns = reading.time_ns;
	*power_uw = reading.power_uw;
	*load = vfio_pm_meter_load(meter);
	return 0;
}

/* Look whether it was more than another percent of a battery. */
static void vfio_pm_meter_update(struct work_struct *work)
{
	bool news;

	mutex_lock(&vfio_pm_reading_lock);
	vfio_pm_reading_renew_locked(0);
	news = vfio_pm_reading.error != vfio_pm_told;
	vfio_pm_told = vfio_pm_reading.error;
	mutex_unlock(&vfio_pm_reading_lock);
	if (news)
		vfio_pm_topology_kick();
}

static DECLARE_DELAYED_WORK(vfio_pm_meter_work, vfio_pm_meter_update);

/* Some kernels call this in atomic context, where no driver can be asked. */
static int vfio_pm_meter_notify(struct notifier_block *nb, unsigned long event,
				void *data)
{
	queue_delayed_work(vfio_pm_wq, &vfio_pm_meter_work,
			   msecs_to_jiffies(VFIO_PM_EVENT_MS));
	return NOTIFY_OK;
}

static struct notifier_block vfio_pm_meter_nb = {
	.notifier_call = vfio_pm_meter_notify,
};

/**
 * vfio_pm_meter_init - begin to watch the power supplies
 *
 * Needs vfio_pm_wq; vfio_pm_topology_kick() may be called from now on.
 *
 * Return: 0 or -errno.
 */
int vfio_pm_meter_init(void)
{
	return power_supply_reg_notifier(&vfio_pm_meter_nb);
}

/**
 * vfio_pm_meter_exit - stop watching the power supplies
 *
 * vfio_pm_topology_kick() is not called by this part any more afterwards.
 */
void vfio_pm_meter_exit(void)
{
	power_supply_unreg_notifier(&vfio_pm_meter_nb);
	cancel_delayed_work_sync(&vfio_pm_meter_work);
}
