// SPDX-License-Identifier: GPL-2.0
/* kvmfrctl size: the device for a picture, and what to write where. */
#include <argp.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "memsize.h"
#include "size.h"
#include "terminal.h"

#define MIB (1024 * 1024)
#define SIZE_MOST_MIB \
	1024 /* kvmfr.ko makes at most 2047, QEMU needs a power of two */

enum { OPTION_HDR = 0x100, OPTION_HOST, OPTION_JSON = 'j' };

struct size_options {
	struct kvmfr_mode *modes;
	size_t count;
	bool hdr;
	bool json;
	enum kvmfr_host host;
	int status; /* not COMMAND_OK: has been explained */
};

static const char *const host_names[] = {
	[KVMFR_HOST_B7] = "b7",
	[KVMFR_HOST_IDD] = "idd",
	[KVMFR_HOST_BOTH] = "both",
};

static void set_host(struct size_options *options, const char *text)
{
	char safe[64];

	for (int i = KVMFR_HOST_B7; i <= KVMFR_HOST_BOTH; i++) {
		if (strcmp(text, host_names[i]))
			continue;
		options->host = (enum kvmfr_host)i;
		return;
	}
	command_fail("--host '%s' is not b7, idd or both",
		     kvmfr_terminal_safe(safe, sizeof(safe), text));
	options->status = COMMAND_USAGE;
}

static void add_mode(struct size_options *options, const char *text)
{
	struct kvmfr_mode mode;
	char safe[64];
	int ret = kvmfr_mode_parse(text, &mode);

	kvmfr_terminal_safe(safe, sizeof(safe), text);
	if (!ret) {
		options->modes[options->count++] = mode;
		return;
	}
	if (ret == -ERANGE)
		command_fail(
			"'%s' is not a picture of 1 to %u pixels in each direction",
			safe, KVMFR_MODE_MAX);
	else
		command_fail(
			"'%s' is not WIDTHxHEIGHT in pixels, like 3840x2160",
			safe);
	options->status = COMMAND_USAGE;
}

/* Only the first of several mistakes is told. */
static error_t parse(int key, char *text, struct argp_state *state)
{
	struct size_options *options = state->input;

	switch (key) {
	case OPTION_HDR:
		options->hdr = true;
		return 0;
	case OPTION_JSON:
		options->json = true;
		return 0;
	case OPTION_HOST:
		if (!options->status)
			set_host(options, text);
		return 0;
	case ARGP_KEY_ARG:
		if (!options->status)
			add_mode(options, text);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no mode given, like 3840x2160");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* The size that is enough for all, or 0 after an error message. */
static uint64_t largest(const struct size_options *options)
{
	uint64_t mib = 0;

	for (size_t i = 0; i < options->count; i++) {
		uint64_t one = kvmfr_memsize_mib(options->modes[i],
						 options->hdr, options->host);

		if (one > SIZE_MOST_MIB) {
			command_fail(
				"%ux%u needs %llu MiB, and the largest device that QEMU can use has %u MiB",
				options->modes[i].width,
				options->modes[i].height,
				(unsigned long long)one, SIZE_MOST_MIB);
			return 0;
		}
		if (one > mib)
			mib = one;
	}
	return mib;
}

char *size_domain_xml(uint64_t bytes)
{
	char *xml;

	if (asprintf(&xml,
		     "<qemu:commandline>\n"
		     "  <qemu:arg value='-device'/>\n"
		     "  <qemu:arg value='{\"driver\":\"ivshmem-plain\",\"id\":\"shmem0\","
		     "\"memdev\":\"looking-glass\"}'/>\n"
		     "  <qemu:arg value='-object'/>\n"
		     "  <qemu:arg value='{\"qom-type\":\"memory-backend-file\","
		     "\"id\":\"looking-glass\",\"mem-path\":\"/dev/kvmfr0\","
		     "\"size\":%llu,\"share\":true,\"align\":%d}'/>\n"
		     "</qemu:commandline>\n",
		     (unsigned long long)bytes, 2 * MIB) < 0)
		return NULL;
	return xml;
}

static int print_text(const struct size_options *options, uint64_t mib,
		      const char *xml)
{
	bool b7 = options->host != KVMFR_HOST_IDD;
	bool idd = options->host != KVMFR_HOST_B7;

	printf("%-13s", "mode");
	printf("%s%s%14s\n", b7 ? "      up to B7" : "",
	       idd ? "      after B7" : "", "device");
	for (size_t i = 0; i < options->count; i++) {
		struct kvmfr_mode mode = options->modes[i];
		int length = printf("%ux%u", mode.width, mode.height);

		printf("%*s", 13 - length, "");
		for (int host = KVMFR_HOST_B7; host <= KVMFR_HOST_IDD; host++) {
			if (host == KVMFR_HOST_B7 ? b7 : idd)
				printf("%10.2f MiB",
				       (double)kvmfr_memsize_used(
					       mode, options->hdr, host) /
					       MIB);
		}
		printf("%10llu MiB\n",
		       (unsigned long long)kvmfr_memsize_mib(mode, options->hdr,
							     options->host));
	}
	printf("\nOne device of %llu MiB (%llu bytes) is enough%s.\n\n",
	       (unsigned long long)mib, (unsigned long long)mib * MIB,
	       options->count > 1 ? " for each of them" : "");
	printf("In /etc/modprobe.d/kvmfr.conf:\n"
	       "options kvmfr static_size_mb=%llu\n\n",
	       (unsigned long long)mib);
	printf("In the XML of the virtual machine, where <domain> has to have\n"
	       "xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0':\n%s",
	       xml);
	return COMMAND_OK;
}

static struct json_object *describe_mode(const struct size_options *options,
					 struct kvmfr_mode mode)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "width",
			       json_object_new_int64(mode.width));
	json_object_object_add(object, "height",
			       json_object_new_int64(mode.height));
	for (int host = KVMFR_HOST_B7; host <= KVMFR_HOST_IDD; host++) {
		uint64_t used = kvmfr_memsize_used(mode, options->hdr, host);

		json_object_object_add(object,
				       host == KVMFR_HOST_B7 ? "b7_bytes" :
							       "idd_bytes",
				       json_object_new_int64((int64_t)used));
	}
	json_object_object_add(object, "mib",
			       json_object_new_int64((int64_t)kvmfr_memsize_mib(
				       mode, options->hdr, options->host)));
	return object;
}

