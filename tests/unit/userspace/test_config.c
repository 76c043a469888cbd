// SPDX-License-Identifier: GPL-2.0
/* /etc/kvmfr.conf: what is taken, and what is said about everything else. */
#include "fixture.h"

#include "config.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* Words, and 32 characters of two bytes each. */
#define THIRTY "0 1 2 3 4 5 6 7 8 9 a b c d e f g h i j k l m n o p q r s t"
#define LONG "ääääääääääääääääääääääääääääääää"

static struct kvmfr_config *config;
static struct kvmfr_config_error error;

static int teardown(void **state)
{
	kvmfr_config_free(config);
	config = NULL;
	return 0;
}

static int parse(const char *text)
{
	kvmfr_config_free(config);
	return kvmfr_config_parse(text, strlen(text), &config, &error);
}

static void nothing_means_defaults(void **state)
{
	assert_int_equal(parse(""), 0);
	assert_string_equal(config->defaults.group, "kvm");
	assert_int_equal(config->defaults.mode, 0660);
	assert_null(config->defaults.users[0]);
	assert_false(config->defaults.seat);
	for (int i = 0; i < 10; i++)
		assert_null(config->node[i]);
	assert_string_equal(config->power.meter, "auto");
	assert_null(config->power.command[0]);
	assert_string_equal(config->power.sensor, "");
	assert_string_equal(config->power.state, "/run/vfio-powerd/state.json");
	assert_string_equal(config->power.metrics, "");
}

static void takes_every_name(void **state)
{
	assert_int_equal(parse("\xef\xbb\xbf# a comment\r\n"
			       "\n"
			       "[nodes] # another\n"
			       "  group = lg-users ; and one more\n"
			       "mode=0640\r\n"
			       "users =  alice\tbob\t\n"
			       "seat : yes\n"
			       "[power]\n"
			       "meter = command\n"
			       "command = /usr/bin/plug --json  1\n"
			       "state =\n"
			       "metrics = /var/lib/x/kvmfr.prom"),
			 0);
	assert_string_equal(config->defaults.group, "lg-users");
	assert_int_equal(config->defaults.mode, 0640);
	assert_string_equal(config->defaults.users[0], "alice");
	assert_string_equal(config->defaults.users[1], "bob");
	assert_null(config->defaults.users[2]);
	assert_true(config->defaults.seat);
	assert_string_equal(config->power.meter, "command");
	assert_string_equal(config->power.command[0], "/usr/bin/plug");
	assert_string_equal(config->power.command[1], "--json");
	assert_string_equal(config->power.command[2], "1");
	assert_null(config->power.command[3]);
	assert_string_equal(config->power.state, "");
	assert_string_equal(config->power.metrics, "/var/lib/x/kvmfr.prom");
}

static void a_sensor_has_a_chip_and_a_label(void **state)
{
	static const char hwmon[] =
		"[power]\nmeter = hwmon\nsensor = corsairpsu:power total\n";

	assert_int_equal(parse(hwmon), 0);
	assert_string_equal(config->power.meter, "hwmon");
	assert_string_equal(config->power.sensor, "corsairpsu:power total");
	assert_int_equal(parse("[power]\nsensor = corsairpsu:a:b\n"), 0);
	assert_string_equal(config->power.sensor, "corsairpsu:a:b");
}

static void a_node_differs_in_what_it_says(void **state)
{
	static const char text[] =
		"[nodes kvmfr3]\nmode = 600\n[nodes kvmfr9]\nusers =\n"
		"seat = no\ngroup = x\n"
		"[nodes]\ngroup = lg\nusers = alice\nseat = yes\n";
	const struct kvmfr_config_nodes *node;

	assert_int_equal(parse(text), 0);
	node = kvmfr_config_node(config, "kvmfr3");
	assert_ptr_not_equal(node, &config->defaults);
	assert_int_equal(node->mode, 0600);
	assert_string_equal(node->group, "lg");
	assert_string_equal(node->users[0], "alice");
	assert_true(node->seat);
	node = kvmfr_config_node(config, "kvmfr9");
	assert_int_equal(node->mode, 0660);
	assert_string_equal(node->group, "x");
	assert_null(node->users[0]);
	assert_false(node->seat);
	assert_ptr_equal(kvmfr_config_node(config, "kvmfr0"),
			 &config->defaults);
	assert_ptr_equal(kvmfr_config_node(config, "kvmfr33"),
			 &config->defaults);
	assert_ptr_equal(kvmfr_config_node(config, "kvmfr"), &config->defaults);
	assert_ptr_equal(kvmfr_config_node(config, "shm"), &config->defaults);
}

