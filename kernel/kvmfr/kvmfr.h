/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of the module share. Dependencies go one way:
 * main -> static, pci (who has memory) -> chardev -> mmap, dmabuf, sysfs
 * (what users see) -> users (who they are), region (the memory).
 */
#ifndef KVMFR_H
#define KVMFR_H

#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/rwsem.h>
#include <linux/scatterlist.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <uapi/linux/kvmfr.h>

/* /dev/kvmfr0 .. /dev/kvmfr9; part of the ABI. */
#define KVMFR_MAX_DEVICES 10

/**
 * struct kvmfr_run - physically contiguous pages of a region
 * @start: page offset of the first page within the region
 * @page: the first page
 */
struct kvmfr_run {
	pgoff_t start;
	struct page *page;
};

/**
 * struct kvmfr_region - the memory of one device
 * @size: bytes, a multiple of PAGE_SIZE
 * @huge_bytes: bytes that lie in folios of PMD size
 * @nr_runs: elements of @runs; 0 if the memory has no struct pages
 * @runs: ascending by @start, the first starts at 0
 * @phys: where the memory is, if it is one piece of a device
 * @vaddr: its kernel address, if it is one piece of a device
 * @zero_unused: zero the memory when its last user is gone
 * @release: gives the memory back; called once, when the last user is gone
 *
 * Filled by the bus glue before the device is published, constant afterwards.
 */
struct kvmfr_region {
	size_t size;
	size_t huge_bytes;
	size_t nr_runs;
	struct kvmfr_run *runs;
	phys_addr_t phys;
	void *vaddr;
	bool zero_unused;
	void (*release)(struct kvmfr_region *region);
};

/**
 * struct kvmfr_users - who can reach the memory, if it is zeroed after them
 * @lock: protects @nr, @touched and @stale
 * @nr: open files of the node, which mappings hold, too, and dma-bufs
 * @touched: the memory has been mapped or exported since it was zero
 * @stale: the memory has been left, and not been zeroed yet; nobody gets in
 * @nr_zeroed: runs from the first on that have been zeroed since it was left;
 *             the worker's alone
 * @clean: woken when @stale ends
 * @work: zeroes what is stale
 *
 * Not in use for memory without @zero_unused.
 */
struct kvmfr_users {
	spinlock_t lock; /* protects nr, touched, stale */
	unsigned long nr;
	bool touched;
	bool stale;
	size_t nr_zeroed;
	wait_queue_head_t clean;
	struct delayed_work work;
};

/**
 * struct kvmfr_dev - one /dev/kvmfrN
 * @dev: refcount; held by @cdev and dma-bufs, and by the glue until it has
 *       removed the device
 * @cdev: refcount; held by open files
 * @kind: "static" or "ivshmem"
 * @region: the memory, see there
 * @inode: private inode whose mapping collects every user mapping, of the node
 *         and of dma-bufs, and whose i_size lets the core map huge pages
 * @users: see there
 * @removable: the memory can go away under open files
 * @alive: protects @dead; held for reading while the memory is being mapped
 *         anywhere, so that remove() can wait for that
 * @dead: the memory is gone or about to go
 * @nr_kernel_users: DMA and kernel mappings
 * @nr_mappings: user mappings (VMAs), of the node and of dma-bufs
 * @nr_exports: dma-bufs
 */
struct kvmfr_dev {
	struct device dev;
	struct cdev cdev;
	const char *kind;
	struct kvmfr_region region;
	struct inode *inode;
	struct kvmfr_users users;
	bool removable;
	struct rw_semaphore alive;
	bool dead;
	atomic_t nr_kernel_users;
	atomic_t nr_mappings;
	atomic_t nr_exports;
};

/* region.c */
static inline bool kvmfr_region_has_pages(const struct kvmfr_region *region)
{
	return region->nr_runs;
}

struct page *kvmfr_region_page(const struct kvmfr_region *region,
			       pgoff_t pgoff);
size_t kvmfr_region_contiguous(const struct kvmfr_region *region, pgoff_t pgoff,
			       size_t nr_pages);
void kvmfr_region_pages(const struct kvmfr_region *region, pgoff_t pgoff,
			size_t nr_pages, struct page **pages);
int kvmfr_region_fill_sgt(const struct kvmfr_region *region, pgoff_t pgoff,
			  size_t nr_pages, size_t max_bytes,
			  struct sg_table *sgt);

bool kvmfr_region_zero(const struct kvmfr_region *region, size_t *nr_zeroed);

/* users.c */
void kvmfr_users_init(struct kvmfr_dev *kdev);
void kvmfr_users_stop(struct kvmfr_dev *kdev);
void kvmfr_users_exit(struct kvmfr_dev *kdev);
int kvmfr_user_enter(struct kvmfr_dev *kdev, bool nonblock);
void kvmfr_user_touch(struct kvmfr_dev *kdev);
void kvmfr_user_add(struct kvmfr_dev *kdev);
void kvmfr_user_leave(struct kvmfr_dev *kdev);

/* chardev.c */
int kvmfr_chardev_init(void);
void kvmfr_chardev_exit(void);
struct kvmfr_dev *kvmfr_dev_create(struct device *parent, const char *kind,
				   bool removable,
				   const struct kvmfr_region *region);
int kvmfr_dev_publish(struct kvmfr_dev *kdev);
void kvmfr_dev_remove(struct kvmfr_dev *kdev);
bool kvmfr_dev_enter(struct kvmfr_dev *kdev);
void kvmfr_dev_exit(struct kvmfr_dev *kdev);

static inline void kvmfr_dev_get(struct kvmfr_dev *kdev)
{
	get_device(&kdev->dev);
}

static inline void kvmfr_dev_put(struct kvmfr_dev *kdev)
{
	put_device(&kdev->dev);
}

/* mmap.c */
int kvmfr_dev_mmap(struct kvmfr_dev *kdev, struct vm_area_struct *vma);

/* dmabuf.c */
int kvmfr_dmabuf_create(struct kvmfr_dev *kdev,
			const struct kvmfr_dmabuf_create *args);

/* sysfs.c */
extern const struct attribute_group *kvmfr_dev_groups[];

/* static.c */
int kvmfr_static_init(void);
void kvmfr_static_exit(void);

/* pci.c */
int kvmfr_pci_init(void);
void kvmfr_pci_exit(void);

#endif /* KVMFR_H */
