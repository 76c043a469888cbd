// SPDX-License-Identifier: GPL-2.0
/* /etc/kvmfr.conf: names and their values, and what they are without a file. */
#include "config_parse.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_LENGTH 32 /* of users and groups, as useradd(8) has it */
#define WORDS 32 /* users of a node, words of a command */
#define BLANKS " \t"

int parser_fail(struct parser *parser, const char *format, ...)
{
	struct kvmfr_config_error *error = parser->error;
	int length = 0;
	va_list args;

	error->line = parser->line;
	if (parser->line)
		length = snprintf(error->text, sizeof(error->text),
				  "line %u: ", parser->line);
	va_start(args, format);
	vsnprintf(error->text + length, sizeof(error->text) - (size_t)length,
		  format, args);
	va_end(args);
	return -EINVAL;
}

const char *shorten(struct shown *shown, const char *text, size_t size)
{
	size_t most = sizeof(shown->text) - 4;
	size_t length = size;

	if (size > most)
		for (length = most;
		     length && ((unsigned char)text[length] & 0xc0) == 0x80;)
			length--;
	snprintf(shown->text, sizeof(shown->text), "%.*s%s", (int)length, text,
		 length < size ? "..." : "");
	return shown->text;
}

/* "mode '999' is not ...", whatever the length of the value. */
static int bad_value(struct parser *parser, const char *what, const char *value,
		     const char *why)
{
	struct shown shown;

	shorten(&shown, value, strlen(value));
	return parser_fail(parser, "%s '%s' %s", what, shown.text, why);
}

static void words_free(char **words)
{
	for (char **word = words; word && *word; word++)
		free(*word);
	free(words);
}

/* The words of @text, NULL after the last; NULL also without memory. */
static char **words_split(const char *text, size_t *count)
{
	char **words = calloc(KVMFR_CONFIG_LINE + 1, sizeof(*words));

	for (*count = 0; words && *(text += strspn(text, BLANKS)); (*count)++) {
		size_t length = strcspn(text, BLANKS);

		words[*count] = strndup(text, length);
		if (!words[*count]) {
			words_free(words);
			return NULL;
		}
		text += length;
	}
	return words;
}

static char **words_copy(char **words)
{
	char **copy = calloc(KVMFR_CONFIG_LINE + 1, sizeof(*copy));

	for (size_t i = 0; copy && words[i]; i++) {
		copy[i] = strdup(words[i]);
		if (!copy[i]) {
			words_free(copy);
			return NULL;
		}
	}
	return copy;
}

static struct kvmfr_config_nodes *current_nodes(struct parser *parser)
{
	if (parser->section == SECTION_NODES)
		return &parser->config->defaults;
	return parser->config->node[parser->section - 1];
}

static const char why_name[] =
	"is not a name of 1 to 32 letters, digits, '_', '-', '.'";

/* Names that useradd and groupadd make, and those of directories ("a.b"). */
static bool name_valid(const char *name)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.$";
	size_t length = strlen(name);

	return length && length <= NAME_LENGTH && *name != '-' &&
	       *name != '.' && strspn(name, letters) == length;
}

static int check_name(struct parser *parser, const char *what, const char *name)
{
	if (name_valid(name))
		return 0;
	return bad_value(parser, what, name, why_name);
}

static int set_string(char **string, const char *value)
{
	*string = strdup(value);
	return *string ? 0 : -ENOMEM;
}

static int set_group(struct parser *parser, const char *value)
{
	int ret = check_name(parser, "group", value);

	return ret ? ret : set_string(&current_nodes(parser)->group, value);
}

static int set_mode(struct parser *parser, const char *value)
{
	static const char why[] =
		"is not 0600 to 0666, octal, with digits 6, 4, 2 and 0";
	size_t length = strlen(value);
	unsigned long mode = strtoul(value, NULL, 8);

	if (length < 3 || length > 4 || strspn(value, "01234567") != length ||
	    (mode & 0600) != 0600 || mode & ~0666UL)
		return bad_value(parser, "mode", value, why);
	current_nodes(parser)->mode = (mode_t)mode;
	return 0;
}

