// SPDX-License-Identifier: GPL-2.0
/*
 * The memory of a device: which page is where, and which pages are neighbours.
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/page_ref.h>
#include <linux/sched.h>

#include "kvmfr.h"

/* Index of the run that holds @pgoff, which must lie within the region. */
static size_t kvmfr_region_find(const struct kvmfr_region *region,
				pgoff_t pgoff)
{
	size_t low = 0, high = region->nr_runs;

	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;

		if (region->runs[mid].start <= pgoff)
			low = mid;
		else
			high = mid;
	}
	return low;
}

/* First page offset after the run. */
static pgoff_t kvmfr_region_run_end(const struct kvmfr_region *region,
				    size_t run)
{
	if (run + 1 < region->nr_runs)
		return region->runs[run + 1].start;
	return region->size >> PAGE_SHIFT;
}

/**
 * kvmfr_region_page - the page at an offset
 * @region: a region with pages
 * @pgoff: page offset within the region
 *
 * Return: the page, no reference taken.
 */
struct page *kvmfr_region_page(const struct kvmfr_region *region, pgoff_t pgoff)
{
	const struct kvmfr_run *run;

	run = &region->runs[kvmfr_region_find(region, pgoff)];
	return pfn_to_page(page_to_pfn(run->page) + (pgoff - run->start));
}

/**
 * kvmfr_region_contiguous - how far the memory is physically contiguous
 * @region: a region with pages
 * @pgoff: page offset within the region
 * @nr_pages: pages of interest from there on, at least one
 *
 * Return: pages from @pgoff on that follow each other in physical memory, at
 * most @nr_pages. Runs that happen to be neighbours count as one.
 */
size_t kvmfr_region_contiguous(const struct kvmfr_region *region, pgoff_t pgoff,
			       size_t nr_pages)
{
	size_t run = kvmfr_region_find(region, pgoff);
	pgoff_t end = kvmfr_region_run_end(region, run);

	while (end - pgoff < nr_pages) {
		unsigned long last;

		last = page_to_pfn(region->runs[run].page) + end - 1 -
		       region->runs[run].start;
		if (page_to_pfn(region->runs[run + 1].page) != last + 1)
			return end - pgoff;
		end = kvmfr_region_run_end(region, ++run);
	}
	return nr_pages;
}

/**
 * kvmfr_region_pages - the pages of a range
 * @region: a region with pages
 * @pgoff: page offset within the region
 * @nr_pages: number of pages, at least one
 * @pages: room for them; no references are taken
 */
void kvmfr_region_pages(const struct kvmfr_region *region, pgoff_t pgoff,
			size_t nr_pages, struct page **pages)
{
	while (nr_pages) {
		size_t run = kvmfr_region_contiguous(region, pgoff, nr_pages);
		unsigned long pfn;

		pfn = page_to_pfn(kvmfr_region_page(region, pgoff));
		pgoff += run;
		nr_pages -= run;
		while (run--)
			*pages++ = pfn_to_page(pfn++);
	}
}

/* Entries that kvmfr_region_fill_sgt() needs. */
static size_t kvmfr_region_count_sg(const struct kvmfr_region *region,
				    pgoff_t pgoff, size_t nr_pages,
				    size_t max_pages)
{
	size_t count = 0;

	while (nr_pages) {
		size_t run = kvmfr_region_contiguous(region, pgoff, nr_pages);

		count += DIV_ROUND_UP(run, max_pages);
		pgoff += run;
		nr_pages -= run;
	}
	return count;
}

/**
 * kvmfr_region_zero - zero a region, up to the first page that is in use
 * @region: a region of folios, one per run, that nobody has mapped
 * @nr_zeroed: runs that need not be zeroed; counted up
 *
 * A page that was pinned, for I/O or by a pipe, is a user's until it is let go.
 *
 * Context: may sleep.
 * Return: true if all of it is zero.
 */
bool kvmfr_region_zero(const struct kvmfr_region *region, size_t *nr_zeroed)
{
	for (; *nr_zeroed < region->nr_runs; (*nr_zeroed)++) {
		struct folio *folio;
		long i;

		folio = page_folio(region->runs[*nr_zeroed].page);
		/* Ours; the rest are pins. */
		if (folio_ref_count(folio) != 1)
			return false;
		for (i = 0; i < folio_nr_pages(folio); i++)
			clear_highpage(folio_page(folio, i));
		cond_resched();
	}
	return true;
}

/**
 * kvmfr_region_fill_sgt - describe a part of a region for DMA
 * @region: a region with pages
 * @pgoff: first page
 * @nr_pages: number of pages, at least one
 * @max_bytes: longest entry that the device can take
 * @sgt: table to allocate and fill; freed with sg_free_table()
 *
 * One entry per physically contiguous run, cut where @max_bytes demands it.
 *
 * Context: may sleep.
 * Return: 0, -ENOMEM or -EINVAL (more entries than a table can hold).
 */
int kvmfr_region_fill_sgt(const struct kvmfr_region *region, pgoff_t pgoff,
			  size_t nr_pages, size_t max_bytes,
			  struct sg_table *sgt)
{
	size_t max_pages = max_t(size_t, max_bytes >> PAGE_SHIFT, 1);
	struct scatterlist *sg;
	size_t count;
	int ret, i;

	/* An entry's length is an unsigned int. */
	max_pages = min_t(size_t, max_pages, UINT_MAX >> PAGE_SHIFT);
	count = kvmfr_region_count_sg(region, pgoff, nr_pages, max_pages);
	if (count > INT_MAX)
		return -EINVAL;
	/* Charged: whoever has a node can import its dma-bufs many times. */
	ret = sg_alloc_table(sgt, count, GFP_KERNEL_ACCOUNT);
	if (ret)
		return ret;
	for_each_sgtable_sg(sgt, sg, i) {
		size_t run = kvmfr_region_contiguous(region, pgoff,
						     min(nr_pages, max_pages));

		sg_set_page(sg, kvmfr_region_page(region, pgoff),
			    run << PAGE_SHIFT, 0);
		pgoff += run;
		nr_pages -= run;
	}
	return 0;
}
