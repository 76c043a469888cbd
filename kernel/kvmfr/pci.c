// SPDX-License-Identifier: GPL-2.0
/*
 * ivshmem devices, as a virtual machine sees them: BAR 2 is memory shared with
 * the host (QEMU, docs/specs/ivshmem-spec.rst).
 */
#include <linux/cc_platform.h>
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/list.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/page_ref.h>
#include <linux/pci.h>
#include <linux/rcupdate.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "kvmfr.h"

#define KVMFR_BAR 2

/* memremap_pages() warns about anything not aligned to a subsection. */
#define KVMFR_PAGES_ALIGN SZ_2M

/* For who holds a page for the time of a system call. */
#define KVMFR_TAKEN_MS 200
#define KVMFR_TAKEN_LOOK_MS 20

/**
 * struct kvmfr_bar - the shared memory of a PCI device
 * @node: in kvmfr_retired, once the device is gone
 * @pdev: the device; holds a reference
 * @kdev: the node made of it; holds a reference
 * @pgmap: struct pages for the memory
 * @run: all of the memory, if it has pages
 * @phys: where it is
 * @size: bytes
 * @vaddr: its kernel address
 * @has_pages: @pgmap is in use
 * @nr_idle: so many pages from the first on were seen without a pin
 *
 * Outlives the PCI device as long as somebody pins a page or has it mapped for
 * DMA: taking the pages away under them would crash the machine.
 */
struct kvmfr_bar {
	struct list_head node;
	struct pci_dev *pdev;
	struct kvmfr_dev *kdev;
	struct dev_pagemap pgmap;
	struct kvmfr_run run;
	phys_addr_t phys;
	size_t size;
	void *vaddr;
	bool has_pages;
	unsigned long nr_idle;
};

static DEFINE_MUTEX(kvmfr_retired_lock); /* protects kvmfr_retired */
static LIST_HEAD(kvmfr_retired);

static void kvmfr_reap_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(kvmfr_reaper, kvmfr_reap_work);

static void kvmfr_bar_free(struct kvmfr_bar *bar)
{
	if (bar->has_pages)
		memunmap_pages(&bar->pgmap);
	else if (bar->vaddr)
		memunmap(bar->vaddr);
	if (bar->kdev)
		kvmfr_dev_put(bar->kdev);
	pci_dev_put(bar->pdev);
	kfree(bar);
}

/*
 * Whether nobody uses the memory any more. There are no new users, so that a
 * page that was idle once stays so.
 */
static bool kvmfr_bar_is_idle(struct kvmfr_bar *bar)
{
	unsigned long pfn = PHYS_PFN(bar->phys);

	/* Pairs with the release in kvmfr_kernel_user_put(). */
	if (atomic_read_acquire(&bar->kdev->nr_kernel_users))
		return false;
	if (!bar->has_pages)
		return true;
	for (; bar->nr_idle < bar->size >> PAGE_SHIFT; bar->nr_idle++) {
		/* memremap_pages() sets the count to 1; the rest are pins. */
		if (page_ref_count(pfn_to_page(pfn + bar->nr_idle)) != 1)
			return false;
		cond_resched();
	}
	return true;
}

/* Free what is idle. True if nothing is left. */
static bool kvmfr_reap(void)
{
	struct kvmfr_bar *bar, *next;
	bool empty;

	mutex_lock(&kvmfr_retired_lock);
	list_for_each_entry_safe(bar, next, &kvmfr_retired, node) {
		if (!kvmfr_bar_is_idle(bar))
			continue;
		list_del(&bar->node);
		kvmfr_bar_free(bar);
	}
	empty = list_empty(&kvmfr_retired);
	mutex_unlock(&kvmfr_retired_lock);
	return empty;
}

static void kvmfr_reap_work(struct work_struct *work)
{
	if (!kvmfr_reap())
		schedule_delayed_work(&kvmfr_reaper, HZ);
}

static void kvmfr_bar_retire(struct kvmfr_bar *bar)
{
	/* Lockless GUP may hold a page for a moment, with interrupts off. */
	synchronize_rcu();
	mutex_lock(&kvmfr_retired_lock);
	list_add_tail(&bar->node, &kvmfr_retired);
	mutex_unlock(&kvmfr_retired_lock);
	kvmfr_reap_work(NULL);
}

static bool kvmfr_bar_overlaps(const struct kvmfr_bar *bar,
			       const struct kvmfr_bar *old)
{
	return old->phys < bar->phys + bar->size &&
	       bar->phys < old->phys + old->size;
}

static bool kvmfr_bar_has_rival(const struct kvmfr_bar *bar, bool other)
{
	const struct kvmfr_bar *old;
	bool found = false;

	kvmfr_reap();
	mutex_lock(&kvmfr_retired_lock);
	list_for_each_entry(old, &kvmfr_retired, node)
		found |= kvmfr_bar_overlaps(bar, old) &&
			 !(other && old->pdev == bar->pdev);
	mutex_unlock(&kvmfr_retired_lock);
	return found;
}

