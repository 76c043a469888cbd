// SPDX-License-Identifier: GPL-2.0
/* kvmfrctl doctor: says what is wrong, why that matters and what helps. */
#include "doctor.h"

#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

#define DOMAINS "etc/libvirt/qemu"

/* In the order in which things are put right: each stands on those before. */
static void (*const checks[])(struct doctor *doctor) = {
	doctor_check_module, doctor_check_node,	 doctor_check_access,
	doctor_check_domain, doctor_check_iommu, doctor_check_vfio,
	doctor_check_slot,
};

struct options {
	const struct kvmfr_root *root;
	struct doctor doctor;
	char **domains; /* as given, FILE or NAME */
	size_t domain_count;
	bool json;
	bool fix;
	bool yes;
};

static error_t add_domain(struct options *options, char *text)
{
	char **grown = reallocarray(options->domains, options->domain_count + 1,
				    sizeof(*grown));

	if (!grown)
		return ENOMEM;
	options->domains = grown;
	grown[options->domain_count++] = text;
	return 0;
}

static error_t add_mode(struct doctor *doctor, const char *text,
			struct argp_state *state)
{
	struct kvmfr_mode *grown = reallocarray(
		doctor->modes, doctor->mode_count + 1, sizeof(*grown));

	if (!grown)
		return ENOMEM;
	doctor->modes = grown;
	if (kvmfr_mode_parse(text, &grown[doctor->mode_count]))
		argp_error(state, "mode '%s' is not WIDTHxHEIGHT, each 1 to %d",
			   text, KVMFR_MODE_MAX);
	doctor->mode_count++;
	return 0;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'j':
		options->json = true;
		return 0;
	case 'f':
		options->fix = true;
		return 0;
	case 'y':
		options->yes = true;
		return 0;
	case 'd':
		return add_domain(options, text);
	case 'm':
		return add_mode(&options->doctor, text, state);
	case 'u':
		if (!*text || strlen(text) >= sizeof(options->doctor.user))
			argp_error(state, "'%s' is no name of a user", text);
		strcpy(options->doctor.user, text);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state,
			   "nothing is expected after the options, not '%s'",
			   text);
		return 0;
	case ARGP_KEY_END:
		if (options->yes && !options->fix)
			argp_error(state, "--yes is for --fix");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* Whoever called sudo, else whoever runs this, unless that is root. */
static void guess_user(struct doctor *doctor)
{
	const char *sudo = getenv("SUDO_USER");
	struct passwd *user = NULL;

	if (doctor->user[0] || !doctor_live(doctor))
		return;
	if (sudo)
		user = getpwnam(sudo);
	else if (getuid())
		user = getpwuid(getuid());
	if (user && user->pw_uid)
		snprintf(doctor->user, sizeof(doctor->user), "%s",
			 user->pw_name);
}