struct mistake {
	const char *text;
	const char *said;
	unsigned int line;
};

static void check_mistakes(const struct mistake *mistakes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char line[32];

		snprintf(line, sizeof(line), "line %u: ", mistakes[i].line);
		assert_int_equal(parse(mistakes[i].text), -EINVAL);
		assert_null(config);
		assert_int_equal(error.line, mistakes[i].line);
		assert_memory_equal(error.text, line, strlen(line));
		if (strstr(error.text, mistakes[i].said))
			continue;
		print_message("# '%s' has no '%s'\n", error.text,
			      mistakes[i].said);
		fail();
	}
}

static void says_what_is_wrong_with_a_line(void **state)
{
	static const struct mistake mistakes[] = {
		{ "group = x\n", "'group' comes before the first [section]",
		  1 },
		{ "[nodes]\n\nowner = x\n",
		  "there is no 'owner' in this section, only group", 3 },
		{ "[nodes]\nmeter = auto\n",
		  "there is no 'meter' in this section", 2 },
		{ "[power]\ngroup = x\n",
		  "only meter, sensor, command, state and ", 2 },
		{ "[nodes]\n= x\n", "there is no ''", 2 },
		{ "[nodes]\nseat\n", "is not 'name = value'", 2 },
		{ "[nodes]\nseat = yes\nseat = no\n", "'seat' is there twice",
		  3 },
		{ "[nodes]\n[power]\n[nodes]\n",
		  "the section '[nodes]' is there twice", 3 },
		{ "[nodes kvmfr1]\n[nodes kvmfr1]\n",
		  "'[nodes kvmfr1]' is there twice", 2 },
		{ "[nodes kvmfr10]\n", "there is no section '[nodes kvmfr10]'",
		  1 },
		{ "[nodes kvmfr]\n",
		  "only [nodes], [nodes kvmfr0] to [nodes kvmfr9]", 1 },
		{ "[Nodes]\n", "there is no section '[Nodes]'", 1 },
		{ "[]\n", "there is no section '[]'", 1 },
		{ "\n[nodes\n", "'[nodes' is not [section]", 2 },
		{ "[nodes] x\n", "'[nodes] x' is not [section]", 1 },
		{ "# \xc3\xa4 is good\n# \xe4 is not\n",
		  "byte 3 (0xe4) is not UTF-8", 2 },
		{ "# \xed\xa0\x80\n", "byte 3 (0xed)", 1 },
		{ "# \xf4\x90\x80\x80\n", "byte 3 (0xf4)", 1 },
		{ "# \xe0\x80\x80\n", "byte 3 (0xe0)", 1 },
		{ "# \xc0\x80\n", "byte 3 (0xc0)", 1 },
		{ "# \xf0\x9f\x98\n", "byte 3 (0xf0)", 1 },
		{ "# \xf0\x9f\x98\x80\n#\x1b[31m\n", "byte 2 (0x1b) is not",
		  2 },
		{ "# \xc2\x9b\n", "byte 3 (0xc2)", 1 },
		{ "#\r#\n", "byte 2 (0x0d)", 1 },
	};

	check_mistakes(mistakes, COUNT(mistakes));
}

