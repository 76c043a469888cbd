// SPDX-License-Identifier: GPL-2.0
/* What is done when something has changed: read, log, write. */
#include "powerd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "notify.h"
#include "terminal.h"

/* Counters go on without an event. */
#define REFRESH_MS 60000
/* However many events come. */
#define REFRESH_GAP_MS 100

int64_t powerd_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

void powerd_log(const char *format, ...)
{
	char text[1024], line[1100];
	va_list args;
	int size;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	kvmfr_terminal_safe(line, sizeof(text), text);
	/* In one piece; where nobody listens there is nobody to tell. */
	size = snprintf(text, sizeof(text), "vfio-powerd: %s", line);
	if (size >= (int)sizeof(text))
		size = sizeof(text) - 1;
	text[size] = '\n';
	if (write(STDERR_FILENO, text, (size_t)size + 1) < 0)
		return;
}

static const char *config_name(const struct powerd *powerd)
{
	return powerd->config_path ? powerd->config_path :
				     "/" KVMFR_CONFIG_PATH;
}

/* What is not written any more would be taken for the present. */
static void leave_file(struct powerd_file *file, const char *path)
{
	if (file->ours)
		unlink(path);
	*file = (struct powerd_file){ 0 };
}

static void leave_files(struct powerd *powerd,
			const struct kvmfr_config_power *next)
{
	const struct kvmfr_config_power *power = &powerd->config->power;

	if (strcmp(power->state, next->state))
		leave_file(&powerd->state, power->state);
	if (strcmp(power->metrics, next->metrics))
		leave_file(&powerd->metrics, power->metrics);
}

int powerd_configure(struct powerd *powerd)
{
	const char *consequence =
		powerd->config ? "; the settings from before stay" : "";
	struct kvmfr_config_error error = { 0 };
	struct kvmfr_config *config;
	int ret;

	if (powerd->config_path)
		ret = kvmfr_config_read_path(powerd->config_path, &config,
					     &error);
	else
		ret = kvmfr_config_read(&powerd->root, &config, &error);
	if (ret == -EINVAL && *error.text)
		powerd_log("%s: %s%s", config_name(powerd), error.text,
			   consequence);
	else if (ret)
		powerd_log("cannot read '%s': %s%s", config_name(powerd),
			   strerror(-ret), consequence);
	if (ret)
		return ret;
	if (powerd->config)
		leave_files(powerd, &config->power);
	kvmfr_config_free(powerd->config);
	powerd->config = config;
	powerd_metering_reset(powerd);
	return 0;
}

/* The default directory is ours to make; others are somebody else's. */
static int write_file(const char *path, const char *text)
{
	int ret = text ? kvmfr_file_publish(path, text, strlen(text), 0644) :
			 -ENOMEM;

	if (ret == -ENOENT &&
	    !strncmp(path, POWERD_DIRECTORY "/", sizeof(POWERD_DIRECTORY)) &&
	    !mkdir(POWERD_DIRECTORY, 0755) && !chmod(POWERD_DIRECTORY, 0755))
		ret = kvmfr_file_publish(path, text, strlen(text), 0644);
	return ret;
}

/* Says so when it begins to fail, fails in another way, or works again. */
static void put_file(struct powerd_file *file, const char *path, char *text)
{
	int ret = write_file(path, text);

	free(text);
	if (ret && ret != file->error)
		powerd_log("cannot write '%s': %s; tried again later", path,
			   strerror(-ret));
	else if (!ret && file->error)
		powerd_log("'%s' can be written again", path);
	file->error = ret;
	if (!ret)
		file->ours = true;
}

static bool read_slots(struct powerd *powerd)
{
	struct vfio_pm_slot *slots = NULL;
	int count = vfio_pm_slots_read(&powerd->root, &slots);

	if (count < 0) {
		if (count != powerd->slots_error)
			powerd_log("cannot read /sys/class/vfio_pm: %s",
				   strerror(-count));
		powerd->slots_error = count;
		return false;
	}
	powerd->slots_error = 0;
	powerd_log_changes(powerd->slots, powerd->slot_count, slots,
			   (size_t)count);
	vfio_pm_slots_free(powerd->slots, powerd->slot_count);
	powerd->slots = slots;
	powerd->slot_count = (size_t)count;
	return true;
}

static void write_files(struct powerd *powerd)
{
	const struct kvmfr_config_power *power = &powerd->config->power;
	const struct powerd_report report = {
		.slots = powerd->slots,
		.count = powerd->slot_count,
		.samples = powerd->samples,
		.sample_uw = powerd->sample_uw,
		.meter = powerd->samples ? powerd->sample_meter : "none",
	};

	if (*power->state)
		put_file(&powerd->state, power->state, powerd_json(&report));
	if (*power->metrics)
		put_file(&powerd->metrics, power->metrics,
			 powerd_metrics(&report));
}

bool powerd_refresh(struct powerd *powerd)
{
	char status[64];

	powerd->refreshed_ms = powerd_now_ms();
	powerd->refresh_ms = powerd->refreshed_ms + REFRESH_MS;
	if (!read_slots(powerd))
		return false;
	write_files(powerd);
	powerd_metering_update(powerd);
	snprintf(status, sizeof(status),
		 "%zu slots, %" PRIu64 " samples pushed", powerd->slot_count,
		 powerd->samples);
	kvmfr_notify_status(status);
	return !powerd->state.error && !powerd->metrics.error;
}

void powerd_refresh_soon(struct powerd *powerd)
{
	int64_t soon_ms = powerd->refreshed_ms + REFRESH_GAP_MS;

	if (soon_ms < powerd->refresh_ms)
		powerd->refresh_ms = soon_ms;
}

void powerd_end(struct powerd *powerd)
{
	leave_file(&powerd->metrics, powerd->config->power.metrics);
}

void powerd_free(struct powerd *powerd)
{
	vfio_pm_slots_free(powerd->slots, powerd->slot_count);
	kvmfr_config_free(powerd->config);
	kvmfr_root_close(&powerd->root);
}
