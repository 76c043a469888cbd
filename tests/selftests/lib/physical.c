// SPDX-License-Identifier: GPL-2.0
/* Memory by its physical address: pagemap tells it, kcore shows it. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "physical.h"

#define PAGE 4096UL
#define PAGEMAP_PRESENT 0x8000000000000000ULL
#define PAGEMAP_FRAME 0x7fffffffffffffULL

uint64_t physical_address(const void *memory)
{
	off_t at = (uintptr_t)memory / PAGE * sizeof(uint64_t);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry = 0;

	if (fd < 0)
		return 0;
	if (pread(fd, &entry, sizeof(entry), at) != sizeof(entry))
		entry = 0;
	close(fd);
	return entry & PAGEMAP_PRESENT ? (entry & PAGEMAP_FRAME) * PAGE : 0;
}

/* Where in the file the memory is; -ENXIO if in no part of it. */
static off_t kcore_find(int fd, uint64_t address, size_t size)
{
	Elf64_Ehdr head;
	unsigned int i;

	if (pread(fd, &head, sizeof(head), 0) != sizeof(head))
		return -EIO;
	for (i = 0; i < head.e_phnum; i++) {
		Elf64_Phdr part;

		if (pread(fd, &part, sizeof(part),
			  head.e_phoff + i * sizeof(part)) != sizeof(part))
			return -EIO;
		if (part.p_type == PT_LOAD && part.p_paddr <= address &&
		    address + size <= part.p_paddr + part.p_memsz)
			return part.p_offset + (address - part.p_paddr);
	}
	return -ENXIO;
}

int physical_read(uint64_t address, void *data, size_t size)
{
	int fd = open("/proc/kcore", O_RDONLY | O_CLOEXEC);
	off_t at;

	if (fd < 0)
		return -errno;
	at = kcore_find(fd, address, size);
	if (at >= 0)
		at = pread(fd, data, size, at) == (ssize_t)size ? 0 : -EIO;
	close(fd);
	return at;
}
