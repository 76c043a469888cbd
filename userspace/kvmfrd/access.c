// SPDX-License-Identifier: GPL-2.0
/* Owner, group, mode and ACL of one node. */
#include "access.h"

#include <acl/libacl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/acl.h>
#include <sys/stat.h>
#include <unistd.h>

/* A name for what an O_PATH descriptor stands for, whatever its path is now. */
struct fd_path {
	char text[32];
};

static struct fd_path fd_path(int fd)
{
	struct fd_path path;

	snprintf(path.text, sizeof(path.text), "/proc/self/fd/%d", fd);
	return path;
}

static bool entry_is_user(acl_entry_t entry, uid_t uid)
{
	acl_tag_t tag;
	uid_t *qualifier;
	bool same;

	if (acl_get_tag_type(entry, &tag) || tag != ACL_USER)
		return false;
	qualifier = acl_get_qualifier(entry);
	if (!qualifier)
		return false;
	same = *qualifier == uid;
	acl_free(qualifier);
	return same;
}

static bool has_user(acl_t acl, uid_t uid)
{
	acl_entry_t entry;
	int more = acl_get_entry(acl, ACL_FIRST_ENTRY, &entry);

	while (more == 1) {
		if (entry_is_user(entry, uid))
			return true;
		more = acl_get_entry(acl, ACL_NEXT_ENTRY, &entry);
	}
	return false;
}

static bool add_user(acl_t *acl, uid_t uid)
{
	acl_permset_t permissions;
	acl_entry_t entry;

	if (has_user(*acl, uid))
		return true;
	return !acl_create_entry(acl, &entry) &&
	       !acl_set_tag_type(entry, ACL_USER) &&
	       !acl_set_qualifier(entry, &uid) &&
	       !acl_get_permset(entry, &permissions) &&
	       !acl_add_perm(permissions, ACL_READ) &&
	       !acl_add_perm(permissions, ACL_WRITE) &&
	       !acl_set_permset(entry, permissions);
}

/* The ACL that the node has to have; NULL and errno. */
static acl_t make_acl(const struct node_settings *settings, acl_t now,
		      uid_t seat)
{
	acl_t acl = acl_from_mode(settings->mode);
	bool good = acl;

	for (size_t i = 0; good && i < settings->user_count; i++)
		good = add_user(&acl, settings->users[i]);
	if (good && seat != ACCESS_NOBODY &&
	    (settings->seat || has_user(now, seat)))
		good = add_user(&acl, seat);
	if (good && acl_equiv_mode(acl, NULL) == 1)
		good = !acl_calc_mask(&acl);
	if (good)
		return acl;
	if (acl)
		acl_free(acl);
	return NULL;
}

/* One system call sets mode and ACL together. */
static int set_acl(int fd, acl_t acl)
{
	struct fd_path path = fd_path(fd);
	mode_t mode;

	if (!acl_set_file(path.text, ACL_TYPE_ACCESS, acl))
		return 0;
	/* A file system without ACLs will do if there is nobody to be in one. */
	if (errno == EOPNOTSUPP && !acl_equiv_mode(acl, &mode))
		return chmod(path.text, mode) ? -errno : 0;
	return -errno;
}

static int apply_acl(int fd, const struct node_settings *settings, uid_t seat)
{
	acl_t now = acl_get_file(fd_path(fd).text, ACL_TYPE_ACCESS);
	acl_t acl = now ? make_acl(settings, now, seat) : NULL;
	int ret = -errno;

	if (acl) {
		ret = acl_cmp(now, acl);
		if (ret > 0)
			ret = set_acl(fd, acl) ?: 1;
		acl_free(acl);
	}
	if (now)
		acl_free(now);
	return ret;
}

int access_apply(int fd, const struct node_settings *settings, uid_t seat)
{
	bool changed = false;
	struct stat st;
	int ret;

	if (fstat(fd, &st))
		return -errno;
	if (st.st_uid || st.st_gid != settings->group) {
		if (fchownat(fd, "", 0, settings->group, AT_EMPTY_PATH))
			return -errno;
		changed = true;
	}
	/* An ACL says nothing of these bits, which mean nothing for a node. */
	if (st.st_mode & 07000) {
		if (chmod(fd_path(fd).text, st.st_mode & 0777))
			return -errno;
		changed = true;
	}
	ret = apply_acl(fd, settings, seat);
	return ret < 0 ? ret : ret || changed;
}
