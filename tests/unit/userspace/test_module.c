// SPDX-License-Identifier: GPL-2.0
/*
 * What libkmod says of modules that are installed; that loading works is seen
 * in a virtual machine.
 */
#include <dirent.h>
#include <sys/utsname.h>

#include "fixture.h"
#include "module.h"

static char release[65];

/* libkmod asks for the kernel that runs, which has no modules here. */
int uname(struct utsname *name)
{
	memset(name, 0, sizeof(*name));
	strcpy(name->sysname, "Linux");
	strcpy(name->release, release);
	return 0;
}

/* A kernel that the root has installed. */
static int setup(void **state)
{
	DIR *directory = opendir("/lib/modules");
	struct dirent *entry;

	while (directory && (entry = readdir(directory)) != NULL)
		if (entry->d_name[0] != '.')
			snprintf(release, sizeof(release), "%.64s",
				 entry->d_name);
	if (directory)
		closedir(directory);
	return 0;
}

static void files_are_described(void **state)
{
	struct kvmfr_module_info info;

	assert_true(release[0]);
	assert_int_equal(kvmfr_module_info("vfio-pci", &info), 0);
	assert_non_null(strstr(info.path, release));
	assert_non_null(strstr(info.path, "/vfio-pci.ko"));
	assert_string_equal(info.vermagic, release);
	assert_true(info.signer[0]);
}

static void a_module_without_a_file_is_no_error(void **state)
{
	struct kvmfr_module_info info;
	char saved[sizeof(release)];

	assert_int_equal(kvmfr_module_info("no_such_module", &info), 0);
	assert_string_equal(info.path, "");
	assert_string_equal(info.version, "");
	assert_false(info.loaded);
	strcpy(saved, release);
	strcpy(release, "0.0-none");
	assert_int_equal(kvmfr_module_info("vfio-pci", &info), 0);
	assert_string_equal(info.path, "");
	strcpy(release, saved);
}

static void absent_modules_are_enoent(void **state)
{
	assert_int_equal(kvmfr_module_load("no_such_module", NULL), -ENOENT);
	assert_int_equal(kvmfr_module_load("no_such_module", "a=1"), -ENOENT);
	assert_int_equal(kvmfr_module_insert("no_such_module", "a=1"), -ENOENT);
}

static void options_are_empty_without_configuration(void **state)
{
	char *options;

	assert_int_equal(kvmfr_module_options("no_such_module", &options), 0);
	assert_string_equal(options, "");
	free(options);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_described),
		cmocka_unit_test(a_module_without_a_file_is_no_error),
		cmocka_unit_test(absent_modules_are_enoent),
		cmocka_unit_test(options_are_empty_without_configuration),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
