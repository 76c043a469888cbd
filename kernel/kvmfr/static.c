// SPDX-License-Identifier: GPL-2.0
/*
 * Devices made of the host's own memory, asked for by static_size_mb.
 */
#include <linux/gfp.h>
#include <linux/kstrtox.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/nodemask.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "kvmfr.h"

/* The size is returned by an ioctl as an int. */
#define KVMFR_MAX_STATIC_MB 2047

/* Failures after which huge folios are taken only where they lie around. */
#define KVMFR_HUGE_TRIES 2

/* What kvmfr_static_sizes points to when the parameter is absent. */
static char kvmfr_no_sizes[1];

/*
 * Kept as the string it is, because the core's own parser of lists cuts it at
 * the commas and then blames the wrong value.
 */
static char *kvmfr_static_sizes = kvmfr_no_sizes;
module_param_cb(static_size_mb, &param_ops_charp, &kvmfr_static_sizes, 0444);
__MODULE_PARM_TYPE(static_size_mb, "array of int");
MODULE_PARM_DESC(static_size_mb, "List of static devices to create in MiB");

static int kvmfr_node = NUMA_NO_NODE;
module_param_named(numa_node, kvmfr_node, int, 0444);
MODULE_PARM_DESC(numa_node, "NUMA node static devices prefer (-1: any)");

static bool kvmfr_zero_on_last_close;
module_param_named(zero_on_last_close, kvmfr_zero_on_last_close, bool, 0444);
MODULE_PARM_DESC(zero_on_last_close, "Zero static devices without users");

static struct kvmfr_dev *kvmfr_static_devs[KVMFR_MAX_DEVICES];

static struct folio *kvmfr_folio_alloc(gfp_t gfp, unsigned int order)
{
	struct folio *folio;

	gfp |= __GFP_ZERO | __GFP_NOWARN;
	if (kvmfr_node == NUMA_NO_NODE)
		folio = folio_alloc(gfp, order);
	else
		folio = __folio_alloc_node(gfp, order, kvmfr_node);
	if (folio)
		/* finish_fault() compares it with the inode's i_size. */
		folio->index = 0;
	return folio;
}

/**
 * struct kvmfr_ladder - state of an allocation of many folios
 * @folios: what there is, in ascending order
 * @nr_folios: elements of @folios
 * @nr_pages: pages in @folios
 * @huge_failures: times that a huge folio was not to be had
 * @order: where to start in the present block of PMD size
 */
struct kvmfr_ladder {
	struct list_head folios;
	size_t nr_folios;
	size_t nr_pages;
	unsigned int huge_failures;
	unsigned int order;
};

/*
 * The largest folio to be had, from @order down. Only the first huge ones are
 * worth compacting memory for, and only a single page is worth reclaiming for;
 * even that never calls the OOM killer.
 */
static struct folio *kvmfr_ladder_step(struct kvmfr_ladder *ladder,
				       unsigned int order)
{
	struct folio *folio;

	for (; order; order--) {
		gfp_t gfp = GFP_KERNEL | __GFP_NORETRY;

		if (order < PMD_ORDER ||
		    ladder->huge_failures >= KVMFR_HUGE_TRIES)
			gfp &= ~__GFP_DIRECT_RECLAIM;
		folio = kvmfr_folio_alloc(gfp, order);
		if (folio)
			return folio;
		if (order == PMD_ORDER)
			ladder->huge_failures++;
		ladder->order = order - 1;
	}
	return kvmfr_folio_alloc(GFP_KERNEL | __GFP_RETRY_MAYFAIL, 0);
}

static void kvmfr_ladder_free(struct kvmfr_ladder *ladder)
{
	struct folio *folio, *next;

	list_for_each_entry_safe(folio, next, &ladder->folios, lru) {
		list_del(&folio->lru);
		folio_put(folio);
	}
}

