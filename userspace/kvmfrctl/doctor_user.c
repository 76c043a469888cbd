// SPDX-License-Identifier: GPL-2.0
/*
 * The doctor: users and groups, of this machine by the C library, which may ask
 * a server; of another tree by its files; and what a mode and an ACL allow them.
 */
#include "doctor_user.h"

#include <acl/libacl.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/acl.h>
#include <sys/stat.h>
#include <unistd.h>

#define DATABASE_MAX (4 * 1024 * 1024)
#define FIELDS 7

/* Splits "a:b:c" in place; the fields that are missing are "". */
static void split(char *line, char *field[FIELDS])
{
	static char none[1];

	for (int i = 0; i < FIELDS; i++)
		field[i] = line ? strsep(&line, ":") : none;
}

static bool parse_id(const char *text, unsigned int *id)
{
	int64_t value;

	if (kvmfr_parse_s64(text, &value) || value < 0 || value >= UINT32_MAX)
		return false;
	*id = (unsigned int)value;
	return true;
}

/* Calls @each with the fields of all lines until it returns true. */
static bool search(const struct doctor *doctor, const char *path,
		   bool (*each)(char *field[FIELDS], void *data), void *data)
{
	char *field[FIELDS];
	bool found = false;
	char *text, *rest;

	if (kvmfr_read_all(doctor->root, &text, DATABASE_MAX, "%s", path) < 0)
		return false;
	for (char *line = strtok_r(text, "\n", &rest); line && !found;
	     line = strtok_r(NULL, "\n", &rest)) {
		split(line, field);
		found = each(field, data);
	}
	free(text);
	return found;
}

/* Of passwd; the name looked for is a number if it is not there as a name. */
static bool match_user(char *field[FIELDS], void *data)
{
	struct doctor_user *user = data;
	bool same = !strcmp(field[0], user->name) ||
		    !strcmp(field[2], user->name);

	if (!same || !parse_id(field[2], &user->uid) ||
	    !parse_id(field[3], &user->groups[0]))
		return false;
	snprintf(user->name, sizeof(user->name), "%s", field[0]);
	user->count = 1;
	return true;
}

/* Of group: "kvm:x:108:one,two". Goes on to the end. */
static bool match_member(char *field[FIELDS], void *data)
{
	struct doctor_user *user = data;
	unsigned int gid;
	char *rest;

	if (!parse_id(field[2], &gid))
		return false;
	for (char *name = strtok_r(field[3], ",", &rest); name;
	     name = strtok_r(NULL, ",", &rest))
		if (!strcmp(name, user->name) &&
		    user->count < DOCTOR_GROUPS_MAX)
			user->groups[user->count++] = gid;
	return false;
}

static bool find_live(const char *name, struct doctor_user *user)
{
	const struct passwd *entry = getpwnam(name);
	unsigned int uid;

	if (!entry && parse_id(name, &uid))
		entry = getpwuid(uid);
	if (!entry)
		return false;
	snprintf(user->name, sizeof(user->name), "%s", entry->pw_name);
	user->uid = entry->pw_uid;
	user->count = DOCTOR_GROUPS_MAX;
	if (getgrouplist(entry->pw_name, entry->pw_gid, user->groups,
			 &user->count) < 0)
		user->count = DOCTOR_GROUPS_MAX;
	return true;
}

bool doctor_user_find(const struct doctor *doctor, const char *name,
		      struct doctor_user *user)
{
	memset(user, 0, sizeof(*user));
	name += *name == '+';
	if (doctor_live(doctor))
		return find_live(name, user);
	snprintf(user->name, sizeof(user->name), "%s", name);
	if (!search(doctor, "etc/passwd", match_user, user))
		return false;
	search(doctor, "etc/group", match_member, user);
	return true;
}

bool doctor_user_is_member(const struct doctor_user *user, gid_t gid)
{
	for (int i = 0; i < user->count; i++)
		if (user->groups[i] == gid)
			return true;
	return false;
}

/* A group, by either. */
struct group_search {
	const char *name;
	gid_t gid;
	char found[64];
};

