/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Differences between the kernels this builds on, hidden under the newest
 * kernel's names. Included in front of every file by Kbuild, which also asks
 * the kernel's headers for the HAVE_* answers used here.
 */
#ifndef KVMFR_COMPAT_H
#define KVMFR_COMPAT_H

/* Before printk.h, which these headers include. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/module.h>

/* A string since 6.13, a bare word before; this is what both expand to. */
#undef MODULE_IMPORT_NS
#define MODULE_IMPORT_NS(ns) MODULE_INFO(import_ns, ns)

/* 6.3; can go with 6.1. */
#ifndef HAVE_VM_FLAGS_SET
static inline void vm_flags_set(struct vm_area_struct *vma, unsigned long flags)
{
	vma->vm_flags |= flags;
}

static inline void vm_flags_clear(struct vm_area_struct *vma,
				  unsigned long flags)
{
	vma->vm_flags &= ~flags;
}
#endif

/* 7.x; can go with 6.12. */
#ifndef HAVE_VMA_IS_COW_MAPPING
static inline bool vma_is_cow_mapping(const struct vm_area_struct *vma)
{
	return is_cow_mapping(vma->vm_flags);
}
#endif

/* 6.7; can go with 6.1. */
#ifndef PMD_ORDER
#define PMD_ORDER (PMD_SHIFT - PAGE_SHIFT)
#endif

/* The device argument of class.devnode: const since 6.2; can go with 6.1. */
#ifdef HAVE_CONST_DEVNODE
#define DEVNODE_CONST const
#else
#define DEVNODE_CONST
#endif

/* 6.17; can go with 6.1. */
#ifndef HAVE_SYSTEM_DFL_WQ
#define system_dfl_wq system_unbound_wq
#endif

/* Not declared without ZONE_DEVICE, by any kernel so far. */
#ifndef CONFIG_ZONE_DEVICE
static inline void *memremap_pages(struct dev_pagemap *pgmap, int nid)
{
	return ERR_PTR(-EOPNOTSUPP);
}

static inline void memunmap_pages(struct dev_pagemap *pgmap)
{
}
#endif

#endif /* KVMFR_COMPAT_H */