/*
 * Whether a predecessor's memory is still in use at the same address. If that
 * is the same device, so is the memory; @other asks for those that are not.
 */
static bool kvmfr_bar_is_taken(const struct kvmfr_bar *bar, bool other)
{
	unsigned int ms;

	for (ms = 0; ms < KVMFR_TAKEN_MS; ms += KVMFR_TAKEN_LOOK_MS) {
		if (!kvmfr_bar_has_rival(bar, other))
			return false;
		msleep(KVMFR_TAKEN_LOOK_MS);
	}
	return kvmfr_bar_has_rival(bar, other);
}

/* Whether there is plenty of room for them: the kernel warns if it runs out. */
static bool kvmfr_bar_affords_pages(const struct kvmfr_bar *bar)
{
	return (bar->size >> PAGE_SHIFT) * sizeof(struct page) >> PAGE_SHIFT <=
	       si_mem_available() / 2;
}

/*
 * The core reserves pages of devices (__init_zone_device_page()), which does not
 * matter to it. But VFIO pins reserved pages and never unpins them (put_pfn()), and
 * the memory would be in use for ever.
 */
static void kvmfr_bar_unreserve(const struct kvmfr_bar *bar)
{
	unsigned long i, pfn = PHYS_PFN(bar->phys);

	for (i = 0; i < bar->size >> PAGE_SHIFT; i++) {
		ClearPageReserved(pfn_to_page(pfn + i));
		cond_resched();
	}
}

/* Give the memory struct pages. 0 or -errno. */
static int kvmfr_bar_map_pages(struct kvmfr_bar *bar)
{
	void *vaddr;

	/* Pages would be mapped encrypted, which the hypervisor cannot read. */
	if (cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT))
		return -EOPNOTSUPP;
	if (!IS_ALIGNED(bar->phys | bar->size, KVMFR_PAGES_ALIGN))
		return -EINVAL;
	if (kvmfr_bar_is_taken(bar, false))
		return -EBUSY;
	if (!kvmfr_bar_affords_pages(bar))
		return -ENOMEM;
	bar->pgmap.type = MEMORY_DEVICE_GENERIC;
	bar->pgmap.range.start = bar->phys;
	bar->pgmap.range.end = bar->phys + bar->size - 1;
	bar->pgmap.nr_range = 1;
	vaddr = memremap_pages(&bar->pgmap, NUMA_NO_NODE);
	/* -EINVAL from here: the kernel's direct map does not reach there. */
	if (IS_ERR(vaddr))
		return vaddr == ERR_PTR(-EINVAL) ? -ERANGE : PTR_ERR(vaddr);
	bar->vaddr = vaddr;
	bar->has_pages = true;
	kvmfr_bar_unreserve(bar);
	return 0;
}

static const char *kvmfr_bar_remedy(int error)
{
	switch (error) {
	case -EINVAL:
		return "the size must be a multiple of 2 MiB";
	case -EBUSY:
		return "programs still use the memory of its predecessor";
	case -EOPNOTSUPP:
		return "the kernel lacks CONFIG_ZONE_DEVICE or encrypts memory";
	case -ENOMEM:
		return "they need too much memory, free some and bind again";
	case -ERANGE:
		return "try <maxphysaddr mode='passthrough' limit='39'/>";
	default:
		return "the kernel refused";
	}
}

/* Map the memory, with pages if possible. 0 or -errno. */
static int kvmfr_bar_map(struct kvmfr_bar *bar)
{
	int ret = kvmfr_bar_map_pages(bar);

	if (!ret)
		return 0;
	/* Also keeps user mappings cached: they inherit what is reserved. */
	bar->vaddr = memremap(bar->phys, bar->size, MEMREMAP_WB | MEMREMAP_DEC);
	if (!bar->vaddr)
		return -ENOMEM;
	pci_notice(bar->pdev,
		   "no pages for %pR (%pe), dma-bufs cannot be imported: %s\n",
		   &bar->pdev->resource[KVMFR_BAR], ERR_PTR(ret),
		   kvmfr_bar_remedy(ret));
	return 0;
}

/* Nothing to do: what @runs points to goes with the bar, see kvmfr_reap(). */
static void kvmfr_bar_release_region(struct kvmfr_region *region)
{
}

static int kvmfr_bar_publish(struct kvmfr_bar *bar)
{
	struct kvmfr_region region = {
		.size = bar->size,
		.phys = bar->phys,
		.vaddr = bar->vaddr,
		.release = kvmfr_bar_release_region,
	};
	struct kvmfr_dev *kdev;

	if (bar->has_pages) {
		bar->run.page = pfn_to_page(PHYS_PFN(bar->phys));
		region.runs = &bar->run;
		region.nr_runs = 1;
	}
	kdev = kvmfr_dev_create(&bar->pdev->dev, "ivshmem", true, &region);
	if (IS_ERR(kdev))
		return PTR_ERR(kdev);
	bar->kdev = kdev;
	return kvmfr_dev_publish(kdev);
}

