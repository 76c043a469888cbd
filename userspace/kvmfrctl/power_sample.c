// SPDX-License-Identifier: GPL-2.0
/* Samples of watts and states: taken, and recorded as lines of JSON. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "battery.h"
#include "power.h"
#include "terminal.h"

/* A sample every two seconds makes 8 MB a day. */
#define HISTORY_MOST 1000000000

static const char *why_no_power(int error)
{
	switch (error) {
	case 0:
		return "";
	case -ENODEV:
		return "no battery";
	case -EAGAIN:
		return "on AC";
	default:
		return "the battery does not tell";
	}
}

static int read_slots(const struct kvmfr_root *root, const char *port,
		      struct vfio_pm_slot **slots)
{
	int ret;

	if (!port)
		return vfio_pm_slots_read(root, slots);
	ret = vfio_pm_slot_read(root, port, slots);
	if (ret == -ENODEV)
		return 0;
	return ret ? ret : 1;
}

int power_sample_read(const struct kvmfr_root *root, const char *port,
		      struct power_sample *sample)
{
	struct timespec now;
	int ret;

	memset(sample, 0, sizeof(*sample));
	clock_gettime(CLOCK_REALTIME, &now);
	sample->time_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	ret = kvmfr_battery_read(root, &sample->power_uw);
	sample->why = why_no_power(ret);
	if (ret)
		sample->power_uw = INT64_MIN;
	ret = read_slots(root, port, &sample->slots);
	if (ret < 0)
		return ret;
	sample->slot_count = (size_t)ret;
	return 0;
}

void power_sample_free(struct power_sample *sample)
{
	vfio_pm_slots_free(sample->slots, sample->slot_count);
	sample->slots = NULL;
	sample->slot_count = 0;
}

int power_history_open(const char *path)
{
	struct stat st;
	char last = '\n';
	int fd;

	fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK,
		  0644);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return -EINVAL;
	}
	if (st.st_size && pread(fd, &last, 1, st.st_size - 1) == 1 &&
	    last != '\n' && write(fd, "\n", 1) != 1) {
		close(fd);
		return -EIO;
	}
	return fd;
}

static void add_word(struct json_object *object, const char *key,
		     const char *word)
{
	char safe[16];

	kvmfr_terminal_safe(safe, sizeof(safe), word);
	json_object_object_add(object, key, json_object_new_string(safe));
}

static struct json_object *sample_json(const struct power_sample *sample)
{
	struct json_object *object = json_object_new_object();
	struct json_object *slots = json_object_new_array();

	json_object_object_add(object, "time_ms",
			       json_object_new_int64(sample->time_ms));
	json_object_object_add(object, "power_uw",
			       sample->power_uw < 0 ?
				       NULL :
				       json_object_new_int64(sample->power_uw));
	for (size_t i = 0; i < sample->slot_count; i++) {
		const struct vfio_pm_slot *slot = &sample->slots[i];
		struct json_object *entry = json_object_new_object();

		add_word(entry, "port", slot->port);
		add_word(entry, "level", slot->level);
		add_word(entry, "state", slot->state);
		json_object_array_add(slots, entry);
	}
	json_object_object_add(object, "slots", slots);
	return object;
}

int power_history_add(int fd, const struct power_sample *sample)
{
	struct json_object *object = sample_json(sample);
	off_t end = lseek(fd, 0, SEEK_END);
	const char *text;
	char *line = NULL;
	int length;
	int ret = 0;

	text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN);
	length = asprintf(&line, "%s\n", text);
	json_object_put(object);
	if (length < 0)
		return -ENOMEM;
	errno = ENOSPC; /* of a write that was too short */
	if (write(fd, line, (size_t)length) != length) {
		ret = -errno;
		/* No half a line stays behind. */
		if (end >= 0 && ftruncate(fd, end))
			ret = -EIO;
	}
	free(line);
	return ret;
}

