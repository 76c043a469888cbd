// SPDX-License-Identifier: GPL-2.0
/*
 * Export of a part of a device's memory as a dma-buf.
 */
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/gfp.h>
#include <linux/iosys-map.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "kvmfr.h"

/**
 * struct kvmfr_buffer - one dma-buf
 * @kdev: where the memory comes from; holds a reference
 * @pgoff: first page within the device
 * @nr_pages: number of pages
 * @lock: protects @attachments and what they contain
 * @attachments: struct kvmfr_attachment
 * @vmap: kernel mapping made for a buffer of several runs, or NULL; the dma-buf
 *        core counts its users and serialises us
 * @dummy: what is mapped there instead of memory that is gone, or NULL
 *
 * Owned by the dma-buf, freed with it.
 */
struct kvmfr_buffer {
	struct kvmfr_dev *kdev;
	pgoff_t pgoff;
	size_t nr_pages;
	struct mutex lock; /* protects attachments */
	struct list_head attachments;
	void *vmap;
	struct page *dummy;
};

/**
 * struct kvmfr_attachment - one importer's view of a buffer
 * @node: in the buffer's list
 * @dev: the importer
 * @sgt: one entry per contiguous run, made at attach
 * @nr_maps: maps that the importer has not unmapped yet
 * @nr_writers: those of them by which the device may write
 * @mapped: @sgt has DMA addresses. Memory that stays keeps them until detach,
 *          memory that can be removed only while @nr_maps is not zero.
 *
 * All but @node protected by the buffer's lock.
 *
 * Where DMA goes through bounce buffers, those follow the memory like this: the
 * memory is copied there when a device starts to use it and when the CPU has
 * written, and back only what a device may have written. Anything else would
 * let old contents of a bounce buffer overwrite newer memory.
 */
struct kvmfr_attachment {
	struct list_head node;
	struct device *dev;
	struct sg_table sgt;
	unsigned int nr_maps;
	unsigned int nr_writers;
	bool mapped;
};

/*
 * Counted so that the owner of memory that can be removed knows when nobody
 * needs its pages and addresses any more.
 */
static void kvmfr_kernel_user_get(struct kvmfr_dev *kdev)
{
	atomic_inc(&kdev->nr_kernel_users);
}

static void kvmfr_kernel_user_put(struct kvmfr_dev *kdev)
{
	/* Accesses come before; see kvmfr_bar_is_idle(). */
	atomic_dec_return_release(&kdev->nr_kernel_users);
}

static int kvmfr_dmabuf_attach(struct dma_buf *dmabuf,
			       struct dma_buf_attachment *attach)
{
	struct kvmfr_buffer *buf = dmabuf->priv;
	struct kvmfr_dev *kdev = buf->kdev;
	struct kvmfr_attachment *att;
	size_t max;
	int ret;

	/* Importers look for pages behind the entries. */
	if (!kvmfr_region_has_pages(&kdev->region))
		return -EOPNOTSUPP;
	att = kzalloc(sizeof(*att), GFP_KERNEL_ACCOUNT);
	if (!att)
		return -ENOMEM;
	if (!kvmfr_dev_enter(kdev)) {
		ret = -ENODEV;
		goto err_free;
	}
	max = min_t(size_t, dma_get_max_seg_size(attach->dev),
		    dma_max_mapping_size(attach->dev));
	ret = kvmfr_region_fill_sgt(&kdev->region, buf->pgoff, buf->nr_pages,
				    max, &att->sgt);
	kvmfr_dev_exit(kdev);
	if (ret)
		goto err_free;
	att->dev = attach->dev;
	attach->priv = att;
	mutex_lock(&buf->lock);
	list_add_tail(&att->node, &buf->attachments);
	mutex_unlock(&buf->lock);
	return 0;

err_free:
	kfree(att);
	return ret;
}

static int kvmfr_attachment_map_locked(struct kvmfr_buffer *buf,
				       struct kvmfr_attachment *att)
{
	int ret;

