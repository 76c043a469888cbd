// SPDX-License-Identifier: GPL-2.0
/* Virtual machines of libvirt: what is read, and what is refused. */
#include "fixture.h"

#include "domain.h"

#define QEMU "xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'"

static struct kvmfr_domain *parse(const char *text)
{
	struct kvmfr_domain *domain;
	char error[256];
	int ret =
		kvmfr_domain_parse(text, strlen(text), "a.xml", &domain, error);

	if (ret)
		print_message("# %s\n", error);
	assert_int_equal(ret, 0);
	assert_string_equal(error, "");
	return domain;
}

/* The first argument after -object or -device. */
static struct kvmfr_domain *parse_arg(const char *kind, const char *value)
{
	char text[2048];

	snprintf(
		text, sizeof(text),
		"<domain " QEMU "><qemu:commandline>\n"
		"<qemu:arg value='%s'/>\n<qemu:arg value='%s'/>\n</qemu:commandline></domain>",
		kind, value);
	return parse(text);
}

static void refuse(const char *text, size_t size, const char *why)
{
	struct kvmfr_domain *domain;
	char error[256];

	assert_int_equal(kvmfr_domain_parse(text, size, "a.xml", &domain,
					    error),
			 -EINVAL);
	assert_null(domain);
	assert_non_null(strstr(error, why));
}

static void both_syntaxes_say_the_same(void **state)
{
	static const char *const texts[] = {
		"memory-backend-file,id=a,mem-path=/dev/kvmfr3,size=64M,share=on",
		"qom-type=memory-backend-file,share=yes,size=64m,mem-path=/dev/kvmfr3,id=a",
		"{\"qom-type\":\"memory-backend-file\",\"id\":\"a\",\"mem-path\":\"/dev/kvmfr3\","
		"\"size\":67108864,\"share\":true}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct kvmfr_domain *domain = parse_arg("-object", texts[i]);
		const struct kvmfr_domain_arg *arg = domain->arg;

		assert_int_equal(domain->arg_count, 1);
		assert_true(arg->object);
		assert_string_equal(arg->type, "memory-backend-file");
		assert_string_equal(arg->prefix, "qemu:");
		assert_int_equal(arg->line, 3);
		assert_int_equal(arg->count, 4);
		assert_int_equal(kvmfr_domain_kvmfr(arg), 3);
		assert_int_equal(
			kvmfr_domain_size(kvmfr_domain_option(arg, "size")),
			64 << 20);
		assert_true(
			kvmfr_domain_bool(kvmfr_domain_option(arg, "share")));
		assert_null(kvmfr_domain_option(arg, "align"));
		kvmfr_domain_free(domain);
	}
}

static void commas_are_doubled(void **state)
{
	struct kvmfr_domain *domain =
		parse_arg("-object", "memory-backend-file,id=a,,b,,,share");

	assert_int_equal(domain->arg->count, 2);
	assert_string_equal(domain->arg->option[0].value, "a,b,");
	assert_string_equal(kvmfr_domain_option(domain->arg, "share"), "on");
	kvmfr_domain_free(domain);
}

static void the_last_of_two_counts(void **state)
{
	struct kvmfr_domain *domain = parse_arg("--object", "x,size=1,size=2");

	assert_string_equal(kvmfr_domain_option(domain->arg, "size"), "2");
	kvmfr_domain_free(domain);
}

static void other_memory_is_not_ours(void **state)
{
	static const char *const texts[] = {
		"memory-backend-file,mem-path=/dev/kvmfr",
		"memory-backend-file,mem-path=/dev/kvmfr10",
		"memory-backend-file,mem-path=/dev/kvmfrx",
		"memory-backend-file,mem-path=/dev/shm/kvmfr0",
		"memory-backend-ram,mem-path=/dev/kvmfr0",
		"memory-backend-file",
		"",
		",",
		"=,=",
		"{",
		"[]",
		"{\"mem-path\":null}",
		"{\"qom-type\":{\"a\":[1]}}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct kvmfr_domain *domain = parse_arg("-object", texts[i]);

		assert_int_equal(domain->arg_count, 1);
		assert_non_null(domain->arg->type);
		assert_int_equal(kvmfr_domain_kvmfr(domain->arg), -1);
		kvmfr_domain_free(domain);
	}
}

