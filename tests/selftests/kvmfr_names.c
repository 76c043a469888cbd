// SPDX-License-Identifier: GPL-2.0
/*
 * What the devices are called and where they appear: nodes, major, class,
 * sysfs, uevents. The VM has one ivshmem device beside the static ones.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "kselftest_harness.h"
#include "kvmfr_test.h"

#define CLASS "/sys/class/kvmfr"
#define IVSHMEM_SIZE (4 * MIB)

/* Major of @name in the part "Character devices:" of /proc/devices, or -1. */
static int char_major(const char *wanted)
{
	char line[128], name[64];
	int major_nr, found = -1;
	FILE *devices;

	devices = fopen("/proc/devices", "re");
	if (!devices)
		return -errno;
	while (fgets(line, sizeof(line), devices) &&
	       strncmp(line, "Block", 5))
		if (sscanf(line, "%d %63s", &major_nr, name) == 2 &&
		    !strcmp(name, wanted))
			found = major_nr;
	fclose(devices);
	return found;
}

/* Entries of a directory but "." and ".."; the sum of names in @all. */
static int list_directory(const char *path, char *all, size_t size)
{
	struct dirent **entries;
	int count, i, real = 0;

	count = scandir(path, &entries, NULL, alphasort);
	if (count < 0)
		return -errno;
	all[0] = '\0';
	for (i = 0; i < count; i++) {
		if (strcmp(entries[i]->d_name, ".") &&
		    strcmp(entries[i]->d_name, "..")) {
			real++;
			strncat(all, entries[i]->d_name,
				size - strlen(all) - 1);
			strncat(all, " ", size - strlen(all) - 1);
		}
		free(entries[i]);
	}
	free(entries);
	return real;
}

FIXTURE(names)
{
	int major;
};

FIXTURE_SETUP(names)
{
	ASSERT_EQ(0, kvmfr_load("static_size_mb=16,32"));
	self->major = char_major("kvmfr");
	ASSERT_LT(0, self->major);
}

FIXTURE_TEARDOWN_PARENT(names)
{
	EXPECT_EQ(0, kvmfr_unload());
	EXPECT_TRUE(kvmfr_gone());
}

/* 60..63, 120..127 and the like are for local use: a dynamic one is wanted. */
TEST_F(names, major_is_dynamic)
{
	EXPECT_TRUE((self->major >= 234 && self->major <= 254) ||
		    (self->major >= 384 && self->major <= 511))
		TH_LOG("major %d", self->major);
}

TEST_F(names, nodes)
{
	char path[32];
	struct stat node;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "/dev/kvmfr%u", i);
		ASSERT_EQ(0, stat(path, &node))
			TH_LOG("%s", path);
		EXPECT_EQ(S_IFCHR | 0660, node.st_mode);
		EXPECT_EQ(0, node.st_uid);
		EXPECT_EQ(0, node.st_gid);
		EXPECT_EQ(self->major, major(node.st_rdev));
		EXPECT_EQ(i, minor(node.st_rdev));
	}
	EXPECT_EQ(-1, access("/dev/kvmfr3", F_OK));
}

/* The ivshmem device is there before the module, yet comes last. */
TEST_F(names, static_devices_have_the_lowest_minors)
{
	static const long sizes[] = { 16 * MIB, 32 * MIB, IVSHMEM_SIZE };
	unsigned int i;
	int fd;

	for (i = 0; i < 3; i++) {
		fd = kvmfr_open(i, O_RDWR);
		ASSERT_LE(0, fd);
		EXPECT_EQ(sizes[i], kvmfr_size(fd));
		close(fd);
	}
}

/* Clients take every entry of the class for a device. */
TEST_F(names, class_holds_devices_only)
{
	char names[1024];

	EXPECT_EQ(3, list_directory(CLASS, names, sizeof(names)));
	EXPECT_STREQ("kvmfr0 kvmfr1 kvmfr2 ", names);
}

TEST_F(names, static_devices_are_virtual)
{
	char path[PATH_MAX], wanted[64];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		snprintf(wanted, sizeof(wanted), CLASS "/kvmfr%u", i);
		ASSERT_NE(NULL, realpath(wanted, path));
		snprintf(wanted, sizeof(wanted),
			 "/sys/devices/virtual/kvmfr/kvmfr%u", i);
		EXPECT_STREQ(wanted, path);
	}
}

/* From the node to the slot of the PCI device, and back. */
TEST_F(names, ivshmem_device_hangs_on_its_pci_device)
{
	char device[PATH_MAX], back[PATH_MAX], path[PATH_MAX + 32];

	ASSERT_NE(NULL, realpath(CLASS "/kvmfr2/device", device));
	EXPECT_EQ(0, strncmp(device, "/sys/devices/pci", 16))
		TH_LOG("%s", device);

	snprintf(path, sizeof(path), "%s/vendor", device);
	ASSERT_LT(0, text_read(path, back, sizeof(back)));
	EXPECT_STREQ("0x1af4", back);

	snprintf(path, sizeof(path), "%s/driver", device);
	ASSERT_NE(NULL, realpath(path, back));
	EXPECT_STREQ("/sys/bus/pci/drivers/kvmfr", back);

	snprintf(path, sizeof(path), "%s/kvmfr/kvmfr2", device);
	EXPECT_EQ(0, access(path, F_OK))
		TH_LOG("%s", path);
	EXPECT_EQ(-1, access(CLASS "/kvmfr0/device", F_OK));
}

