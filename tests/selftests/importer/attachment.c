// SPDX-License-Identifier: GPL-2.0
/* Test importer of dma-bufs: what one open file does with its buffer. */
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/dma-resv.h>
#include <linux/err.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "importer.h"

static struct sg_table *importer_newest_sgt(const struct importer *importer)
{
	return importer->nr_maps ? importer->sgt[importer->nr_maps - 1] : NULL;
}

int importer_attach(struct importer *importer, unsigned long arg)
{
	struct kvmfr_importer_attach args;
	struct dma_buf_attachment *attach;
	struct dma_buf *dmabuf;
	struct edu *edu;

	if (copy_from_user(&args, (void __user *)arg, sizeof(args)))
		return -EFAULT;
	if (importer->attach)
		return -EBUSY;

	edu = edu_find(args.device);
	if (!edu)
		return -ENODEV;

	dmabuf = dma_buf_get(args.fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);

	attach = dma_buf_attach(dmabuf, &edu->pdev->dev);
	if (IS_ERR(attach)) {
		dma_buf_put(dmabuf);
		return PTR_ERR(attach);
	}

	importer->edu = edu;
	importer->dmabuf = dmabuf;
	importer->attach = attach;
	return 0;
}

int importer_detach(struct importer *importer, unsigned long arg)
{
	if (!importer->attach)
		return -EINVAL;
	if (importer->nr_maps || !iosys_map_is_null(&importer->vmap))
		return -EBUSY;

	dma_buf_detach(importer->dmabuf, importer->attach);
	dma_buf_put(importer->dmabuf);
	importer->attach = NULL;
	importer->dmabuf = NULL;
	importer->edu = NULL;
	return 0;
}

int importer_map(struct importer *importer, unsigned long arg)
{
	enum dma_data_direction direction = arg;
	struct sg_table *sgt;

	if (!importer->attach || arg > KVMFR_IMPORTER_FROM_DEVICE)
		return -EINVAL;
	if (importer->nr_maps == IMPORTER_MAPS_MAX)
		return -EBUSY;

	sgt = dma_buf_map_attachment_unlocked(importer->attach, direction);
	if (IS_ERR(sgt))
		return PTR_ERR(sgt);

	importer->sgt[importer->nr_maps] = sgt;
	importer->direction[importer->nr_maps] = direction;
	importer->nr_maps++;
	return 0;
}

int importer_unmap(struct importer *importer, unsigned long arg)
{
	unsigned int i;

	if (!importer->nr_maps)
		return -EINVAL;

	i = --importer->nr_maps;
	dma_buf_unmap_attachment_unlocked(importer->attach, importer->sgt[i],
					  importer->direction[i]);
	return 0;
}

int importer_cpu_begin(struct importer *importer, unsigned long arg)
{
	if (!importer->dmabuf || arg > KVMFR_IMPORTER_FROM_DEVICE)
		return -EINVAL;
	return dma_buf_begin_cpu_access(importer->dmabuf, arg);
}

int importer_cpu_end(struct importer *importer, unsigned long arg)
{
	if (!importer->dmabuf || arg > KVMFR_IMPORTER_FROM_DEVICE)
		return -EINVAL;
	return dma_buf_end_cpu_access(importer->dmabuf, arg);
}

static int importer_copy_entries(struct sg_table *sgt,
				 const struct kvmfr_importer_info *info)
{
	struct kvmfr_importer_entry __user *user =
		u64_to_user_ptr(info->entries);
	unsigned int nr = min(info->nr_entries, sgt->orig_nents);
	struct scatterlist *sg;
	unsigned int i;

	for_each_sg(sgt->sgl, sg, nr, i) {
		struct kvmfr_importer_entry entry = {
			.dma_address = sg_dma_address(sg),
			.dma_length = sg_dma_len(sg),
			.length = sg->length,
		};

		if (copy_to_user(&user[i], &entry, sizeof(entry)))
			return -EFAULT;
	}
	return 0;
}

int importer_info(struct importer *importer, unsigned long arg)
{
	struct sg_table *sgt = importer_newest_sgt(importer);
	struct kvmfr_importer_info info;
	struct device *dev;
	int ret;

	if (!sgt)
		return -EINVAL;
	if (copy_from_user(&info, (void __user *)arg, sizeof(info)))
		return -EFAULT;

	ret = importer_copy_entries(sgt, &info);
	if (ret)
		return ret;

	dev = &importer->edu->pdev->dev;
	info.orig_nents = sgt->orig_nents;
	info.nents = sgt->nents;
	info.wrapped = IS_ENABLED(CONFIG_DMABUF_DEBUG);
	info.table = (uintptr_t)sgt;
	info.max_seg_size = dma_get_max_seg_size(dev);
	info.max_mapping_size = dma_max_mapping_size(dev);
	info.iommu = device_iommu_mapped(dev);
	info.pad = 0;
	if (copy_to_user((void __user *)arg, &info, sizeof(info)))
		return -EFAULT;
	return 0;
}

