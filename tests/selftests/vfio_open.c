// SPDX-License-Identifier: GPL-2.0
/*
 * Opens PCI functions as a VM does, and says how long each took:
 *
 *   vfio_open [-n] [-s] [-m MILLISECONDS] ADDRESS...
 *
 * prints "ADDRESS MICROSECONDS" once a function is open, keeps all of them open
 * for that time (0 unless given), closes them and prints "closed MICROSECONDS".
 * The functions are one IOMMU group or several; all share one container.
 * -n: there is no IOMMU, and vfio was told to do without.
 * -s: they sleep meanwhile, as a guest lets them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <linux/vfio.h>

#include "vfio.h"

#define MAX_FUNCTIONS 16
#define PATH_SIZE 160

static int container = -1;
static bool no_iommu, sleeps;

static int fail(const char *what, const char *whose)
{
	fprintf(stderr, "vfio_open: %s %s: %s\n", what, whose, strerror(errno));
	return -1;
}

static long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000L + now.tv_nsec / 1000;
}

/* A group can be opened once: functions of one group share its descriptor. */
static int open_group(const char *address)
{
	static char paths[MAX_FUNCTIONS][PATH_SIZE];
	static int fds[MAX_FUNCTIONS];
	static int groups;
	char path[PATH_SIZE];
	int i;

	errno = -vfio_group_path(address, no_iommu, path, sizeof(path));
	if (errno)
		return fail("no IOMMU group of", address);
	for (i = 0; i < groups; i++)
		if (!strcmp(paths[i], path))
			return fds[i];
	fds[groups] = open(path, O_RDWR | O_CLOEXEC);
	if (fds[groups] < 0)
		return fail("cannot open", path);
	if (ioctl(fds[groups], VFIO_GROUP_SET_CONTAINER, &container))
		return fail("cannot put into a container:", path);
	if (!groups &&
	    ioctl(container, VFIO_SET_IOMMU,
		  no_iommu ? VFIO_NOIOMMU_IOMMU : VFIO_TYPE1v2_IOMMU))
		return fail("the container cannot be set up for", path);
	memcpy(paths[groups], path, sizeof(path));
	return fds[groups++];
}

static int put_to_sleep(int device)
{
	struct vfio_device_feature feature = {
		.argsz = sizeof(feature),
		.flags = VFIO_DEVICE_FEATURE_SET |
			 VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY,
	};

	return ioctl(device, VFIO_DEVICE_FEATURE, &feature);
}

static int open_function(const char *address)
{
	int group = open_group(address);
	long start = now_us();
	int device;

	if (group < 0)
		return -1;
	device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, address);
	if (device < 0)
		return fail("cannot open", address);
	printf("%s %ld\n", address, now_us() - start);
	fflush(stdout);
	if (sleeps && put_to_sleep(device))
		return fail("no sleep for", address);
	return device;
}

static void close_functions(const int *devices, int count)
{
	long start = now_us();

	while (count--)
		close(devices[count]);
	printf("closed %ld\n", now_us() - start);
}

static int usage(void)
{
	fputs("usage: vfio_open [-n] [-s] [-m MILLISECONDS] ADDRESS...\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	int devices[MAX_FUNCTIONS];
	unsigned int hold_ms = 0;
	int count, option;

	while ((option = getopt(argc, argv, "nsm:")) != -1) {
		switch (option) {
		case 'n':
			no_iommu = true;
			break;
		case 's':
			sleeps = true;
			break;
		case 'm':
			hold_ms = strtoul(optarg, NULL, 10);
			break;
		default:
			return usage();
		}
	}
	if (optind == argc || argc - optind > MAX_FUNCTIONS)
		return usage();
	container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (container < 0)
		return -fail("cannot open", "/dev/vfio/vfio");
	for (count = 0; optind < argc; count++, optind++) {
		devices[count] = open_function(argv[optind]);
		if (devices[count] < 0)
			return 1;
	}
	usleep(hold_ms * 1000);
	close_functions(devices, count);
	return 0;
}
