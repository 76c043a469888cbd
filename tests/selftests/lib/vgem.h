/* SPDX-License-Identifier: GPL-2.0 */
/* vgem, a DRM driver without a card, as an importer of dma-bufs. */
#ifndef KVMFR_TEST_VGEM_H
#define KVMFR_TEST_VGEM_H

/* Open the first DRM node whose driver is vgem; -ENOENT if there is none. */
int vgem_open(void);
/* GEM handle of a dma-buf, -errno. */
int vgem_import(int vgem, int buffer);
int vgem_forget(int vgem, int handle);
/*
 * A descriptor for what vgem has imported. DRM lets nobody map an imported
 * object through its own node, this is how its users get at the memory.
 */
int vgem_export(int vgem, int handle);

#endif /* KVMFR_TEST_VGEM_H */