	lockdep_assert_held(&buf->lock);
	/*
	 * Importers may map again the other way; this covers both. The device
	 * sees the memory by kvmfr_attachment_push_locked(); without the
	 * attribute DMA_API_DEBUG takes a second importer for a mistake.
	 */
	ret = dma_map_sgtable(att->dev, &att->sgt, DMA_BIDIRECTIONAL,
			      DMA_ATTR_SKIP_CPU_SYNC);
	if (ret)
		return ret;
	att->mapped = true;
	kvmfr_kernel_user_get(buf->kdev);
	return 0;
}

static void kvmfr_attachment_unmap_locked(struct kvmfr_buffer *buf,
					  struct kvmfr_attachment *att)
{
	lockdep_assert_held(&buf->lock);
	/* What the device wrote has been copied when it stopped writing. */
	dma_unmap_sgtable(att->dev, &att->sgt, DMA_BIDIRECTIONAL,
			  DMA_ATTR_SKIP_CPU_SYNC);
	att->mapped = false;
	kvmfr_kernel_user_put(buf->kdev);
}

/* Let the device see the memory; before it writes, too, for it may write less. */
static void kvmfr_attachment_push_locked(struct kvmfr_buffer *buf,
					 struct kvmfr_attachment *att)
{
	lockdep_assert_held(&buf->lock);
	dma_sync_sgtable_for_device(att->dev, &att->sgt, DMA_BIDIRECTIONAL);
}

/* Let the CPU see what the device wrote. */
static void kvmfr_attachment_pull_locked(struct kvmfr_buffer *buf,
					 struct kvmfr_attachment *att)
{
	lockdep_assert_held(&buf->lock);
	dma_sync_sgtable_for_cpu(att->dev, &att->sgt, DMA_BIDIRECTIONAL);
}

static void kvmfr_dmabuf_detach(struct dma_buf *dmabuf,
				struct dma_buf_attachment *attach)
{
	struct kvmfr_attachment *att = attach->priv;
	struct kvmfr_buffer *buf = dmabuf->priv;

	mutex_lock(&buf->lock);
	list_del(&att->node);
	if (att->mapped)
		kvmfr_attachment_unmap_locked(buf, att);
	mutex_unlock(&buf->lock);
	sg_free_table(&att->sgt);
	kfree(att);
}

static struct sg_table *kvmfr_dmabuf_map(struct dma_buf_attachment *attach,
					 enum dma_data_direction direction)
{
	struct kvmfr_buffer *buf = attach->dmabuf->priv;
	struct kvmfr_attachment *att = attach->priv;
	int ret = 0;

	if (!kvmfr_dev_enter(buf->kdev))
		return ERR_PTR(-ENODEV);
	mutex_lock(&buf->lock);
	if (!att->mapped)
		ret = kvmfr_attachment_map_locked(buf, att);
	if (!ret) {
		if (!att->nr_writers)
			kvmfr_attachment_push_locked(buf, att);
		att->nr_maps++;
		att->nr_writers += direction != DMA_TO_DEVICE;
	}
	mutex_unlock(&buf->lock);
	kvmfr_dev_exit(buf->kdev);
	return ret ? ERR_PTR(ret) : &att->sgt;
}

static void kvmfr_dmabuf_unmap(struct dma_buf_attachment *attach,
			       struct sg_table *sgt,
			       enum dma_data_direction direction)
{
	struct kvmfr_buffer *buf = attach->dmabuf->priv;
	struct kvmfr_attachment *att = attach->priv;

	mutex_lock(&buf->lock);
	if (direction != DMA_TO_DEVICE) {
		kvmfr_attachment_pull_locked(buf, att);
		att->nr_writers--;
	}
	if (!--att->nr_maps && buf->kdev->removable)
		kvmfr_attachment_unmap_locked(buf, att);
	mutex_unlock(&buf->lock);
}

static int kvmfr_dmabuf_begin_cpu_access(struct dma_buf *dmabuf,
					 enum dma_data_direction direction)
{
	struct kvmfr_buffer *buf = dmabuf->priv;
	struct kvmfr_attachment *att;

	if (!kvmfr_dev_enter(buf->kdev))
		return -ENODEV;
	mutex_lock(&buf->lock);
	/* For writing, too: end_cpu_access() hands back whole buffers. */
	list_for_each_entry(att, &buf->attachments, node)
		if (att->nr_writers)
			kvmfr_attachment_pull_locked(buf, att);
	mutex_unlock(&buf->lock);
	kvmfr_dev_exit(buf->kdev);
	return 0;
}