TEST_F(names, subsystem)
{
	char path[PATH_MAX];

	ASSERT_NE(NULL, realpath(CLASS "/kvmfr0/subsystem", path));
	EXPECT_STREQ(CLASS, path);
	ASSERT_NE(NULL, realpath(CLASS "/kvmfr2/subsystem", path));
	EXPECT_STREQ(CLASS, path);
}

TEST_F(names, uevent_file)
{
	char text[512], wanted[128], dev[32];

	ASSERT_LT(0, text_read(CLASS "/kvmfr1/uevent", text, sizeof(text)));
	snprintf(wanted, sizeof(wanted), "MAJOR=%d\nMINOR=1\nDEVNAME=kvmfr1\n",
		 self->major);
	EXPECT_EQ(0, strncmp(text, wanted, strlen(wanted)))
		TH_LOG("%s", text);
	EXPECT_NE(NULL, strstr(text, "DEVMODE=0660"))
		TH_LOG("%s", text);

	ASSERT_LT(0, text_read(CLASS "/kvmfr1/dev", text, sizeof(text)));
	snprintf(dev, sizeof(dev), "%d:1", self->major);
	EXPECT_STREQ(dev, text);
}

/* Mode 0660 means that others stay out. */
TEST_F(names, strangers_cannot_open)
{
	/* However the initramfs was packed. */
	ASSERT_EQ(0, chmod("/", 0755));
	ASSERT_EQ(0, setgid(65534));
	ASSERT_EQ(0, setuid(65534));
	/* Not because they can open nothing at all. */
	ASSERT_LE(0, open("/dev/null", O_RDWR));
	EXPECT_EQ(-EACCES, kvmfr_open(0, O_RDWR));
	EXPECT_EQ(-EACCES, kvmfr_open(0, O_RDONLY));
}

static int uevent_open(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int fd;

	fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		    NETLINK_KOBJECT_UEVENT);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -errno;
	}
	return fd;
}

/* Whether the uevent @text of @length bytes has the field @wanted. */
static bool uevent_has(const char *text, ssize_t length, const char *wanted)
{
	const char *field;

	for (field = text; field < text + length; field += strlen(field) + 1)
		if (!strcmp(field, wanted))
			return true;
	return false;
}

/* The next uevent that starts with @heading; 0 if none comes within 2 s. */
static ssize_t uevent_next(int fd, const char *heading, char *text, size_t size)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	ssize_t length;

	while (poll(&ready, 1, 2000) > 0) {
		length = recv(fd, text, size - 1, 0);
		if (length <= 0)
			break;
		text[length] = '\0';
		if (!strcmp(text, heading))
			return length;
	}
	return 0;
}

/*
 * A udev rule or daemon acts on the "add" event at once: then the node opens,
 * the device works and its attributes are there.
 */
TEST(uevents_and_the_device_is_ready)
{
	char text[8192];
	ssize_t length;
	int events, fd;

	events = uevent_open();
	ASSERT_LE(0, events);
	ASSERT_EQ(0, kvmfr_load("static_size_mb=16"));

	length = uevent_next(events, "add@/devices/virtual/kvmfr/kvmfr0", text,
			     sizeof(text));
	ASSERT_LT(0, length);
	EXPECT_TRUE(uevent_has(text, length, "SUBSYSTEM=kvmfr"));
	EXPECT_TRUE(uevent_has(text, length, "DEVNAME=kvmfr0"));
	EXPECT_TRUE(uevent_has(text, length, "MINOR=0"));
	EXPECT_TRUE(uevent_has(text, length, "ACTION=add"));
	fd = open("/dev/kvmfr0", O_RDWR);
	EXPECT_LE(0, fd);
	EXPECT_EQ(16 * MIB, kvmfr_size(fd));
	close(fd);

	EXPECT_EQ(0, kvmfr_unload());
	length = uevent_next(events, "remove@/devices/virtual/kvmfr/kvmfr0",
			     text, sizeof(text));
	EXPECT_LT(0, length);
	EXPECT_TRUE(uevent_has(text, length, "SUBSYSTEM=kvmfr"));
}

/*
 * The event must not come before the device is usable: a listener on the other
 * CPU opens on every event while devices come and go.
 */
static int open_on_events(int events, int rounds)
{
	char text[8192];
	int fd, failed = 0;

	while (rounds--) {
		if (!uevent_next(events, "add@/devices/virtual/kvmfr/kvmfr0",
				 text, sizeof(text)))
			return -1;
		fd = open("/dev/kvmfr0", O_RDWR);
		/* It may be gone again, but never be half there. */
		if (fd >= 0)
			failed += kvmfr_size(fd) != 4 * MIB ||
				  kvmfr_attr(0, "size") != 4 * MIB;
		else
			failed += errno != ENOENT && errno != ENXIO;
		close(fd);
	}
	return failed;
}

TEST(uevent_listener_never_sees_half_a_device)
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	int events, status, i, rounds = 20;
	pid_t child;

	events = uevent_open();
	ASSERT_LE(0, events);
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(open_on_events(events, rounds));

	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(0, kvmfr_load("static_size_mb=4"));
		/* The listener may have it open at the moment. */
		while (kvmfr_unload() == -EAGAIN)
			nanosleep(&pause, NULL);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_TRUE(kvmfr_gone());
}

TEST_HARNESS_MAIN
