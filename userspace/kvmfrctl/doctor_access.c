// SPDX-License-Identifier: GPL-2.0
/* The doctor: may the user and QEMU open the nodes, and does udev see to it. */
#include "doctor.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "doctor_conf.h"
#include "doctor_libvirt.h"
#include "doctor_user.h"

#define RULE \
	"SUBSYSTEM==\"kvmfr\", GROUP=\"kvm\", MODE=\"0660\", TAG+=\"uaccess\""
#define RULES "etc/udev/rules.d/70-kvmfr.rules"
/* Once, and on a line of its own, whatever is in the file already. */
#define ADD                                   \
	"grep -qsxF '" RULE "' /" RULES " ||" \
	" printf '\\n%%s\\n' '" RULE "' >>/" RULES
#define TRIGGER                                                  \
	"udevadm control --reload\n"                             \
	"udevadm trigger --action=add --subsystem-match=kvmfr\n" \
	"udevadm settle"
#define SEAT "73-seat-late.rules" /* of systemd; acts on uaccess */
#define LOGIN_FIRST 1000
#define LOGIN_LAST 59999

/* What the rules of udev say about kvmfr. */
struct rules {
	bool any;
	bool good; /* one that gives the group, and is not to be replaced */
};

/*
 * The next value of KEY="value", after the operator; false if the line has no
 * more. @at is where the search goes on, at first the beginning of @text.
 */
static bool next_value(const char *text, const char **at, const char *key,
		       char *value, size_t size)
{
	const char *found;

	while ((found = strstr(*at, key))) {
		const char *end = found + strlen(key);
		bool word = found == text || strchr(" \t,", found[-1]);

		*at = end;
		end += strspn(end, "=:+");
		if (!word || end == *at || *end != '"')
			continue;
		end++;
		if (strcspn(end, "\"") >= size)
			continue;
		snprintf(value, size, "%.*s", (int)strcspn(end, "\""), end);
		return true;
	}
	return false;
}

static bool rule_value(const char *text, const char *key, char *value,
		       size_t size)
{
	const char *at = text;

	return next_value(text, &at, key, value, size);
}

/* A line may give several. */
static bool has_tag(const char *text, const char *tag)
{
	const char *at = text;
	char value[64];

	while (next_value(text, &at, "TAG", value, sizeof(value)))
		if (!strcmp(value, tag))
			return true;
	return false;
}

static bool is_for_kvmfr(const char *text)
{
	char value[64];

	return (rule_value(text, "SUBSYSTEM", value, sizeof(value)) &&
		!strcmp(value, "kvmfr")) ||
	       (rule_value(text, "KERNEL", value, sizeof(value)) &&
		!strncmp(value, "kvmfr", 5));
}

/*
 * Puts our rule where it works, and makes a comment of the line: the numbers of
 * other lines stay, for the remedies of other findings and for a second time.
 */
static char *replace_rule(const struct doctor_line *line)
{
	bool local = !strncmp(line->path, "etc/", 4);
	char *from = doctor_text("/%s", line->path);
	char *to = doctor_text("/etc/udev/rules.d/%s",
			       strrchr(line->path, '/') + 1);
	char *old = from ? doctor_quote(from) : NULL;
	char *new = to ? doctor_quote(to) : NULL;
	char *copy = NULL, *remedy = NULL;

	if (old && new)
		copy = local ? doctor_text("%s", "") :
			       doctor_text("mkdir -p /etc/udev/rules.d\n"
					   "[ -e %s ] || cp %s %s\n",
					   new, old, new);
	if (copy)
		remedy = doctor_text("%ssed -i '%u,%us/^[^#]/# &/' %s\n" ADD
				     "\n" TRIGGER,
				     copy, line->first, line->last,
				     local ? old : new);
	free(copy);
	free(new);
	free(old);
	free(to);
	free(from);
	return remedy;
}

/* Whether somebody of that name logs in, other than services. */
static bool is_login(const struct doctor *doctor, const char *name)
{
	struct doctor_user user;

	return doctor_user_find(doctor, name, &user) &&
	       user.uid >= LOGIN_FIRST && user.uid <= LOGIN_LAST;
}

static void check_rule(struct doctor *doctor, const struct doctor_line *line,
		       void *data)
{
	const char *name = strrchr(line->path, '/') + 1;
	struct rules *rules = data;
	char value[64];

	if (!is_for_kvmfr(line->text))
		return;
	rules->any = true;
	if (rule_value(line->text, "OWNER", value, sizeof(value)) &&
	    is_login(doctor, value)) {
		doctor_report(
			doctor, "udev-owner-login", DOCTOR_WARNING,
			doctor_text(
				"Line %u of /%s makes %s the owner, who is no system user.",
				line->first, line->path, value),
			doctor_text(
				"systemd 258 ignores such a line as a whole, later ones are going to."),
			replace_rule(line));
		return;
	}
	if (has_tag(line->text, "uaccess") && strcmp(name, SEAT) > 0) {
		doctor_report(
			doctor, "udev-rule-late", DOCTOR_WARNING,
			doctor_text(
				"/%s gives the tag uaccess, but is read after " SEAT
				".",
				line->path),
			doctor_text(
				"Nobody acts on the tag then: who sits in front of the machine gets no access."),
			replace_rule(line));
		return;
	}
	rules->good = rules->good ||
		      rule_value(line->text, "GROUP", value, sizeof(value)) ||
		      rule_value(line->text, "MODE", value, sizeof(value));
}