static int check_users(struct parser *parser, char **users, size_t count)
{
	if (count > WORDS)
		return parser_fail(parser, "users are %zu, the most is %d",
				   count, WORDS);
	for (size_t i = 0; i < count; i++) {
		int ret = check_name(parser, "user", users[i]);

		if (ret)
			return ret;
		for (size_t j = 0; j < i; j++)
			if (!strcmp(users[i], users[j]))
				return parser_fail(parser,
						   "user '%s' is there twice",
						   users[i]);
	}
	return 0;
}

static int set_users(struct parser *parser, const char *value)
{
	size_t count;
	char **users = words_split(value, &count);
	int ret;

	if (!users)
		return -ENOMEM;
	ret = check_users(parser, users, count);
	if (ret)
		words_free(users);
	else
		current_nodes(parser)->users = users;
	return ret;
}

static int set_seat(struct parser *parser, const char *value)
{
	if (strcmp(value, "yes") && strcmp(value, "no"))
		return bad_value(parser, "seat", value, "is not yes or no");
	current_nodes(parser)->seat = !strcmp(value, "yes");
	return 0;
}

static int set_meter(struct parser *parser, const char *value)
{
	static const char why[] =
		"is not auto, none, hwmon, powercap, acpi or command";
	static const char *const meters[] = {
		"auto", "none", "hwmon", "powercap", "acpi", "command",
	};

	for (size_t i = 0; i < sizeof(meters) / sizeof(*meters); i++)
		if (!strcmp(value, meters[i]))
			return set_string(&parser->config->power.meter, value);
	return bad_value(parser, "meter", value, why);
}

/* Where the colon is, a name of a chip ends, which has none. */
static int set_sensor(struct parser *parser, const char *value)
{
	static const char why[] =
		"is not a chip and a label, as in corsairpsu:power total";
	const char *colon = strchr(value, ':');

	if (!colon || colon == value || !colon[1])
		return bad_value(parser, "sensor", value, why);
	return set_string(&parser->config->power.sensor, value);
}

static int check_command(struct parser *parser, const char *value, char **words,
			 size_t count)
{
	static const char quotes[] =
		"has quotes, which mean nothing here: no shell runs it";

	if (!count || *words[0] != '/')
		return bad_value(parser, "command", value,
				 "does not begin with an absolute path");
	if (count > WORDS)
		return parser_fail(parser,
				   "command has %zu words, the most is %d",
				   count, WORDS);
	/* It looks as if a shell were to read it. */
	if (strpbrk(value, "\"'\\`"))
		return bad_value(parser, "command", value, quotes);
	return 0;
}

static int set_command(struct parser *parser, const char *value)
{
	size_t count;
	char **words = words_split(value, &count);
	int ret;

	if (!words)
		return -ENOMEM;
	ret = check_command(parser, value, words, count);
	if (ret)
		words_free(words);
	else
		parser->config->power.command = words;
	return ret;
}

static int check_path(struct parser *parser, const char *what,
		      const char *value)
{
	size_t length = strlen(value);
	static const char why[] =
		"is not the absolute path of a file, or nothing";
	static const char device[] =
		"is no file, but a device; for none there is nothing after the =";

	if (!strncmp(value, "/dev/", 5) && strncmp(value, "/dev/shm/", 9))
		return bad_value(parser, what, value, device);
	if (!length || (*value == '/' && value[length - 1] != '/'))
		return 0;
	return bad_value(parser, what, value, why);
}

static int set_state(struct parser *parser, const char *value)
{
	int ret = check_path(parser, "state", value);

	return ret ? ret : set_string(&parser->config->power.state, value);
}

static int set_metrics(struct parser *parser, const char *value)
{
	int ret = check_path(parser, "metrics", value);

	return ret ? ret : set_string(&parser->config->power.metrics, value);
}

static const struct key {
	const char *name;
	int (*set)(struct parser *parser, const char *value);
	bool power;
} keys[] = {
	{ "group", set_group, false },	{ "mode", set_mode, false },
	{ "users", set_users, false },	{ "seat", set_seat, false },
	{ "meter", set_meter, true },	{ "command", set_command, true },
	{ "state", set_state, true },	{ "metrics", set_metrics, true },
	{ "sensor", set_sensor, true },
};

#define KEYS (sizeof(keys) / sizeof(*keys))

static unsigned int key_bit(const char *name)
{
	for (size_t i = 0; i < KEYS; i++)
		if (!strcmp(keys[i].name, name))
			return 2u << i;
	return 0;
}