static int add_sample(struct power_history *history,
		      const struct kvmfr_chart_sample *sample)
{
	struct kvmfr_chart_sample *grown;
	size_t count = history->count;

	if (count && history->samples[count - 1].time_ms > sample->time_ms) {
		history->ignored++;
		return 0;
	}
	/* Grows at powers of two. */
	if (!(count & (count - 1))) {
		grown = reallocarray(history->samples, count ? count * 2 : 1,
				     sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		history->samples = grown;
	}
	history->samples[history->count++] = *sample;
	return 0;
}

int power_history_append(struct power_history *history, const char *port,
			 const struct power_sample *sample)
{
	struct kvmfr_chart_sample one = {
		.time_ms = sample->time_ms,
		.power_uw = sample->power_uw,
	};

	for (size_t i = 0; i < sample->slot_count; i++) {
		if (strcmp(sample->slots[i].port, port))
			continue;
		strcpy(one.level, sample->slots[i].level);
		strcpy(one.state, sample->slots[i].state);
		return add_sample(history, &one);
	}
	return 0;
}

/* A member of an object, NULL if there is none of that type. */
static struct json_object *member(struct json_object *object, const char *key,
				  enum json_type type)
{
	struct json_object *value;

	if (!json_object_is_type(object, json_type_object) ||
	    !json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, type))
		return NULL;
	return value;
}

static void copy_word(char word[16], struct json_object *object,
		      const char *key)
{
	struct json_object *value = member(object, key, json_type_string);

	if (value)
		snprintf(word, 16, "%s", json_object_get_string(value));
}

/* The entry of @port in the line's array. */
static struct json_object *find_slot(struct json_object *slots,
				     const char *port)
{
	for (size_t i = 0; i < json_object_array_length(slots); i++) {
		struct json_object *slot = json_object_array_get_idx(slots, i);
		struct json_object *name =
			member(slot, "port", json_type_string);

		if (name && !strcmp(json_object_get_string(name), port))
			return slot;
	}
	return NULL;
}

static int parse_object(struct json_object *object, const char *port,
			struct power_history *history)
{
	struct kvmfr_chart_sample one = { .power_uw = INT64_MIN };
	struct json_object *time = member(object, "time_ms", json_type_int);
	struct json_object *power = member(object, "power_uw", json_type_int);
	struct json_object *slots = member(object, "slots", json_type_array);
	struct json_object *slot;

	if (time)
		one.time_ms = json_object_get_int64(time);
	if (power && json_object_get_int64(power) >= 0)
		one.power_uw = json_object_get_int64(power);
	if (!time || !slots || one.time_ms < 0 ||
	    one.time_ms > KVMFR_CHART_TIME_MAX_MS) {
		history->ignored++;
		return 0;
	}
	slot = find_slot(slots, port);
	if (!slot)
		return 0;
	copy_word(one.level, slot, "level");
	copy_word(one.state, slot, "state");
	return add_sample(history, &one);
}

static int read_lines(FILE *file, const char *port,
		      struct power_history *history)
{
	char *line = NULL;
	size_t size = 0;
	int ret = 0;

	while (!ret && getline(&line, &size, file) > 0) {
		struct json_object *object = json_tokener_parse(line);

		ret = parse_object(object, port, history);
		json_object_put(object);
	}
	if (!ret && ferror(file))
		ret = -EIO;
	free(line);
	return ret;
}

int power_history_read(const char *path, const char *port,
		       struct power_history *history)
{
	struct stat st;
	FILE *file;
	int fd;
	int ret;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return -EINVAL;
	}
	file = fdopen(fd, "r");
	if (!file || st.st_size > HISTORY_MOST) {
		ret = file ? -EFBIG : -ENOMEM;
		if (file)
			fclose(file);
		else
			close(fd);
		return ret;
	}
	ret = read_lines(file, port, history);
	fclose(file);
	return ret;
}

void power_history_clear(struct power_history *history)
{
	free(history->samples);
	memset(history, 0, sizeof(*history));
}