/* Fill the list. 0, -ENOMEM or -EINTR; the caller frees in any case. */
static int kvmfr_ladder_climb(struct kvmfr_ladder *ladder, size_t nr_pages)
{
	while (ladder->nr_pages < nr_pages) {
		unsigned int order = ilog2(nr_pages - ladder->nr_pages);
		struct folio *folio;

		if (IS_ALIGNED(ladder->nr_pages, 1UL << PMD_ORDER))
			ladder->order = PMD_ORDER;
		else
			order = min_t(unsigned int, order,
				      __ffs(ladder->nr_pages));
		folio = kvmfr_ladder_step(ladder, min(order, ladder->order));
		if (!folio)
			return -ENOMEM;
		list_add_tail(&folio->lru, &ladder->folios);
		ladder->nr_folios++;
		ladder->nr_pages += folio_nr_pages(folio);
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

static void kvmfr_static_release(struct kvmfr_region *region)
{
	size_t i;

	for (i = 0; i < region->nr_runs; i++)
		folio_put(page_folio(region->runs[i].page));
	kvfree(region->runs);
}

/* Turn the list into an array, which then owns the folios. */
static int kvmfr_static_fill_region(struct kvmfr_region *region,
				    struct kvmfr_ladder *ladder)
{
	struct folio *folio, *next;
	struct kvmfr_run *run;
	pgoff_t start = 0;

	run = kvcalloc(ladder->nr_folios, sizeof(*run), GFP_KERNEL);
	if (!run)
		return -ENOMEM;
	region->runs = run;
	region->nr_runs = ladder->nr_folios;
	list_for_each_entry_safe(folio, next, &ladder->folios, lru) {
		list_del(&folio->lru);
		run->start = start;
		run->page = folio_page(folio, 0);
		run++;
		start += folio_nr_pages(folio);
		if (folio_order(folio) == PMD_ORDER)
			region->huge_bytes += folio_size(folio);
	}
	region->size = start << PAGE_SHIFT;
	region->zero_unused = kvmfr_zero_on_last_close;
	region->release = kvmfr_static_release;
	return 0;
}

static int kvmfr_static_alloc_region(struct kvmfr_region *region, size_t size)
{
	struct kvmfr_ladder ladder = {
		.folios = LIST_HEAD_INIT(ladder.folios),
	};
	int ret;

	ret = kvmfr_ladder_climb(&ladder, size >> PAGE_SHIFT);
	if (!ret)
		ret = kvmfr_static_fill_region(region, &ladder);
	if (ret)
		kvmfr_ladder_free(&ladder);
	return ret;
}

static struct kvmfr_dev *kvmfr_static_add(const struct kvmfr_region *region)
{
	struct kvmfr_dev *kdev;
	int ret;

	kdev = kvmfr_dev_create(NULL, "static", false, region);
	if (IS_ERR(kdev))
		return kdev;
	ret = kvmfr_dev_publish(kdev);
	if (!ret)
		return kdev;
	kvmfr_dev_put(kdev);
	return ERR_PTR(ret);
}

static int kvmfr_static_publish(unsigned int index,
				const struct kvmfr_region *region)
{
	unsigned long size_mb = region->size / SZ_1M;
	struct kvmfr_dev *kdev = kvmfr_static_add(region);

	if (IS_ERR(kdev)) {
		pr_err("static_size_mb=%s: cannot create the device of %lu MiB (%pe); nothing loaded\n",
		       kvmfr_static_sizes, size_mb, kdev);
		return PTR_ERR(kdev);
	}
	kvmfr_static_devs[index] = kdev;
	if (!is_power_of_2(size_mb))
		dev_notice(&kdev->dev,
			   "%lu MiB is not a power of two; QEMU needs one\n",
			   size_mb);
	return 0;
}

static int kvmfr_static_check_node(void)
{
	if (kvmfr_node == NUMA_NO_NODE)
		return 0;
	if (kvmfr_node >= 0 && kvmfr_node < nr_node_ids &&
	    node_state(kvmfr_node, N_MEMORY))
		return 0;
	pr_err("numa_node=%d is not a node with memory (%*pbl) nor -1 for any; nothing loaded\n",
	       kvmfr_node, nodemask_pr_args(&node_states[N_MEMORY]));
	return -EINVAL;
}

/* One number of the list. 0 or -EINVAL. */
static int kvmfr_static_parse_size(const char *word, unsigned int *size_mb)
{
	int value;

	if (!kstrtoint(word, 0, &value) && value >= 1 &&
	    value <= KVMFR_MAX_STATIC_MB) {
		*size_mb = value;
		return 0;
	}
	pr_err("static_size_mb=%s: '%s' is not in the range 1..%d (MiB); nothing loaded\n",
	       kvmfr_static_sizes, word, KVMFR_MAX_STATIC_MB);
	return -EINVAL;
}

/* The list of the parameter. Number of devices or -errno. */
static int kvmfr_static_parse(unsigned int sizes_mb[KVMFR_MAX_DEVICES])
{
	char *copy, *rest, *word;
	int nr = 0, ret = 0;

	if (kvmfr_static_sizes == kvmfr_no_sizes)
		return 0;
	copy = kstrdup(kvmfr_static_sizes, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	rest = copy;
	while (!ret && (word = strsep(&rest, ","))) {
		if (nr == KVMFR_MAX_DEVICES) {
			pr_err("static_size_mb=%s: more than %d devices; nothing loaded\n",
			       kvmfr_static_sizes, KVMFR_MAX_DEVICES);
			ret = -EINVAL;
			break;
		}
		ret = kvmfr_static_parse_size(word, &sizes_mb[nr++]);
	}
	kfree(copy);
	return ret ? ret : nr;
}

static int kvmfr_static_check_memory(const unsigned int *sizes_mb, int nr)
{
	unsigned long available, total = 0;
	int i;

	for (i = 0; i < nr; i++)
		total += sizes_mb[i];
	/* Leave others something to live on until they have adapted. */
	available = (si_mem_available() >> (20 - PAGE_SHIFT)) / 16 * 15;
	if (total <= available)
		return 0;
	pr_err("static_size_mb=%s: asks for %lu MiB, but only %lu MiB of memory can be spared; nothing loaded\n",
	       kvmfr_static_sizes, total, available);
	return -ENOMEM;
}

/* Memory for all devices, or for none. */
static int kvmfr_static_alloc(struct kvmfr_region *regions,
			      const unsigned int *sizes_mb, int nr)
{
	int i, ret;

	for (i = 0; i < nr; i++) {
		ret = kvmfr_static_alloc_region(&regions[i],
						(size_t)sizes_mb[i] * SZ_1M);
		if (ret)
			goto err;
	}
	return 0;

err:
	pr_err("static_size_mb=%s: cannot get memory for the device of %u MiB (%pe); nothing loaded\n",
	       kvmfr_static_sizes, sizes_mb[i], ERR_PTR(ret));
	while (i--)
		kvmfr_static_release(&regions[i]);
	return ret;
}

/**
 * kvmfr_static_init - create the devices that static_size_mb lists
 *
 * All of them or none. No node appears before there is memory for all: what
 * somebody opens cannot be taken back.
 *
 * Return: 0; -EINVAL for a bad parameter, -ENOMEM if there is not enough
 * memory, -EINTR if killed, each with a line in the kernel log.
 */
int kvmfr_static_init(void)
{
	struct kvmfr_region regions[KVMFR_MAX_DEVICES] = {};
	unsigned int sizes_mb[KVMFR_MAX_DEVICES];
	int i, nr, ret;

	ret = kvmfr_static_check_node();
	if (ret)
		return ret;
	nr = kvmfr_static_parse(sizes_mb);
	if (nr < 0)
		return nr;
	ret = kvmfr_static_check_memory(sizes_mb, nr);
	if (!ret)
		ret = kvmfr_static_alloc(regions, sizes_mb, nr);
	if (ret)
		return ret;
	for (i = 0; !ret && i < nr; i++)
		ret = kvmfr_static_publish(i, &regions[i]);
	if (!ret)
		return 0;
	/* The one that failed has been released with the failure. */
	for (; i < nr; i++)
		kvmfr_static_release(&regions[i]);
	kvmfr_static_exit();
	return ret;
}

/**
 * kvmfr_static_exit - remove the devices made by kvmfr_static_init()
 */
void kvmfr_static_exit(void)
{
	unsigned int i;

	for (i = 0; i < KVMFR_MAX_DEVICES; i++) {
		if (!kvmfr_static_devs[i])
			continue;
		kvmfr_dev_remove(kvmfr_static_devs[i]);
		kvmfr_dev_put(kvmfr_static_devs[i]);
		kvmfr_static_devs[i] = NULL;
	}
}
