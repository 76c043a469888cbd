/* SPDX-License-Identifier: GPL-2.0 */
/* Differences between kernels, hidden under the newest kernel's names. */
#ifndef KVMFR_IMPORTER_COMPAT_H
#define KVMFR_IMPORTER_COMPAT_H

#include <linux/dma-buf.h>
#include <linux/module.h>
#include <linux/slab.h>

/* A string since 6.13, a bare word before; this is what both expand to. */
#undef MODULE_IMPORT_NS
#define MODULE_IMPORT_NS(ns) MODULE_INFO(import_ns, ns)

/* 6.2 gave new names to what takes the lock itself; can go with 6.1. */
#ifndef HAVE_DMA_BUF_UNLOCKED
#define dma_buf_map_attachment_unlocked dma_buf_map_attachment
#define dma_buf_unmap_attachment_unlocked dma_buf_unmap_attachment
#define dma_buf_vmap_unlocked dma_buf_vmap
#define dma_buf_vunmap_unlocked dma_buf_vunmap
#endif

/* 7.0; can go with 6.12. */
#ifndef kzalloc_obj
#define kzalloc_obj(object) kzalloc(sizeof(object), GFP_KERNEL)
#endif

#endif /* KVMFR_IMPORTER_COMPAT_H */