/* A copy request that lies within the buffer and is not longer than @max. */
static int importer_get_copy(const struct importer *importer, unsigned long arg,
			     size_t max, struct kvmfr_importer_copy *copy)
{
	u64 end;

	if (!importer->dmabuf)
		return -EINVAL;
	if (copy_from_user(copy, (void __user *)arg, sizeof(*copy)))
		return -EFAULT;
	if (!copy->length || copy->length > max ||
	    check_add_overflow(copy->offset, copy->length, &end) ||
	    end > importer->dmabuf->size)
		return -EINVAL;
	return 0;
}

int importer_dma_write(struct importer *importer, unsigned long arg)
{
	struct sg_table *sgt = importer_newest_sgt(importer);
	struct kvmfr_importer_copy copy;
	int ret;

	ret = importer_get_copy(importer, arg, KVMFR_IMPORTER_DMA_MAX, &copy);
	if (ret)
		return ret;
	return sgt ? edu_write_sgt(importer->edu, sgt, &copy) : -EINVAL;
}

int importer_dma_read(struct importer *importer, unsigned long arg)
{
	struct sg_table *sgt = importer_newest_sgt(importer);
	struct kvmfr_importer_copy copy;
	int ret;

	ret = importer_get_copy(importer, arg, KVMFR_IMPORTER_DMA_MAX, &copy);
	if (ret)
		return ret;
	return sgt ? edu_read_sgt(importer->edu, sgt, &copy) : -EINVAL;
}

int importer_vmap(struct importer *importer, unsigned long arg)
{
	if (!importer->dmabuf)
		return -EINVAL;
	if (!iosys_map_is_null(&importer->vmap))
		return -EBUSY;
	return dma_buf_vmap_unlocked(importer->dmabuf, &importer->vmap);
}

int importer_vunmap(struct importer *importer, unsigned long arg)
{
	if (iosys_map_is_null(&importer->vmap))
		return -EINVAL;

	dma_buf_vunmap_unlocked(importer->dmabuf, &importer->vmap);
	iosys_map_clear(&importer->vmap);
	return 0;
}

/* As dma_buf_vmap() and dma_buf_vunmap() for a first user. */
int importer_vmap_once(struct importer *importer, unsigned long arg)
{
	struct dma_buf *dmabuf = importer->dmabuf;
	struct iosys_map map;
	int ret = -EBUSY;

	if (!dmabuf)
		return -EINVAL;
	dma_resv_lock(dmabuf->resv, NULL);
	if (!dmabuf->vmapping_counter)
		ret = dmabuf->ops->vmap(dmabuf, &map);
	if (!ret)
		dmabuf->ops->vunmap(dmabuf, &map);
	dma_resv_unlock(dmabuf->resv);
	return ret;
}

int importer_vmap_write(struct importer *importer, unsigned long arg)
{
	struct kvmfr_importer_copy copy;
	void *data;
	int ret;

	ret = importer_get_copy(importer, arg, SZ_1M, &copy);
	if (ret)
		return ret;
	if (iosys_map_is_null(&importer->vmap))
		return -EINVAL;

	data = vmemdup_user(u64_to_user_ptr(copy.user), copy.length);
	if (IS_ERR(data))
		return PTR_ERR(data);

	iosys_map_memcpy_to(&importer->vmap, copy.offset, data, copy.length);
	kvfree(data);
	return 0;
}

int importer_vmap_read(struct importer *importer, unsigned long arg)
{
	struct kvmfr_importer_copy copy;
	void *data;
	int ret;

	ret = importer_get_copy(importer, arg, SZ_1M, &copy);
	if (ret)
		return ret;
	if (iosys_map_is_null(&importer->vmap))
		return -EINVAL;

	data = kvmalloc(copy.length, GFP_KERNEL);
	if (!data)
		return -ENOMEM;

	iosys_map_memcpy_from(data, &importer->vmap, copy.offset, copy.length);
	if (copy_to_user(u64_to_user_ptr(copy.user), data, copy.length))
		ret = -EFAULT;
	kvfree(data);
	return ret;
}

/**
 * importer_reset - undo everything, in whatever state the file is
 * @importer: the open file
 */
void importer_reset(struct importer *importer)
{
	while (importer->nr_maps)
		importer_unmap(importer, 0);
	if (!iosys_map_is_null(&importer->vmap))
		importer_vunmap(importer, 0);
	if (importer->attach)
		importer_detach(importer, 0);
}