static bool match_group(char *field[FIELDS], void *data)
{
	struct group_search *wanted = data;
	unsigned int gid;

	if (!parse_id(field[2], &gid))
		return false;
	if (wanted->name ? strcmp(field[0], wanted->name) &&
				   strcmp(field[2], wanted->name) :
			   gid != wanted->gid)
		return false;
	wanted->gid = gid;
	snprintf(wanted->found, sizeof(wanted->found), "%s", field[0]);
	return true;
}

bool doctor_group_find(const struct doctor *doctor, const char *name,
		       gid_t *gid)
{
	struct group_search wanted = { .name = name + (*name == '+') };
	const struct group *entry;

	if (!doctor_live(doctor)) {
		if (!search(doctor, "etc/group", match_group, &wanted))
			return false;
		*gid = wanted.gid;
		return true;
	}
	entry = getgrnam(wanted.name);
	if (!entry)
		return parse_id(wanted.name, gid);
	*gid = entry->gr_gid;
	return true;
}

bool doctor_group_name(const struct doctor *doctor, gid_t gid, char *name,
		       size_t size)
{
	struct group_search wanted = { .gid = gid };
	const struct group *entry;

	if (doctor_live(doctor)) {
		entry = getgrgid(gid);
		if (entry)
			snprintf(wanted.found, sizeof(wanted.found), "%s",
				 entry->gr_name);
	} else {
		search(doctor, "etc/group", match_group, &wanted);
	}
	snprintf(name, size, "%s", wanted.found);
	return *name;
}

static bool both(acl_entry_t entry)
{
	acl_permset_t set;

	return !acl_get_permset(entry, &set) &&
	       acl_get_perm(set, ACL_READ) == 1 &&
	       acl_get_perm(set, ACL_WRITE) == 1;
}

/* The number that a user's or a group's entry is for. */
static bool entry_id(acl_entry_t entry, unsigned int *id)
{
	unsigned int *qualifier = acl_get_qualifier(entry);

	if (!qualifier)
		return false;
	*id = *qualifier;
	acl_free(qualifier);
	return true;
}

/* What acl(5) calls the access check: the first class that fits decides. */
struct decision {
	bool named_user, named_user_may;
	bool group, group_may;
	bool mask_may;
	bool other_may;
};

static void weigh(acl_entry_t entry, const struct doctor_user *user,
		  const struct stat *st, struct decision *decision)
{
	unsigned int id = 0;
	acl_tag_t tag;

	if (acl_get_tag_type(entry, &tag))
		return;
	if (tag == ACL_USER && entry_id(entry, &id) && id == user->uid) {
		decision->named_user = true;
		decision->named_user_may = both(entry);
	} else if ((tag == ACL_GROUP_OBJ &&
		    doctor_user_is_member(user, st->st_gid)) ||
		   (tag == ACL_GROUP && entry_id(entry, &id) &&
		    doctor_user_is_member(user, id))) {
		decision->group = true;
		decision->group_may = decision->group_may || both(entry);
	} else if (tag == ACL_MASK) {
		decision->mask_may = both(entry);
	} else if (tag == ACL_OTHER) {
		decision->other_may = both(entry);
	}
}

static bool acl_allows(acl_t acl, const struct doctor_user *user,
		       const struct stat *st)
{
	struct decision decision = { .mask_may = true };
	acl_entry_t entry;

	for (int ret = acl_get_entry(acl, ACL_FIRST_ENTRY, &entry); ret == 1;
	     ret = acl_get_entry(acl, ACL_NEXT_ENTRY, &entry))
		weigh(entry, user, st, &decision);
	if (decision.named_user)
		return decision.named_user_may && decision.mask_may;
	if (decision.group)
		return decision.group_may && decision.mask_may;
	return decision.other_may;
}

bool doctor_user_may(const struct doctor *doctor,
		     const struct doctor_user *user, const char *path)
{
	int fd = kvmfr_open(doctor->root, O_PATH, "%s", path);
	bool may = false;
	struct stat st;
	char link[64];
	acl_t acl;

	if (fd < 0)
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (!fstat(fd, &st)) {
		acl = acl_get_file(link, ACL_TYPE_ACCESS);
		if (!acl)
			acl = acl_from_mode(st.st_mode);
		if (!user->uid)
			may = true;
		else if (user->uid == st.st_uid)
			may = (st.st_mode & 0600) == 0600;
		else
			may = acl && acl_allows(acl, user, &st);
		acl_free(acl);
	}
	close(fd);
	return may;
}
