/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of the test module share. */
#ifndef KVMFR_IMPORTER_H
#define KVMFR_IMPORTER_H

#include <linux/dma-buf.h>
#include <linux/iosys-map.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/rwsem.h>

#include "kvmfr_test_importer.h"

#define IMPORTER_MAPS_MAX 2

/**
 * struct edu - one edu device
 * @node: in the list of devices; protected by importer_devices
 * @pdev: the PCI device; probe to remove
 * @regs: BAR 0
 * @engine: held for a whole copy through the engine and @buffer
 * @buffer: what the engine reads user data from and leaves it in
 * @buffer_dma: its address for the device
 */
struct edu {
	struct list_head node;
	struct pci_dev *pdev;
	void __iomem *regs;
	struct mutex engine; /* protects the DMA engine and buffer */
	void *buffer;
	dma_addr_t buffer_dma;
};

/**
 * struct importer - one open file
 * @node: in the list of open files; protected by that list's mutex
 * @lock: held by every ioctl
 * @edu: the device attached to, NULL if none; valid while importer_devices is
 *       held, because remove() clears it
 * @dmabuf: holds a reference while attached
 * @attach: NULL if none
 * @sgt: a stack of @nr_maps mappings
 * @direction: of each of them
 * @nr_maps: elements of @sgt
 * @vmap: kernel mapping of @dmabuf, null if none
 */
struct importer {
	struct list_head node;
	struct mutex lock; /* protects what follows */
	struct edu *edu;
	struct dma_buf *dmabuf;
	struct dma_buf_attachment *attach;
	struct sg_table *sgt[IMPORTER_MAPS_MAX];
	enum dma_data_direction direction[IMPORTER_MAPS_MAX];
	unsigned int nr_maps;
	struct iosys_map vmap;
};

/* Held for reading by every ioctl, for writing when a device comes or goes. */
extern struct rw_semaphore importer_devices;

/* main.c */
void importer_forget_device(struct edu *edu);

/* attachment.c; the caller holds importer_devices and importer->lock */
int importer_attach(struct importer *importer, unsigned long arg);
int importer_detach(struct importer *importer, unsigned long arg);
int importer_map(struct importer *importer, unsigned long arg);
int importer_unmap(struct importer *importer, unsigned long arg);
int importer_cpu_begin(struct importer *importer, unsigned long arg);
int importer_cpu_end(struct importer *importer, unsigned long arg);
int importer_info(struct importer *importer, unsigned long arg);
int importer_dma_write(struct importer *importer, unsigned long arg);
int importer_dma_read(struct importer *importer, unsigned long arg);
int importer_vmap(struct importer *importer, unsigned long arg);
int importer_vunmap(struct importer *importer, unsigned long arg);
int importer_vmap_once(struct importer *importer, unsigned long arg);
int importer_vmap_write(struct importer *importer, unsigned long arg);
int importer_vmap_read(struct importer *importer, unsigned long arg);
void importer_reset(struct importer *importer);

/* edu.c */
int edu_init(void);
void edu_exit(void);
struct edu *edu_find(unsigned int index);
int edu_write_sgt(struct edu *edu, struct sg_table *sgt,
		  const struct kvmfr_importer_copy *copy);
int edu_read_sgt(struct edu *edu, struct sg_table *sgt,
		 const struct kvmfr_importer_copy *copy);

#endif /* KVMFR_IMPORTER_H */
