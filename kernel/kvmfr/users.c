// SPDX-License-Identifier: GPL-2.0
/*
 * Who can reach the memory of a device, for memory that is zeroed when nobody
 * can any more (zero_on_last_close). An open file, a mapping, which holds its
 * file, and a dma-buf are users; a page that is pinned beyond them is waited for.
 *
 * A worker does it, because nothing tells when a page is let go. From the moment
 * the last user leaves until it is done nobody gets in.
 */
#include <linux/jiffies.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "kvmfr.h"

/* How often pages that are pinned are looked at. */
#define KVMFR_PINNED_DELAY (HZ / 10)

static void kvmfr_users_wake(struct kvmfr_dev *kdev)
{
	spin_lock(&kdev->users.lock);
	kdev->users.stale = false;
	spin_unlock(&kdev->users.lock);
	wake_up_all(&kdev->users.clean);
}

static void kvmfr_users_work(struct work_struct *work)
{
	struct kvmfr_dev *kdev = container_of(to_delayed_work(work),
					      struct kvmfr_dev, users.work);

	if (kvmfr_region_zero(&kdev->region, &kdev->users.nr_zeroed))
		kvmfr_users_wake(kdev);
	else
		queue_delayed_work(system_dfl_wq, &kdev->users.work,
				   KVMFR_PINNED_DELAY);
}

/**
 * kvmfr_users_init - nobody uses the memory yet
 * @kdev: device in the making
 */
void kvmfr_users_init(struct kvmfr_dev *kdev)
{
	spin_lock_init(&kdev->users.lock);
	init_waitqueue_head(&kdev->users.clean);
	INIT_DELAYED_WORK(&kdev->users.work, kvmfr_users_work);
}

/**
 * kvmfr_users_stop - nobody gets in any more
 * @kdev: device that is dead
 *
 * Who waits to get in is sent away. What is stale then is left to
 * kvmfr_users_exit().
 *
 * Context: may sleep.
 */
void kvmfr_users_stop(struct kvmfr_dev *kdev)
{
	wake_up_all(&kdev->users.clean);
	cancel_delayed_work_sync(&kdev->users.work);
}

/**
 * kvmfr_users_exit - nobody has a reference to the device any more
 * @kdev: device
 *
 * Memory goes back to the kernel as it is given to users, but for folios of which
 * somebody still has a page pinned.
 *
 * Context: may sleep.
 */
void kvmfr_users_exit(struct kvmfr_dev *kdev)
{
	struct kvmfr_users *users = &kdev->users;

	if (!users->stale)
		return;
	while (!kvmfr_region_zero(&kdev->region, &users->nr_zeroed))
		users->nr_zeroed++;
}

/* 0, -EAGAIN while the memory is stale, or -ENODEV. */
static int kvmfr_user_try_enter(struct kvmfr_dev *kdev)
{
	struct kvmfr_users *users = &kdev->users;
	bool stale;

	if (READ_ONCE(kdev->dead))
		return -ENODEV;
	spin_lock(&users->lock);
	stale = users->stale;
	if (!stale)
		users->nr++;
	spin_unlock(&users->lock);
	return stale ? -EAGAIN : 0;
}

/**
 * kvmfr_user_enter - become a user of the memory, from outside
 * @kdev: device
 * @nonblock: do not wait until the memory is zero
 *
 * Context: may sleep.
 * Return: 0, and the caller has to leave; -ENODEV if the memory is gone, -EAGAIN
 * if it would have to wait, -ERESTARTSYS if a signal came meanwhile.
 */
int kvmfr_user_enter(struct kvmfr_dev *kdev, bool nonblock)
{
	int ret, error;

	if (!kdev->region.zero_unused)
		return READ_ONCE(kdev->dead) ? -ENODEV : 0;
	ret = kvmfr_user_try_enter(kdev);
	if (ret != -EAGAIN || nonblock)
		return ret;
	/*
	 * Not just killable: an io_uring lets its pages go only after the task
	 * that used it has run some task work, and that may be this one.
	 */
	error = wait_event_interruptible(kdev->users.clean,
					 (ret = kvmfr_user_try_enter(kdev)) !=
						 -EAGAIN);
	return error ? error : ret;
}

/**
 * kvmfr_user_touch - a user gets at the memory itself
 * @kdev: device that the caller uses
 *
 * Without that there is nothing to zero: whoever just opens and closes a device
 * keeps nobody waiting and no processor busy.
 */
void kvmfr_user_touch(struct kvmfr_dev *kdev)
{
	if (!kdev->region.zero_unused)
		return;
	spin_lock(&kdev->users.lock);
	kdev->users.touched = true;
	spin_unlock(&kdev->users.lock);
}

/**
 * kvmfr_user_add - one user makes another, which gets at the memory
 * @kdev: device that the caller uses
 */
void kvmfr_user_add(struct kvmfr_dev *kdev)
{
	if (!kdev->region.zero_unused)
		return;
	spin_lock(&kdev->users.lock);
	kdev->users.touched = true;
	kdev->users.nr++;
	spin_unlock(&kdev->users.lock);
}

/**
 * kvmfr_user_leave - end of kvmfr_user_enter() and kvmfr_user_add()
 * @kdev: device
 *
 * Context: may sleep.
 */
void kvmfr_user_leave(struct kvmfr_dev *kdev)
{
	struct kvmfr_users *users = &kdev->users;
	bool left;

	if (!kdev->region.zero_unused)
		return;
	spin_lock(&users->lock);
	left = !--users->nr && users->touched;
	if (left) {
		users->touched = false;
		users->stale = true;
		users->nr_zeroed = 0;
	}
	spin_unlock(&users->lock);
	/* No worker for a device that goes: see kvmfr_users_exit(). */
	if (left && kvmfr_dev_enter(kdev)) {
		queue_delayed_work(system_dfl_wq, &users->work, 0);
		kvmfr_dev_exit(kdev);
	}
}
