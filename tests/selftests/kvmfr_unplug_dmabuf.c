// SPDX-License-Identifier: GPL-2.0
/*
 * An ivshmem function goes away while parts of it are exported as dma-bufs,
 * mapped by processes, or attached and mapped by a driver.
 */
#include <linux/dma-buf.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "dmabuf_test.h"
#include "nuisance.h"
#include "unplug.h"

/* In the middle of the device, not at a multiple of anything huge. */
#define BUFFER_OFFSET (5 * PAGE)
#define BUFFER_SIZE (64 * PAGE)

static int buffer_create(int fd)
{
	return kvmfr_create(fd, BUFFER_OFFSET, BUFFER_SIZE,
			    KVMFR_DMABUF_FLAG_CLOEXEC);
}

/* Syncing a buffer without memory may fail, but only in one way. */
static bool buffer_sync_ok(int dmabuf)
{
	struct dma_buf_sync sync = {
		.flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW,
	};

	return !ioctl(dmabuf, DMA_BUF_IOCTL_SYNC, &sync) || errno == ENODEV;
}

TEST_F(unplug, exported)
{
	int dmabuf = buffer_create(self->fd);

	ASSERT_LE(0, dmabuf);
	take_out();
	expect_dead_file(_metadata, self->fd, variant->size);
	EXPECT_EQ(ENODEV, mmap_errno(dmabuf, PAGE));
	EXPECT_TRUE(buffer_sync_ok(dmabuf));
	put_back();
	EXPECT_EQ(ENODEV, mmap_errno(dmabuf, PAGE));
	EXPECT_TRUE(buffer_sync_ok(dmabuf));
	EXPECT_EQ(0, close(dmabuf));
}

/* The buffer is all that is left, and goes before the function is back. */
TEST_F(unplug, exported_closed)
{
	int dmabuf = buffer_create(self->fd);

	ASSERT_LE(0, dmabuf);
	ASSERT_EQ(0, close(self->fd));
	self->fd = -1;
	take_out();
	EXPECT_EQ(0, close(dmabuf));
	put_back();
}

TEST_F(unplug, buffer_untouched)
{
	int dmabuf = buffer_create(self->fd);
	void *memory = map(dmabuf, BUFFER_SIZE, MAP_SHARED);

	ASSERT_NE(MAP_FAILED, memory);
	take_out();
	expect_dead_memory(_metadata, memory, BUFFER_SIZE);
	put_back();
	expect_dead_memory(_metadata, memory, BUFFER_SIZE);
	EXPECT_EQ(0, munmap(memory, BUFFER_SIZE));
	EXPECT_EQ(0, close(dmabuf));
}

TEST_F(unplug, buffer_touched)
{
	int dmabuf = buffer_create(self->fd);
	void *memory = map(dmabuf, BUFFER_SIZE, MAP_SHARED);

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, memory_touch(memory, BUFFER_SIZE));
	take_out();
	expect_dead_memory(_metadata, memory, BUFFER_SIZE);
	put_back();
	expect_dead_memory(_metadata, memory, BUFFER_SIZE);
	EXPECT_EQ(0, close(dmabuf));
	EXPECT_EQ(0, munmap(memory, BUFFER_SIZE));
}

/* Unmapping is the first thing that happens after the removal. */
TEST_F(unplug, buffer_unmapped)
{
	int dmabuf = buffer_create(self->fd);
	void *memory = map(dmabuf, BUFFER_SIZE, MAP_SHARED);

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, memory_touch(memory, BUFFER_SIZE));
	ASSERT_EQ(0, close(dmabuf));
	ASSERT_EQ(0, close(self->fd));
	self->fd = -1;
	take_out();
	EXPECT_EQ(0, munmap(memory, BUFFER_SIZE));
	put_back();
}

/* Node and buffer mapped together; the node's users go first. */
TEST_F(unplug, node_and_buffer)
{
	int dmabuf = buffer_create(self->fd);
	unsigned char *node = map(self->fd, variant->size, MAP_SHARED);
	unsigned char *memory = map(dmabuf, BUFFER_SIZE, MAP_SHARED);

	ASSERT_NE(MAP_FAILED, node);
	ASSERT_NE(MAP_FAILED, memory);
	memory[PAGE] = 0x11;
	ASSERT_EQ(0x11, node[BUFFER_OFFSET + PAGE]);
	take_out();
	expect_dead_memory(_metadata, node, variant->size);
	expect_dead_memory(_metadata, memory, BUFFER_SIZE);
	put_back();
	EXPECT_EQ(0, munmap(node, variant->size));
	EXPECT_EQ(0, close(self->fd));
	self->fd = -1;
	expect_dead_memory(_metadata, memory, BUFFER_SIZE);
	EXPECT_EQ(ENODEV, mmap_errno(dmabuf, PAGE));
	EXPECT_EQ(0, munmap(memory, BUFFER_SIZE));
	EXPECT_EQ(0, close(dmabuf));
}

