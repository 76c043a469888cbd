// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/kvmfrN: the life of a device and its file operations.
 */
#include <linux/compat.h>
#include <linux/huge_mm.h>
#include <linux/idr.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/overflow.h>
#include <linux/pseudo_fs.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "kvmfr.h"

/* "kvmf"; the pseudo file system is never seen by users. */
#define KVMFR_FS_MAGIC 0x6b766d66

/* What i386 callers pass: there, a u64 is aligned to four bytes. */
struct kvmfr_dmabuf_create_i386 {
	__u8 flags;
	__u8 pad[3];
	__u64 offset;
	__u64 size;
} __packed;

#define KVMFR_DMABUF_CREATE_I386 \
	_IOW('u', 0x42, struct kvmfr_dmabuf_create_i386)

static dev_t kvmfr_devt;
static DEFINE_IDA(kvmfr_minors);
static struct vfsmount *kvmfr_mnt;

/* Devices not yet released; the module's exit waits for zero. */
static atomic_t kvmfr_nr_devs = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(kvmfr_released);

/**
 * kvmfr_dev_enter - keep the memory from going away
 * @kdev: device
 *
 * Context: may sleep.
 * Return: true if the memory is there; it stays until kvmfr_dev_exit().
 */
bool kvmfr_dev_enter(struct kvmfr_dev *kdev)
{
	down_read(&kdev->alive);
	if (!kdev->dead)
		return true;
	up_read(&kdev->alive);
	return false;
}

/**
 * kvmfr_dev_exit - end of kvmfr_dev_enter()
 * @kdev: device
 */
void kvmfr_dev_exit(struct kvmfr_dev *kdev)
{
	up_read(&kdev->alive);
}

static int kvmfr_open(struct inode *inode, struct file *file)
{
	struct kvmfr_dev *kdev;
	int ret;

	kdev = container_of(inode->i_cdev, struct kvmfr_dev, cdev);
	ret = kvmfr_user_enter(kdev, file->f_flags & O_NONBLOCK);
	if (ret)
		return ret;
	/* The file holds the cdev until after its last use, and that kdev. */
	file->private_data = kdev;
	file->f_mapping = kdev->inode->i_mapping;
	return 0;
}

static int kvmfr_release(struct inode *inode, struct file *file)
{
	kvmfr_user_leave(file->private_data);
	return 0;
}

static loff_t kvmfr_llseek(struct file *file, loff_t offset, int whence)
{
	struct kvmfr_dev *kdev = file->private_data;

	return fixed_size_llseek(file, offset, whence, kdev->region.size);
}

static int kvmfr_mmap(struct file *file, struct vm_area_struct *vma)
{
	return kvmfr_dev_mmap(file->private_data, vma);
}

static long kvmfr_ioctl_getsize(struct kvmfr_dev *kdev)
{
	/* Callers see an int. */
	if (kdev->region.size > INT_MAX)
		return -EOVERFLOW;
	return kdev->region.size;
}

static long kvmfr_ioctl_create(struct file *file,
			       const struct kvmfr_dmabuf_create *args)
{
	struct kvmfr_dev *kdev = file->private_data;
	u64 end;

	/* Importers write to a dma-buf whatever its file's mode. */
	if ((file->f_mode & (FMODE_READ | FMODE_WRITE)) !=
	    (FMODE_READ | FMODE_WRITE))
		return -EACCES;
	if (!args->size || !PAGE_ALIGNED(args->offset) ||
	    !PAGE_ALIGNED(args->size))
		return -EINVAL;
	if (check_add_overflow(args->offset, args->size, &end) ||
	    end > kdev->region.size)
		return -EINVAL;
	return kvmfr_dmabuf_create(kdev, args);
}

static long kvmfr_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct kvmfr_dev *kdev = file->private_data;
	struct kvmfr_dmabuf_create args;

	if (READ_ONCE(kdev->dead))
		return -ENODEV;
	switch (cmd) {
	case KVMFR_DMABUF_GETSIZE:
		return kvmfr_ioctl_getsize(kdev);
	case KVMFR_DMABUF_CREATE:
		if (copy_from_user(&args, (void __user *)arg, sizeof(args)))
			return -EFAULT;
		return kvmfr_ioctl_create(file, &args);
	default:
		return -ENOTTY;
	}
}

