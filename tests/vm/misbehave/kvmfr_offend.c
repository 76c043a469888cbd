// SPDX-License-Identifier: GPL-2.0
/* Makes one mistake that a checker of the sanitizer kernel has to report. */
#include <linux/completion.h>
#include <linux/dma-mapping.h>
#include <linux/init.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/refcount.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

static char *how = "";
module_param(how, charp, 0444);
MODULE_PARM_DESC(how, "Which of the mistakes");

static DEFINE_SPINLOCK(first);
static DEFINE_SPINLOCK(second);

static void use_after_free(void)
{
	int *freed = kmalloc(sizeof(*freed), GFP_KERNEL);

	kfree(freed);
	if (freed)
		READ_ONCE(*freed);
}

static void beyond_stack(void)
{
	char array[8] = {};
	char *end = array;

	OPTIMIZER_HIDE_VAR(end);
	READ_ONCE(end[sizeof(array)]);
}

/* Within the page: the one behind it is not mapped. */
static void beyond_vmalloc(void)
{
	char *array = vmalloc(100);

	OPTIMIZER_HIDE_VAR(array);
	if (array)
		READ_ONCE(array[200]);
	vfree(array);
}

static void revive(void)
{
	refcount_t count = REFCOUNT_INIT(0);

	refcount_inc(&count);
}

static DECLARE_COMPLETION(copying);

static int copy_too_much(void *data)
{
	char *object = kzalloc(64, GFP_KERNEL);
	size_t size = 200;

	OPTIMIZER_HIDE_VAR(size);
	OPTIMIZER_HIDE_VAR(object);
	complete(&copying);
	if (copy_to_user(data, object, size))
		pr_info("nothing was copied\n");
	kfree(object);
	return 0;
}

/* In a thread, which does not survive it. */
static void copy_beyond_object(void)
{
	struct task_struct *thread =
		kthread_create(copy_too_much, NULL, "offend");

	if (IS_ERR(thread))
		return;
	get_task_struct(thread);
	wake_up_process(thread);
	wait_for_completion(&copying);
	kthread_stop(thread);
	put_task_struct(thread);
}

static void bad_shift(void)
{
	int bits = strlen(how) + 60;

	OPTIMIZER_HIDE_VAR(bits);
	pr_info("1 << %d is %d\n", bits, 1 << bits);
}

static void atomic_sleep(void)
{
	spin_lock(&first);
	might_sleep();
	spin_unlock(&first);
}

static void lock_order(void)
{
	spin_lock(&first);
	spin_lock(&second);
	spin_unlock(&second);
	spin_unlock(&first);

	spin_lock(&second);
	spin_lock(&first);
	spin_unlock(&first);
	spin_unlock(&second);
}

static void never_fires(struct timer_list *timer)
{
}

static void free_timer(void)
{
	struct timer_list *timer = kzalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return;
	timer_setup(timer, never_fires, 0);
	mod_timer(timer, jiffies + 3600 * HZ);
	kfree(timer);
}

static void delete_twice(void)
{
	LIST_HEAD(list);
	LIST_HEAD(entry);

	list_add(&entry, &list);
	list_del(&entry);
	list_del(&entry);
}

/* What no driver has mapped. */
static void bad_unmap(void)
{
	struct platform_device *device;

	device = platform_device_register_simple("offend", -1, NULL, 0);
	if (IS_ERR(device))
		return;
	if (!dma_coerce_mask_and_coherent(&device->dev, DMA_BIT_MASK(64)))
		dma_unmap_single(&device->dev, PAGE_SIZE, 16, DMA_TO_DEVICE);
	platform_device_unregister(device);
}

static void leak(void)
{
	pr_info("%p is forgotten\n", kmalloc(100, GFP_KERNEL));
}

static const struct {
	const char *name;
	void (*make)(void);
} mistakes[] = {
	{ "use-after-free", use_after_free },
	{ "beyond-stack", beyond_stack },
	{ "beyond-vmalloc", beyond_vmalloc },
	{ "revive", revive },
	{ "copy-beyond-object", copy_beyond_object },
	{ "bad-shift", bad_shift },
	{ "atomic-sleep", atomic_sleep },
	{ "lock-order", lock_order },
	{ "free-timer", free_timer },
	{ "delete-twice", delete_twice },
	{ "bad-unmap", bad_unmap },
	{ "leak", leak },
};

/* The module does not stay: the next mistake is the next insmod's. */
static int __init offend_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mistakes); i++) {
		if (strcmp(how, mistakes[i].name))
			continue;
		mistakes[i].make();
		return -ECANCELED;
	}
	return -EINVAL;
}
module_init(offend_init);

MODULE_DESCRIPTION("Test module that makes mistakes for the kernel to find");
MODULE_LICENSE("GPL");