static void says_what_is_wrong_with_a_value(void **state)
{
	static const struct mistake mistakes[] = {
		{ "[nodes]\nmode = 999",
		  "mode '999' is not 0600 to 0666, octal", 2 },
		{ "[nodes]\nmode = 0777", "mode '0777'", 2 },
		{ "[nodes]\nmode = 0460", "mode '0460'", 2 },
		{ "[nodes]\nmode = 00660", "mode '00660'", 2 },
		{ "[nodes]\nmode = 4660", "mode '4660'", 2 },
		{ "[nodes]\nmode = -660", "mode '-660'", 2 },
		{ "[nodes]\nmode = 66", "mode '66'", 2 },
		{ "[nodes]\nmode =", "mode ''", 2 },
		{ "[nodes]\nmode = u=rw", "mode 'u=rw'", 2 },
		{ "[nodes]\nseat = maybe", "seat 'maybe' is not yes or no", 2 },
		{ "[nodes]\nseat = Yes", "seat 'Yes'", 2 },
		{ "[nodes]\ngroup =", "group '' is not a name of 1 to 32", 2 },
		{ "[nodes]\ngroup = a b", "group 'a b'", 2 },
		{ "[nodes]\ngroup = -x", "group '-x'", 2 },
		{ "[nodes]\ngroup = a2345678901234567890123456789012x",
		  "group 'a2345", 2 },
		{ "[nodes]\nusers = alice,bob", "user 'alice,bob'", 2 },
		{ "[nodes]\nusers = alice bob alice",
		  "user 'alice' is there twice", 2 },
		{ "[nodes]\nusers = " THIRTY " u v w",
		  "users are 33, the most is 32", 2 },
		{ "[power]\nmeter = magic",
		  "meter 'magic' is not auto, none, hwmon", 2 },
		{ "[power]\ncommand = plug",
		  "command 'plug' does not begin with", 2 },
		{ "[power]\ncommand =", "command '' does not begin with", 2 },
		{ "[power]\ncommand = /bin/plug \"a b\"",
		  "has quotes, which mean nothing", 2 },
		{ "[power]\ncommand = /" THIRTY " u v w",
		  "command has 33 words, the most is 32", 2 },
		{ "[power]\n\ncommand = /bin/plug", "not meter = command", 1 },
		{ "[power]\nsensor = corsairpsu",
		  "'corsairpsu' is not a chip and a label", 2 },
		{ "[power]\nsensor = :power1", "':power1' is not a chip", 2 },
		{ "[power]\nsensor = corsairpsu:",
		  "'corsairpsu:' is not a chip", 2 },
		{ "[power]\n\nmeter = hwmon", "meter = hwmon, but no sensor",
		  1 },
		{ "\n[power]\nmeter = command",
		  "meter = command, but no command", 2 },
		{ "[power]\nstate = /dev/null",
		  "state '/dev/null' is no file, but a device; for none", 2 },
		{ "[power]\nmetrics = /dev/stdout",
		  "metrics '/dev/stdout' is no file, but a device", 2 },
		{ "[power]\nstate = state.json",
		  "state 'state.json' is not the absolute", 2 },
		{ "[power]\nmetrics = /var/",
		  "metrics '/var/' is not the absolute", 2 },
	};

	check_mistakes(mistakes, COUNT(mistakes));
}

/* A line as long as can be is taken as it is, and not in two pieces. */
static void lines_have_a_limit(void **state)
{
	char text[300];
	int length = snprintf(text, sizeof(text), "[power]\nmetrics = /%0*d",
			      KVMFR_CONFIG_LINE - (int)strlen("metrics = /"),
			      0);

	assert_int_equal(parse(text), 0);
	assert_int_equal(strlen(config->power.metrics),
			 KVMFR_CONFIG_LINE - strlen("metrics = "));
	strcpy(text + length, "0\n");
	assert_int_equal(parse(text), -EINVAL);
	assert_string_equal(error.text,
			    "line 2: is 181 bytes long, the most is 180");
}

/* What is shown of a long value ends with a whole character. */
static void messages_are_text_of_any_value(void **state)
{
	char text[KVMFR_CONFIG_LINE + 16] = "[nodes]\nseat = ";

	for (int i = 0; i < 80; i++)
		strcat(text, "\xc3\xa4");
	assert_int_equal(parse(text), -EINVAL);
	assert_string_equal(error.text,
			    "line 2: seat '" LONG "...' is not yes or no");
	strcpy(text, "[nodes]\n seat = a\xc3\xa4");
	for (int i = 0; i < 70; i++)
		strcat(text, "\xc3\xa4");
	assert_int_equal(parse(text), -EINVAL);
	assert_non_null(strstr(error.text, "\xc3\xa4...' is not"));
}

static void a_nul_is_no_text(void **state)
{
	static const char text[] = "[nodes]\nseat = no\0";

	assert_int_equal(kvmfr_config_parse(text, sizeof(text), &config,
					    &error),
			 -EINVAL);
	assert_string_equal(error.text,
			    "line 2: byte 10 (0x00) is not UTF-8 text");
	assert_null(config);
}