static long kvmfr_compat_ioctl(struct file *file, unsigned int cmd,
			       unsigned long arg)
{
	struct kvmfr_dmabuf_create_i386 args32;
	struct kvmfr_dmabuf_create args = {};
	struct kvmfr_dev *kdev = file->private_data;

	if (cmd != KVMFR_DMABUF_CREATE_I386)
		return kvmfr_ioctl(file, cmd, (unsigned long)compat_ptr(arg));
	if (READ_ONCE(kdev->dead))
		return -ENODEV;
	if (copy_from_user(&args32, compat_ptr(arg), sizeof(args32)))
		return -EFAULT;
	args.flags = args32.flags;
	args.offset = args32.offset;
	args.size = args32.size;
	return kvmfr_ioctl_create(file, &args);
}

static const struct file_operations kvmfr_fops = {
	.owner = THIS_MODULE,
	.open = kvmfr_open,
	.release = kvmfr_release,
	.llseek = kvmfr_llseek,
	.mmap = kvmfr_mmap,
	.get_unmapped_area = thp_get_unmapped_area,
	.unlocked_ioctl = kvmfr_ioctl,
	.compat_ioctl = kvmfr_compat_ioctl,
};

static char *kvmfr_devnode(DEVNODE_CONST struct device *dev, umode_t *mode)
{
	/* The group is udev's business. */
	if (mode)
		*mode = 0660;
	return NULL;
}

static struct class kvmfr_class = {
	.name = "kvmfr",
	.devnode = kvmfr_devnode,
	.dev_groups = kvmfr_dev_groups,
};

static void kvmfr_dev_release(struct device *dev)
{
	struct kvmfr_dev *kdev = container_of(dev, struct kvmfr_dev, dev);

	iput(kdev->inode);
	kvmfr_users_exit(kdev);
	kdev->region.release(&kdev->region);
	kfree(kdev);
	/* The module's code stays for a grace period after its exit: all but
	 * the return from here is sure to have run by then.
	 */
	rcu_read_lock();
	if (atomic_dec_and_test(&kvmfr_nr_devs))
		wake_up_all(&kvmfr_released);
	rcu_read_unlock();
}

/*
 * An inode per device: the node's own has no size, which keeps the core from
 * mapping huge pages, and several nodes may name one device.
 */
static struct inode *kvmfr_inode_new(loff_t size)
{
	struct inode *inode = alloc_anon_inode(kvmfr_mnt->mnt_sb);

	if (!IS_ERR(inode))
		i_size_write(inode, size);
	return inode;
}

/* A device with its memory and one reference, not visible to anybody yet. */
static struct kvmfr_dev *kvmfr_dev_alloc(struct device *parent, int minor,
					 const struct kvmfr_region *region)
{
	struct kvmfr_dev *kdev;
	struct inode *inode;

	kdev = kzalloc(sizeof(*kdev), GFP_KERNEL);
	if (!kdev)
		return ERR_PTR(-ENOMEM);
	inode = kvmfr_inode_new(region->size);
	if (IS_ERR(inode)) {
		kfree(kdev);
		return ERR_CAST(inode);
	}
	kdev->inode = inode;
	kdev->region = *region;
	init_rwsem(&kdev->alive);
	kvmfr_users_init(kdev);
	device_initialize(&kdev->dev);
	kdev->dev.class = &kvmfr_class;
	kdev->dev.parent = parent;
	kdev->dev.devt = MKDEV(MAJOR(kvmfr_devt), minor);
	kdev->dev.release = kvmfr_dev_release;
	atomic_inc(&kvmfr_nr_devs);
	return kdev;
}

/**
 * kvmfr_dev_create - make the next device of some memory
 * @parent: device the memory belongs to, or NULL
 * @kind: "static" or "ivshmem"
 * @removable: the memory can go away under open files
 * @region: the memory; taken over, and released on failure, too
 *
 * Context: may sleep.
 * Return: the device, to be given to kvmfr_dev_publish() and kvmfr_dev_put(), or
 * an error pointer: -ENOSPC if all KVMFR_MAX_DEVICES minors are taken, -ENOMEM.
 */