/* Relative to the root; a path of this machine may be relative to where we are. */
static int find_domain(const struct kvmfr_root *root, const char *given,
		       char path[PATH_MAX])
{
	char real[PATH_MAX];
	int length;

	if (!strchr(given, '/') &&
	    !kvmfr_exists(root, DOMAINS "/%s.xml", given) && root->fd < 0 &&
	    realpath(given, real))
		length = snprintf(path, PATH_MAX, "%s", real + 1);
	else if (!strchr(given, '/'))
		length = snprintf(path, PATH_MAX, DOMAINS "/%s.xml", given);
	else if (root->fd < 0 && realpath(given, real))
		length = snprintf(path, PATH_MAX, "%s", real + 1);
	else
		length = snprintf(path, PATH_MAX, "%s",
				  given + strspn(given, "/"));
	return length < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static int add_parsed(struct doctor *doctor, struct kvmfr_domain *domain)
{
	struct kvmfr_domain **grown = reallocarray(
		doctor->domains, doctor->domain_count + 1, sizeof(*grown));

	if (!grown) {
		kvmfr_domain_free(domain);
		return -ENOMEM;
	}
	doctor->domains = grown;
	grown[doctor->domain_count++] = domain;
	return 0;
}

/* Those that the user named have to be readable; 0 or an exit status. */
static int read_given_domains(const struct options *options,
			      struct doctor *doctor)
{
	for (size_t i = 0; i < options->domain_count; i++) {
		const char *given = options->domains[i];
		struct kvmfr_domain *domain;
		char path[PATH_MAX];
		char error[256] = "";
		int ret = find_domain(doctor->root, given, path);

		if (!ret)
			ret = kvmfr_domain_read(doctor->root, path, &domain,
						error);
		if (ret == -EINVAL && *error)
			return command_fail("'%s' is no domain of libvirt: %s",
					    given, error);
		if (ret)
			return command_fail(
				"cannot read the domain '%s' at '/%s': %s",
				given, path, strerror(-ret));
		if (add_parsed(doctor, domain))
			return command_fail("out of memory");
	}
	return COMMAND_OK;
}

static void read_domain(struct doctor *doctor, const char *name)
{
	size_t length = strlen(name);
	struct kvmfr_domain *domain;
	char path[PATH_MAX];
	char error[256] = "";
	int ret;

	if (length < 5 || strcmp(name + length - 4, ".xml") ||
	    snprintf(path, sizeof(path), DOMAINS "/%s", name) >=
		    (int)sizeof(path))
		return;
	ret = kvmfr_domain_read(doctor->root, path, &domain, error);
	if (ret)
		doctor_skip(doctor,
			    doctor_text("the virtual machine of /%s: %s", path,
					*error ? error : strerror(-ret)));
	else if (add_parsed(doctor, domain))
		doctor->error = -ENOMEM;
}

static void read_all_domains(struct doctor *doctor)
{
	struct kvmfr_names names;
	int ret = kvmfr_list(doctor->root, &names, DOMAINS);

	if (ret == -ENOENT)
		return;
	if (ret) {
		doctor_skip(doctor,
			    doctor_text("virtual machines below /" DOMAINS
					": %s",
					strerror(-ret)));
		return;
	}
	for (size_t i = 0; i < names.count; i++)
		read_domain(doctor, names.name[i]);
	kvmfr_names_free(&names);
}

static int visit(const struct options *options, struct doctor *doctor)
{
	int ret = COMMAND_OK;

	doctor_forget(doctor);
	if (options->domain_count)
		ret = read_given_domains(options, doctor);
	else
		read_all_domains(doctor);
	if (ret)
		return ret;
	for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++)
		checks[i](doctor);
	if (doctor->error)
		return command_fail("%s", strerror(-doctor->error));
	return COMMAND_OK;
}

/* With what was written, the first findings are of yesterday. */
static int fix(const struct options *options, struct doctor *doctor)
{
	int ret = doctor_fix(doctor, options->json ? stderr : stdout,
			     options->yes);

	if (ret == -ENOTTY) {
		command_fail(
			"--fix asks before it writes, and nobody is here to answer: add --yes");
		return COMMAND_USAGE;
	}
	if (ret < 0)
		return COMMAND_FAILED;
	return ret ? visit(options, doctor) : COMMAND_OK;
}

static int tell(const struct options *options, const struct doctor *doctor)
{
	if (options->json && doctor_print_json(doctor))
		return command_fail("out of memory");
	if (!options->json)
		doctor_print(doctor);
	for (size_t i = 0; i < doctor->count; i++)
		if (doctor->findings[i].level != DOCTOR_NOTE)
			return COMMAND_FAILED;
	return COMMAND_OK;
}

int command_doctor(const struct kvmfr_root *root, int argc, char **argv)
{
	static const struct argp_option list[] = {
		{ "json", 'j', NULL, 0, "print JSON", 0 },
		{ "fix", 'f', NULL, 0,
		  "do what can be taken back, after showing it and asking", 0 },
		{ "yes", 'y', NULL, 0, "with --fix: do not ask", 0 },
		{ "domain", 'd', "FILE|NAME", 0,
		  "look at this virtual machine of libvirt instead of all; may be repeated",
		  0 },
		{ "mode", 'm', "WIDTHxHEIGHT", 0,
		  "a picture that has to fit into the memory; may be repeated",
		  0 },
		{ "user", 'u', "NAME", 0,
		  "who is going to look at the picture, instead of who runs this",
		  0 },
		{ 0 }
	};
	static const struct argp argp = {
		.options = list,
		.parser = parse,
		.doc = "Looks at everything between firmware and picture, and says what is wrong, why it matters and what helps. Changes nothing without --fix, and never wakes a device.\vExit status: 0 if nothing is wrong, 1 if something is, 2 for a wrong option.",
	};
	struct options options = { .root = root, .doctor.root = root };
	int ret;

	if (argp_parse(&argp, argc, argv, 0, NULL, &options))
		return command_fail("out of memory");
	guess_user(&options.doctor);
	ret = visit(&options, &options.doctor);
	if (!ret && options.fix)
		ret = fix(&options, &options.doctor);
	if (!ret)
		ret = tell(&options, &options.doctor);
	doctor_forget(&options.doctor);
	free(options.doctor.modes);
	free(options.domains);
	return ret;
}