static int kvmfr_dmabuf_end_cpu_access(struct dma_buf *dmabuf,
				       enum dma_data_direction direction)
{
	struct kvmfr_buffer *buf = dmabuf->priv;
	struct kvmfr_attachment *att;

	if (!kvmfr_dev_enter(buf->kdev))
		return -ENODEV;
	mutex_lock(&buf->lock);
	list_for_each_entry(att, &buf->attachments, node)
		/* The CPU has only read: devices know it all. */
		if (att->nr_maps && direction != DMA_FROM_DEVICE)
			kvmfr_attachment_push_locked(buf, att);
	mutex_unlock(&buf->lock);
	kvmfr_dev_exit(buf->kdev);
	return 0;
}

static int kvmfr_dmabuf_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	struct kvmfr_buffer *buf = dmabuf->priv;

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	/* The core has checked the area against the buffer's size. */
	vma->vm_pgoff += buf->pgoff;
	return kvmfr_dev_mmap(buf->kdev, vma);
}

/* Map a buffer that is scattered into the kernel's address space, or its dummy. */
static void *kvmfr_buffer_vmap(struct kvmfr_buffer *buf)
{
	const struct kvmfr_region *region = &buf->kdev->region;
	struct page **pages;
	void *vaddr;

	pages = kvmalloc_array(buf->nr_pages, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return NULL;
	if (buf->dummy)
		memset_p((void **)pages, buf->dummy, buf->nr_pages);
	else
		kvmfr_region_pages(region, buf->pgoff, buf->nr_pages, pages);
	vaddr = vmap(pages, buf->nr_pages, VM_MAP, PAGE_KERNEL);
	kvfree(pages);
	return vaddr;
}

/* Kernel address of a buffer, without a new mapping where possible. */
static void *kvmfr_buffer_vaddr(struct kvmfr_buffer *buf)
{
	const struct kvmfr_region *region = &buf->kdev->region;

	if (region->vaddr)
		return region->vaddr + (buf->pgoff << PAGE_SHIFT);
	if (kvmfr_region_contiguous(region, buf->pgoff, buf->nr_pages) ==
	    buf->nr_pages)
		return page_address(kvmfr_region_page(region, buf->pgoff));
	buf->vmap = kvmfr_buffer_vmap(buf);
	return buf->vmap;
}

/*
 * dma_buf_vmap() warns about an exporter that refuses, and what a user does may be
 * why an importer asks. Who comes too late gets one page that is nobody else's,
 * over and over, as ttm_bo_vm_dummy_page() does for a device that is gone.
 */
static void *kvmfr_buffer_vaddr_dummy(struct kvmfr_buffer *buf)
{
	buf->dummy = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!buf->dummy)
		return NULL;
	buf->vmap = kvmfr_buffer_vmap(buf);
	if (!buf->vmap) {
		__free_page(buf->dummy);
		buf->dummy = NULL;
	}
	return buf->vmap;
}

static int kvmfr_dmabuf_vmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	struct kvmfr_buffer *buf = dmabuf->priv;
	void *vaddr;

	if (kvmfr_dev_enter(buf->kdev)) {
		vaddr = kvmfr_buffer_vaddr(buf);
		if (vaddr)
			kvmfr_kernel_user_get(buf->kdev);
		kvmfr_dev_exit(buf->kdev);
	} else {
		vaddr = kvmfr_buffer_vaddr_dummy(buf);
	}
	if (!vaddr)
		return -ENOMEM;
	iosys_map_set_vaddr(map, vaddr);
	return 0;
}

static void kvmfr_dmabuf_vunmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	struct kvmfr_buffer *buf = dmabuf->priv;

	vunmap(buf->vmap);
	buf->vmap = NULL;
	if (!buf->dummy) {
		kvmfr_kernel_user_put(buf->kdev);
		return;
	}
	__free_page(buf->dummy);
	buf->dummy = NULL;
}

