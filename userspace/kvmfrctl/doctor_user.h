/* SPDX-License-Identifier: GPL-2.0 */
/* The doctor: users and groups of the system that is looked at. */
#ifndef KVMFRCTL_DOCTOR_USER_H
#define KVMFRCTL_DOCTOR_USER_H

#include <sys/types.h>

#include "doctor.h"

#define DOCTOR_GROUPS_MAX 256

/**
 * struct doctor_user - somebody who opens nodes
 * @name: as in passwd
 * @uid: number
 * @groups: all of the user's, the first is the primary one
 */
struct doctor_user {
	char name[64];
	uid_t uid;
	gid_t groups[DOCTOR_GROUPS_MAX];
	int count;
};

/* By name or, as libvirt has it, "+1000". False if there is no such user. */
bool doctor_user_find(const struct doctor *doctor, const char *name,
		      struct doctor_user *user);

bool doctor_user_is_member(const struct doctor_user *user, gid_t gid);

/* False if there is no group of that name, or number. */
bool doctor_group_find(const struct doctor *doctor, const char *name,
		       gid_t *gid);
bool doctor_group_name(const struct doctor *doctor, gid_t gid, char *name,
		       size_t size);

/* Whether the user may read and write a file of this system, ACLs included. */
bool doctor_user_may(const struct doctor *doctor,
		     const struct doctor_user *user, const char *path);

#endif
