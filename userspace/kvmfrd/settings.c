// SPDX-License-Identifier: GPL-2.0
/* /etc/kvmfr.conf with numbers in place of the names of groups and users. */
#include "settings.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "log.h"

static bool resolve_group(const char *file, const char *name, gid_t *gid)
{
	static const char no_group[] =
		"%s: there is no group '%s'; make it with 'groupadd --system %s'";
	const struct group *group = getgrnam(name);

	if (!group) {
		log_error(no_group, file, name, name);
		return false;
	}
	*gid = group->gr_gid;
	return true;
}

static bool resolve_users(const char *file, char **names,
			  struct node_settings *settings)
{
	static const char no_user[] =
		"%s: there is no user '%s'; take the name out or make the user";
	for (settings->user_count = 0; *names; names++) {
		const struct passwd *user = getpwnam(*names);

		if (!user || settings->user_count == SETTINGS_USERS) {
			log_error(no_user, file, *names);
			return false;
		}
		settings->users[settings->user_count++] = user->pw_uid;
	}
	return true;
}

static bool resolve(const char *file, const struct kvmfr_config *config,
		    struct settings *settings)
{
	memset(settings, 0, sizeof(*settings));
	for (int i = 0; i < 10; i++) {
		const struct kvmfr_config_nodes *nodes =
			config->node[i] ?: &config->defaults;
		struct node_settings *node = &settings->node[i];

		if (!resolve_group(file, nodes->group, &node->group) ||
		    !resolve_users(file, nodes->users, node))
			return false;
		node->mode = nodes->mode;
		node->seat = nodes->seat;
		settings->seat |= node->seat;
	}
	return true;
}

bool settings_load(const char *path, struct settings *settings)
{
	const struct kvmfr_root machine = { .fd = -1 };
	const char *file = path ?: "/" KVMFR_CONFIG_PATH;
	struct kvmfr_config_error error;
	struct kvmfr_config *config;
	struct settings loaded;
	bool good;
	int ret;

	if (path)
		ret = kvmfr_config_read_path(path, &config, &error);
	else
		ret = kvmfr_config_read(&machine, &config, &error);
	if (ret == -EINVAL) {
		log_error("%s: %s", file, error.text);
		return false;
	}
	if (ret) {
		log_error("cannot read '%s': %s", file, strerror(-ret));
		return false;
	}
	good = resolve(file, config, &loaded);
	kvmfr_config_free(config);
	if (good)
		*settings = loaded;
	return good;
}
