/* SPDX-License-Identifier: GPL-2.0 */
/* /etc/kvmfr.conf, read by both daemons and kvmfrctl; see kvmfr.conf(5). */
#ifndef KVMFR_CONFIG_H
#define KVMFR_CONFIG_H

#include <stdbool.h>
#include <sys/types.h>

#include "root.h"

#define KVMFR_CONFIG_PATH "etc/kvmfr.conf"
#define KVMFR_CONFIG_LINE 180 /* bytes of a line, without its newline */
#define KVMFR_CONFIG_SIZE 65536 /* bytes of the file */
#define KVMFR_CONFIG_NODES 11 /* [nodes], [nodes kvmfr0] to [nodes kvmfr9] */

/**
 * struct kvmfr_config_nodes - a section [nodes] or [nodes kvmfrN]
 *
 * What [nodes kvmfrN] does not say is as in [nodes], wherever that stands.
 *
 * @group: name of the group that owns the nodes
 * @mode: permission bits, 0600 to 0666
 * @users: names of users who get access by ACL, NULL after the last
 * @seat: the user of the active session of seat0 gets access, too
 */
struct kvmfr_config_nodes {
	char *group;
	mode_t mode;
	char **users;
	bool seat;
};

/**
 * struct kvmfr_config_power - the section [power]
 * @meter: "auto", "none", "hwmon", "powercap", "acpi" or "command"
 * @sensor: of meter "hwmon", and for "auto": "chip:label", "" for none
 * @command: absolute path and arguments, NULL after the last; run without a shell
 * @state: path of the JSON file, "" for none
 * @metrics: path of the OpenMetrics file, "" for none
 */
struct kvmfr_config_power {
	char *meter;
	char *sensor;
	char **command;
	char *state;
	char *metrics;
};

struct kvmfr_config {
	struct kvmfr_config_nodes defaults;
	struct kvmfr_config_nodes *node[10]; /* NULL: as defaults */
	struct kvmfr_config_power power;
};

/*
 * What is wrong: "line 4: mode '999' is not 0600 to 0666, octal". UTF-8 without
 * control characters, whatever the file has. @line is 0 for the file as a whole.
 */
struct kvmfr_config_error {
	unsigned int line;
	char text[256];
};

/*
 * Reads the file; without one these are the defaults: group kvm, mode 0660,
 * no users, seat no; meter auto, /run/vfio-powerd/state.json, no metrics.
 *
 * Return: 0 and *@config, to be freed; -EINVAL and *@error; or another errno.
 * *@config is NULL after any failure.
 */
int kvmfr_config_read(const struct kvmfr_root *root,
		      struct kvmfr_config **config,
		      struct kvmfr_config_error *error);
/* The same for the file @path; here a file that is missing is -ENOENT. */
int kvmfr_config_read_path(const char *path, struct kvmfr_config **config,
			   struct kvmfr_config_error *error);

/* The same for @size bytes that are in memory. */
int kvmfr_config_parse(const char *text, size_t size,
		       struct kvmfr_config **config,
		       struct kvmfr_config_error *error);

void kvmfr_config_free(struct kvmfr_config *config);

/* The settings for a device by its name, "kvmfr3". */
const struct kvmfr_config_nodes *
kvmfr_config_node(const struct kvmfr_config *config, const char *name);

#endif