TEST_F(unplug, buffer_forked)
{
	int dmabuf = buffer_create(self->fd);
	void *memory = map(dmabuf, BUFFER_SIZE, MAP_SHARED);
	unsigned char value;
	int go[2], status;
	pid_t child;
	char byte;

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, memory_touch(memory, BUFFER_SIZE));
	ASSERT_EQ(0, pipe(go));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		close(go[1]);
		if (read(go[0], &byte, 1) != 0)
			_exit(1);
		_exit(memory_load(memory, &value) == SIGBUS &&
		      mmap_errno(dmabuf, PAGE) == ENODEV ? 0 : 2);
	}
	close(go[0]);
	take_out();
	EXPECT_EQ(0, close(dmabuf));
	EXPECT_EQ(0, munmap(memory, BUFFER_SIZE));
	close(go[1]);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	put_back();
}

/*
 * A driver as the user: the test importer, attached to a buffer. It cannot be
 * told that the memory went; it keeps what it has until it lets go, and gets
 * nothing new. -1 if there is nothing to attach, which is checked here.
 */
static int import_start(struct __test_metadata *_metadata, int fd, int *dmabuf)
{
	int ret = module_load(KVMFR_IMPORTER_KO, NULL);
	int importer;

	ASSERT_TRUE(!ret || ret == -EEXIST);
	importer = importer_open();
	ASSERT_LE(0, importer);
	*dmabuf = buffer_create(fd);
	ASSERT_LE(0, *dmabuf);
	if (kvmfr_size(fd) == WITHOUT_PAGES) {
		EXPECT_EQ(-EOPNOTSUPP, importer_attach(importer, *dmabuf, 0));
		close(*dmabuf);
		close(importer);
		EXPECT_EQ(0, module_unload("kvmfr_test_importer"));
		return -1;
	}
	ASSERT_EQ(0, importer_attach(importer, *dmabuf, 0));
	return importer;
}

static int map_both(int importer)
{
	return importer_map(importer, KVMFR_IMPORTER_BIDIRECTIONAL);
}

TEST_F(unplug, attached)
{
	int dmabuf, importer = import_start(_metadata, self->fd, &dmabuf);

	if (importer < 0)
		return;
	take_out();
	EXPECT_EQ(-ENODEV, map_both(importer));
	put_back();
	EXPECT_EQ(-ENODEV, map_both(importer));
	EXPECT_EQ(0, importer_detach(importer));
	EXPECT_EQ(-ENODEV, importer_attach(importer, dmabuf, 0));
	EXPECT_EQ(0, close(dmabuf));
	EXPECT_EQ(0, close(importer));
	EXPECT_EQ(0, module_unload("kvmfr_test_importer"));
}

TEST_F(unplug, imported)
{
	int dmabuf, importer = import_start(_metadata, self->fd, &dmabuf);

	if (importer < 0)
		return;
	ASSERT_EQ(0, map_both(importer));
	take_out();
	EXPECT_EQ(-ENODEV, map_both(importer));
	put_back_in_use();
	EXPECT_EQ(0, close(dmabuf));
	EXPECT_EQ(0, importer_unmap(importer));
	EXPECT_EQ(-ENODEV, map_both(importer));
	EXPECT_EQ(0, importer_detach(importer));
	EXPECT_EQ(0, close(importer));
	EXPECT_EQ(0, module_unload("kvmfr_test_importer"));
	put_back_at_last();
}

/* Importing a part of the device that has this number now. 0 or -errno. */
static int import_again(int minor)
{
	int fd = kvmfr_open(minor, O_RDWR | O_CLOEXEC);
	int dmabuf = buffer_create(fd), importer = importer_open();
	int ret = importer_attach(importer, dmabuf, 0);

	close(importer);
	close(dmabuf);
	close(fd);
	return ret;
}

/*
 * Fill the part of the device that the buffer is, as one that is mapped for a device
 * has to be: bounce buffers are copied back whole.
 */
static void buffer_fill(struct __test_metadata *_metadata, int dmabuf,
			unsigned int seed)
{
	void *memory = map(dmabuf, BUFFER_SIZE, MAP_SHARED);

	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(0, dmabuf_sync(dmabuf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW));
	bytes_fill(memory, BUFFER_SIZE, seed);
	EXPECT_EQ(0, dmabuf_sync(dmabuf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW));
	EXPECT_EQ(0, munmap(memory, BUFFER_SIZE));
}

/*
 * What is in that part of the device that has this number now: two pages of @bytes
 * behind the first one, around them what buffer_fill() left there.
 */