static int print_json(const struct size_options *options, uint64_t mib,
		      const char *xml)
{
	struct json_object *object = json_object_new_object();
	struct json_object *modes = json_object_new_array();
	char line[64];

	for (size_t i = 0; i < options->count; i++)
		json_object_array_add(modes, describe_mode(options,
							   options->modes[i]));
	snprintf(line, sizeof(line), "options kvmfr static_size_mb=%llu",
		 (unsigned long long)mib);
	json_object_object_add(
		object, "host",
		json_object_new_string(host_names[options->host]));
	json_object_object_add(object, "hdr",
			       json_object_new_boolean(options->hdr));
	json_object_object_add(object, "modes", modes);
	json_object_object_add(object, "mib",
			       json_object_new_int64((int64_t)mib));
	json_object_object_add(object, "bytes",
			       json_object_new_int64((int64_t)mib * MIB));
	json_object_object_add(object, "modprobe",
			       json_object_new_string(line));
	json_object_object_add(object, "xml", json_object_new_string(xml));
	puts(json_object_to_json_string_ext(
		object,
		JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
	return COMMAND_OK;
}

static int print(const struct size_options *options)
{
	uint64_t mib = largest(options);
	char *xml;
	int ret;

	if (!mib)
		return COMMAND_FAILED;
	xml = size_domain_xml(mib * MIB);
	if (!xml)
		return command_fail("out of memory");
	ret = options->json ? print_json(options, mib, xml) :
			      print_text(options, mib, xml);
	free(xml);
	return ret;
}

int command_size(const struct kvmfr_root *root, int argc, char **argv)
{
	static const struct argp_option list[] = {
		{ "hdr", OPTION_HDR, NULL, 0, "for HDR pictures", 0 },
		{ "host", OPTION_HOST, "PROGRAM", 0,
		  "what sends the picture: b7 (looking-glass-host up to B7), idd (the display driver after B7), both (either; the default)",
		  0 },
		{ "json", OPTION_JSON, NULL, 0, "print JSON", 0 },
		{ 0 }
	};
	static const struct argp argp = {
		.options = list,
		.parser = parse,
		.args_doc = "WIDTHxHEIGHT...",
		.doc = "Prints the size of a device for Looking Glass that is large enough for pictures of each of these sizes, and the lines of configuration for it.",
	};
	struct size_options options = { .host = KVMFR_HOST_BOTH };
	int ret;

	options.modes = calloc((size_t)argc, sizeof(*options.modes));
	if (!options.modes)
		return command_fail("out of memory");
	argp_parse(&argp, argc, argv, 0, NULL, &options);
	ret = options.status ? options.status : print(&options);
	free(options.modes);
	return ret;
}
