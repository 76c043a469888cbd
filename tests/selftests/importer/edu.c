// SPDX-License-Identifier: GPL-2.0
/*
 * Test importer of dma-bufs: driver of QEMU's edu device. Its registers are
 * described in docs/specs/edu.rst of QEMU.
 */
#include <linux/dma-mapping.h>
#include <linux/io.h>
#include <linux/iopoll.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "importer.h"

#define EDU_VENDOR 0x1234
#define EDU_DEVICE 0x11e8
#define EDU_DEVICES_MAX 4

#define EDU_DMA_SRC 0x80
#define EDU_DMA_DST 0x88
#define EDU_DMA_COUNT 0x90
#define EDU_DMA_CMD 0x98
#define EDU_DMA_CMD_RUN 0x1
#define EDU_DMA_CMD_TO_RAM 0x2

/* The device's own memory, as its DMA engine sees it. */
#define EDU_BUFFER 0x40000

/* A transfer takes 100 ms; an emulated CPU may be much slower. */
#define EDU_POLL_US 1000
#define EDU_TIMEOUT_US (10 * USEC_PER_SEC)

static unsigned int dma_bits[EDU_DEVICES_MAX] = { [0 ... 3] = 64 };
module_param_array(dma_bits, uint, NULL, 0444);
MODULE_PARM_DESC(dma_bits, "Width of DMA addresses, per device");

static unsigned int max_seg_size[EDU_DEVICES_MAX] = { [0 ... 3] = UINT_MAX };
module_param_array(max_seg_size, uint, NULL, 0444);
MODULE_PARM_DESC(max_seg_size, "Longest sg entry in bytes, per device");

static LIST_HEAD(edu_devices);
static unsigned int edu_nr_devices;

/**
 * edu_find - device by number
 * @index: 0 is the first
 *
 * Context: the caller holds importer_devices.
 * Return: the device, NULL if there is none.
 */
struct edu *edu_find(unsigned int index)
{
	struct edu *edu;

	list_for_each_entry(edu, &edu_devices, node) {
		if (!index--)
			return edu;
	}
	return NULL;
}

static int edu_transfer(struct edu *edu, u64 src, u64 dst, u32 count, u32 flags)
{
	u64 cmd;

	writeq(src, edu->regs + EDU_DMA_SRC);
	writeq(dst, edu->regs + EDU_DMA_DST);
	writeq(count, edu->regs + EDU_DMA_COUNT);
	writeq(EDU_DMA_CMD_RUN | flags, edu->regs + EDU_DMA_CMD);

	return readq_poll_timeout(edu->regs + EDU_DMA_CMD, cmd,
				  !(cmd & EDU_DMA_CMD_RUN), EDU_POLL_US,
				  EDU_TIMEOUT_US);
}

/* Move between a byte of the device's own memory and an address of RAM. */
static int edu_move(struct edu *edu, dma_addr_t ram, u32 offset, u32 count,
		    bool to_ram)
{
	if (to_ram)
		return edu_transfer(edu, EDU_BUFFER + offset, ram, count,
				    EDU_DMA_CMD_TO_RAM);
	return edu_transfer(edu, ram, EDU_BUFFER + offset, count, 0);
}

/* The device's address of a byte of the buffer, and how far it is good. */
static int edu_locate(struct sg_table *sgt, u64 offset, dma_addr_t *address,
		      u64 *left)
{
	struct scatterlist *sg;
	int i;

	for_each_sgtable_dma_sg(sgt, sg, i) {
		if (offset < sg_dma_len(sg)) {
			*address = sg_dma_address(sg) + offset;
			*left = sg_dma_len(sg) - offset;
			return 0;
		}
		offset -= sg_dma_len(sg);
	}
	return -ERANGE;
}

/* One transfer for every piece that is contiguous for the device. */
static int edu_move_sgt(struct edu *edu, struct sg_table *sgt,
			const struct kvmfr_importer_copy *copy, bool to_ram)
{
	dma_addr_t address;
	u64 done, count;
	int ret;

	for (done = 0; done < copy->length; done += count) {
		ret = edu_locate(sgt, copy->offset + done, &address, &count);
		if (ret)
			return ret;
		count = min(count, copy->length - done);
		ret = edu_move(edu, address, done, count, to_ram);
		if (ret)
			return ret;
	}
	return 0;
}

