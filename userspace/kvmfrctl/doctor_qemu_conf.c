// SPDX-License-Identifier: GPL-2.0
/*
 * Reads /etc/libvirt/qemu.conf: "key = value", where a value is a string, a
 * number, or a list of strings on any number of lines, with comments in it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "doctor_libvirt.h"

#define CONF_MAX (1024 * 1024)
#define WORD "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

struct scan {
	const char *at;
	unsigned int line;
};

/* Blanks, line ends, comments, and @more. */
static void skip(struct scan *scan, const char *more)
{
	for (;; scan->at++) {
		if (*scan->at == '#')
			scan->at += strcspn(scan->at, "\n");
		if (!*scan->at)
			return;
		if (*scan->at == '\n')
			scan->line++;
		else if (!strchr(" \t\r", *scan->at) &&
			 !strchr(more, *scan->at))
			return;
	}
}

/* A string in either quotes, or a bare word; NULL if there is none. */
static char *take_string(struct scan *scan)
{
	char end[2] = { *scan->at, '\0' };
	size_t length;
	char *text;

	if (*end != '"' && *end != '\'') {
		length = strspn(scan->at, WORD);
		text = length ? strndup(scan->at, length) : NULL;
		scan->at += length;
		return text;
	}
	length = strcspn(++scan->at, end);
	text = strndup(scan->at, length);
	for (const char *c = scan->at; c < scan->at + length; c++)
		scan->line += *c == '\n';
	scan->at += length + (scan->at[length] != '\0');
	return text;
}

/* An entry of cgroup_device_acl; only "/dev/kvmfr<n>" matters. */
static void list(struct qemu_conf *conf, const char *entry)
{
	static const char node[] = "/dev/kvmfr";

	if (strncmp(entry, node, strlen(node)))
		return;
	entry += strlen(node);
	if (*entry >= '0' && *entry < '0' + KVMFR_DEVICES_MAX && !entry[1])
		conf->listed[*entry - '0'] = true;
}

static void set(struct qemu_conf *conf, const char *key, const char *value)
{
	if (!strcmp(key, "user"))
		snprintf(conf->user, sizeof(conf->user), "%s", value);
	else if (!strcmp(key, "group"))
		snprintf(conf->group, sizeof(conf->group), "%s", value);
	else if (!strcmp(key, "security_driver") && !strcmp(value, "none"))
		conf->unguarded = true;
	else if (!strcmp(key, "cgroup_device_acl"))
		list(conf, value);
}

static void take_value(struct scan *scan, struct qemu_conf *conf,
		       const char *key)
{
	bool list = *scan->at == '[';
	char *value;

	if (list) {
		scan->at++;
		skip(scan, ",");
	}
	while (*scan->at != ']' && (value = take_string(scan))) {
		set(conf, key, value);
		free(value);
		if (!list)
			return;
		skip(scan, ",");
	}
	if (list && *scan->at == ']')
		scan->at++;
}

static void parse(struct scan *scan, struct qemu_conf *conf)
{
	char key[64];

	for (skip(scan, ""); *scan->at; skip(scan, "")) {
		size_t length = strspn(scan->at, WORD);
		unsigned int line = scan->line;

		snprintf(key, sizeof(key), "%.*s", (int)length, scan->at);
		scan->at += length + strspn(scan->at + length, " \t");
		if (*scan->at != '=') {
			scan->at += strcspn(scan->at, "\n");
			continue;
		}
		scan->at++;
		skip(scan, "");
		if (!strcmp(key, "cgroup_device_acl")) {
			memset(conf->listed, 0, sizeof(conf->listed));
			conf->has_acl = true;
			conf->first = line;
			conf->open = *scan->at == '[' ? scan->line : 0;
		}
		take_value(scan, conf, key);
	}
}

int qemu_conf_read(const struct doctor *doctor, struct qemu_conf *conf)
{
	struct scan scan = { .line = 1 };
	char *text;
	int ret = kvmfr_read_all(doctor->root, &text, CONF_MAX,
				 "etc/libvirt/qemu.conf");

	memset(conf, 0, sizeof(*conf));
	if (ret < 0)
		return ret;
	scan.at = text;
	parse(&scan, conf);
	free(text);
	return 0;
}

bool doctor_libvirt_user(const struct doctor *doctor, struct doctor_user *user)
{
	struct qemu_conf conf;
	bool found;

	if (!kvmfr_exists(doctor->root, "etc/libvirt"))
		return false;
	qemu_conf_read(doctor, &conf);
	/* Debian and Arch; Fedora and others. */
	if (*conf.user)
		found = doctor_user_find(doctor, conf.user, user);
	else
		found = doctor_user_find(doctor, "libvirt-qemu", user) ||
			doctor_user_find(doctor, "qemu", user);
	if (found && *conf.group && user->count < DOCTOR_GROUPS_MAX &&
	    doctor_group_find(doctor, conf.group, &user->groups[user->count]))
		user->count++;
	return found;
}
