// SPDX-License-Identifier: GPL-2.0
/* Test importer of dma-bufs: the misc device and its open files. */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "importer.h"

DECLARE_RWSEM(importer_devices);

static LIST_HEAD(importer_files);
static DEFINE_MUTEX(importer_files_lock);

static const struct {
	unsigned int cmd;
	int (*handler)(struct importer *importer, unsigned long arg);
} importer_commands[] = {
	{ KVMFR_IMPORTER_ATTACH, importer_attach },
	{ KVMFR_IMPORTER_DETACH, importer_detach },
	{ KVMFR_IMPORTER_MAP, importer_map },
	{ KVMFR_IMPORTER_UNMAP, importer_unmap },
	{ KVMFR_IMPORTER_CPU_BEGIN, importer_cpu_begin },
	{ KVMFR_IMPORTER_CPU_END, importer_cpu_end },
	{ KVMFR_IMPORTER_INFO, importer_info },
	{ KVMFR_IMPORTER_DMA_WRITE, importer_dma_write },
	{ KVMFR_IMPORTER_DMA_READ, importer_dma_read },
	{ KVMFR_IMPORTER_VMAP, importer_vmap },
	{ KVMFR_IMPORTER_VUNMAP, importer_vunmap },
	{ KVMFR_IMPORTER_VMAP_WRITE, importer_vmap_write },
	{ KVMFR_IMPORTER_VMAP_READ, importer_vmap_read },
	{ KVMFR_IMPORTER_VMAP_ONCE, importer_vmap_once },
};

static long importer_ioctl(struct file *file, unsigned int cmd,
			   unsigned long arg)
{
	struct importer *importer = file->private_data;
	unsigned int i;
	int ret = -ENOTTY;

	down_read(&importer_devices);
	mutex_lock(&importer->lock);
	for (i = 0; i < ARRAY_SIZE(importer_commands); i++) {
		if (importer_commands[i].cmd == cmd) {
			ret = importer_commands[i].handler(importer, arg);
			break;
		}
	}
	mutex_unlock(&importer->lock);
	up_read(&importer_devices);
	return ret;
}

static int importer_open(struct inode *inode, struct file *file)
{
	struct importer *importer;

	importer = kzalloc_obj(*importer);
	if (!importer)
		return -ENOMEM;

	mutex_init(&importer->lock);
	file->private_data = importer;
	mutex_lock(&importer_files_lock);
	list_add(&importer->node, &importer_files);
	mutex_unlock(&importer_files_lock);
	return 0;
}

static int importer_release(struct inode *inode, struct file *file)
{
	struct importer *importer = file->private_data;

	mutex_lock(&importer_files_lock);
	list_del(&importer->node);
	mutex_unlock(&importer_files_lock);

	down_read(&importer_devices);
	mutex_lock(&importer->lock);
	importer_reset(importer);
	mutex_unlock(&importer->lock);
	up_read(&importer_devices);

	kfree(importer);
	return 0;
}

static const struct file_operations importer_fops = {
	.owner = THIS_MODULE,
	.open = importer_open,
	.release = importer_release,
	.unlocked_ioctl = importer_ioctl,
};

static struct miscdevice importer_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "kvmfr_importer",
	.fops = &importer_fops,
	.mode = 0600,
};

/**
 * importer_forget_device - undo every attachment of a device that goes away
 * @edu: the device
 *
 * Context: the caller holds importer_devices for writing, so no ioctl and no
 * release() runs.
 */
void importer_forget_device(struct edu *edu)
{
	struct importer *importer;

	lockdep_assert_held_write(&importer_devices);

	mutex_lock(&importer_files_lock);
	list_for_each_entry(importer, &importer_files, node) {
		mutex_lock(&importer->lock);
		if (importer->edu == edu)
			importer_reset(importer);
		mutex_unlock(&importer->lock);
	}
	mutex_unlock(&importer_files_lock);
}

static int __init importer_init(void)
{
	int ret;

	ret = edu_init();
	if (ret)
		return ret;

	ret = misc_register(&importer_misc);
	if (ret)
		edu_exit();
	return ret;
}
module_init(importer_init);

static void __exit importer_exit(void)
{
	misc_deregister(&importer_misc);
	edu_exit();
}
module_exit(importer_exit);

MODULE_DESCRIPTION("Test importer of dma-bufs for QEMU's edu device");
MODULE_AUTHOR("kvmfr-suite");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("DMA_BUF");
