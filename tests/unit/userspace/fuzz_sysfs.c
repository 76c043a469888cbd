// SPDX-License-Identifier: GPL-2.0
/*
 * Files of sysfs with any contents: an @, a letter that says which file, and
 * what is in it, up to the next @. Slots and power meters are read from them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "meter.h"
#include "slot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SLOT "sys/class/vfio_pm/0000:00:02.0/"
#define HWMON "sys/class/hwmon/hwmon0/"
#define PSYS "sys/class/powercap/intel-rapl:1/"

/* Of 'a' to 'z'. */
static const char *const files[] = {
	SLOT "state",
	SLOT "chosen",
	SLOT "level",
	SLOT "reason",
	SLOT "policy",
	SLOT "verdict",
	SLOT "wake_verified",
	SLOT "acpi_sta",
	SLOT "functions",
	SLOT "blockers",
	SLOT "wakers",
	SLOT "meter/source",
	SLOT "meter/d3cold_uw",
	SLOT "meter/saving_uw",
	SLOT "counters/wakeups",
	SLOT "counters/time_d3cold_ms",
	HWMON "name",
	HWMON "power1_average",
	HWMON "power2_label",
	HWMON "power2_input",
	HWMON "device/class",
	PSYS "name",
	PSYS "energy_uj",
	PSYS "max_energy_range_uj",
};

#define FILES (sizeof(files) / sizeof(*files))

static char base[32];
static struct kvmfr_root root;

static void must(int succeeded)
{
	if (!succeeded)
		abort();
}

static void make_directories(const char *path)
{
	char part[256];
	char *slash;

	snprintf(part, sizeof(part), "%s", path);
	for (slash = strchr(part, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		must(!mkdirat(root.fd, part, 0755) || errno == EEXIST);
		*slash = '/';
	}
}

/* Files first, then the directories above them, as far as they are empty. */
static void clean_up(void)
{
	char part[256];

	for (size_t i = 0; i < FILES; i++) {
		snprintf(part, sizeof(part), "%s", files[i]);
		unlinkat(root.fd, part, 0);
	}
	for (size_t i = 0; i < 3 * FILES; i++) {
		snprintf(part, sizeof(part), "%s", files[i % FILES]);
		while (strchr(part, '/')) {
			*strrchr(part, '/') = '\0';
			unlinkat(root.fd, part, AT_REMOVEDIR);
		}
	}
	rmdir(base);
}

static void set_up(void)
{
	strcpy(base, "/tmp/fuzz_sysfs.XXXXXX");
	must(mkdtemp(base) && !kvmfr_root_open(&root, base));
	for (size_t i = 0; i < FILES; i++)
		make_directories(files[i]);
	atexit(clean_up);
}

static void put(const char *path, const uint8_t *data, size_t size)
{
	int fd = openat(root.fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
			0644);

	must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	close(fd);
}

/* Those that are not in the input are not there. */
static void put_files(const uint8_t *data, size_t size)
{
	const uint8_t *end = data + size;

	for (size_t i = 0; i < FILES; i++)
		unlinkat(root.fd, files[i], 0);
	while ((data = memchr(data, '@', (size_t)(end - data)))) {
		const uint8_t *next;
		size_t which;

		if (++data == end)
			return;
		which = (size_t)(*data - 'a');
		next = memchr(data, '@', (size_t)(end - data));
		if (*data >= 'a' && which < FILES)
			put(files[which], data + 1,
			    (size_t)((next ? next : end) - data - 1));
	}
}

static size_t within(const char *text, size_t size)
{
	must(!!memchr(text, '\0', size));
	return strlen(text);
}

#define WITHIN(text) within(text, sizeof(text))

static size_t look_at(const struct vfio_pm_slot *slot)
{
	size_t sum = WITHIN(slot->port) + WITHIN(slot->state) +
		     WITHIN(slot->verdict) + WITHIN(slot->meter.source);

	must(!strcmp(slot->port, "0000:00:02.0"));
	must(slot->wakers_errno <= 0 || slot->wakers_errno < 4096);
	if (slot->reason)
		sum += strlen(slot->reason);
	for (size_t i = 0; i < slot->function_count; i++)
		sum += WITHIN(slot->functions[i].driver) +
		       WITHIN(slot->functions[i].pci_state);
	for (size_t i = 0; i < slot->blocker_count; i++)
		sum += WITHIN(slot->blockers[i].code) +
		       strlen(slot->blockers[i].text) +
		       strlen(slot->blockers[i].remedy);
	for (size_t i = 0; i < slot->waker_count; i++)
		sum += WITHIN(slot->wakers[i].comm);
	return sum;
}

static void read_slots(void)
{
	struct vfio_pm_slot *slots = NULL;
	int count = vfio_pm_slots_read(&root, &slots);

	must(count == 1 || count == 0);
	for (int i = 0; i < count; i++)
		must(look_at(&slots[i]) < 1000000);
	vfio_pm_slots_free(slots, (size_t)count);
}

/* Twice: a counter tells nothing the first time. */
static void read_meter(const char *kind)
{
	char *const nothing[] = { NULL };
	const struct kvmfr_config_power config = {
		.meter = (char *)kind,
		.sensor = (char *)"psu:power2",
		.command = (char **)nothing,
	};
	struct kvmfr_meter meter;

	kvmfr_meter_init(&meter, &config);
	for (int i = 0; i < 2; i++) {
		int64_t power_uw;

		if (!kvmfr_meter_read(&meter, &root, &power_uw))
			must(power_uw >= 1 && power_uw <= KVMFR_METER_MAX_UW);
		if (meter.energy_ns)
			meter.energy_ns -= 1000000000;
		if (meter.energy_uj)
			meter.energy_uj -= 12345678;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!*base)
		set_up();
	put_files(data, size);
	read_slots();
	read_meter("auto");
	read_meter("powercap");
	read_meter("hwmon");
	return 0;
}