static void expect_two_written(struct __test_metadata *_metadata, int minor,
			       const unsigned char *bytes, unsigned int seed)
{
	int fd = kvmfr_open(minor, O_RDWR | O_CLOEXEC), dmabuf;
	unsigned char *memory, wanted[BUFFER_SIZE];

	ASSERT_LE(0, fd);
	dmabuf = buffer_create(fd);
	memory = map(dmabuf, BUFFER_SIZE, MAP_SHARED);
	ASSERT_NE(MAP_FAILED, memory);
	bytes_fill(wanted, BUFFER_SIZE, seed);
	memcpy(wanted + PAGE, bytes, PAGE);
	memcpy(wanted + 2 * PAGE, bytes, PAGE);
	EXPECT_EQ(0, memcmp(memory, wanted, BUFFER_SIZE));
	EXPECT_EQ(0, munmap(memory, BUFFER_SIZE));
	EXPECT_EQ(0, close(dmabuf));
	EXPECT_EQ(0, close(fd));
}

/*
 * The importer lets go while the function is away: what bounce buffers hold is
 * copied to its pages then, what an IOMMU has mapped is unmapped.
 */
TEST_F(unplug, importer_lets_go)
{
	int dmabuf, importer = import_start(_metadata, self->fd, &dmabuf);
	unsigned char bytes[PAGE], *memory;

	if (importer < 0)
		return;
	memory = map(dmabuf, BUFFER_SIZE, MAP_SHARED);
	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, map_both(importer));
	bytes_fill(bytes, PAGE, 2);
	buffer_fill(_metadata, dmabuf, 3);
	EXPECT_EQ(0, importer_dma_write(importer, PAGE, bytes, PAGE));
	EXPECT_EQ(!swiotlb_forced(), bytes_are(memory + PAGE, PAGE, 2));
	EXPECT_EQ(0, munmap(memory, BUFFER_SIZE));
	take_out();
	EXPECT_EQ(0, importer_dma_write(importer, 2 * PAGE, bytes, PAGE));
	EXPECT_EQ(0, importer_unmap(importer));
	EXPECT_EQ(0, importer_detach(importer));
	EXPECT_EQ(0, close(importer));
	EXPECT_EQ(0, close(dmabuf));
	put_back();
	EXPECT_EQ(0, import_again(self->minor));
	if (memory_stays(variant->way, &self->function))
		expect_two_written(_metadata, self->minor, bytes, 3);
	EXPECT_EQ(0, module_unload("kvmfr_test_importer"));
}

/*
 * The importer's device writes on. It writes to the function's BAR and to nothing
 * else, whose pages stay for it: as long as they are there the device has none when
 * it is bound again, and another one at that place is refused.
 */