static void check_rules(struct doctor *doctor)
{
	static const char *const directories[] = {
		"etc/udev/rules.d",	      "run/udev/rules.d",
		"usr/local/lib/udev/rules.d", "usr/lib/udev/rules.d",
		"lib/udev/rules.d",	      NULL
	};
	struct rules rules = { 0 };

	doctor_lines_of(doctor, directories, ".rules", check_rule, &rules);
	/* kvmfrd does the same from its own configuration. */
	if (rules.any || kvmfr_exists(doctor->root, "etc/kvmfr.conf"))
		return;
	doctor_report(
		doctor, "udev-rule-missing", DOCTOR_WARNING,
		doctor_text("No rule of udev says who may use /dev/kvmfr<n>."),
		doctor_text("Only root may then, neither QEMU nor the client."),
		doctor_text("mkdir -p /etc/udev/rules.d\n" ADD "\n" TRIGGER));
}

/* The group of the node if that would help, else kvm, which the rule gives it. */
static char *join(const struct doctor *doctor, const struct doctor_user *user,
		  const struct stat *st)
{
	char group[64] = "kvm";
	bool fits = st->st_gid && (st->st_mode & 0060) == 0060 &&
		    doctor_group_name(doctor, st->st_gid, group, sizeof(group));
	const char *member = "";
	gid_t gid;

	if (!fits)
		strcpy(group, "kvm");
	if (!doctor_group_find(doctor, group, &gid))
		member = "groupadd -r kvm\n";
	return doctor_text("%s%s%s%s%s%s", fits ? "" : member, "usermod -a -G ",
			   group, " ", user->name, fits ? "" : "\n" TRIGGER);
}

static void check_user(struct doctor *doctor, const struct kvmfr_device *device,
		       const struct doctor_user *user, bool qemu)
{
	char owner[64];
	char *remedy;
	char *all;
	struct stat st;

	if (kvmfr_lstat(doctor->root, &st, "dev/%s", device->name) ||
	    !S_ISCHR(st.st_mode))
		return;
	snprintf(owner, sizeof(owner), "dev/%s", device->name);
	if (doctor_user_may(doctor, user, owner))
		return;
	if (!doctor_group_name(doctor, st.st_gid, owner, sizeof(owner)))
		snprintf(owner, sizeof(owner), "%u", st.st_gid);
	remedy = join(doctor, user, &st);
	all = remedy ? doctor_text("%s\n%s", remedy,
				   qemu ? doctor_restart_libvirt(doctor) :
					  "# log in again") :
		       NULL;
	free(remedy);
	doctor_report(
		doctor, qemu ? "access-qemu" : "access-user", DOCTOR_ERROR,
		doctor_text(
			"%s may not read and write /dev/%s, which has mode %04o and belongs to group %s.",
			user->name, device->name, st.st_mode & 07777, owner),
		doctor_text(
			qemu ? "libvirt runs QEMU as that user: the virtual machine does not start." :
			       "The client cannot show the picture."),
		all);
}

static void check_everybody(struct doctor *doctor,
			    const struct kvmfr_device *device)
{
	struct stat st;

	if (kvmfr_lstat(doctor->root, &st, "dev/%s", device->name) ||
	    !S_ISCHR(st.st_mode) || !(st.st_mode & 0006))
		return;
	doctor_report(
		doctor, "access-everybody", DOCTOR_WARNING,
		doctor_text("Everybody may %s /dev/%s, whose mode is %04o.",
			    st.st_mode & 0002 ? "write" : "read", device->name,
			    st.st_mode & 07777),
		doctor_text(
			"Every program of every user sees the picture of the virtual machine."),
		doctor_text(
			"chmod o= /dev/%s\n"
			"# and take the mode from the rule of udev or /etc/kvmfr.conf that gives it",
			device->name));
}

void doctor_check_access(struct doctor *doctor)
{
	struct kvmfr_device devices[KVMFR_DEVICES_MAX];
	int count = kvmfr_device_list(doctor->root, devices);
	struct doctor_user user, qemu;
	bool has_user = *doctor->user &&
			doctor_user_find(doctor, doctor->user, &user);
	bool has_qemu = doctor_libvirt_user(doctor, &qemu);

	check_rules(doctor);
	if (*doctor->user && !has_user)
		doctor_skip(doctor,
			    doctor_text("what %s may do: there is no such user",
					doctor->user));
	for (int i = 0; i < count; i++) {
		if (has_user)
			check_user(doctor, &devices[i], &user, false);
		if (has_qemu)
			check_user(doctor, &devices[i], &qemu, true);
		check_everybody(doctor, &devices[i]);
	}
	doctor_check_libvirt(doctor, devices, count > 0 ? count : 0);
}