struct kvmfr_dev *kvmfr_dev_create(struct device *parent, const char *kind,
				   bool removable,
				   const struct kvmfr_region *region)
{
	struct kvmfr_region taken = *region;
	struct kvmfr_dev *kdev;
	int minor, ret;

	minor = ida_alloc_max(&kvmfr_minors, KVMFR_MAX_DEVICES - 1, GFP_KERNEL);
	if (minor < 0) {
		ret = minor;
		goto err_release;
	}
	kdev = kvmfr_dev_alloc(parent, minor, region);
	if (IS_ERR(kdev)) {
		ret = PTR_ERR(kdev);
		goto err_minor;
	}
	kdev->kind = kind;
	kdev->removable = removable;
	cdev_init(&kdev->cdev, &kvmfr_fops);
	kdev->cdev.owner = THIS_MODULE;
	ret = dev_set_name(&kdev->dev, "kvmfr%d", minor);
	if (!ret)
		return kdev;
	ida_free(&kvmfr_minors, minor);
	kvmfr_dev_put(kdev);
	return ERR_PTR(ret);

err_minor:
	ida_free(&kvmfr_minors, minor);
err_release:
	taken.release(&taken);
	return ERR_PTR(ret);
}

/* Nobody can use the memory from here on; users that exist lose it. */
static void kvmfr_dev_revoke(struct kvmfr_dev *kdev)
{
	down_write(&kdev->alive);
	WRITE_ONCE(kdev->dead, true);
	up_write(&kdev->alive);
	unmap_mapping_range(kdev->inode->i_mapping, 0, 0, 1);
	kvmfr_users_stop(kdev);
	ida_free(&kvmfr_minors, MINOR(kdev->dev.devt));
}

/**
 * kvmfr_dev_publish - let users have a device
 * @kdev: device
 *
 * The node is usable when this returns, and even before. On failure, too: who
 * made a node by hand may have it open then, has lost it as by
 * kvmfr_dev_remove(), and may still have pages pinned.
 *
 * Context: may sleep.
 * Return: 0, and kvmfr_dev_remove() has to follow; -ENOMEM. The caller's
 * reference stays.
 */
int kvmfr_dev_publish(struct kvmfr_dev *kdev)
{
	int ret = cdev_device_add(&kdev->cdev, &kdev->dev);

	if (ret)
		kvmfr_dev_revoke(kdev);
	return ret;
}

/**
 * kvmfr_dev_remove - take a device away from its users
 * @kdev: device
 *
 * Withdraws the node, lets every later access to a mapping end in SIGBUS and
 * every call that needs the memory in -ENODEV. DMA and kernel mappings that exist
 * are counted in @kdev->nr_kernel_users; no new ones are made. The caller's
 * reference stays.
 *
 * Context: may sleep.
 */
void kvmfr_dev_remove(struct kvmfr_dev *kdev)
{
	cdev_device_del(&kdev->cdev, &kdev->dev);
	kvmfr_dev_revoke(kdev);
}

static int kvmfr_init_fs_context(struct fs_context *fc)
{
	return init_pseudo(fc, KVMFR_FS_MAGIC) ? 0 : -ENOMEM;
}

/* Without an owner: the mount lives as long as the module and would pin it. */
static struct file_system_type kvmfr_fs_type = {
	.name = "kvmfr",
	.init_fs_context = kvmfr_init_fs_context,
	.kill_sb = kill_anon_super,
};

/**
 * kvmfr_chardev_init - get ready for kvmfr_dev_create()
 *
 * Return: 0 or a negative errno.
 */
int kvmfr_chardev_init(void)
{
	int ret;

	kvmfr_mnt = kern_mount(&kvmfr_fs_type);
	if (IS_ERR(kvmfr_mnt))
		return PTR_ERR(kvmfr_mnt);
	ret = alloc_chrdev_region(&kvmfr_devt, 0, KVMFR_MAX_DEVICES, "kvmfr");
	if (ret)
		goto err_unmount;
	ret = class_register(&kvmfr_class);
	if (ret)
		goto err_unregister;
	return 0;

err_unregister:
	unregister_chrdev_region(kvmfr_devt, KVMFR_MAX_DEVICES);
err_unmount:
	kern_unmount(kvmfr_mnt);
	return ret;
}

/**
 * kvmfr_chardev_exit - undo kvmfr_chardev_init()
 *
 * Every device has been removed. Waits for those whose last reference somebody
 * else holds for a moment.
 */
void kvmfr_chardev_exit(void)
{
	wait_event(kvmfr_released, !atomic_read(&kvmfr_nr_devs));
	class_unregister(&kvmfr_class);
	unregister_chrdev_region(kvmfr_devt, KVMFR_MAX_DEVICES);
	kern_unmount(kvmfr_mnt);
	ida_destroy(&kvmfr_minors);
}