TEST_F(unplug, importer_writes_on)
{
	int dmabuf, importer = import_start(_metadata, self->fd, &dmabuf);
	unsigned char bytes[PAGE], *watched;
	struct ivshmem neighbour, now;
	bool works;
	int fd;

	if (importer < 0)
		return;
	ASSERT_EQ(0, map_both(importer));
	ASSERT_EQ(0, ivshmem_find(WITHOUT_PAGES, &neighbour));
	fd = kvmfr_open(ivshmem_minor(&neighbour), O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	watched = map(fd, WITHOUT_PAGES, MAP_SHARED);
	ASSERT_NE(MAP_FAILED, watched);
	bytes_fill(watched, WITHOUT_PAGES, 1);
	bytes_fill(bytes, PAGE, 2);
	buffer_fill(_metadata, dmabuf, 3);

	take_out();
	EXPECT_EQ(0, importer_dma_write(importer, PAGE, bytes, PAGE));
	works = put_back_in_use();
	EXPECT_EQ(0, importer_dma_write(importer, 2 * PAGE, bytes, PAGE));
	ASSERT_EQ(0, ivshmem_find(WITH_PAGES, &now));
	if (works)
		EXPECT_EQ(now.start == self->function.start ? -EOPNOTSUPP : 0,
			  import_again(self->minor));
	EXPECT_TRUE(bytes_are(watched, WITHOUT_PAGES, 1));

	EXPECT_EQ(0, close(importer));
	EXPECT_EQ(0, close(dmabuf));
	put_back_at_last();
	take_out();
	put_back();
	EXPECT_EQ(0, import_again(self->minor));
	if (memory_stays(variant->way, &self->function))
		expect_two_written(_metadata, self->minor, bytes, 3);
	EXPECT_EQ(0, module_unload("kvmfr_test_importer"));
	munmap(watched, WITHOUT_PAGES);
	close(fd);
}

/* The kernel mapping stays usable, whatever is or is not behind it. */
TEST_F(unplug, imported_vmap)
{
	int dmabuf, importer = import_start(_metadata, self->fd, &dmabuf);
	unsigned char bytes[PAGE];

	if (importer < 0)
		return;
	ASSERT_EQ(0, importer_vmap(importer));
	memset(bytes, 0x77, sizeof(bytes));
	ASSERT_EQ(0, importer_vmap_write(importer, 0, bytes, PAGE));
	take_out();
	EXPECT_EQ(0, importer_vmap_read(importer, 0, bytes, PAGE));
	EXPECT_EQ(0, importer_vmap_write(importer, PAGE, bytes, PAGE));
	EXPECT_EQ(0, importer_vunmap(importer));
	EXPECT_EQ(0, close(dmabuf));
	EXPECT_EQ(0, close(importer));
	EXPECT_EQ(0, module_unload("kvmfr_test_importer"));
	put_back();
}

/*
 * The core warns about an exporter that refuses a kernel mapping. Who asks too
 * late gets one page of zeroes in place of each, and nothing of anybody's.
 */
TEST_F(unplug, vmapped_too_late)
{
	int dmabuf, importer = import_start(_metadata, self->fd, &dmabuf);
	unsigned char bytes[PAGE], *node;
	int fd;

	if (importer < 0)
		return;
	take_out();
	ASSERT_EQ(0, importer_vmap(importer));
	EXPECT_EQ(0, importer_vmap_read(importer, BUFFER_SIZE - PAGE, bytes,
					PAGE));
	EXPECT_TRUE(bytes_zero(bytes, PAGE));
	put_back();
	/* It keeps nothing of the old device, which would cost the new one its pages. */
	EXPECT_EQ(0, import_again(self->minor));
	fd = kvmfr_open(self->minor, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	node = map(fd, variant->size, MAP_SHARED);
	ASSERT_NE(MAP_FAILED, node);
	bytes_fill(node, variant->size, 1);
	bytes_fill(bytes, PAGE, 2);
	EXPECT_EQ(0, importer_vmap_write(importer, 0, bytes, PAGE));
	EXPECT_TRUE(bytes_are(node, variant->size, 1));
	EXPECT_EQ(0, munmap(node, variant->size));
	EXPECT_EQ(0, close(fd));

	EXPECT_EQ(0, importer_vunmap(importer));
	ASSERT_EQ(0, importer_vmap(importer));
	EXPECT_EQ(0, importer_vmap_read(importer, 0, bytes, PAGE));
	EXPECT_TRUE(bytes_zero(bytes, PAGE));
	EXPECT_EQ(0, close(importer));
	EXPECT_EQ(0, close(dmabuf));
	EXPECT_EQ(0, module_unload("kvmfr_test_importer"));
}

/* An importer that exits with everything held, long after the removal. */
TEST_F(unplug, importer_exits)
{
	int dmabuf, importer = import_start(_metadata, self->fd, &dmabuf);
	int go[2], status;
	pid_t child;
	char byte;

	if (importer < 0)
		return;
	ASSERT_EQ(0, map_both(importer));
	ASSERT_EQ(0, importer_vmap(importer));
	ASSERT_EQ(0, pipe(go));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		close(go[1]);
		_exit(read(go[0], &byte, 1) == 0 ? 0 : 1);
	}
	/* From here on the child alone holds them. */
	EXPECT_EQ(0, close(importer));
	EXPECT_EQ(0, close(dmabuf));
	take_out();
	put_back_in_use();
	EXPECT_NE(0, module_unload("kvmfr_test_importer"));
	close(go[1]);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, module_unload("kvmfr_test_importer"));
	put_back_at_last();
}

/* Before the function goes, while it is away, and when another one is there. */
TEST_F_TIMEOUT(unplug, users_cannot_fill_the_log, NUISANCE_TIMEOUT)
{
	const int attached = variant->size == WITH_PAGES ? 0 : -EOPNOTSUPP;
	int ret = module_load(KVMFR_IMPORTER_KO, NULL);
	const struct nuisance user = {
		.device = self->fd,
		.size = variant->size,
		.memory = map(self->fd, variant->size, MAP_SHARED),
		.dmabuf = buffer_create(self->fd),
		.importer = { importer_open(), importer_open() },
	};

	ASSERT_TRUE(!ret || ret == -EEXIST);
	ASSERT_NE(MAP_FAILED, user.memory);
	ASSERT_LE(0, user.importer[1]);
	ASSERT_EQ(attached, importer_attach(user.importer[0], user.dmabuf, 0));
	EXPECT_EQ(0, nuisance_lines(&user));
	take_out();
	EXPECT_EQ(0, nuisance_lines(&user));
	put_back();
	EXPECT_EQ(0, nuisance_lines(&user));

	EXPECT_EQ(0, munmap(user.memory, variant->size));
	EXPECT_EQ(0, close(user.dmabuf));
	EXPECT_EQ(0, close(user.importer[0]));
	EXPECT_EQ(0, close(user.importer[1]));
	EXPECT_EQ(0, module_unload("kvmfr_test_importer"));
}

TEST_HARNESS_MAIN
