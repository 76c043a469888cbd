// SPDX-License-Identifier: GPL-2.0
/*
 * /etc/kvmfr.conf: lines and sections. inih splits what is in a line; it gets
 * the lines one by one from here, because it would cut long ones in two, join
 * indented ones, say nothing about empty sections and not tell line numbers.
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "config_parse.h"
#include "utf8.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

static bool is_control(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character < 0xa0);
}

static int too_long(struct parser *parser, size_t size, int most)
{
	return parser_fail(parser, "is %zu bytes long, the most is %d", size,
			   most);
}

static int bad_byte(struct parser *parser, size_t column, char byte)
{
	return parser_fail(parser, "byte %zu (0x%02x) is not UTF-8 text",
			   column, (unsigned char)byte);
}

static int check_text(struct parser *parser, const char *line, size_t size)
{
	size_t at = 0;

	if (size > KVMFR_CONFIG_LINE)
		return too_long(parser, size, KVMFR_CONFIG_LINE);
	while (at < size) {
		uint32_t character = 0;
		size_t length =
			kvmfr_utf8_decode(line + at, size - at, &character);

		if (!length || (is_control(character) && character != '\t'))
			return bad_byte(parser, at + 1, line[at]);
		at += length;
	}
	return 0;
}

/* Which section "[nodes kvmfr1]" is, or -1. */
static int section_index(const char *name, size_t length)
{
	static const char one[] = "nodes kvmfr";
	const size_t digit = sizeof(one) - 1;

	if (length == strlen("nodes") && !strncmp(name, "nodes", length))
		return SECTION_NODES;
	if (length == strlen("power") && !strncmp(name, "power", length))
		return SECTION_POWER;
	if (length == digit + 1 && !strncmp(name, one, digit) &&
	    isdigit((unsigned char)name[digit]))
		return SECTION_NODES + 1 + name[digit] - '0';
	return -1;
}

/* @line is "[name]" and, perhaps, a comment. */
static int enter_section(struct parser *parser, const char *line, size_t size)
{
	static const char sections[] =
		"[nodes], [nodes kvmfr0] to [nodes kvmfr9] and [power]";
	const char *end = memchr(line, ']', size);
	const char *rest = end ? end + 1 : NULL;
	struct shown shown;
	int section;

	while (rest && rest < line + size && isblank((unsigned char)*rest))
		rest++;
	if (!rest || (rest < line + size && *rest != ';' && *rest != '#'))
		return parser_fail(parser, "'%s' is not [section]",
				   shorten(&shown, line, size));
	shorten(&shown, line, (size_t)(end - line) + 1);
	section = section_index(line + 1, (size_t)(end - line) - 1);
	if (section < 0)
		return parser_fail(parser, "there is no section '%s', only %s",
				   shown.text, sections);
	if (parser->seen[section])
		return parser_fail(parser, "the section '%s' is there twice",
				   shown.text);
	return parser_enter(parser, section);
}

/* What inih calls for a line, as if it were fgets(). */
static char *next_line(char *buffer, int room, void *stream)
{
	struct parser *parser = stream;
	const char *line = parser->next;
	size_t left = (size_t)(parser->end - line);
	size_t size = left;
	const char *newline;

	if (parser->ret || !left)
		return NULL;
	newline = memchr(line, '\n', left);
	if (newline)
		size = (size_t)(newline - line);
	parser->next = line + size + (newline ? 1 : 0);
	parser->line++;
	if (size && line[size - 1] == '\r')
		size--;
	parser->ret = check_text(parser, line, size);
	while (size && isblank((unsigned char)*line)) {
		line++;
		size--;
	}
	if (!parser->ret && size && *line == '[')
		parser->ret = enter_section(parser, line, size);
	if (!parser->ret && (int)size >= room)
		parser->ret = too_long(parser, size, room - 1);
	if (parser->ret)
		return NULL;
	memcpy(buffer, line, size);
	buffer[size] = '\0';
	return buffer;
}

/* What inih calls for "name = value"; the section is known from its line. */
static int handle(void *user, const char *section, const char *name,
		  const char *value)
{
	struct parser *parser = user;

	if (!parser->ret && name)
		parser->ret = parser_set(parser, name, value);
	return !parser->ret;
}