static void kvmfr_buffer_destroy(struct kvmfr_buffer *buf)
{
	atomic_dec(&buf->kdev->nr_exports);
	kvmfr_user_leave(buf->kdev);
	kvmfr_dev_put(buf->kdev);
	mutex_destroy(&buf->lock);
	kfree(buf);
}

static void kvmfr_dmabuf_release(struct dma_buf *dmabuf)
{
	kvmfr_buffer_destroy(dmabuf->priv);
}

static const struct dma_buf_ops kvmfr_dmabuf_ops = {
	.attach = kvmfr_dmabuf_attach,
	.detach = kvmfr_dmabuf_detach,
	.map_dma_buf = kvmfr_dmabuf_map,
	.unmap_dma_buf = kvmfr_dmabuf_unmap,
	.release = kvmfr_dmabuf_release,
	.begin_cpu_access = kvmfr_dmabuf_begin_cpu_access,
	.end_cpu_access = kvmfr_dmabuf_end_cpu_access,
	.mmap = kvmfr_dmabuf_mmap,
	.vmap = kvmfr_dmabuf_vmap,
	.vunmap = kvmfr_dmabuf_vunmap,
};

static struct kvmfr_buffer *kvmfr_buffer_create(struct kvmfr_dev *kdev,
						pgoff_t pgoff, size_t nr_pages)
{
	struct kvmfr_buffer *buf;

	/* Charged to the caller: unprivileged users make these. */
	buf = kzalloc(sizeof(*buf), GFP_KERNEL_ACCOUNT);
	if (!buf)
		return NULL;
	kvmfr_dev_get(kdev);
	kvmfr_user_add(kdev);
	atomic_inc(&kdev->nr_exports);
	buf->kdev = kdev;
	buf->pgoff = pgoff;
	buf->nr_pages = nr_pages;
	mutex_init(&buf->lock);
	INIT_LIST_HEAD(&buf->attachments);
	return buf;
}

static struct dma_buf *kvmfr_buffer_export(struct kvmfr_buffer *buf)
{
	DEFINE_DMA_BUF_EXPORT_INFO(exp_info);
	struct dma_buf *dmabuf;

	exp_info.ops = &kvmfr_dmabuf_ops;
	exp_info.size = buf->nr_pages << PAGE_SHIFT;
	exp_info.flags = O_RDWR;
	exp_info.priv = buf;
	dmabuf = dma_buf_export(&exp_info);
	if (!IS_ERR(dmabuf))
		/* As DRM does: one place to revoke every mapping from. */
		dmabuf->file->f_mapping = buf->kdev->inode->i_mapping;
	return dmabuf;
}

/**
 * kvmfr_dmabuf_create - KVMFR_DMABUF_CREATE
 * @kdev: device
 * @args: checked: aligned, not empty, within the device
 *
 * The descriptor is taken first, so that nothing can fail once there is a
 * dma-buf.
 *
 * Context: process context, may sleep.
 * Return: a new file descriptor, -EMFILE, -ENFILE or -ENOMEM.
 */
int kvmfr_dmabuf_create(struct kvmfr_dev *kdev,
			const struct kvmfr_dmabuf_create *args)
{
	struct kvmfr_buffer *buf;
	struct dma_buf *dmabuf;
	unsigned int flags = 0;
	int fd, ret;

	if (args->flags & KVMFR_DMABUF_FLAG_CLOEXEC)
		flags = O_CLOEXEC;
	fd = get_unused_fd_flags(flags);
	if (fd < 0)
		return fd;
	buf = kvmfr_buffer_create(kdev, args->offset >> PAGE_SHIFT,
				  args->size >> PAGE_SHIFT);
	if (!buf) {
		ret = -ENOMEM;
		goto err_fd;
	}
	dmabuf = kvmfr_buffer_export(buf);
	if (IS_ERR(dmabuf)) {
		ret = PTR_ERR(dmabuf);
		goto err_buffer;
	}
	/* The dma-buf owns the buffer from here on, the descriptor both. */
	fd_install(fd, dmabuf->file);
	return fd;

err_buffer:
	kvmfr_buffer_destroy(buf);
err_fd:
	put_unused_fd(fd);
	return ret;
}