static void devices_have_their_memory(void **state)
{
	struct kvmfr_domain *domain = parse(
		"<domain " QEMU "><qemu:commandline>\n"
		"<qemu:arg value='-name'/>\n<qemu:arg value='memory-backend-file'/>\n"
		"<qemu:arg value='-object'/>\n<qemu:arg value='memory-backend-file,id=a'/>\n"
		"<qemu:arg value='-object'/>\n<qemu:arg value='memory-backend-file,id=b'/>\n"
		"<qemu:arg value='-object'/>\n<qemu:arg value='memory-backend-file'/>\n"
		"<qemu:arg value='-device'/>\n<qemu:arg value='ivshmem-doorbell,memdev=a'/>\n"
		"<qemu:arg value='-device'/>\n<qemu:arg value='ivshmem-plain,memdev=b'/>\n"
		"<qemu:arg value='-device'/></qemu:commandline></domain>");

	assert_int_equal(domain->arg_count, 5);
	assert_null(kvmfr_domain_device(domain, &domain->arg[0]));
	assert_ptr_equal(kvmfr_domain_device(domain, &domain->arg[1]),
			 &domain->arg[4]);
	assert_null(kvmfr_domain_device(domain, &domain->arg[2]));
	kvmfr_domain_free(domain);
}

static void the_namespace_is_what_counts(void **state)
{
	static const struct {
		const char *attribute, *prefix;
		bool missing;
		size_t args;
	} cases[] = {
		{ QEMU, "qemu:", false, 1 },
		{ "", "qemu:", true, 1 },
		{ "xmlns:qemu='http://other'", "qemu:", true, 1 },
		{ "xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'",
		  "q:", false, 1 },
		{ "", "", false, 0 },
	};
	char text[1024];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *prefix = cases[i].prefix;
		struct kvmfr_domain *domain;

		snprintf(
			text, sizeof(text),
			"<domain %s><%scommandline><%sarg value='-object'/><%sarg value='x'/></%scommandline></domain>",
			cases[i].attribute, prefix, prefix, prefix, prefix);
		domain = parse(text);
		assert_int_equal(domain->namespace_missing, cases[i].missing);
		if (domain->namespace_missing) {
			assert_string_equal(domain->namespace_prefix, "qemu");
			assert_int_equal(domain->namespace_other,
					 *cases[i].attribute != '\0');
		}
		assert_int_equal(domain->arg_count, cases[i].args);
		if (cases[i].args) {
			assert_string_equal(domain->arg->prefix, prefix);
			/* Two on a line cannot be edited by it. */
			assert_int_equal(domain->arg->line, 0);
		}
		kvmfr_domain_free(domain);
	}
}

static void the_rest_of_the_machine(void **state)
{
	struct kvmfr_domain *domain = parse(
		"<!-- libvirt's -->\n<domain type='kvm'>\n<name>win &amp; co</name>\n"
		"<cpu mode='host-passthrough'>\n<maxphysaddr mode='emulate' bits='42'/></cpu>\n"
		"<devices>\n<memballoon\n model='virtio'>\n</memballoon>\n"
		"<hostdev type='pci' managed='yes'><source><address domain='0x0001' bus='0xab' slot='0x1f' function='0x7'/></source><rom bar='off'/></hostdev>\n"
		"<hostdev type='pci'><source><address bus='1' slot='2'/></source></hostdev>\n"
		"<hostdev type='pci'><source><address bus='0x100' slot='2'/></source></hostdev>\n"
		"<hostdev type='pci'/>\n"
		"<hostdev type='usb'><source><address bus='1' slot='2'/></source></hostdev>\n"
		"</devices></domain>");

	assert_string_equal(domain->name, "win & co");
	assert_string_equal(domain->path, "a.xml");
	assert_string_equal(domain->cpu_mode, "host-passthrough");
	assert_int_equal(domain->phys_bits, 42);
	assert_string_equal(domain->balloon, "virtio");
	assert_int_equal(domain->domain_line, 2);
	assert_int_equal(domain->cpu_line, 4);
	assert_int_equal(domain->devices_line, 6);
	assert_int_equal(domain->hostdev_count, 2);
	assert_string_equal(domain->hostdev[0].address, "0001:ab:1f.7");
	assert_true(domain->hostdev[0].managed);
	assert_true(domain->hostdev[0].rom_off);
	assert_string_equal(domain->hostdev[1].address, "0000:01:02.0");
	assert_false(domain->hostdev[1].managed);
	assert_false(domain->hostdev[1].rom_off);
	kvmfr_domain_free(domain);
}