static int parse_lines(struct parser *parser)
{
	int bad = ini_parse_stream(next_line, parser, handle, parser);

	if (!parser->ret && bad > 0) {
		parser->line = (unsigned int)bad;
		parser->ret = parser_fail(parser, "is not 'name = value'");
	}
	if (!parser->ret && bad < 0)
		parser->ret = -ENOMEM;
	return parser->ret;
}

int kvmfr_config_parse(const char *text, size_t size,
		       struct kvmfr_config **config,
		       struct kvmfr_config_error *error)
{
	struct parser parser = {
		.error = error,
		.next = text,
		.end = text + size,
		.section = -1,
	};
	int ret;

	*config = NULL;
	memset(error, 0, sizeof(*error));
	if (size > KVMFR_CONFIG_SIZE)
		return parser_fail(&parser, "the file is larger than %d bytes",
				   KVMFR_CONFIG_SIZE);
	if (size >= strlen(BYTE_ORDER_MARK) &&
	    !memcmp(text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)))
		parser.next += strlen(BYTE_ORDER_MARK);
	parser.config = calloc(1, sizeof(*parser.config));
	if (!parser.config)
		return -ENOMEM;
	ret = parse_lines(&parser);
	if (!ret)
		ret = parser_finish(&parser);
	if (ret)
		kvmfr_config_free(parser.config);
	else
		*config = parser.config;
	return ret;
}

/* No directory either, but reading it says that better. */
static bool is_other(const struct kvmfr_root *root, const char *path)
{
	struct stat st;

	return !kvmfr_stat(root, &st, "%s", path) && !S_ISREG(st.st_mode) &&
	       !S_ISDIR(st.st_mode);
}

/* A FIFO would be an empty file, which is a good one. */
static int read_file(const struct kvmfr_root *root, const char *path,
		     char **text)
{
	return is_other(root, path) ?
		       -ENODEV :
		       kvmfr_read_all(root, text, KVMFR_CONFIG_SIZE, "%s",
				      path);
}

/* After kvmfr_read_all(), which leaves out the last newline and refuses a NUL. */
static int parse_file(int size, char *text, struct kvmfr_config **config,
		      struct kvmfr_config_error *error)
{
	struct parser parser = { .error = error };
	int ret;

	*config = NULL;
	memset(error, 0, sizeof(*error));
	if (size == -EFBIG)
		return parser_fail(&parser, "the file is larger than %d bytes",
				   KVMFR_CONFIG_SIZE);
	if (size == -EILSEQ)
		return parser_fail(&parser,
				   "the file has a NUL byte, it is not text");
	if (size == -ENODEV)
		return parser_fail(&parser, "it is no regular file");
	if (size < 0)
		return size;
	ret = kvmfr_config_parse(text, (size_t)size, config, error);
	free(text);
	return ret;
}

int kvmfr_config_read(const struct kvmfr_root *root,
		      struct kvmfr_config **config,
		      struct kvmfr_config_error *error)
{
	char *text = NULL;
	int size = read_file(root, KVMFR_CONFIG_PATH, &text);

	if (size == -ENOENT)
		return kvmfr_config_parse("", 0, config, error);
	return parse_file(size, text, config, error);
}

int kvmfr_config_read_path(const char *path, struct kvmfr_config **config,
			   struct kvmfr_config_error *error)
{
	const struct kvmfr_root machine = { .fd = -1 };
	char absolute[PATH_MAX];
	char *text = NULL;
	int size;

	if (!realpath(path, absolute))
		size = -errno;
	else
		size = read_file(&machine, absolute + 1, &text);
	return parse_file(size, text, config, error);
}

const struct kvmfr_config_nodes *
kvmfr_config_node(const struct kvmfr_config *config, const char *name)
{
	static const char prefix[] = "kvmfr";
	const char *digit = name + sizeof(prefix) - 1;

	if (!strncmp(name, prefix, sizeof(prefix) - 1) &&
	    isdigit((unsigned char)*digit) && !digit[1] &&
	    config->node[*digit - '0'])
		return config->node[*digit - '0'];
	return &config->defaults;
}
