// SPDX-License-Identifier: GPL-2.0
/*
 * User mappings, of a node and of its dma-bufs alike.
 *
 * Two ways of filling page tables. A mapping that can be huge has no special
 * flags and a fault handler that just names the page: the core then maps the
 * folio's PMD (do_set_pmd()). Every other mapping is filled in batches of small
 * entries by its fault handler, which for memory that can be removed happens
 * under kvmfr_dev_enter(), so that unmap_mapping_range() misses none. The two
 * must not mix: the core treats a PMD in a VM_MIXEDMAP area as special and would
 * not drop its reference.
 */
#include <linux/mm.h>
#include <linux/overflow.h>

#include "kvmfr.h"

/* Pages mapped by one fault of a small mapping; their array is on the stack. */
#define KVMFR_FAULT_PAGES 64

static void kvmfr_vm_open(struct vm_area_struct *vma)
{
	struct kvmfr_dev *kdev = vma->vm_private_data;

	atomic_inc(&kdev->nr_mappings);
}

static void kvmfr_vm_close(struct vm_area_struct *vma)
{
	struct kvmfr_dev *kdev = vma->vm_private_data;

	atomic_dec(&kdev->nr_mappings);
}

static vm_fault_t kvmfr_huge_fault(struct vm_fault *vmf)
{
	struct kvmfr_dev *kdev = vmf->vma->vm_private_data;

	if (vmf->pgoff >= kdev->region.size >> PAGE_SHIFT)
		return VM_FAULT_SIGBUS;
	vmf->page = kvmfr_region_page(&kdev->region, vmf->pgoff);
	get_page(vmf->page);
	return 0;
}

static const struct vm_operations_struct kvmfr_huge_vm_ops = {
	.open = kvmfr_vm_open,
	.close = kvmfr_vm_close,
	.fault = kvmfr_huge_fault,
};

/* Map the faulting page and those behind it, as far as they are in reach. */
static vm_fault_t kvmfr_insert_pages(const struct kvmfr_region *region,
				     struct vm_fault *vmf)
{
	struct page *pages[KVMFR_FAULT_PAGES];
	unsigned long end, nr;
	int ret;

	end = pmd_addr_end(vmf->address, vmf->vma->vm_end);
	nr = min3((end - vmf->address) >> PAGE_SHIFT,
		  (unsigned long)(region->size >> PAGE_SHIFT) - vmf->pgoff,
		  (unsigned long)KVMFR_FAULT_PAGES);
	kvmfr_region_pages(region, vmf->pgoff, nr, pages);
	ret = vm_insert_pages(vmf->vma, vmf->address, pages, &nr);
	/*
	 * -EBUSY: another thread was faster, or a page further on is there.
	 * -EFAULT: the page table was freed meanwhile, as MADV_DONTNEED does
	 * with empty ones since 6.14. If it is not there now, the access faults
	 * again.
	 */
	if (ret == -EBUSY || ret == -EFAULT)
		ret = 0;
	return ret ? vmf_error(ret) : VM_FAULT_NOPAGE;
}

/*
 * Whether a mark of userfaultfd's is there instead of nothing. Neither a page nor a
 * pfn can be inserted over one, and the access would fault for ever. Kernels before
 * 7.2, but for recent stable ones, let it mark areas like ours
 * (vma_can_userfault()).
 */
static bool kvmfr_fault_at_marker(const struct vm_fault *vmf)
{
	return (vmf->flags & FAULT_FLAG_ORIG_PTE_VALID) &&
	       !pte_none(vmf->orig_pte);
}

static vm_fault_t kvmfr_small_fault(struct vm_fault *vmf)
{
	struct kvmfr_dev *kdev = vmf->vma->vm_private_data;
	const struct kvmfr_region *region = &kdev->region;
	vm_fault_t ret;

	if (vmf->pgoff >= region->size >> PAGE_SHIFT ||
	    kvmfr_fault_at_marker(vmf))
		return VM_FAULT_SIGBUS;
	if (!kvmfr_dev_enter(kdev))
		return VM_FAULT_SIGBUS;
	if (kvmfr_region_has_pages(region))
		ret = kvmfr_insert_pages(region, vmf);
	else
		ret = vmf_insert_pfn(vmf->vma, vmf->address,
				     PHYS_PFN(region->phys) + vmf->pgoff);
	kvmfr_dev_exit(kdev);
	return ret;
}

static const struct vm_operations_struct kvmfr_small_vm_ops = {
	.open = kvmfr_vm_open,
	.close = kvmfr_vm_close,
	.fault = kvmfr_small_fault,
};

/*
 * Whether the core can map at least half of the area's PMD-sized windows at
 * once. The rest then costs a fault per page on kernels before 6.18, which is
 * why an area of mostly small folios is better off with batches. Memory that can
 * be removed has no huge_bytes: kvmfr_huge_fault() does not look whether it has
 * been.
 */
static bool kvmfr_vma_prefers_huge(const struct kvmfr_region *region,
				   struct vm_area_struct *vma)
{
	unsigned long address = ALIGN(vma->vm_start, PMD_SIZE);
	unsigned long nr = 0, nr_huge = 0;

	if (!IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE) || !region->huge_bytes)
		return false;
	if (((vma->vm_start >> PAGE_SHIFT) - vma->vm_pgoff) % (1 << PMD_ORDER))
		return false;
	for (; address + PMD_SIZE <= vma->vm_end; address += PMD_SIZE, nr++) {
		pgoff_t pgoff = vma->vm_pgoff +
				((address - vma->vm_start) >> PAGE_SHIFT);
		struct page *page = kvmfr_region_page(region, pgoff);

		nr_huge += folio_order(page_folio(page)) == PMD_ORDER;
	}
	return nr && nr_huge >= nr - nr_huge;
}

/**
 * kvmfr_dev_mmap - set up a user mapping of a device's memory
 * @kdev: device; whoever owns the area's file holds a reference
 * @vma: new area, its vm_pgoff relative to the device
 *
 * Context: mmap lock held for writing.
 * Return: 0, -EINVAL if the area reaches beyond the device or wants private
 * copies of memory without pages, -ENODEV if the memory is gone.
 */
int kvmfr_dev_mmap(struct kvmfr_dev *kdev, struct vm_area_struct *vma)
{
	const struct kvmfr_region *region = &kdev->region;
	unsigned long end;

	if (check_add_overflow(vma->vm_pgoff, vma_pages(vma), &end) ||
	    end > region->size >> PAGE_SHIFT)
		return -EINVAL;
	if (READ_ONCE(kdev->dead))
		return -ENODEV;
	vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP);
	if (kdev->removable)
		/* Shared with the hypervisor, which cannot decrypt. */
		vma->vm_page_prot = pgprot_decrypted(vma->vm_page_prot);
	if (!kvmfr_region_has_pages(region)) {
		if (!(vma->vm_flags & (VM_SHARED | VM_WRITE)))
			/* Never to be written, hence never to be copied. */
			vm_flags_clear(vma, VM_MAYWRITE);
		if (vma_is_cow_mapping(vma))
			return -EINVAL;
		vm_flags_set(vma, VM_PFNMAP | VM_IO);
		vma->vm_ops = &kvmfr_small_vm_ops;
	} else if (kvmfr_vma_prefers_huge(region, vma)) {
		vma->vm_ops = &kvmfr_huge_vm_ops;
	} else {
		vm_flags_set(vma, VM_MIXEDMAP);
		vma->vm_ops = &kvmfr_small_vm_ops;
	}
	vma->vm_private_data = kdev;
	kvmfr_user_touch(kdev);
	kvmfr_vm_open(vma);
	return 0;
}