static void an_empty_machine_has_nothing(void **state)
{
	struct kvmfr_domain *domain = parse("<domain/>");

	assert_string_equal(domain->name, "");
	assert_int_equal(domain->balloon_line, 0);
	assert_string_equal(domain->balloon, "");
	assert_int_equal(domain->arg_count, 0);
	assert_int_equal(domain->hostdev_count, 0);
	assert_int_equal(domain->phys_bits, 0);
	kvmfr_domain_free(domain);
}

static void sizes_are_read_as_qemu_does(void **state)
{
	static const struct {
		const char *text;
		int64_t bytes;
	} cases[] = {
		{ "67108864", 67108864 },
		{ "64M", 64 << 20 },
		{ "64m", 64 << 20 },
		{ "1G", 1 << 30 },
		{ "4k", 4096 },
		{ "12B", 12 },
		{ "0x1000", 4096 },
		{ "2T", 2LL << 40 },
		{ "0", 0 },
		{ "", -EINVAL },
		{ "-1", -EINVAL },
		{ " 1", -EINVAL },
		{ "+1", -EINVAL },
		{ "64MB", -EINVAL },
		{ "64 M", -EINVAL },
		{ "inf", -EINVAL },
		{ "M", -EINVAL },
		{ "64X", -EINVAL },
		{ "18446744073709551616", -EINVAL },
		{ "9223372036854775807", INT64_MAX },
		{ "9223372036854775808", -EINVAL },
		{ "8388608T", -EINVAL },
		{ "1\377", -EINVAL },
		{ NULL, -EINVAL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(kvmfr_domain_size(cases[i].text),
				 cases[i].bytes);
}

static void names_are_one_line(void **state)
{
	struct kvmfr_domain *domain =
		parse("<domain><name>a\nb\tc&#x7f;\303\244</name></domain>");

	assert_string_equal(domain->name, "a?b?c?\303\244");
	kvmfr_domain_free(domain);
}

static void arguments_have_a_limit(void **state)
{
	enum { MORE = KVMFR_DOMAIN_ARGS_MAX + 1 };
	static char text[MORE * 64 + 256];
	char *at = stpcpy(text, "<domain " QEMU "><qemu:commandline>");

	for (int i = 0; i < MORE; i++)
		at = stpcpy(at,
			    "<qemu:arg value='-object'/><qemu:arg value='a'/>");
	strcpy(at, "</qemu:commandline></domain>");
	refuse(text, strlen(text), "too many arguments");

	at = stpcpy(text, "<domain " QEMU "><qemu:commandline>"
			  "<qemu:arg value='-object'/><qemu:arg value='a");
	for (int i = 0; i < MORE; i++)
		at = stpcpy(at, ",b=c");
	strcpy(at, "'/></qemu:commandline></domain>");
	refuse(text, strlen(text), "too many arguments");
}

/* Types replace each other, so that they are not too many; nor do they take long. */
static void long_arguments_are_refused(void **state)
{
	enum { LONGEST = 64 * 1024, MORE = 1000 * 1000 };
	static char text[3 * MORE + 256];
	struct kvmfr_domain *domain;
	char *begin = stpcpy(text,
			     "<domain " QEMU "><qemu:commandline>"
			     "<qemu:arg value='-object'/><qemu:arg value='");
	static const char end[] = "'/></qemu:commandline></domain>";
	char *at = begin;

	memset(begin, 'a', LONGEST);
	strcpy(begin + LONGEST, end);
	domain = parse(text);
	assert_int_equal(strlen(domain->arg[0].type), LONGEST);
	kvmfr_domain_free(domain);
	begin[LONGEST] = 'a';
	strcpy(begin + LONGEST + 1, end);
	refuse(text, strlen(text), "too long");

	for (int i = 0; i < LONGEST / 11; i++)
		at = stpcpy(at, "qom-type=a,");
	strcpy(at, end);
	domain = parse(text);
	assert_string_equal(domain->arg[0].type, "a");
	kvmfr_domain_free(domain);
	for (at = begin; at < begin + 3 * MORE - 32;)
		at = stpcpy(at, "qom-type=a,");
	strcpy(at, end);
	alarm(20);
	refuse(text, strlen(text), "too long");
	alarm(0);
}

static void what_is_no_domain_is_refused(void **state)
{
	static const char nul[] = "<domain>\0</domain>";

	refuse("", 0, "");
	refuse("hello", 5, "line 1");
	refuse("<domain>", 8, "line 1");
	refuse("<network/>", 10, "not a <domain>");
	refuse("<d:domain xmlns:d='x'/>", 23, "not a <domain>");
	refuse("<domain>\xff\xfe</domain>", 19, "line 1");
	refuse(nul, sizeof(nul) - 1, "line 1");
}

static void types_and_entities_are_refused(void **state)
{
	static const char bomb[] =
		"<!DOCTYPE domain [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;\">]><domain><name>&c;</name></domain>";
	static const char file[] =
		"<!DOCTYPE domain [<!ENTITY a SYSTEM \"/etc/passwd\">]><domain><name>&a;</name></domain>";
	/* The same in UTF-16, where no search for the ASCII word finds it. */
	static const char utf16[] =
		"\377\376<\0!\0D\0O\0C\0T\0Y\0P\0E\0 \0d\0 \0[\0]\0>\0<\0d\0/\0>\0";

	refuse(bomb, strlen(bomb), "document type");
	refuse(file, strlen(file), "document type");
	refuse(utf16, sizeof(utf16) - 1, "not a <domain>");
}

static void deep_trees_are_refused(void **state)
{
	enum { DEPTH = 100000 };
	char *text = malloc(3 * DEPTH + 9);
	char *at = text;

	assert_non_null(text);
	at = stpcpy(at, "<domain>");
	for (int i = 0; i < DEPTH; i++)
		at = stpcpy(at, "<a>");
	refuse(text, (size_t)(at - text), "line 1");
	free(text);
}

static void files_have_a_limit(void **state)
{
	struct fixture *fixture = fixture_create();
	struct kvmfr_domain *domain;
	char error[256];
	char *text = malloc(KVMFR_DOMAIN_SIZE_MAX + 1);

	assert_non_null(text);
	memset(text, ' ', KVMFR_DOMAIN_SIZE_MAX + 1);
	memcpy(text, "<domain/>", 9);
	fixture_data(fixture, "etc/a.xml", text, KVMFR_DOMAIN_SIZE_MAX);
	assert_int_equal(kvmfr_domain_read(&fixture->root, "etc/a.xml", &domain,
					   error),
			 0);
	kvmfr_domain_free(domain);
	fixture_data(fixture, "etc/a.xml", text, KVMFR_DOMAIN_SIZE_MAX + 1);
	assert_int_equal(kvmfr_domain_read(&fixture->root, "etc/a.xml", &domain,
					   error),
			 -EFBIG);
	assert_int_equal(kvmfr_domain_parse(text, KVMFR_DOMAIN_SIZE_MAX + 1, "",
					    &domain, error),
			 -EFBIG);
	assert_null(domain);
	fixture_data(fixture, "etc/a.xml", "<domain/>\0", 10);
	assert_int_equal(kvmfr_domain_read(&fixture->root, "etc/a.xml", &domain,
					   error),
			 -EINVAL);
	assert_string_equal(error, "it has a NUL");
	assert_int_equal(kvmfr_domain_read(&fixture->root, "etc/no", &domain,
					   error),
			 -ENOENT);
	assert_string_equal(error, "");
	free(text);
	fixture_destroy(fixture);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_syntaxes_say_the_same),
		cmocka_unit_test(commas_are_doubled),
		cmocka_unit_test(the_last_of_two_counts),
		cmocka_unit_test(other_memory_is_not_ours),
		cmocka_unit_test(devices_have_their_memory),
		cmocka_unit_test(the_namespace_is_what_counts),
		cmocka_unit_test(the_rest_of_the_machine),
		cmocka_unit_test(an_empty_machine_has_nothing),
		cmocka_unit_test(sizes_are_read_as_qemu_does),
		cmocka_unit_test(names_are_one_line),
		cmocka_unit_test(arguments_have_a_limit),
		cmocka_unit_test(long_arguments_are_refused),
		cmocka_unit_test(what_is_no_domain_is_refused),
		cmocka_unit_test(types_and_entities_are_refused),
		cmocka_unit_test(deep_trees_are_refused),
		cmocka_unit_test(files_have_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