static struct kvmfr_bar *kvmfr_bar_alloc(struct pci_dev *pdev)
{
	struct kvmfr_bar *bar = kzalloc(sizeof(*bar), GFP_KERNEL);

	if (!bar)
		return NULL;
	bar->pdev = pci_dev_get(pdev);
	bar->phys = pci_resource_start(pdev, KVMFR_BAR);
	bar->size = pci_resource_len(pdev, KVMFR_BAR);
	return bar;
}

/* Map and publish it. 0 or -errno; then it is gone, or will be. */
static int kvmfr_bar_add(struct kvmfr_bar *bar)
{
	int ret;

	/* Who has pages of another device would reach into this one's. */
	if (kvmfr_bar_is_taken(bar, true)) {
		pci_err(bar->pdev,
			"programs still use memory of another device that was at %pR; bind again when they have ended\n",
			&bar->pdev->resource[KVMFR_BAR]);
		ret = -EBUSY;
		goto err_free;
	}
	ret = kvmfr_bar_map(bar);
	if (ret)
		goto err_free;
	ret = kvmfr_bar_publish(bar);
	if (!ret)
		return 0;
	dev_err_probe(&bar->pdev->dev, ret, "cannot create a node (limit %d)\n",
		      KVMFR_MAX_DEVICES);
	if (!bar->kdev)
		goto err_free;
	/* It was visible for a moment, see kvmfr_dev_publish(). */
	kvmfr_bar_retire(bar);
	return ret;

err_free:
	kvmfr_bar_free(bar);
	return ret;
}

static int kvmfr_pci_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	resource_size_t size = pci_resource_len(pdev, KVMFR_BAR);
	struct kvmfr_bar *bar;
	int ret;

	if (!(pci_resource_flags(pdev, KVMFR_BAR) & IORESOURCE_MEM) || !size ||
	    size != (size_t)size || !PAGE_ALIGNED(size))
		return dev_err_probe(&pdev->dev, -ENODEV,
				     "BAR %d is not shared memory: %pR\n",
				     KVMFR_BAR, &pdev->resource[KVMFR_BAR]);
	ret = pci_enable_device_mem(pdev);
	if (ret)
		return ret;
	ret = pci_request_regions(pdev, KBUILD_MODNAME);
	if (ret)
		goto err_disable;
	bar = kvmfr_bar_alloc(pdev);
	ret = bar ? kvmfr_bar_add(bar) : -ENOMEM;
	if (ret)
		goto err_regions;
	pci_set_drvdata(pdev, bar);
	return 0;

err_regions:
	pci_release_regions(pdev);
err_disable:
	pci_disable_device(pdev);
	return ret;
}

static void kvmfr_pci_remove(struct pci_dev *pdev)
{
	struct kvmfr_bar *bar = pci_get_drvdata(pdev);

	kvmfr_dev_remove(bar->kdev);
	kvmfr_bar_retire(bar);
	pci_release_regions(pdev);
	pci_disable_device(pdev);
}

static const struct pci_device_id kvmfr_pci_ids[] = {
	{ PCI_DEVICE(PCI_VENDOR_ID_REDHAT_QUMRANET, 0x1110) },
	{}
};
MODULE_DEVICE_TABLE(pci, kvmfr_pci_ids);

static struct pci_driver kvmfr_pci_driver = {
	.name = KBUILD_MODNAME,
	.id_table = kvmfr_pci_ids,
	.probe = kvmfr_pci_probe,
	.remove = kvmfr_pci_remove,
};

static void kvmfr_reap_all(void)
{
	if (!kvmfr_reap())
		pr_notice("waiting for pages that are pinned (pipe, I/O)\n");
	while (!kvmfr_reap())
		msleep(100);
	cancel_delayed_work_sync(&kvmfr_reaper);
}

/**
 * kvmfr_pci_init - serve ivshmem devices
 *
 * Return: 0 or a negative errno.
 */
int kvmfr_pci_init(void)
{
	int ret = pci_register_driver(&kvmfr_pci_driver);

	/* It may have served some for a moment. */
	if (ret)
		kvmfr_reap_all();
	return ret;
}

/**
 * kvmfr_pci_exit - undo kvmfr_pci_init()
 *
 * Waits for pages that are still pinned, by a pipe for example: that does not
 * need an open file.
 */
void kvmfr_pci_exit(void)
{
	pci_unregister_driver(&kvmfr_pci_driver);
	kvmfr_reap_all();
}