/**
 * edu_write_sgt - let the device write to a mapped dma-buf
 * @edu: the device
 * @sgt: the mapping
 * @copy: what and where; within the buffer, at most KVMFR_IMPORTER_DMA_MAX
 *
 * Return: 0 or -errno.
 */
int edu_write_sgt(struct edu *edu, struct sg_table *sgt,
		  const struct kvmfr_importer_copy *copy)
{
	int ret;

	mutex_lock(&edu->engine);
	if (copy_from_user(edu->buffer, u64_to_user_ptr(copy->user),
			   copy->length))
		ret = -EFAULT;
	else
		ret = edu_move(edu, edu->buffer_dma, 0, copy->length, false);
	if (!ret)
		ret = edu_move_sgt(edu, sgt, copy, true);
	mutex_unlock(&edu->engine);
	return ret;
}

/**
 * edu_read_sgt - let the device read from a mapped dma-buf
 * @edu: the device
 * @sgt: the mapping
 * @copy: what and where; within the buffer, at most KVMFR_IMPORTER_DMA_MAX
 *
 * Return: 0 or -errno.
 */
int edu_read_sgt(struct edu *edu, struct sg_table *sgt,
		 const struct kvmfr_importer_copy *copy)
{
	int ret;

	mutex_lock(&edu->engine);
	ret = edu_move_sgt(edu, sgt, copy, false);
	if (!ret)
		ret = edu_move(edu, edu->buffer_dma, 0, copy->length, true);
	if (!ret && copy_to_user(u64_to_user_ptr(copy->user), edu->buffer,
				 copy->length))
		ret = -EFAULT;
	mutex_unlock(&edu->engine);
	return ret;
}

static int edu_setup_dma(struct edu *edu, unsigned int index)
{
	struct device *dev = &edu->pdev->dev;
	int ret;

	if (dma_bits[index] < 1 || dma_bits[index] > 64)
		return -EINVAL;

	ret = dma_set_mask_and_coherent(dev, DMA_BIT_MASK(dma_bits[index]));
	if (ret)
		return ret;

	dma_set_max_seg_size(dev, max_seg_size[index]);
	edu->buffer = dmam_alloc_coherent(dev, KVMFR_IMPORTER_DMA_MAX,
					  &edu->buffer_dma, GFP_KERNEL);
	return edu->buffer ? 0 : -ENOMEM;
}

static int edu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct edu *edu;
	int ret;

	if (edu_nr_devices == EDU_DEVICES_MAX)
		return -ENODEV;

	edu = devm_kzalloc(&pdev->dev, sizeof(*edu), GFP_KERNEL);
	if (!edu)
		return -ENOMEM;

	edu->pdev = pdev;
	mutex_init(&edu->engine);
	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;

	edu->regs = pcim_iomap(pdev, 0, 0);
	if (!edu->regs)
		return -ENOMEM;

	ret = edu_setup_dma(edu, edu_nr_devices);
	if (ret)
		return ret;

	pci_set_master(pdev);
	pci_set_drvdata(pdev, edu);
	down_write(&importer_devices);
	list_add_tail(&edu->node, &edu_devices);
	edu_nr_devices++;
	up_write(&importer_devices);
	return 0;
}

static void edu_remove(struct pci_dev *pdev)
{
	struct edu *edu = pci_get_drvdata(pdev);

	down_write(&importer_devices);
	list_del(&edu->node);
	edu_nr_devices--;
	importer_forget_device(edu);
	up_write(&importer_devices);
	pci_clear_master(pdev);
}

static const struct pci_device_id edu_ids[] = {
	{ PCI_DEVICE(EDU_VENDOR, EDU_DEVICE) },
	{},
};
MODULE_DEVICE_TABLE(pci, edu_ids);

static struct pci_driver edu_driver = {
	.name = "kvmfr_test_importer",
	.id_table = edu_ids,
	.probe = edu_probe,
	.remove = edu_remove,
};

int edu_init(void)
{
	return pci_register_driver(&edu_driver);
}

void edu_exit(void)
{
	pci_unregister_driver(&edu_driver);
}
