// SPDX-License-Identifier: GPL-2.0
/* What modinfo shows and what modprobe and depmod work with. */
#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "kselftest_harness.h"
#include "kvmfr_test.h"

/* The section of that name in a 64-bit ELF image, or NULL. */
static const Elf64_Shdr *elf_section(const char *image, const char *wanted)
{
	const Elf64_Ehdr *header = (const void *)image;
	const Elf64_Shdr *sections = (const void *)(image + header->e_shoff);
	const char *names = image + sections[header->e_shstrndx].sh_offset;
	unsigned int i;

	for (i = 0; i < header->e_shnum; i++)
		if (!strcmp(names + sections[i].sh_name, wanted))
			return &sections[i];
	return NULL;
}

FIXTURE(modinfo)
{
	const char *text;
	size_t length;
};

FIXTURE_SETUP(modinfo)
{
	const Elf64_Shdr *section;
	struct stat file;
	char *image;
	int fd;

	fd = open(KVMFR_KO, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, fstat(fd, &file));
	image = mmap(NULL, file.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	ASSERT_NE(MAP_FAILED, image);
	ASSERT_EQ(0, memcmp(image, ELFMAG, SELFMAG));

	section = elf_section(image, ".modinfo");
	ASSERT_NE(NULL, section);
	self->text = image + section->sh_offset;
	self->length = section->sh_size;
}

FIXTURE_TEARDOWN(modinfo)
{
}

/*
 * The value of the @index-th field @name whose value starts with @prefix, or
 * NULL. Fields are "name=value", separated by zeros.
 */
static const char *field(const struct _test_data_modinfo *self,
			 const char *name, const char *prefix, int index)
{
	const char *end = self->text + self->length;
	size_t length = strlen(name);
	const char *at;

	for (at = self->text; at < end; at += strlen(at) + 1)
		if (!strncmp(at, name, length) && at[length] == '=' &&
		    !strncmp(at + length + 1, prefix, strlen(prefix)) &&
		    !index--)
			return at + length + 1;
	return NULL;
}

TEST_F(modinfo, name_and_license)
{
	const char *license = field(self, "license", "", 0);

	EXPECT_STREQ("kvmfr", field(self, "name", "", 0));
	ASSERT_NE(NULL, license);
	/* Both are accepted for GPL-only symbols and mean what COPYING says. */
	EXPECT_TRUE(!strcmp(license, "GPL") || !strcmp(license, "GPL v2"))
		TH_LOG("%s", license);
}

TEST_F(modinfo, description_and_author)
{
	const char *description = field(self, "description", "", 0);
	const char *author = field(self, "author", "", 0);

	ASSERT_NE(NULL, description);
	EXPECT_LT(10, strlen(description));
	ASSERT_NE(NULL, author);
	EXPECT_LT(3, strlen(author));
}

/* Above the 0.0.12 that packages of the other module carry. */
TEST_F(modinfo, version)
{
	const char *version = field(self, "version", "", 0);
	char loaded[64];

	ASSERT_NE(NULL, version);
	EXPECT_LE(1, strtoul(version, NULL, 10));

	ASSERT_EQ(0, kvmfr_load(NULL));
	EXPECT_LT(0, text_read("/sys/module/kvmfr/version", loaded,
			       sizeof(loaded)));
	EXPECT_STREQ(version, loaded);
	EXPECT_EQ(0, kvmfr_unload());
}

TEST_F(modinfo, alias_is_the_ivshmem_device_only)
{
	EXPECT_STREQ("pci:v00001AF4d00001110sv*sd*bc*sc*i*",
		     field(self, "alias", "", 0));
	EXPECT_EQ(NULL, field(self, "alias", "", 1));
}

/* It must load on a kernel without any other module. */
TEST_F(modinfo, depends_on_nothing)
{
	const char *depends = field(self, "depends", "", 0);

	if (depends)
		EXPECT_STREQ("", depends);
	EXPECT_EQ(NULL, field(self, "softdep", "", 0));
}

TEST_F(modinfo, dma_buf_namespace)
{
	EXPECT_STREQ("DMA_BUF", field(self, "import_ns", "DMA_BUF", 0));
}

/* The unit and the limits are in the text that modinfo -p prints. */
TEST_F(modinfo, parameters)
{
	const char *text = field(self, "parm", "static_size_mb:", 0);

	ASSERT_NE(NULL, text);
	EXPECT_NE(NULL, strstr(text, "MiB"))
		TH_LOG("%s", text);
	EXPECT_NE(NULL, field(self, "parmtype", "static_size_mb:array of ", 0));
	EXPECT_NE(NULL, field(self, "parm", "numa_node:", 0));
	EXPECT_NE(NULL, field(self, "parmtype", "numa_node:int", 0));
	EXPECT_NE(NULL, field(self, "parm", "zero_on_last_close:", 0));
	EXPECT_NE(NULL, field(self, "parmtype", "zero_on_last_close:bool", 0));
	/* No fourth one that README would not know about. */
	EXPECT_EQ(NULL, field(self, "parmtype", "", 3));
}

/* MODULE_VERSION and vermagic of the running kernel, else modprobe refuses. */
TEST_F(modinfo, vermagic)
{
	const char *vermagic = field(self, "vermagic", "", 0);
	struct utsname kernel;

	ASSERT_NE(NULL, vermagic);
	ASSERT_EQ(0, uname(&kernel));
	EXPECT_EQ(0, strncmp(vermagic, kernel.release, strlen(kernel.release)));
}

TEST_HARNESS_MAIN
