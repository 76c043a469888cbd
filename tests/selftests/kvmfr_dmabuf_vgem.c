// SPDX-License-Identifier: GPL-2.0
/* Import by a real DRM driver, vgem: handle, descriptor and mmap, close. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <drm/drm.h>
#include <sys/ioctl.h>

#include "kselftest_harness.h"
#include "dmabuf_test.h"
#include "kvmfr_test.h"
#include "vgem.h"

#define PAGE 4096UL
#define DEVICE_SIZE (64 * MIB)
#define MODULE_BUSY (-EWOULDBLOCK)

/* Whether bufinfo lists vgem as an importer of the buffer with this name. */
static bool vgem_attached(const char *name)
{
	FILE *file = fopen("/sys/kernel/debug/dma_buf/bufinfo", "r");
	bool here = false, found = false;
	char line[512];

	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file)) {
		if (strstr(line, name))
			here = true;
		else if (strstr(line, "Total "))
			here = false;
		found = here && strstr(line, "\tvgem");
	}
	fclose(file);
	return found;
}

FIXTURE(vgem)
{
	int vgem;
	int minor;
	int device;
	unsigned char *memory;
};

FIXTURE_VARIANT(vgem)
{
	const char *kind;
};

FIXTURE_VARIANT_ADD(vgem, static)
{
	.kind = "static",
};

FIXTURE_VARIANT_ADD(vgem, ivshmem)
{
	.kind = "ivshmem",
};

FIXTURE_SETUP(vgem)
{
	ASSERT_EQ(0, dmabuf_modules_load("static_size_mb=64", NULL));
	self->vgem = vgem_open();
	if (self->vgem == -ENOENT)
		SKIP(return, "this kernel has no vgem");
	self->minor = kvmfr_find(variant->kind, DEVICE_SIZE);
	if (self->minor == -ENODEV && strcmp(variant->kind, "static"))
		SKIP(return, "no ivshmem device of 64 MiB");
	self->device = kvmfr_open(self->minor, O_RDWR);
	ASSERT_LE(0, self->device);
	self->memory = map_shared(self->device, DEVICE_SIZE);
	ASSERT_NE(NULL, self->memory);
}

FIXTURE_TEARDOWN_PARENT(vgem)
{
	EXPECT_EQ(0, dmabuf_modules_unload());
}

static bool same_memory(unsigned char *here, unsigned char *there, size_t size)
{
	bytes_fill(here, size, 1);
	if (!bytes_are(there, size, 1))
		return false;
	bytes_fill(there, size, 2);
	return bytes_are(here, size, 2);
}

TEST_F(vgem, imported_and_mapped)
{
	static const struct {
		size_t offset;
		size_t size;
	} parts[] = {
		{ 0, PAGE },
		{ 2 * MIB - PAGE, 2 * PAGE },
		{ 3 * MIB + PAGE, 5 * MIB + PAGE },
		{ 0, DEVICE_SIZE },
	};
	int buffer, handle, exported;
	unsigned char *view;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		buffer = kvmfr_create(self->device, parts[i].offset,
				      parts[i].size, 0);
		ASSERT_LE(0, buffer);
		handle = vgem_import(self->vgem, buffer);
		ASSERT_LT(0, handle);
		/* The same buffer is the same object, and the other way round. */
		EXPECT_EQ(handle, vgem_import(self->vgem, buffer));
		exported = vgem_export(self->vgem, handle);
		ASSERT_LE(0, exported);
		EXPECT_EQ(1, kvmfr_attr(self->minor, "exports"));

		view = map_shared(exported, parts[i].size);
		ASSERT_NE(NULL, view);
		EXPECT_TRUE(same_memory(self->memory + parts[i].offset, view,
					parts[i].size));
		munmap(view, parts[i].size);
		close(exported);
		EXPECT_EQ(0, vgem_forget(self->vgem, handle));
		close(buffer);
		EXPECT_EQ(0, kvmfr_attr(self->minor, "exports"));
	}
}

TEST_F(vgem, attached_until_forgotten)
{
	int buffer = kvmfr_create(self->device, PAGE, 5 * MIB, 0);
	int handle;

	ASSERT_LE(0, buffer);
	ASSERT_EQ(0, dmabuf_set_name(buffer, "for-vgem"));
	EXPECT_FALSE(vgem_attached("for-vgem"));
	handle = vgem_import(self->vgem, buffer);
	ASSERT_LT(0, handle);
	EXPECT_TRUE(vgem_attached("for-vgem"));
	EXPECT_EQ(0, vgem_forget(self->vgem, handle));
	EXPECT_FALSE(vgem_attached("for-vgem"));
}

/* vgem's object alone keeps the memory. */
TEST_F(vgem, outlives_every_descriptor)
{
	int buffer, handle, exported;
	unsigned char *view;

	bytes_fill(self->memory + 2 * MIB, 2 * PAGE, 1);
	buffer = kvmfr_create(self->device, 2 * MIB, 2 * PAGE, 0);
	ASSERT_LE(0, buffer);
	handle = vgem_import(self->vgem, buffer);
	ASSERT_LT(0, handle);
	close(buffer);
	close(self->device);
	munmap(self->memory, DEVICE_SIZE);
	EXPECT_EQ(MODULE_BUSY, kvmfr_unload());

	exported = vgem_export(self->vgem, handle);
	ASSERT_LE(0, exported);
	EXPECT_EQ(0, vgem_forget(self->vgem, handle));
	view = map_shared(exported, 2 * PAGE);
	ASSERT_NE(NULL, view);
	EXPECT_TRUE(bytes_are(view, 2 * PAGE, 1));
	close(exported);
	EXPECT_EQ(MODULE_BUSY, kvmfr_unload());
	munmap(view, 2 * PAGE);
}

/* Closing vgem's node is what a process that dies does. */
TEST_F(vgem, forgotten_with_its_file)
{
	int buffer = kvmfr_create(self->device, 0, DEVICE_SIZE, 0);

	ASSERT_LE(0, buffer);
	ASSERT_LT(0, vgem_import(self->vgem, buffer));
	close(buffer);
	EXPECT_EQ(1, kvmfr_attr(self->minor, "exports"));
	close(self->vgem);
	EXPECT_EQ(0, kvmfr_attr(self->minor, "exports"));
}

/* The old module accepted an empty buffer; importing it was an oops. */
TEST_F(vgem, empty_buffer_never_gets_there)
{
	int buffer = kvmfr_create(self->device, 0, 0, 0);

	EXPECT_EQ(-EINVAL, buffer);
	if (buffer >= 0)
		vgem_import(self->vgem, buffer);
}

TEST_F(vgem, imported_again_and_again)
{
	int buffer, handle, i;

	buffer = kvmfr_create(self->device, 0, DEVICE_SIZE, 0);
	ASSERT_LE(0, buffer);
	for (i = 0; i < 200; i++) {
		handle = vgem_import(self->vgem, buffer);
		ASSERT_LT(0, handle);
		ASSERT_EQ(0, vgem_forget(self->vgem, handle));
	}
}

TEST_HARNESS_MAIN
