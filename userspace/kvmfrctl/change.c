// SPDX-License-Identifier: GPL-2.0
/* Loading and unloading kvmfr, and why it failed. */
#include "change.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "device.h"
#include "holding.h"
#include "module.h"
#include "terminal.h"

#define PATIENCE_S 2
#define PARAMETERS "sys/module/" CHANGE_MODULE "/parameters"

bool change_allowed(const struct kvmfr_root *root)
{
	if (root->fd < 0)
		return true;
	command_fail(
		"only the module of the running system can be changed; leave out --root, or use --dry-run");
	return false;
}

bool change_is_loaded(const struct kvmfr_root *root)
{
	return kvmfr_exists(root, "sys/module/" CHANGE_MODULE);
}

int change_current(const struct kvmfr_root *root, char *text, size_t size)
{
	int ret = kvmfr_read(root, text, size, PARAMETERS "/static_size_mb");

	return ret < 0 ? ret : 0;
}

void change_others(const struct kvmfr_root *root, char *text, size_t size)
{
	struct kvmfr_names names;
	char value[64];
	size_t used = 0;

	*text = '\0';
	if (kvmfr_list(root, &names, PARAMETERS))
		return;
	for (size_t i = 0; i < names.count; i++) {
		if (!strcmp(names.name[i], "static_size_mb") ||
		    kvmfr_read(root, value, sizeof(value), PARAMETERS "/%s",
			       names.name[i]) <= 0 ||
		    strpbrk(value, " \t\n\"") ||
		    used + strlen(names.name[i]) + strlen(value) + 3 > size)
			continue;
		used += (size_t)snprintf(text + used, size - used, " %s=%s",
					 names.name[i], value);
	}
	kvmfr_names_free(&names);
}

/* The kernel's log from now on; negative if it cannot be read. */
static int open_log(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0 && lseek(fd, 0, SEEK_END) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* A record: "6,339,5140900,-;kvmfr: text", then a newline and more about it. */
static void take_record(char *record, char *kernel, size_t size)
{
	char *text = strchr(record, ';');

	if (!text || strncmp(text + 1, CHANGE_MODULE, strlen(CHANGE_MODULE)))
		return;
	text[strcspn(text, "\n")] = '\0';
	kvmfr_terminal_safe(kernel, size, text + 1);
}

static void read_log(int fd, char *kernel, size_t size)
{
	char record[8192];
	ssize_t length;

	kernel[0] = '\0';
	if (fd < 0)
		return;
	for (;;) {
		length = read(fd, record, sizeof(record) - 1);
		if (length < 0 && (errno == EPIPE || errno == EINTR))
			continue; /* records were overwritten */
		if (length <= 0)
			break;
		record[length] = '\0';
		take_record(record, kernel, size);
	}
	close(fd);
}

/* Runs in a thread of its own, while the kernel works. */
static void tell_progress(union sigval value)
{
	fprintf(stderr, "kvmfrctl: still %s kvmfr; please wait\n",
		(const char *)value.sival_ptr);
}

/* On a terminal a person wants to know that there is a reason to wait. */
static bool start_progress(timer_t *timer, const char *doing)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD,
		.sigev_notify_function = tell_progress,
		.sigev_value.sival_ptr = (void *)doing,
	};
	struct itimerspec when = { .it_value.tv_sec = PATIENCE_S };

	if (!isatty(STDERR_FILENO) ||
	    timer_create(CLOCK_MONOTONIC, &event, timer))
		return false;
	timer_settime(*timer, 0, &when, NULL);
	return true;
}

static struct change load(int (*how)(const char *name, const char *options),
			  const char *sizes, const char *others)
{
	char options[512];
	struct change change;
	bool progress;
	timer_t timer;
	int log = open_log();

	snprintf(options, sizeof(options), "%s%s%s",
		 sizes[0] ? "static_size_mb=" : "", sizes, others);
	progress = start_progress(&timer, "loading");
	change.error = how(CHANGE_MODULE, options[0] ? options : NULL);
	if (progress)
		timer_delete(timer);
	read_log(log, change.kernel, sizeof(change.kernel));
	return change;
}

struct change change_load(const char *sizes, const char *others)
{
	return load(kvmfr_module_load, sizes, others);
}

/* The kernel takes no empty list, which would come after that of modprobe.d. */
struct change change_back(const char *sizes, const char *others)
{
	return load(sizes[0] ? kvmfr_module_load : kvmfr_module_insert, sizes,
		    others);
}

