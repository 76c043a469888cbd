/* SPDX-License-Identifier: GPL-2.0 */
/* /etc/kvmfr.conf with numbers in place of the names of groups and users. */
#ifndef KVMFRD_SETTINGS_H
#define KVMFRD_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define SETTINGS_USERS 32

/**
 * struct node_settings - what one device's node has to be like
 * @seat: the user in front of the machine gets access, too
 */
struct node_settings {
	gid_t group;
	mode_t mode;
	uid_t users[SETTINGS_USERS];
	size_t user_count;
	bool seat;
};

struct settings {
	struct node_settings node[10];
	bool seat; /* of any of them */
};

/*
 * Reads @path, or the usual file if it is NULL, and says on stderr what is
 * wrong: with the file, or a name that does not exist. @settings changes only
 * if nothing is.
 */
bool settings_load(const char *path, struct settings *settings);

#endif