static void files_have_a_limit(void **state)
{
	static char text[KVMFR_CONFIG_SIZE + 1];
	size_t size = sizeof(text);
	int ret;

	memset(text, '\n', sizeof(text));
	size--;
	assert_int_equal(kvmfr_config_parse(text, size, &config, &error), 0);
	kvmfr_config_free(config);
	size++;
	ret = kvmfr_config_parse(text, size, &config, &error);
	assert_int_equal(ret, -EINVAL);
	assert_int_equal(error.line, 0);
	assert_string_equal(error.text, "the file is larger than 65536 bytes");
}

static void reads_the_file_of_a_root(void **state)
{
	static char huge[KVMFR_CONFIG_SIZE + 2];
	struct fixture *fixture = fixture_create();
	const struct kvmfr_root *root = &fixture->root;

	assert_int_equal(kvmfr_config_read(root, &config, &error), 0);
	assert_string_equal(config->defaults.group, "kvm");
	kvmfr_config_free(config);
	fixture_file(fixture, KVMFR_CONFIG_PATH, "[nodes]\ngroup = lg\n");
	assert_int_equal(kvmfr_config_read(root, &config, &error), 0);
	assert_string_equal(config->defaults.group, "lg");
	kvmfr_config_free(config);
	fixture_file(fixture, KVMFR_CONFIG_PATH, "[nodes]\ngroup =\n");
	assert_int_equal(kvmfr_config_read(root, &config, &error), -EINVAL);
	assert_null(config);
	fixture_data(fixture, KVMFR_CONFIG_PATH, "#\0", 3);
	assert_int_equal(kvmfr_config_read(root, &config, &error), -EINVAL);
	assert_string_equal(error.text,
			    "the file has a NUL byte, it is not text");
	memset(huge, '#', sizeof(huge));
	fixture_data(fixture, KVMFR_CONFIG_PATH, huge, sizeof(huge));
	assert_int_equal(kvmfr_config_read(root, &config, &error), -EINVAL);
	assert_string_equal(error.text, "the file is larger than 65536 bytes");
	fixture_destroy(fixture);
}

/* A FIFO that nobody writes to would be an empty file, and all is as default. */
static void only_a_file_is_read(void **state)
{
	static const char why[] = "it is no regular file";
	struct fixture *fixture = fixture_create();
	const char *path = fixture_path(fixture, KVMFR_CONFIG_PATH);

	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(kvmfr_config_read(&fixture->root, &config, &error),
			 -EINVAL);
	assert_string_equal(error.text, why);
	assert_null(config);
	error.text[0] = '\0';
	assert_int_equal(kvmfr_config_read_path(path, &config, &error),
			 -EINVAL);
	assert_string_equal(error.text, why);
	assert_null(config);
	fixture_destroy(fixture);
}

static void a_named_file_has_to_be_there(void **state)
{
	struct fixture *fixture = fixture_create();
	const char *path = fixture_path(fixture, "dir/file");

	assert_int_equal(kvmfr_config_read_path(path, &config, &error),
			 -ENOENT);
	assert_null(config);
	assert_int_equal(chdir(fixture->path), 0);
	assert_int_equal(kvmfr_config_read_path("dir", &config, &error),
			 -EISDIR);
	fixture_file(fixture, "dir/file", "[nodes]\nusers = alice\n");
	assert_int_equal(kvmfr_config_read_path("dir/file", &config, &error),
			 0);
	assert_string_equal(config->defaults.users[0], "alice");
	assert_int_equal(chdir("/"), 0);
	fixture_destroy(fixture);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(nothing_means_defaults, teardown),
		cmocka_unit_test_teardown(takes_every_name, teardown),
		cmocka_unit_test_teardown(a_sensor_has_a_chip_and_a_label,
					  teardown),
		cmocka_unit_test_teardown(a_node_differs_in_what_it_says,
					  teardown),
		cmocka_unit_test_teardown(says_what_is_wrong_with_a_line,
					  teardown),
		cmocka_unit_test_teardown(says_what_is_wrong_with_a_value,
					  teardown),
		cmocka_unit_test_teardown(lines_have_a_limit, teardown),
		cmocka_unit_test_teardown(messages_are_text_of_any_value,
					  teardown),
		cmocka_unit_test_teardown(a_nul_is_no_text, teardown),
		cmocka_unit_test_teardown(files_have_a_limit, teardown),
		cmocka_unit_test_teardown(reads_the_file_of_a_root, teardown),
		cmocka_unit_test_teardown(only_a_file_is_read, teardown),
		cmocka_unit_test_teardown(a_named_file_has_to_be_there,
					  teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