struct change change_unload(void)
{
	struct change change;
	bool progress;
	timer_t timer;
	int log = open_log();

	progress = start_progress(&timer, "unloading");
	change.error = kvmfr_module_unload(CHANGE_MODULE);
	if (progress)
		timer_delete(timer);
	read_log(log, change.kernel, sizeof(change.kernel));
	return change;
}

static bool locked_down(const struct kvmfr_root *root)
{
	char text[128];

	return kvmfr_read(root, text, sizeof(text),
			  "sys/kernel/security/lockdown") > 0 &&
	       strstr(text, "[none]") == NULL;
}

static void explain_signature(const struct kvmfr_root *root)
{
	static const char *const keys[] = {
		"var/lib/dkms/mok.pub",
		"var/lib/shim-signed/mok/MOK.der",
	};
	const char *key = keys[0];

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		if (!kvmfr_exists(root, "%s", keys[i]))
			continue;
		key = keys[i];
		break;
	}
	fprintf(stderr,
		"  Secure Boot takes only modules signed with a key that the firmware knows:\n"
		"  mokutil --import /%s\n"
		"  then reboot and choose \"Enroll MOK\"\n",
		key);
}

static void explain_missing(void)
{
	struct utsname system;

	if (uname(&system))
		strcpy(system.release, "?");
	command_fail(
		"cannot load kvmfr: it has not been built for this kernel, %s",
		system.release);
	fputs("  See dkms status. Install the headers of this kernel, then: dkms autoinstall\n"
	      "  or, from the sources of kvmfr-suite: make dkms-install\n",
	      stderr);
}

static void explain_rights(const struct kvmfr_root *root, const char *verb)
{
	command_fail("cannot %s kvmfr: %s", verb, strerror(EPERM));
	if (geteuid())
		fputs("  Only root can; use sudo\n", stderr);
	else if (locked_down(root))
		explain_signature(root);
	else
		fputs("  This system gives nobody the right (CAP_SYS_MODULE, kernel.modules_disabled)\n",
		      stderr);
}

void change_explain_load(const struct kvmfr_root *root,
			 const struct change *change, const char *sizes)
{
	switch (change->error) {
	case -ENOENT:
		explain_missing();
		break;
	case -EPERM:
	case -EACCES:
		explain_rights(root, "load");
		break;
	case -EKEYREJECTED:
		command_fail("cannot load kvmfr: %s", strerror(EKEYREJECTED));
		explain_signature(root);
		break;
	case -ENOEXEC:
		command_fail(
			"cannot load kvmfr: its file is broken or for another kernel");
		fputs("  Build it again: dkms autoinstall\n", stderr);
		break;
	case -ENOMEM:
		command_fail(
			"cannot load kvmfr with %s MiB: there is not enough memory",
			sizes);
		fputs("  End large programs, or take less\n", stderr);
		break;
	case -EEXIST:
		command_fail(
			"cannot load kvmfr: somebody else has loaded it meanwhile");
		break;
	default:
		command_fail("cannot load kvmfr: %s", strerror(-change->error));
	}
	if (change->kernel[0])
		fprintf(stderr, "  The kernel says: %s\n", change->kernel);
}

void change_explain_unload(const struct kvmfr_root *root,
			   const struct change *change)
{
	switch (change->error) {
	case -EPERM:
	case -EACCES:
		explain_rights(root, "unload");
		break;
	case -EBUSY:
	case -EAGAIN:
		command_fail(
			"cannot unload kvmfr: the kernel says it is in use; nothing has been changed");
		holding_explain(root);
		break;
	case -ENOENT:
		command_fail("cannot unload kvmfr: it is not loaded");
		break;
	default:
		command_fail("cannot unload kvmfr: %s",
			     strerror(-change->error));
	}
}

void change_print_devices(const struct kvmfr_root *root)
{
	struct kvmfr_device devices[KVMFR_DEVICES_MAX];
	int count = kvmfr_device_list(root, devices);

	for (int i = 0; i < count; i++)
		printf("%s/dev/%s %lld MiB", i ? ", " : "", devices[i].name,
		       (long long)devices[i].size / KVMFR_MIB);
	puts(count > 0 ? "" :
			 "no device: no sizes given, and none in modprobe.d");
}