int parser_enter(struct parser *parser, int section)
{
	parser->section = section;
	parser->seen[section] = 1;
	parser->lines[section] = parser->line;
	if (section == SECTION_NODES || section == SECTION_POWER)
		return 0;
	parser->config->node[section - 1] =
		calloc(1, sizeof(struct kvmfr_config_nodes));
	return parser->config->node[section - 1] ? 0 : -ENOMEM;
}

int parser_set(struct parser *parser, const char *name, const char *value)
{
	bool power = parser->section == SECTION_POWER;
	struct shown shown;

	shorten(&shown, name, strlen(name));
	if (parser->section < 0)
		return parser_fail(parser,
				   "'%s' comes before the first [section]",
				   shown.text);
	for (size_t i = 0; i < KEYS; i++) {
		if (keys[i].power != power || strcmp(keys[i].name, name))
			continue;
		if (parser->seen[parser->section] & 2u << i)
			return parser_fail(parser,
					   "'%s' is there twice in its section",
					   name);
		parser->seen[parser->section] |= 2u << i;
		return keys[i].set(parser, value);
	}
	return parser_fail(parser, "there is no '%s' in this section, only %s",
			   shown.text,
			   power ? "meter, sensor, command, state and metrics" :
				   "group, mode, users and seat");
}

/* What a section of one node does not say is as in [nodes]. */
static int inherit(struct kvmfr_config_nodes *nodes,
		   const struct kvmfr_config_nodes *from, unsigned int seen)
{
	if (!nodes->group)
		nodes->group = strdup(from->group);
	if (!nodes->users)
		nodes->users = words_copy(from->users);
	if (!(seen & key_bit("mode")))
		nodes->mode = from->mode;
	if (!(seen & key_bit("seat")))
		nodes->seat = from->seat;
	return nodes->group && nodes->users ? 0 : -ENOMEM;
}

static int finish_power(struct parser *parser)
{
	struct kvmfr_config_power *power = &parser->config->power;
	static const char no_command[] =
		"[power] has meter = command, but no command";
	static const char no_meter[] =
		"[power] has a command, but not meter = command";
	bool wanted;

	if (!power->meter)
		power->meter = strdup("auto");
	if (!power->sensor)
		power->sensor = strdup("");
	if (!power->state)
		power->state = strdup("/run/vfio-powerd/state.json");
	if (!power->metrics)
		power->metrics = strdup("");
	if (!power->meter || !power->sensor || !power->state || !power->metrics)
		return -ENOMEM;
	if (!strcmp(power->meter, "hwmon") && !*power->sensor) {
		parser->line = parser->lines[SECTION_POWER];
		return parser_fail(parser,
				   "[power] has meter = hwmon, but no sensor");
	}
	wanted = !strcmp(power->meter, "command");
	if (wanted == !!power->command) {
		if (!power->command)
			power->command = calloc(1, sizeof(*power->command));
		return power->command ? 0 : -ENOMEM;
	}
	parser->line = parser->lines[SECTION_POWER];
	return parser_fail(parser, "%s", wanted ? no_command : no_meter);
}

int parser_finish(struct parser *parser)
{
	const struct kvmfr_config_nodes without_file = {
		.group = (char *)"kvm",
		.mode = 0660,
		.users = (char *[]){ NULL },
	};
	struct kvmfr_config *config = parser->config;
	int ret = inherit(&config->defaults, &without_file,
			  parser->seen[SECTION_NODES]);

	for (int i = 0; !ret && i < 10; i++)
		if (config->node[i])
			ret = inherit(config->node[i], &config->defaults,
				      parser->seen[SECTION_NODES + 1 + i]);
	return ret ? ret : finish_power(parser);
}

static void nodes_release(struct kvmfr_config_nodes *nodes)
{
	free(nodes->group);
	words_free(nodes->users);
}

void kvmfr_config_free(struct kvmfr_config *config)
{
	if (!config)
		return;
	nodes_release(&config->defaults);
	for (int i = 0; i < 10; i++) {
		if (config->node[i])
			nodes_release(config->node[i]);
		free(config->node[i]);
	}
	free(config->power.meter);
	free(config->power.sensor);
	words_free(config->power.command);
	free(config->power.state);
	free(config->power.metrics);
	free(config);
}
